"""An NtaRecord for several domains: its parts, and what their zones say of it put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailseal.engine import ZoneOutcome
from mailseal.kube.claims import claim_of
from mailseal.kube.conditions import Verdict
from mailseal.kube.details import record_statuses
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of, parts_of
from mailseal.kube.shares import Shares
from mailseal.kube.store import Store
from mailseal.planning.model import Claim, RecordOutcome, RecordState
from mailseal.providers.base import Unavailable
from mailseal.records.names import DnsName
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import txt_key

HERE, THERE, GONE = DnsName("example.nl"), DnsName("there.example"), DnsName("gone.example")
VALUE = "v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorgmail;ntamx=10 relay.zorgmail.nl"
NOT_SERVED = Verdict(False, "ZoneNotFound", "no zone holds there.example", stalled=True)


def record(domain: DnsName, state: RecordState = RecordState.PUBLISHED, text: str = VALUE) -> RecordOutcome:
    return RecordOutcome(txt_key(domain), TxtData.of(text), state)


def nta_record(*records: RecordOutcome, **fields: Any) -> StoredObject:
    status = {"records": record_statuses(records), "domains": []}
    spec = {"domain": None, "domains": [HERE, THERE]}
    return resource("NtaRecord", spec=spec, status=status, **fields)


def outcome(part: StoredObject, *records: RecordOutcome, **fields: Any) -> ZoneOutcome:
    return ZoneOutcome(records={part.owner: records} if records else {}, written=(), **fields)


class TestParts:
    def test_each_domain_is_a_part_in_the_order_of_the_spec(self) -> None:
        parts = parts_of(nta_record())
        assert [(domain_of(part), part.leaving) for part in parts] == [(HERE, False), (THERE, False)]
        assert len({part.owner for part in parts}) == 2
        assert len({part.owner.digest for part in parts}) == 1

    def test_a_domain_that_is_not_wanted_and_still_has_a_record_is_leaving(self) -> None:
        parts = parts_of(nta_record(record(GONE), record(HERE)))
        assert [(domain_of(part), part.leaving) for part in parts[2:]] == [(GONE, True)]
        claim = claim_of(parts[2], None)
        assert isinstance(claim, Claim)
        assert claim.deleting
        assert [value.key for value in claim.remembered] == [txt_key(GONE)]

    def test_what_was_never_written_is_not_leaving(self) -> None:
        whole = nta_record(record(GONE, RecordState.CONFLICT), record(THERE, text="v=spf1 -all"))
        assert len(parts_of(whole)) == 2

    def test_from_a_list_to_one_domain_the_others_are_leaving(self) -> None:
        single = resource("NtaRecord", status=nta_record(record(HERE), record(THERE)).status)
        assert [(domain_of(part), part.leaving) for part in parts_of(single)] == [
            (HERE, False),
            (THERE, True),
        ]

    def test_the_store_finds_it_at_every_domain_until_the_last_record_is_gone(self) -> None:
        store = Store()
        store.put(nta_record(record(GONE)))
        assert all(len(store.at_domain(domain)) == 1 for domain in (HERE, THERE, GONE))
        store.put(nta_record(version=2))
        assert (len(store.at_domain(THERE)), store.at_domain(GONE)) == (1, [])


class TestShares:
    def setup_method(self) -> None:
        self.whole = nta_record(record(HERE), record(THERE, text=VALUE.replace("zorgmail;", "old;")))
        self.here, self.there = parts_of(self.whole)
        self.names = {self.here.part, self.there.part}
        self.shares = Shares()

    def test_nothing_is_told_before_every_domain_was_looked_at(self) -> None:
        assert self.shares.whole(self.here, self.names, outcome(self.here, record(HERE))) is None

    def test_the_records_of_all_domains_are_told_together(self) -> None:
        self.shares.whole(self.here, self.names, outcome(self.here, record(HERE)))
        told = self.shares.whole(self.there, self.names, outcome(self.there, record(THERE)))
        assert told is not None
        assert told.records[self.there.owner] == (record(HERE), record(THERE))
        assert self.shares.obstacle(self.there, self.names) is None

    def test_a_domain_without_a_zone_is_told_with_its_records_as_they_were(self) -> None:
        self.shares.not_admitted(self.there, NOT_SERVED)
        told = self.shares.whole(self.here, self.names, outcome(self.here, record(HERE)))
        assert told is not None
        kept = [found.value.text for found in told.records[self.here.owner] if found.key == txt_key(THERE)]
        assert kept == [VALUE.replace("zorgmail;", "old;")]
        assert self.shares.obstacle(self.here, self.names) == NOT_SERVED

    def test_what_was_written_for_a_domain_that_left_meanwhile_is_remembered(self) -> None:
        self.shares.whole(self.there, self.names, outcome(self.there, record(THERE)))
        only = {self.here.part}
        told = self.shares.whole(self.here, {*only, "more"}, outcome(self.here, record(HERE)))
        assert told is None
        more = replace(self.here, part="more")
        told = self.shares.whole(more, {*only, "more"}, outcome(more, record(GONE)))
        assert told is not None
        assert record(THERE) in told.records[more.owner]
        self.shares.whole(
            self.there, self.names, replace(outcome(self.there), records={self.there.owner: ()})
        )
        told = self.shares.whole(more, {*only, "more"}, outcome(more, record(GONE)))
        assert told is not None
        assert record(THERE) not in told.records[more.owner]

    def test_nothing_is_over_while_a_domain_that_left_in_the_middle_of_its_sync_has_a_record(self) -> None:
        only = {self.here.part}
        assert not self.shares.leaves_behind(self.here, only)
        assert not self.shares.overtaken(self.there, outcome(self.there))
        assert self.shares.overtaken(self.there, outcome(self.there, record(THERE)))
        assert self.shares.leaves_behind(self.here, only)
        told = self.shares.whole(self.here, only, outcome(self.here, record(HERE)))
        assert told is not None
        assert told.records[self.here.owner] == (record(HERE), record(THERE))
        assert not self.shares.leaves_behind(self.here, self.names)

    def test_a_zone_that_fails_is_told_while_the_other_goes_on(self) -> None:
        failed = outcome(self.there, failure=Unavailable("no answer"))
        self.shares.whole(self.there, self.names, failed)
        told = self.shares.whole(self.here, self.names, outcome(self.here, record(HERE)))
        obstacle = self.shares.obstacle(self.here, self.names)
        assert told is not None
        assert obstacle is not None
        assert (obstacle.reason, obstacle.stalled) == (Unavailable.reason, False)
        self.shares.whole(self.there, self.names, outcome(self.there, record(THERE)))
        assert self.shares.obstacle(self.here, self.names) is None

    def test_where_nothing_is_wanted_and_nothing_was_published_no_zone_is_needed(self) -> None:
        here, there = (replace(part, deleting=True, status={}) for part in (self.here, self.there))
        self.shares.not_admitted(there, NOT_SERVED)
        assert self.shares.whole(here, self.names, outcome(here, record(HERE))) is not None
        assert self.shares.obstacle(here, self.names) is None
        self.shares.not_admitted(replace(self.there, deleting=True), NOT_SERVED)
        assert self.shares.obstacle(here, self.names) == NOT_SERVED

    def test_of_a_domain_that_is_not_wanted_the_record_went_with_its_zone(self) -> None:
        leaving = replace(self.there, leaving=True)
        self.shares.not_admitted(leaving, NOT_SERVED)
        told = self.shares.whole(self.here, self.names, outcome(self.here, record(HERE)))
        assert told is not None
        assert told.records[self.here.owner] == (record(HERE),)
        assert self.shares.obstacle(self.here, self.names) is None
        denied = Verdict(False, "ProviderNotAllowed", "ask", stalled=True)
        self.shares.not_admitted(leaving, denied)
        assert self.shares.obstacle(self.here, self.names) == denied
