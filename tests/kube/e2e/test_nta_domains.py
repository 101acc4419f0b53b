"""One NtaRecord for several mail domains: each has its record, gets and loses it by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailseal.records.months import Month
from support.dnszone import DnsZone
from support.sharedprovider import SharedProvider
from support.world import World

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NAMES = ("thuis", "wijk", "ggz")
NTA = "v=NTA7516"


def value() -> str:
    start = Month.of(datetime.now(AMSTERDAM))
    dates = f"startdate={start};enddate={start.plus(36)}"
    return f"v=NTA7516-1;{dates};provider=zorgmail;ntamx=10 relay.zorgmail.nl"


def domains(world: World, *names: str) -> list[str]:
    return [f"{name}.{world.domain}" for name in names]


def nta_record(world: World, *names: str, **fields: Any) -> dict[str, Any]:
    manifest = world.nta_record(**fields)
    del manifest["spec"]["domain"]
    manifest["spec"]["domains"] = domains(world, *names)
    return manifest


def published(world: World) -> set[str]:
    return {name for name in NAMES if world.zone.txt(name, NTA)}


@pytest.fixture
def three(new_world) -> Iterator[World]:
    with new_world('thuis IN TXT "MS=thuis"\nggz IN TXT "MS=ggz"\n') as world:
        world.apply(world.tsig(), world.provider(), nta_record(world, *NAMES))
        world.wait_ready("NtaRecord", "nta")
        yield world


def test_every_domain_has_its_record_and_the_status_tells_of_each(three: World) -> None:
    assert three.zone.txt("thuis") == ["MS=thuis", value()]
    assert three.zone.txt("wijk") == [value()]
    status = three.status("NtaRecord", "nta")
    assert [entry["domain"] for entry in status["domains"]] == domains(three, *NAMES)
    assert {entry["state"] for entry in status["domains"]} == {"Published"}
    assert len({entry["expiresOn"] for entry in status["domains"]} | {status["expiresOn"]}) == 1
    shown = three.kubectl("get", "ntarecord", "nta")
    assert f"thuis.{three.domain}" in shown
    assert status["endMonth"] in shown


def test_a_domain_that_leaves_the_list_loses_its_record_and_one_that_joins_gets_one(three: World) -> None:
    three.change("NtaRecord", "nta", domains=domains(three, "thuis", "wijk"))
    three.wait(lambda: published(three) == {"thuis", "wijk"}, "the record of ggz gone")
    three.wait_ready("NtaRecord", "nta")
    assert three.zone.txt("ggz") == ["MS=ggz"]
    listed = [entry["domain"] for entry in three.status("NtaRecord", "nta")["domains"]]
    assert listed == domains(three, "thuis", "wijk")
    three.change("NtaRecord", "nta", domains=domains(three, "ggz"))
    three.wait(lambda: published(three) == {"ggz"}, "the record at ggz only")
    three.wait_ready("NtaRecord", "nta")
    names = {record["name"] for record in three.status("NtaRecord", "nta")["records"]}
    assert names == set(domains(three, "ggz"))


def test_a_domain_that_leaves_keeps_its_record_when_the_policy_says_so(three: World) -> None:
    three.change("NtaRecord", "nta", deletionPolicy="Orphan")
    three.wait_ready("NtaRecord", "nta")
    three.change("NtaRecord", "nta", domains=domains(three, "thuis"))
    three.wait_ready("NtaRecord", "nta")
    three.wait_for_syncs(2)
    assert published(three) == set(NAMES)


def test_deleting_it_removes_every_record_and_nothing_else(three: World) -> None:
    three.delete("NtaRecord", "nta")
    three.wait_gone("NtaRecord", "nta")
    assert published(three) == set()
    assert three.zone.txt("thuis") == ["MS=thuis"]


def test_an_older_claim_to_one_domain_is_a_conflict_there_and_the_others_are_published(new_world) -> None:
    with new_world() as world:
        world.apply(world.tsig(), world.provider())
        older = nta_record(world, "wijk", provider="zivver")
        older["metadata"]["name"] = "older"
        world.apply(older)
        world.wait_ready("NtaRecord", "older")
        world.wait_for_later_creation("NtaRecord", "older")
        world.apply(nta_record(world, *NAMES))
        assert f"wijk.{world.domain}" in world.wait_reason("NtaRecord", "nta", "ClaimedByOlder")
        assert published(world) == set(NAMES)
        assert "provider=zivver" in world.zone.txt("wijk", NTA)[0]
        states = {entry["domain"]: entry["state"] for entry in world.status("NtaRecord", "nta")["domains"]}
        assert states == dict(
            zip(domains(world, *NAMES), ["Published", "Conflict", "Published"], strict=True)
        )


def test_from_one_domain_to_a_list_with_it_nothing_changes_at_that_domain(new_world) -> None:
    with new_world() as world:
        single = world.nta_record()
        single["spec"]["domain"] = f"thuis.{world.domain}"
        world.apply(world.tsig(), world.provider(), single)
        world.wait_ready("NtaRecord", "nta")
        with world.zone.watched("thuis", NTA) as seen:
            world.change("NtaRecord", "nta", domain=None, domains=domains(world, "thuis", "wijk"))
            world.wait_ready("NtaRecord", "nta")
        assert seen == {(value(),)}
        assert published(world) == {"thuis", "wijk"}


def test_a_domain_that_no_zone_holds_is_told_and_holds_up_no_other(new_world) -> None:
    with new_world() as world:
        stray = "elsewhere.example"
        record = nta_record(world, "thuis", "wijk")
        record["spec"]["domains"] += [stray]
        world.apply(world.tsig(), world.provider(), record)
        assert stray in world.wait_reason("NtaRecord", "nta", "ZoneNotFound")
        world.wait(lambda: published(world) == {"thuis", "wijk"}, "the others published")
        world.zone.delete("wijk", f'"{value()}"')
        world.wait(lambda: published(world) == {"thuis", "wijk"}, "a lost record written again")
        listed = world.status("NtaRecord", "nta")["domains"]
        assert [entry.get("state") for entry in listed] == ["Published", "Published", None]
        world.change("NtaRecord", "nta", domains=[*domains(world, "ggz"), stray])
        world.wait(lambda: published(world) == {"ggz"}, "the list followed")
        world.delete("NtaRecord", "nta")
        world.wait_gone("NtaRecord", "nta")
        assert published(world) == set()


def test_in_steady_state_nothing_is_written(three: World) -> None:
    three.wait_for_syncs(2)
    before, serial = three.writes(), three.zone.serial
    three.wait_for_syncs(2)
    assert (three.writes(), three.zone.serial) == (before, serial)


def test_domains_in_several_zones_are_published_and_removed_in_each(new_world) -> None:
    with new_world() as world:
        other = DnsZone(world.server, f"other-{world.domain}")
        world.server.add_zone(other.name)
        record = nta_record(world, "thuis")
        record["spec"]["domains"] += [other.name]
        world.apply(world.tsig(), world.provider(zones=[world.domain, other.name]), record)
        world.wait_ready("NtaRecord", "nta")
        assert (world.zone.txt("thuis"), other.txt("@")) == ([value()], [value()])
        world.change("NtaRecord", "nta", domains=domains(world, "thuis"))
        world.wait(lambda: other.txt("@") == [], "the record of the other zone gone")
        world.wait_ready("NtaRecord", "nta")
        assert [found["domain"] for found in world.status("NtaRecord", "nta")["domains"]] == domains(
            world, "thuis"
        )


def test_each_domain_has_to_be_allowed(shared: SharedProvider) -> None:
    world = shared.world
    allowed = {world.namespace: domains(world, "thuis")}
    world.apply(shared.manifest(allowedNamespaces=[world.namespace], allowedDomains=allowed))
    world.apply(nta_record(world, "thuis", "wijk", providerRef=shared.ref))
    assert f"wijk.{world.domain}" in world.wait_reason("NtaRecord", "nta", "ProviderNotAllowed")
    world.wait(lambda: published(world) == {"thuis"}, "the record that is allowed")
    world.change("ClusterDnsProvider", shared.name, allowedDomains=None)
    world.wait_ready("NtaRecord", "nta")
    assert published(world) == {"thuis", "wijk"}


def test_taking_most_domains_out_waits_for_consent(new_world) -> None:
    names = [f"d{number}" for number in range(12)]
    with new_world() as world:
        world.apply(world.tsig(), world.provider(), nta_record(world, *names))
        world.wait_ready("NtaRecord", "nta")
        world.change("NtaRecord", "nta", domains=domains(world, "d0"))
        message = world.wait_reason("NtaRecord", "nta", "PlanRefused")
        assert all(world.zone.txt(name, NTA) for name in names)
        (digest,) = set(re.findall(r"mailseal\.dev/confirm-plan=([0-9a-f]+)", message))
        world.annotate("DnsProvider", "zone", confirm_plan=digest)
        world.wait_ready("NtaRecord", "nta")
        assert [name for name in names if world.zone.txt(name, NTA)] == ["d0"]
        world.change("DnsProvider", "zone", deleteLimit={"percent": 100})
