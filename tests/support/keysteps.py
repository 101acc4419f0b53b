"""How far the keys of a DkimKey are, and waiting for it, in one line each."""

from __future__ import annotations

from collections.abc import Collection

from mailseal.planning.keylife.model import KeyLife, KeySet
from support.keywatch import seen_secret
from support.world import WAIT_SECONDS, World

DKIM = "dkim"


def life_of(world: World, secret: str = DKIM) -> KeyLife:
    """The life that the Secret says; none at all without one."""
    seen = seen_secret(world.get("Secret", secret))
    return seen.life if seen else KeyLife()


def signing(world: World, secret: str = DKIM) -> list[str]:
    """The selectors that the Secret names."""
    seen = seen_secret(world.get("Secret", secret))
    return seen.signing if seen else []


def states(world: World, name: str = DKIM) -> dict[str, str]:
    """The state of each selector, as the status tells."""
    return {key["selector"]: key["state"] for key in world.status("DkimKey", name).get("keys", ())}


def wait_confirmed(world: World, secret: str = DKIM, *, other_than: Collection[str] = ()) -> list[str]:
    """Wait until the mail server is known to sign with a set at none of these selectors; its selectors."""

    def is_confirmed() -> bool:
        active = life_of(world, secret).active
        return bool(active and active.confirmed_at and active.selectors.isdisjoint(other_than))

    world.wait(is_confirmed, f"a confirmed set other than {sorted(other_than)}")
    return signing(world, secret)


def wait_switched(world: World, secret: str = DKIM, *, other_than: Collection[str] = ()) -> list[str]:
    """Wait until the Secret names a set at none of these selectors; its selectors."""
    world.wait(lambda: not {*signing(world, secret)} <= {*other_than}, f"a switch from {sorted(other_than)}")
    return signing(world, secret)


def wait_settled(
    world: World,
    secret: str = DKIM,
    *,
    other_than: Collection[str] = (),
    seconds: float = WAIT_SECONDS,
) -> list[str]:
    """Wait until there is one set of keys, which signs, at none of these selectors; its selectors."""

    def is_settled() -> bool:
        (active, *others) = life_of(world, secret).sets or (None,)
        return bool(
            active
            and not others
            and active.is_active
            and active.confirmed_at
            and active.selectors.isdisjoint(other_than)
        )

    world.wait(is_settled, f"one set, other than {sorted(other_than)}", seconds)
    return signing(world, secret)


def set_of(world: World, selector: str, secret: str = DKIM) -> KeySet | None:
    """The set that a selector is of; None once it is gone."""
    return next((found for found in life_of(world, secret).sets if selector in found.selectors), None)


def wait_state(world: World, selector: str, state: str, name: str = DKIM) -> None:
    """Wait until the status tells that state of a selector; `gone` when it tells of none."""
    world.wait(lambda: states(world, name).get(selector, "gone") == state, f"{selector} {state}")


def reasons(world: World, selector: str, name: str = DKIM) -> list[str]:
    """The reasons of the Events about the steps of a selector, in their order."""
    return [
        reason
        for reason, message in world.events("DkimKey", name)
        if reason.startswith("Key") and selector in message
    ]
