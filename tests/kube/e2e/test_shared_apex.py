"""The TXT records at a domain itself are shared: what others published there is never touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.world import World

FOREIGN = (
    '"MS=ms12345678"',
    '"google-site-verification=abc" "def"',
    '"a" "" "b"',
    '"ab"',
    '""',
    r'"say \"hello\"; or C:\\dns;" "v=spf1 looks like SPF, is not"',
    r'"caf\195\169" "\000\255\127"',
    '"v=spf10 include:_spf.voorbeeld.example -all"',
    f'"{"x" * 255}" "{"y" * 255}" "z"',
)
FOREIGN_SPF = "v=spf1 include:_spf.oud.example ~all"
OURS = "v=spf1 ip4:192.0.2.0/28 -all"


def zone_lines(*values: str) -> str:
    return "\n".join(f"@ IN TXT {value}" for value in values)


@pytest.fixture
def shared(new_world) -> Iterator[World]:
    """A domain with many verification values and an SPF record of somebody else."""
    with new_world(zone_lines(*FOREIGN, f'"{FOREIGN_SPF}"')) as world:
        world.apply(world.tsig(), world.provider())
        yield world


@pytest.fixture
def others(shared: World) -> frozenset[tuple[bytes, ...]]:
    """What stands at the domain besides the SPF record, with all string boundaries."""
    found = shared.zone.strings("@") - {(FOREIGN_SPF.encode(),)}
    assert len(found) == len(FOREIGN)
    return found


def spf(text: str) -> frozenset[tuple[bytes, ...]]:
    return frozenset({(text.encode(),)})


def test_a_foreign_spf_record_is_a_conflict_that_shows_it_and_holds_nothing_else_back(shared, others) -> None:
    shared.apply(shared.mail_domain(dmarc={"policy": "none"}))
    message = shared.wait_reason("MailDomain", "mail", "ForeignValue")
    assert FOREIGN_SPF in message
    assert "adoption: Replace" in message
    assert shared.zone.strings("@") == others | spf(FOREIGN_SPF)
    assert shared.zone.txt("_dmarc") == ["v=DMARC1; p=none"]
    records = shared.status("MailDomain", "mail")["records"]
    states = {record["name"]: record["state"] for record in records}
    assert states == {shared.domain: "Conflict", f"_dmarc.{shared.domain}": "Published"}
    assert ("ForeignValue", message) in shared.events("MailDomain", "mail")


def test_foreign_values_survive_replacing_changing_and_deleting_byte_for_byte(shared, others) -> None:
    everything = shared.zone.content()
    shared.apply(shared.mail_domain(adoption="Replace"), shared.nta_record())
    shared.wait_ready("MailDomain", "mail")
    shared.wait_ready("NtaRecord", "nta")
    nta = shared.zone.txt("@", "v=NTA7516-1;")
    assert len(nta) == 1
    assert shared.zone.strings("@") == others | spf(OURS) | spf(nta[0])
    shared.change("MailDomain", "mail", spf={"mechanisms": ["ip4:192.0.2.9"]})
    shared.wait_ready("MailDomain", "mail")
    assert shared.zone.strings("@") == others | spf("v=spf1 ip4:192.0.2.9 -all") | spf(nta[0])
    shared.delete("NtaRecord", "nta")
    shared.wait_gone("NtaRecord", "nta")
    assert shared.zone.strings("@") == others | spf("v=spf1 ip4:192.0.2.9 -all")
    shared.delete("MailDomain", "mail")
    shared.wait_gone("MailDomain", "mail")
    assert shared.zone.strings("@") == others
    left = shared.zone.content()
    del left["@", "TXT"], everything["@", "TXT"]
    assert left == everything


def test_a_foreign_spf_record_that_says_the_same_is_adopted_as_it_is_split(new_world) -> None:
    with new_world(zone_lines('"v=spf1 ip4:192.0.2.0/28" " -all"', '"MS=ms1"')) as world:
        before = world.zone.strings("@")
        world.apply(world.tsig(), world.provider(), world.mail_domain())
        world.wait_ready("MailDomain", "mail")
        assert world.zone.strings("@") == before
        world.change("MailDomain", "mail", spf={"all": "softfail"})
        world.wait_ready("MailDomain", "mail")
        assert world.zone.txt("@") == ["MS=ms1", "v=spf1 ip4:192.0.2.0/28 ~all"]


def test_a_shared_record_set_keeps_its_ttl(new_world) -> None:
    with new_world('@ 60 IN TXT "MS=ms1"') as world:
        world.apply(
            world.tsig(), world.provider(), world.mail_domain(ttlSeconds=7200, dmarc={"policy": "none"})
        )
        world.wait_ready("MailDomain", "mail")
        assert world.zone.ttl_seconds("@") == 60
        assert world.zone.ttl_seconds("_dmarc") == 7200


def test_of_two_resources_for_one_record_the_older_wins_and_the_other_says_so(world) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.wait_for_later_creation("MailDomain", "mail")
    world.apply(world.mail_domain("second", spf={"mechanisms": ["mx"]}))
    message = world.wait_reason("MailDomain", "second", "ClaimedByOlder")
    assert f"MailDomain {world.namespace}/mail is older" in message
    assert world.zone.txt("@") == [OURS]
    assert world.condition("MailDomain", "mail")["status"] == "True"
    world.delete("MailDomain", "mail")
    world.wait_ready("MailDomain", "second")
    assert world.zone.txt("@") == ["v=spf1 mx -all"]
