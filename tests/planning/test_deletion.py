"""What is removed, what is left, and what it counts for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailseal.domain.provider import SyncPolicy
from mailseal.planning import Reason, RecordState, deletes_over_limit, plan_digest
from mailseal.records.dkim import DkimRecord
from mailseal.records.txt import TxtData
from support.planning_world import (
    APEX,
    DMARC,
    HERITAGE,
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
    told,
    txt_key,
)

OURS = "v=spf1 mx -all"
KEY = DkimRecord.for_ed25519(bytes(range(32))).to_text()
OTHER_KEY = DkimRecord.for_ed25519(bytes(range(1, 33))).to_text()
SITE = "site-verification=1"
UPSERT = Settings(policy=SyncPolicy.UPSERT_ONLY)


class TestOutlivedKeys:
    def test_a_key_at_the_end_of_its_life_is_no_deletion(self) -> None:
        """Many keys of a zone may end together, and nobody has to confirm that."""
        zone = SimulatedZone()
        wanted = dkim_key("main", ("s1", KEY), ("s2", OTHER_KEY))
        settle(zone, wanted)
        ended = replace(wanted, dkim_keys=wanted.dkim_keys[1:], dkim_released=frozenset({"s1"}))
        assert plan_for(zone, ended).deletes == 1
        outlived = replace(ended, dkim_outlived=frozenset({"s1"}))
        assert plan_for(zone, outlived).deletes == 0
        settle(zone, outlived)
        assert zone.texts(txt_key(f"s1._domainkey.{ZONE}")) == set()
        assert zone.texts(txt_key(f"s2._domainkey.{ZONE}")) == {OTHER_KEY}


class TestDelete:
    def test_exactly_the_values_of_the_resource_go(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE, "v=DMARC1; p=none")
        wanted = mail_domain(dmarc={"policy": "none"}, **spf("mx"))
        settle(zone, wanted, nta_record())
        deleting = replace(wanted, deleting=True)
        plan = sync(zone, deleting, nta_record())
        assert {state for _, state, _ in told(plan, deleting)} == {RecordState.REMOVING}
        assert zone.texts() >= {SITE, "v=DMARC1; p=none"}
        assert len(zone.texts()) == 3
        assert DMARC not in zone.rrsets
        assert (plan.deletes, plan.owned_values) == (2, 3)

    def test_the_zone_is_left_as_it_was_found(self) -> None:
        zone = SimulatedZone()
        zone.put(APEX, SITE)
        before = dict(zone.rrsets)
        settle(zone, mail_domain())
        settle(zone, replace(mail_domain(), deleting=True))
        assert zone.rrsets == before

    def test_a_value_that_somebody_changed_meanwhile_stays(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        zone.put(APEX, "v=spf1 a mx -all")
        settle(zone, replace(mail_domain(), deleting=True))
        assert zone.texts() == {"v=spf1 a mx -all"}

    def test_a_value_that_was_split_again_is_still_ours(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        zone.put(APEX, TxtData((b"v=spf1 mx", b" -all")), SITE)
        settle(zone, replace(mail_domain(), deleting=True))
        assert zone.texts() == {SITE}

    def test_a_part_that_is_not_asked_for_any_more_goes(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(dmarc={"policy": "none"}, **spf("mx")))
        wanted = mail_domain()
        plan = sync(zone, wanted)
        assert DMARC not in zone.rrsets
        assert ("v=DMARC1; p=none", RecordState.REMOVING, "") in told(plan, wanted)
        assert plan.deletes == 1


class TestOrphan:
    def test_the_values_stay_and_are_forgotten(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain(deletion_policy="Orphan")
        settle(zone, wanted)
        plan = settle(zone, replace(wanted, deleting=True))
        assert zone.texts() == {OURS}
        assert HERITAGE not in zone.rrsets
        assert plan.orphans == ()

    def test_the_user_is_told(self) -> None:
        zone = SimulatedZone()
        wanted = mail_domain(deletion_policy="Orphan")
        settle(zone, wanted)
        plan = plan_for(zone, replace(wanted, deleting=True))
        assert told(plan, wanted) == [(OURS, RecordState.PUBLISHED, Reason.LEFT_IN_PLACE)]
        assert plan.deletes == 0

    def test_what_is_left_is_foreign_to_the_next_resource(self) -> None:
        zone = SimulatedZone()
        leaving = mail_domain("leaving", deletion_policy="Orphan")
        settle(zone, leaving)
        other = mail_domain("other", age=1, **spf("a"))
        plan = settle(zone, replace(leaving, deleting=True), other)
        assert zone.texts() == {OURS}
        assert told(plan, other) == [("v=spf1 a -all", RecordState.CONFLICT, Reason.FOREIGN_VALUE)]
        settle(zone, mail_domain("other", age=1))
        assert zone.texts() == {OURS}


class TestUpsertOnly:
    def test_values_are_added_and_changed(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(), settings=UPSERT)
        settle(zone, mail_domain(**spf("a")), settings=UPSERT)
        assert zone.texts() == {"v=spf1 a -all"}

    def test_what_is_not_wanted_any_more_stays_and_is_still_ours(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(dmarc={"policy": "none"}, **spf("mx")), settings=UPSERT)
        plan = settle(zone, mail_domain(), settings=UPSERT)
        assert ("v=DMARC1; p=none", RecordState.PUBLISHED, Reason.LEFT_IN_PLACE) in told(plan, mail_domain())
        settle(zone, mail_domain())
        assert DMARC not in zone.rrsets

    @pytest.mark.parametrize("heritage", [True, False])
    def test_a_deleted_resource_leaves_everything(self, heritage: bool) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain(), settings=UPSERT)
        before = dict(zone.rrsets)
        deleting = replace(mail_domain(), deleting=True)
        plan = settle(zone, deleting, settings=replace(UPSERT, heritage=heritage))
        assert zone.rrsets == before
        assert "UpsertOnly" in plan.outcomes[deleting.owner][0].message

    def test_the_next_in_line_takes_over(self) -> None:
        zone = SimulatedZone()
        older, younger = mail_domain("older"), mail_domain("younger", age=1, **spf("a"))
        settle(zone, older, younger, settings=UPSERT)
        settle(zone, replace(older, deleting=True), younger, settings=UPSERT)
        assert zone.texts() == {"v=spf1 a -all"}


def test_dry_run_plans_what_sync_would() -> None:
    zone = SimulatedZone()
    assert plan_for(zone, mail_domain(), settings=Settings(policy=SyncPolicy.DRY_RUN)) == plan_for(
        zone, mail_domain()
    )


@pytest.mark.parametrize(
    ("deletes", "owned_values", "over"),
    [
        (0, 0, False),
        (9, 9, False),
        (3, 10, False),
        (4, 10, True),
        (10, 10, True),
        (30, 100, False),
        (31, 100, True),
    ],
)
def test_the_limit_is_a_share_that_counts_from_a_number_of_values_on(
    deletes: int, owned_values: int, over: bool
) -> None:
    assert deletes_over_limit(deletes, owned_values, percent=30, from_values=10) is over


@pytest.mark.parametrize(("percent", "over"), [(0, True), (100, False)])
def test_the_extreme_limits(percent: int, over: bool) -> None:
    assert deletes_over_limit(10, 10, percent=percent, from_values=0) is over
    assert deletes_over_limit(0, 0, percent=percent, from_values=0) is False


class TestDigest:
    def test_it_depends_on_the_edits_and_not_on_their_order(self) -> None:
        plan = plan_for(SimulatedZone(), mail_domain(dmarc={"policy": "none"}, **spf("mx")))
        digest = plan_digest(plan.changes)
        assert digest == plan_digest(reversed(plan.changes))
        assert digest != plan_digest(plan.changes[1:])
        assert len(digest) == 12
        assert int(digest, 16) >= 0

    def test_it_stays_when_somebody_else_adds_a_value(self) -> None:
        zone = SimulatedZone()
        settle(zone, mail_domain())
        deleting = replace(mail_domain(), deleting=True)
        before = plan_digest(plan_for(zone, deleting).changes)
        zone.put(APEX, *zone.rrsets[APEX].values, SITE)
        assert plan_digest(plan_for(zone, deleting).changes) == before

    def test_removing_is_not_adding(self) -> None:
        zone = SimulatedZone()
        off = Settings(heritage=False)
        adding = plan_for(zone, mail_domain(), settings=off)
        settle(zone, mail_domain(), settings=off)
        remembers = replace(mail_domain(), deleting=True, remembered=adding.held[mail_domain().owner])
        removing = plan_for(zone, remembers, settings=off)
        assert plan_digest(adding.changes) != plan_digest(removing.changes)


def test_a_very_long_spf_record_is_a_warning() -> None:
    zone = SimulatedZone()
    wanted = mail_domain(**spf(*(f"ip4:192.0.2.{host}" for host in range(30))))
    plan = settle(zone, wanted)
    assert "over 450" in plan.warnings[wanted.owner][0]
    assert settle(zone, mail_domain()).warnings == {}


def test_every_outcome_and_change_comes_in_the_same_order_whatever_the_order_of_the_claims() -> None:
    zone = SimulatedZone()
    claims = [mail_domain(), nta_record(), mail_domain("other", age=1)]
    assert plan_for(zone, *claims) == plan_for(zone, *reversed(claims))
