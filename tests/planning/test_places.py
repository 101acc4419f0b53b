"""Who gets a place, and what becomes of the values that stand there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailseal.planning import PlannedChange, Reason, RecordState, RememberedValue
from mailseal.planning.heritage import Entry, Heritage, fingerprint
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, RecordType, RRsetKey
from mailseal.records.txt import TxtData
from support.planning_world import (
    APEX,
    DMARC,
    HERITAGE,
    MX,
    ZONE,
    Settings,
    SimulatedZone,
    dkim_key,
    gone,
    mail_domain,
    nta_record,
    outcome,
    owner,
    plan_for,
    settle,
    spf,
    sync,
    told,
    txt_key,
)

OURS = "v=spf1 mx -all"
OTHER = "v=spf1 a -all"
SITE = "google-site-verification=abc"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "v=DKIM1; k=ed25519; p=aZ4rFqNqz0oIAMlqlYGgBDU7dbEUJFfrXpMs7nbCyX4="


def heritage_of(operator_id: str, key: RRsetKey, text: str, digest: str = "0" * 8) -> TxtData:
    """A heritage record with one entry."""
    return Heritage(ZONE, operator_id, frozenset({Entry(key, fingerprint(text.encode()), digest)})).to_txt()


def changed(changes: tuple[PlannedChange, ...]) -> list[RRsetKey]:
    return [planned.change.key for planned in changes]


class TestOnePlace:
    def test_an_empty_place_is_filled(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain()
        plan = sync(zone, wanted)
        assert zone.texts() == {OURS}
        assert told(plan, wanted) == [(OURS, RecordState.PUBLISHED, "")]

    def test_values_of_other_kinds_stay_beside_ours(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE, "v=DMARC1; p=none", OTHER.upper().replace("V=SPF1", "v=spf10"))
        before = zone.texts()
        settle(zone, mail_domain())
        assert zone.texts() == {*before, OURS}

    def test_an_equal_foreign_value_is_adopted_as_it_is_split(self) -> None:
        zone = SimulatedZone()
        split = TxtData((b"v=spf1 ", b"mx -all"))
        zone.put(APEX, split, SITE)
        wanted = mail_domain()
        plan = sync(zone, wanted)
        assert changed(plan.changes) == [HERITAGE]
        assert split in zone.rrsets[APEX].values
        assert told(plan, wanted) == [(OURS, RecordState.PUBLISHED, "")]

    @pytest.mark.parametrize(
        ("key", "found", "spec"),
        [
            (DMARC, "v=DMARC1;p=none;", {"dmarc": {"policy": "none"}}),
            (APEX, "v=spf1 ip4:192.0.2.1/32 -all", spf("ip4:192.0.2.1")),
            (txt_key(f"_mta-sts.{ZONE}"), "v=STSv1;id=20260101;", {"mta_sts": {"id": "20260101"}}),
            (
                txt_key(f"_smtp._tls.{ZONE}"),
                "v=TLSRPTv1;rua=mailto:tls@example.nl",
                {"tls_rpt": {"rua": ["mailto:tls@example.nl"]}},
            ),
        ],
    )
    def test_a_value_that_says_the_same_is_adopted_as_it_is_written(
        self, key: RRsetKey, found: str, spec: dict[str, object]
    ) -> None:
        zone = SimulatedZone()
        zone.put(key, found, ttl_seconds=3600)
        wanted = mail_domain(**spec)
        plan = settle(zone, wanted)
        assert zone.texts(key) == {found}
        assert told(plan, wanted) == [(found, RecordState.PUBLISHED, "")]

    def test_a_differing_foreign_value_is_a_conflict_that_shows_it(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, OTHER)
        wanted = mail_domain()
        plan = sync(zone, wanted)
        assert plan.changes == ()
        assert outcome(plan, wanted).reason == Reason.FOREIGN_VALUE
        assert f'"{OTHER}"' in outcome(plan, wanted).message
        assert "spec.adoption: Replace" in outcome(plan, wanted).message

    def test_a_long_foreign_value_is_cut_in_the_message(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, f"v=spf1 {'ip4:192.0.2.1 ' * 40}-all")
        wanted = mail_domain()
        message = outcome(plan_for(zone, wanted), wanted).message
        assert len(message) < 300
        assert "..." in message

    def test_replace_takes_the_place_of_every_foreign_value_of_the_kind_only(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, OTHER, "v=spf1 ?all", SITE)
        plan = settle(zone, mail_domain(adoption="Replace"))
        assert zone.texts() == {OURS, SITE}
        assert plan.deletes == 0

    def test_a_second_foreign_value_is_a_conflict_although_one_is_equal(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, OURS, OTHER)
        wanted = mail_domain()
        plan = settle(zone, wanted)
        assert outcome(plan, wanted).reason == Reason.FOREIGN_VALUE
        assert zone.texts() == {OURS, OTHER}
        assert HERITAGE not in zone.rrsets

    def test_a_foreign_value_beside_our_published_one_is_a_conflict_and_ours_stays(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain()
        settle(zone, wanted)
        zone.put(APEX, OURS, OTHER)
        plan = settle(zone, wanted)
        assert told(plan, wanted) == [(OURS, RecordState.CONFLICT, Reason.FOREIGN_VALUE)]
        assert plan.held[wanted.owner][0].identity == OURS.encode()
        assert zone.texts() == {OURS, OTHER}

    def test_a_copy_of_our_value_that_is_split_differently_is_foreign(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, OURS, TxtData((b"v=spf1", b" mx -all")))
        wanted = mail_domain()
        assert outcome(plan_for(zone, wanted), wanted).reason == Reason.FOREIGN_VALUE
        sync(zone, mail_domain(adoption="Replace"))
        assert zone.rrsets[APEX].values == (TxtData.of(OURS),)

    def test_our_own_value_is_replaced_in_one_change(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE)
        settle(zone, mail_domain())
        plan = sync(zone, mail_domain(**spf("a")))
        assert changed(plan.changes) == [HERITAGE, APEX]
        assert zone.texts() == {OTHER, SITE}
        assert plan.deletes == 0
        assert [planned.removes for planned in plan.changes] == [0, 1]

    def test_our_old_value_stays_while_a_conflict_holds_the_new_one_back(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        zone.put(APEX, OURS, "v=spf1 ?all")
        wanted = mail_domain(**spf("a"))
        plan = settle(zone, wanted)
        assert told(plan, wanted) == [
            (OTHER, RecordState.CONFLICT, Reason.FOREIGN_VALUE),
            (OURS, RecordState.PUBLISHED, Reason.LEFT_IN_PLACE),
        ]
        zone.put(APEX, OURS)
        settle(zone, wanted)
        assert zone.texts() == {OTHER}

    def test_a_cname_is_in_the_way(self) -> None:
        zone = SimulatedZone()
        zone.cname(f"_dmarc.{ZONE}", "dmarc.vendor.example")
        wanted = mail_domain(dmarc={"policy": "none"}, adoption="Replace")
        plan = sync(zone, wanted)
        assert plan.changes == ()
        assert outcome(plan, wanted).reason == Reason.CNAME_IN_THE_WAY
        assert "dmarc.vendor.example." in outcome(plan, wanted).message

    def test_one_conflict_does_not_hold_back_the_other_records(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, OTHER)
        settle(zone, mail_domain(**spf("mx"), dmarc={"policy": "reject"}))
        assert zone.texts() == {OTHER}
        assert zone.texts(DMARC) == {"v=DMARC1; p=reject"}


class TestTwoResources:
    def test_the_older_gets_the_place_and_the_younger_is_told_who_has_it(self) -> None:
        zone = SimulatedZone()
        older = mail_domain("older", dmarc={"policy": "none"}, **spf("mx"))
        younger = mail_domain("younger", age=1, adoption="Replace", dmarc={"policy": "reject"}, **spf("a"))
        plan = settle(zone, younger, older)
        assert zone.texts() == {OURS}
        assert zone.texts(DMARC) == {"v=DMARC1; p=none"}
        assert {reason for _, _, reason in told(plan, younger)} == {Reason.CLAIMED_BY_OLDER}
        assert all("MailDomain mail/older" in record.message for record in plan.outcomes[younger.owner])

    def test_of_two_equally_old_the_lower_uid_wins(self) -> None:
        zone = SimulatedZone()
        one, two = mail_domain("a"), mail_domain("b", **spf("a"))
        two = replace(two, owner=replace(two.owner, uid="0"))
        settle(zone, one, two)
        assert zone.texts() == {OTHER}

    def test_an_older_one_that_appears_takes_over_in_one_change(self) -> None:
        zone = SimulatedZone()
        younger = mail_domain("younger", age=1)
        settle(zone, younger)
        older = mail_domain("older", **spf("a"))
        plan = sync(zone, older, younger)
        assert zone.texts() == {OTHER}
        assert plan.deletes == 0
        assert (OURS, RecordState.REMOVING, "") not in told(plan, older)
        assert told(plan, younger) == [(OURS, RecordState.CONFLICT, Reason.CLAIMED_BY_OLDER)]

    def test_the_loser_takes_over_without_a_gap_when_the_winner_is_deleted(self) -> None:
        zone = SimulatedZone()
        older, younger = mail_domain("older"), mail_domain("younger", age=1, **spf("a"))
        settle(zone, older, younger)
        plan = sync(zone, replace(older, deleting=True), younger)
        (change,) = [planned for planned in plan.changes if planned.change.key == APEX]
        assert zone.texts() == {OTHER}
        assert change.owners == {older.owner, younger.owner}
        assert plan.deletes == 0
        settle(zone, younger)

    def test_a_value_that_both_want_survives_the_winner(self) -> None:
        zone = SimulatedZone()
        older, younger = mail_domain("older"), mail_domain("younger", age=1)
        settle(zone, older, younger)
        plan = sync(zone, replace(older, deleting=True), younger)
        assert changed(plan.changes) == [HERITAGE]
        settle(zone, younger)
        assert zone.texts() == {OURS}
        assert younger.owner.digest in next(iter(zone.texts(HERITAGE)))
        assert older.owner.digest not in next(iter(zone.texts(HERITAGE)))

    def test_a_loser_that_remembers_the_value_does_not_delete_it(self) -> None:
        zone = SimulatedZone()
        older, younger = mail_domain("older"), mail_domain("younger", age=1)
        first = settle(zone, younger)
        remembers = replace(younger, remembered=first.held[younger.owner])
        settle(zone, older, remembers)
        settle(zone, older, replace(remembers, deleting=True))
        assert zone.texts() == {OURS}

    def test_resources_of_different_kinds_share_the_apex(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE)
        settle(zone, mail_domain(), nta_record())
        assert zone.texts() == {
            SITE,
            OURS,
            "v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail;ntamx=10 relay.zorgmail.nl",
        }
        (heritage,) = zone.texts(HERITAGE)
        assert heritage.count("@:TXT:") == 2


class TestDkim:
    SELECTOR = txt_key(f"s1._domainkey.{ZONE}")

    def test_a_key_is_published_at_its_selector(self) -> None:
        zone = SimulatedZone()
        settle(zone, dkim_key("main", ("s1", KEY)))
        assert zone.texts(self.SELECTOR) == {KEY}

    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    def test_a_selector_of_ours_never_gets_a_second_key(self, adoption: str) -> None:
        zone = SimulatedZone()
        settle(zone, dkim_key("main", ("s1", KEY)))
        wanted = dkim_key("main", ("s1", OTHER_KEY), adoption=adoption)
        plan = settle(zone, wanted)
        assert zone.texts(self.SELECTOR) == {KEY}
        assert told(plan, wanted)[0] == (OTHER_KEY, RecordState.CONFLICT, Reason.SELECTOR_TAKEN)

    def test_a_published_key_keeps_its_selector_against_an_older_resource(self) -> None:
        zone = SimulatedZone()
        younger = dkim_key("younger", ("s1", KEY), age=1)
        settle(zone, younger)
        older = dkim_key("older", ("s1", OTHER_KEY))
        plan = settle(zone, older, younger)
        assert zone.texts(self.SELECTOR) == {KEY}
        assert told(plan, older) == [(OTHER_KEY, RecordState.CONFLICT, Reason.SELECTOR_TAKEN)]
        assert told(plan, younger) == [(KEY, RecordState.PUBLISHED, "")]

    def test_a_selector_is_free_again_after_its_key_was_deleted(self) -> None:
        zone = SimulatedZone()
        first, second = dkim_key("first", ("s1", KEY)), dkim_key("second", ("s1", OTHER_KEY), age=1)
        settle(zone, first, second)
        settle(zone, gone(first), second)
        assert zone.texts(self.SELECTOR) == {OTHER_KEY}

    @pytest.mark.parametrize("held", [(), (("s2", OTHER_KEY),)])
    def test_a_key_that_the_secret_lost_stays_published(self, held: tuple[tuple[str, str], ...]) -> None:
        zone = SimulatedZone()
        settle(zone, dkim_key("main", ("s1", KEY)))
        wanted = dkim_key("main", *held)
        plan = settle(zone, wanted)
        assert zone.texts(self.SELECTOR) == {KEY}
        assert (KEY, RecordState.PUBLISHED, Reason.KEY_NOT_IN_SECRET) in told(plan, wanted)
        assert "s1._domainkey" in plan.warnings[wanted.owner][0]
        settle(zone, gone(wanted))
        assert zone.texts(self.SELECTOR) == set()

    @pytest.mark.parametrize("selector", ["", "a..b", "x" * 64, "a b", "a,b", "a:b"])
    def test_a_selector_that_makes_no_name_is_a_warning(self, selector: str) -> None:
        zone = SimulatedZone()
        wanted = dkim_key("main", (selector, KEY), ("s1", KEY))
        plan = settle(zone, wanted)
        assert zone.texts(self.SELECTOR) == {KEY}
        assert repr(selector) in plan.warnings[wanted.owner][0]


class TestParked:
    def test_a_parked_domain_gets_spf_dmarc_and_null_mx(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(parked=True))
        assert zone.texts() == {"v=spf1 -all"}
        assert zone.texts(DMARC) == {"v=DMARC1; p=reject"}
        assert zone.texts(MX) == {"0 ."}

    def test_other_mail_exchangers_are_a_conflict_until_replace(self) -> None:
        zone = SimulatedZone()
        zone.put(MX, MxData(10, DnsName("mx1.example.nl")), MxData(20, DnsName("mx2.example.nl")))
        wanted = mail_domain(parked=True)
        plan = settle(zone, wanted)
        assert ("0 .", RecordState.CONFLICT, Reason.FOREIGN_VALUE) in told(plan, wanted)
        plan = sync(zone, mail_domain(parked=True, adoption="Replace"))
        assert zone.texts(MX) == {"0 ."}
        assert plan.deletes == 0

    def test_the_null_mx_goes_when_the_domain_is_not_parked_any_more(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(parked=True))
        plan = sync(zone, mail_domain())
        assert MX not in zone.rrsets
        assert plan.deletes == 2
        assert plan.owned_values == 3


class TestOtherOperators:
    @pytest.mark.parametrize("heritage", [True, False])
    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    @pytest.mark.parametrize("found", [OURS, OTHER])
    def test_what_another_operator_claims_is_never_touched(
        self, found: str, adoption: str, heritage: bool
    ) -> None:
        zone = SimulatedZone()
        theirs = heritage_of("cluster-b", APEX, found)
        zone.put(APEX, found)
        zone.put(HERITAGE, theirs)
        wanted = mail_domain(adoption=adoption)
        plan = settle(zone, wanted, settings=Settings(heritage=heritage))
        assert zone.texts() == {found}
        assert zone.rrsets[HERITAGE].values == (theirs,)
        assert outcome(plan, wanted).reason == Reason.CLAIMED_BY_OPERATOR
        assert "'cluster-b'" in outcome(plan, wanted).message

    def test_a_value_that_another_operator_claims_too_stays_when_ours_is_deleted(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain()
        settle(zone, wanted)
        theirs = heritage_of("cluster-b", APEX, OURS)
        zone.put(HERITAGE, theirs, *zone.rrsets[HERITAGE].values)
        plan = sync(zone, replace(wanted, deleting=True))
        assert zone.texts() == {OURS}
        assert zone.rrsets[HERITAGE].values == (theirs,)
        assert plan.outcomes[wanted.owner] == ()
        assert plan.held[wanted.owner] == ()

    def test_places_that_the_other_operator_does_not_claim_are_ours(self) -> None:
        zone = SimulatedZone()
        theirs = heritage_of("cluster-b", APEX, OTHER)
        zone.put(APEX, OTHER)
        zone.put(HERITAGE, theirs)
        settle(zone, mail_domain(dmarc={"policy": "none"}, **spf("mx")))
        assert zone.texts(DMARC) == {"v=DMARC1; p=none"}
        assert theirs in zone.rrsets[HERITAGE].values


class TestAbsentResources:
    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    def test_the_value_of_a_resource_that_is_not_given_is_never_removed(self, adoption: str) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain("absent"))
        wanted = mail_domain("given", adoption=adoption, **spf("a"))
        plan = settle(zone, wanted)
        assert zone.texts() == {OURS}
        assert plan.orphans == ((APEX, OURS),)
        assert outcome(plan, wanted).reason == Reason.CLAIMED_BY_ABSENT
        assert owner("MailDomain", "absent").digest in next(iter(zone.texts(HERITAGE)))

    def test_an_equal_value_is_shared_with_the_absent_resource(self) -> None:
        zone = SimulatedZone()
        absent, given = mail_domain("absent"), mail_domain("given")
        settle(zone, absent)
        plan = settle(zone, given)
        (heritage,) = zone.texts(HERITAGE)
        assert absent.owner.digest in heritage
        assert given.owner.digest in heritage
        assert told(plan, given) == [(OURS, RecordState.PUBLISHED, "")]
        plan = settle(zone, replace(given, deleting=True))
        assert zone.texts() == {OURS}
        assert given.owner.digest not in next(iter(zone.texts(HERITAGE)))

    def test_an_entry_whose_value_is_gone_is_forgotten(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain("absent"))
        zone.put(APEX)
        plan = settle(zone, mail_domain("given", **spf("a")))
        assert zone.texts() == {OTHER}
        assert plan.orphans == ()

    def test_forgetting_for_an_absent_resource_is_the_work_of_those_who_are_there(self) -> None:
        zone = SimulatedZone()
        given = mail_domain("given", dmarc={"policy": "none"})
        settle(zone, mail_domain("absent"), given)
        zone.put(APEX)
        (planned,) = plan_for(zone, given).changes
        assert planned.change.key == HERITAGE
        assert planned.owners == {given.owner}

    def test_a_resource_made_again_for_another_domain_does_not_own_the_old_values(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain("moved"), nta_record())
        moved = mail_domain("moved", domain=f"new.{ZONE}")
        settle(zone, moved, nta_record())
        assert OURS in zone.texts()


class TestTtl:
    def test_an_rrset_of_our_own_has_the_wanted_ttl(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(ttl_seconds=600))
        assert zone.rrsets[APEX].ttl_seconds == 600
        plan = sync(zone, mail_domain(ttl_seconds=900))
        assert changed(plan.changes) == [APEX]
        assert plan.changes[0].owners == {owner("MailDomain")}
        assert zone.rrsets[APEX].ttl_seconds == 900

    def test_an_rrset_with_a_foreign_value_keeps_its_ttl(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE, ttl_seconds=77)
        settle(zone, mail_domain(ttl_seconds=600))
        assert zone.rrsets[APEX].ttl_seconds == 77

    def test_the_lowest_ttl_counts_when_owners_differ(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(ttl_seconds=900), nta_record(ttl_seconds=600))
        assert zone.rrsets[APEX].ttl_seconds == 600

    def test_the_heritage_record_keeps_the_ttl_that_it_has(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        zone.put(HERITAGE, *zone.rrsets[HERITAGE].values, ttl_seconds=60)
        settle(zone, mail_domain(**spf("a")))
        assert zone.rrsets[HERITAGE].ttl_seconds == 60


def test_a_status_that_names_a_place_outside_its_domain_is_not_believed() -> None:
    """Otherwise whoever can write a status could have records of other domains removed."""
    zone = SimulatedZone()
    elsewhere = RRsetKey(ZONE, RecordType.TXT)
    zone.put(elsewhere, OTHER)
    liar = replace(
        mail_domain(domain=f"sub.{ZONE}"), remembered=(RememberedValue(elsewhere, OTHER.encode()),)
    )
    settle(zone, liar, mail_domain("main", age=1, dmarc={"policy": "none"}))
    assert zone.texts(elsewhere) == {OTHER}
