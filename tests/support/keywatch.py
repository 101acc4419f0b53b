"""Watching the keys of one DkimKey in Secret, DNS and status at once, and what must hold at every moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Self

from mailseal.engine.dkimsecret import content_of
from mailseal.planning.keylife.model import KeyLife, KeySet
from support.repeatedly import Repeatedly
from support.signatures import public_value, tags_of
from support.world import World
from support.worldmanifests import Object

LookUp = Callable[[str], Sequence[str]]
_STABLE_NAMES = {"rsa.pem", "ed25519.pem"}
"""Of the layout Stable: which key stands there changes."""


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """One version of the signing Secret."""

    life: KeyLife
    files: Mapping[str, str]

    @property
    def signing(self) -> list[str]:
        """The selectors that it names."""
        return self.files.get("selectors", "").split()

    def pem(self, selector: str) -> str | None:
        """The private key of a selector."""
        return self.files.get(f"{selector}.pem")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was there: the Secret before DNS was asked, and then DNS and the status."""

    secret: SecretSeen | None
    answers: Mapping[str, tuple[str, ...]]
    """The TXT values at every selector that was seen until now."""
    states: Mapping[str, str]
    """By selector, as the status tells."""


def private_keys(files: Mapping[str, str]) -> dict[str, str]:
    """The private keys among the files of a Secret, by selector."""
    names = {name for name in files if name.endswith(".pem")} - _STABLE_NAMES
    return {name.removesuffix(".pem"): files[name] for name in names}


class KeyWatch:
    """Collects samples in a thread of its own; a context manager that checks them at its end.

    `look_up` finds the TXT values at a selector where they do not stand in the world's zone.
    """

    def __init__(
        self, world: World, name: str = "dkim", secret: str = "", look_up: LookUp | None = None
    ) -> None:
        self.samples: list[Sample] = []
        self.planted: set[str] = set()
        """Public keys that the test puts into DNS itself."""
        self._look_up = look_up or (lambda selector: world.zone.txt(f"{selector}._domainkey"))
        self._world = world
        self._name = name
        self._secret = secret or name
        self._selectors: set[str] = set()
        self._looking = Repeatedly(self._look, f"watches {name}")

    def states(self, selector: str) -> list[str]:
        """The states of a selector as the status told them, each once, in their order; last `gone`."""
        told = [sample.states.get(selector, "gone") for sample in self.samples]
        changes = [told[0], *(later for earlier, later in pairwise(told) if earlier != later)]
        return changes[1:] if changes[0] == "gone" else changes

    def answers(self, selector: str) -> list[str]:
        """What DNS answered at a selector, each once, in its order: `nothing`, `key` or `revoked`."""
        said = [_kind(sample.answers.get(selector, ())) for sample in self.samples]
        return [said[0], *(later for earlier, later in pairwise(said) if earlier != later)]

    def signing(self) -> list[list[str]]:
        """The selectors to sign with, each choice once, in their order."""
        named = [sample.secret.signing for sample in self.samples if sample.secret]
        return [named[0], *(later for earlier, later in pairwise(named) if earlier != later)]

    def last_of(self, selector: str) -> KeySet:
        """The set of a selector as the Secret knew it last."""
        return next(
            found
            for sample in reversed(self.samples)
            for found in (sample.secret.life.sets if sample.secret else ())
            if selector in found.selectors
        )

    def check(self) -> None:
        """What must hold at every moment, whatever the test did."""
        keys: dict[str, set[str]] = {}
        for sample in self.samples:
            for _, key in sample.secret.life.all_keys() if sample.secret else ():
                keys.setdefault(key.selector, set()).update(_public_values([key.record]))
            for selector, values in sample.answers.items():
                assert len(values) <= 1, f"{selector} has {values}"
                keys.setdefault(selector, set()).update(_public_values(values) - self.planted)
        assert all(len(found) <= 1 for found in keys.values()), f"two keys at one selector: {keys}"

    def check_steps(self) -> None:
        """What must hold besides while nobody interferes with Secret and DNS."""
        for sample, later in pairwise(self.samples):
            if sample.secret and later.secret:
                _check_secret(sample.secret)
                _check_answers(sample.secret.life, later.secret.life, sample)

    def _look(self) -> None:
        self.samples.append(self._sample())

    def _sample(self) -> Sample:
        secret = seen_secret(self._world.get("Secret", self._secret))
        if secret:
            self._selectors |= {key.selector for _, key in secret.life.all_keys()}
        answers = {found: tuple(self._look_up(found)) for found in self._selectors}
        status = (self._world.get("DkimKey", self._name) or {}).get("status", {})
        states = {key["selector"]: key["state"] for key in status.get("keys", ())}
        return Sample(secret, answers, states)

    def __enter__(self) -> Self:
        self._look()
        self._looking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looking.stop()
        if error is None:
            self._looking.check()
            self._look()
            self.check()


def seen_secret(body: Object | None) -> SecretSeen | None:
    """A signing Secret's body as a test sees it; None without one, or while its life is lost."""
    content = content_of(body) if body else None
    if content is None or content.life is None:
        return None
    return SecretSeen(content.life, {name: file.decode() for name, file in content.data.items()})


def _public_values(records: Iterable[str]) -> set[str]:
    return {value for value in (tags_of(text)["p"] for text in records) if value}


def _kind(values: tuple[str, ...]) -> str:
    if not values:
        return "nothing"
    return "key" if tags_of(values[0])["p"] else "revoked"


def _check_secret(secret: SecretSeen) -> None:
    """Keys and files of one version fit each other."""
    active = secret.life.active
    assert secret.signing == ([key.selector for key in active.keys] if active else [])
    selectors = {key.selector for _, key in secret.life.all_keys()}
    held = {selector for selector in selectors if secret.pem(selector)}
    assert held == secret.life.private_selectors
    for _, key in secret.life.all_keys():
        pem = secret.pem(key.selector)
        assert pem is None or public_value(pem) == tags_of(key.record)["p"]


def _check_answers(before: KeyLife, after: KeyLife, sample: Sample) -> None:
    """What DNS answered between two looks at the Secret fits both."""
    later = {found.number: found for found in after.sets}
    for found, key in before.all_keys():
        now = later.get(found.number)
        said = _kind(sample.answers.get(key.selector, ()))
        if now and found.published_at and not now.revoking_at and not now.removing_at:
            assert said == "key", f"{key.selector} is {now.state} and {said} is answered"
        if now and found.revoked_at and not now.removing_at:
            assert said != "key", f"{key.selector} is {now.state} and its key is answered"
