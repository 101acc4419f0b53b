"""The heritage record: its text, what is not one, and the order in which it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.planning import InvalidOperatorId, keys_in_heritage, keys_of
from mailseal.planning.heritage import Entry, Heritage, fingerprint
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.planning_world import (
    APEX,
    DMARC,
    HERITAGE,
    MX,
    OPERATOR,
    ZONE,
    Settings,
    SimulatedZone,
    dkim_key,
    mail_domain,
    nta_record,
    plan_for,
    settle,
    spf,
    sync,
    txt_key,
)

HEX = "0123456789abcdef"
labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=8)
names = st.lists(labels, max_size=3).map(lambda parts: DnsName(".".join([*parts, ZONE])))
entries = st.builds(
    Entry,
    st.builds(RRsetKey, names, st.sampled_from(RecordType)),
    st.text(HEX, min_size=12, max_size=12),
    st.text(HEX, min_size=8, max_size=8),
)
heritages = st.builds(
    Heritage,
    st.just(ZONE),
    st.text("abcXYZ019._/-", min_size=1, max_size=40),
    st.frozensets(entries, min_size=1, max_size=30),
)


@settings(deadline=None)
@given(heritages)
def test_a_record_reads_as_it_was_written(heritage: Heritage) -> None:
    assert Heritage.parse(ZONE, heritage.to_txt()) == heritage


def test_the_text_is_sorted_and_short() -> None:
    record = Heritage(
        ZONE,
        "cluster-a",
        frozenset({Entry(DMARC, "b" * 12, "2" * 8), Entry(APEX, "a" * 12, "1" * 8)}),
    )
    assert record.to_txt().display == (
        "v=mailseal1; owner=cluster-a; r=@:TXT:aaaaaaaaaaaa:11111111,_dmarc:TXT:bbbbbbbbbbbb:22222222"
    )


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    Heritage.parse(ZONE, TxtData.of(raw))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=mailseal1",
        "v=mailseal2; owner=cluster-a; r=@:TXT:aaaaaaaaaaaa:11111111",
        "v=mailseal1; owner=; r=@:TXT:aaaaaaaaaaaa:11111111",
        "v=mailseal1; owner=cluster-a; r=",
        "v=mailseal1; owner=cluster-a; r=@:TXT:aaaaaaaaaaaa",
        "v=mailseal1; owner=cluster-a; r=@:TXT:aaaaaaaaaaaa:11111111,",
        "v=mailseal1; owner=cluster-a; r=@:A:aaaaaaaaaaaa:11111111",
        "v=mailseal1; owner=cluster-a; r=a..b:TXT:aaaaaaaaaaaa:11111111",
        f"v=mailseal1; owner=cluster-a; r={'a' * 64}:TXT:aaaaaaaaaaaa:11111111",
        "v=mailseal1; owner=cluster-a; r=@:TXT:aaaaaaaaaaaa:11111111; x=1",
        "v=mailseal1; owner=cluster-\u00e9; r=@:TXT:aaaaaaaaaaaa:11111111",
    ],
)
def test_a_malformed_record_is_foreign_and_stays(text: str) -> None:
    zone = SimulatedZone()
    zone.put(HERITAGE, text)
    settle(zone, mail_domain())
    assert TxtData.of(text) in zone.rrsets[HERITAGE].values
    settle(zone, replace(mail_domain(), deleting=True))
    assert zone.rrsets[HERITAGE].values == (TxtData.of(text),)


@pytest.mark.parametrize("operator_id", ["", "a b", "a;b", "\u00e9", "x" * 129])
def test_an_operator_id_that_no_record_can_hold_is_refused(operator_id: str) -> None:
    with pytest.raises(InvalidOperatorId, match="cannot be used"):
        plan_for(SimulatedZone(), mail_domain(), settings=Settings(operator_id=operator_id))


class TestKeys:
    def test_a_mail_domain_needs_all_its_places(self) -> None:
        assert keys_of([mail_domain()]) == {
            HERITAGE,
            APEX,
            DMARC,
            MX,
            txt_key(f"_mta-sts.{ZONE}"),
            txt_key(f"_smtp._tls.{ZONE}"),
        }

    def test_other_kinds_need_theirs(self) -> None:
        assert keys_of([nta_record()]) == {HERITAGE, APEX}
        selector = txt_key(f"s1._domainkey.{ZONE}")
        assert keys_of([dkim_key("main", ("s1", "v=DKIM1; p="))]) == {HERITAGE, selector}

    def test_what_a_resource_remembers_is_read_although_nothing_wants_it(self) -> None:
        zone = SimulatedZone()
        made = dkim_key("main", ("s1", "v=DKIM1; p="))
        plan = settle(zone, made)
        forgot = replace(made, dkim_keys=(), remembered=plan.held[made.owner])
        assert txt_key(f"s1._domainkey.{ZONE}") in keys_of([forgot])

    def test_what_the_heritage_of_this_operator_names_is_found(self) -> None:
        zone = SimulatedZone()
        settle(zone, dkim_key("main", ("s1", "v=DKIM1; p=")), mail_domain())
        expected = {APEX, txt_key(f"s1._domainkey.{ZONE}")}
        assert keys_in_heritage(zone.rrsets, OPERATOR) == expected
        assert keys_in_heritage(zone.rrsets, "other") == frozenset()


class TestOrder:
    def test_new_entries_come_before_the_values(self) -> None:
        plan = plan_for(SimulatedZone(), mail_domain(dmarc={"policy": "none"}, **spf("mx")))
        assert [planned.change.key for planned in plan.changes] == [HERITAGE, DMARC, APEX]

    def test_forgetting_comes_after_the_values(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain()
        settle(zone, wanted)
        plan = plan_for(zone, replace(wanted, deleting=True))
        assert [planned.change.key for planned in plan.changes] == [APEX, HERITAGE]
        assert all(planned.owners == {wanted.owner} for planned in plan.changes)

    def test_a_replacement_names_both_values_until_the_old_one_is_gone(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        sync(zone, mail_domain(**spf("a")))
        (text,) = zone.texts(HERITAGE)
        assert fingerprint(b"v=spf1 mx -all") in text
        assert fingerprint(b"v=spf1 a -all") in text
        settle(zone, mail_domain(**spf("a")))
        (text,) = zone.texts(HERITAGE)
        assert fingerprint(b"v=spf1 mx -all") not in text

    def test_domains_have_their_own_records(self) -> None:
        zone = SimulatedZone()
        below = mail_domain("below", domain=f"below.{ZONE}")
        plan = settle(zone, mail_domain(), below)
        assert txt_key(f"_mailseal.below.{ZONE}") in zone.rrsets
        assert plan.held[below.owner][0].key == txt_key(f"below.{ZONE}")


class TestOff:
    OFF = Settings(heritage=False)

    def test_no_record_is_written(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(), settings=self.OFF)
        assert zone.rrsets.keys() == {APEX}

    def test_records_of_this_operator_are_removed_and_others_stay(self) -> None:
        zone = SimulatedZone()
        theirs = Heritage(ZONE, "other", frozenset({Entry(DMARC, "a" * 12, "1" * 8)})).to_txt()
        zone.put(HERITAGE, theirs, "note")
        settle(zone, mail_domain())
        plan = settle(zone, mail_domain(), settings=self.OFF)
        assert set(zone.rrsets[HERITAGE].values) == {theirs, TxtData.of("note")}
        assert plan.deletes == 0

    def test_ownership_then_rests_on_what_the_status_remembers(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain()
        plan = settle(zone, wanted, settings=self.OFF)
        forgotten = replace(wanted, deleting=True)
        settle(zone, forgotten, settings=self.OFF)
        assert APEX in zone.rrsets
        settle(zone, replace(forgotten, remembered=plan.held[wanted.owner]), settings=self.OFF)
        assert zone.rrsets == {}


def test_several_records_of_this_operator_become_one() -> None:
    zone = SimulatedZone()
    settle(zone, mail_domain(), nta_record())
    (value,) = zone.rrsets[HERITAGE].values
    assert isinstance(value, TxtData)
    whole = Heritage.parse(ZONE, value)
    assert whole is not None
    parts = [Heritage(ZONE, OPERATOR, frozenset({entry})).to_txt() for entry in whole.entries]
    zone.put(HERITAGE, *parts)
    settle(zone, mail_domain(), nta_record())
    assert zone.rrsets[HERITAGE].values == (value,)


def test_a_cname_in_the_heritage_records_place_is_a_warning_and_holds_nothing_back() -> None:
    zone = SimulatedZone()
    zone.cname(f"_mailseal.{ZONE}", "elsewhere.example")
    wanted = mail_domain()
    plan = settle(zone, wanted)
    assert zone.texts() == {"v=spf1 mx -all"}
    assert "remove the CNAME" in plan.warnings[wanted.owner][0]


def test_an_rrset_of_the_observed_zone_that_is_not_text_is_ignored() -> None:
    zone = SimulatedZone()
    zone.rrsets[HERITAGE] = RRset(HERITAGE, 60, (TxtData((b"\xff\x00", b"\\")),))
    settle(zone, mail_domain())
    assert TxtData((b"\xff\x00", b"\\")) in zone.rrsets[HERITAGE].values
