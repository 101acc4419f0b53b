"""Selectors that a vendor runs are published as asked for, watched, and reported on when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.operators import OperatorProcess
from support.vendor import Vendor, key_record
from support.world import World

CONDITION = "ExternalSelectors"
LABELS = {"namespace", "name", "domain", "selector", "state"}


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with Vendor() as running:
        yield running


@pytest.fixture(scope="module")
def operator(
    operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory, vendor: Vendor
) -> Iterator[OperatorProcess]:
    """An operator whose resolver is the vendor's server."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    log.touch()
    flags = ("--resync-seconds", "5", "--verify-seconds", "1", "--resolver", vendor.server.endpoint)
    with OperatorProcess(operator_kubeconfig, log, *flags) as process:
        yield process


@pytest.fixture
def watched(world: World, vendor: Vendor) -> World:
    """A world with a MailDomain whose selector s1 leads to a key of the vendor, which is seen to work."""
    vendor.publish(world.namespace, key_record(1))
    world.apply(world.mail_domain(dkim={"externalSelectors": [vendor.entry(world.namespace)]}))
    world.wait_ready("MailDomain", "mail")
    wait_reason(world, "SelectorsWorking")
    return world


def wait_reason(world: World, reason: str, name: str = "mail") -> str:
    """Wait until the condition has this reason; its message."""
    world.wait(lambda: world.condition("MailDomain", name, CONDITION).get("reason") == reason, reason)
    return str(world.condition("MailDomain", name, CONDITION)["message"])


def states(world: World) -> dict[str, str]:
    found = world.status("MailDomain", "mail").get("externalSelectors", [])
    return {entry["selector"]: entry["state"] for entry in found}


def gauge(world: World, state: str) -> float:
    labels = {"namespace": world.namespace, "name": "mail", "selector": "s1", "state": state}
    return world.operator.metric("mailseal_external_selector_state", **labels)


def test_a_selector_that_works_is_told_and_costs_no_further_write(watched: World, vendor: Vendor) -> None:
    (entry,) = watched.status("MailDomain", "mail")["externalSelectors"]
    assert (entry["state"], entry["target"]) == ("Working", f"{watched.namespace}.{vendor.zone.name}")
    assert watched.condition("MailDomain", "mail", CONDITION)["status"] == "True"
    assert gauge(watched, "Working") == 1
    assert watched.events("MailDomain", "mail") == []
    writes = watched.writes("MailDomain")
    watched.wait_for_syncs(2)
    assert watched.writes("MailDomain") == writes


def test_a_key_that_is_gone_revoked_or_back_is_told_each_time(watched: World, vendor: Vendor) -> None:
    vendor.zone.delete(watched.namespace)
    assert "where no TXT record stands" in wait_reason(watched, "SelectorGone")
    assert watched.condition("MailDomain", "mail", CONDITION)["status"] == "False"
    assert watched.condition("MailDomain", "mail")["status"] == "True", (
        "our own records are as they should be"
    )
    watched.wait(lambda: gauge(watched, "Gone") == 1 and gauge(watched, "Working") == 0, "the gauge")

    vendor.publish(watched.namespace, "v=DKIM1; k=ed25519; p=")
    assert "is revoked" in wait_reason(watched, "SelectorRevoked")

    vendor.publish(watched.namespace, key_record(1))
    wait_reason(watched, "SelectorsWorking")
    watched.wait(
        lambda: (
            [reason for reason, _ in watched.events("MailDomain", "mail")]
            == ["SelectorGone", "SelectorRevoked", "SelectorWorking"]
        ),
        "an Event about each change",
    )


def test_a_rotation_by_the_vendor_is_an_event_and_no_trouble(watched: World, vendor: Vendor) -> None:
    vendor.publish(watched.namespace, key_record(2))
    watched.wait(
        lambda: [reason for reason, _ in watched.events("MailDomain", "mail")] == ["SelectorRotated"],
        "an Event about the rotation",
    )
    assert states(watched) == {"s1": "Working"}


def test_a_selector_that_nobody_publishes_for_us_is_watched_for_changes(world: World) -> None:
    world.zone.add("s1._domainkey", f'"{key_record(1)}"', ttl_seconds=1)
    world.apply(world.mail_domain(dkim={"externalSelectors": [{"selector": "s1"}]}))
    world.wait_ready("MailDomain", "mail")
    wait_reason(world, "SelectorsWorking")

    world.zone.delete("s1._domainkey")
    world.zone.add("s1._domainkey", f'"{key_record(2)}"', ttl_seconds=1)
    assert "publishes another key than before" in wait_reason(world, "SelectorChanged")

    world.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
    wait_reason(world, "SelectorsWorking")
    assert world.zone.txt("s1._domainkey") == [key_record(2)], "mailseal left it alone"


def test_selectors_that_are_no_longer_asked_for_are_no_longer_reported(watched: World) -> None:
    watched.change("MailDomain", "mail", dkim=None)
    watched.wait(lambda: not watched.condition("MailDomain", "mail", CONDITION), "the condition gone")
    assert "externalSelectors" not in watched.status("MailDomain", "mail")
    assert gauge(watched, "Working") == 0


def test_a_vendor_that_does_not_answer_holds_up_no_sync_and_is_told_nothing_of(
    watched: World, vendor: Vendor
) -> None:
    vendor.server.stop()
    try:
        watched.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
        watched.wait_ready("MailDomain", "mail")
        watched.wait_for_syncs(2)
        assert states(watched) == {"s1": "Working"}
        assert watched.events("MailDomain", "mail") == []
    finally:
        vendor.server.start()
