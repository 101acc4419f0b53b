"""A DkimKey whose keys stand at another domain: its parts, and what two zones say of it put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine import ZoneOutcome
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.claims import claim_of
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of, joined_sighting, parts_of, providers_of
from mailseal.kube.shares import Shares
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet, LifeKey, Sighting
from mailseal.planning.model import Owner, RecordOutcome, RecordState
from mailseal.planning.places import alias_place, dkim_place
from mailseal.providers.base import Unavailable
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import NOW

HERE, THERE = DnsName("example.nl"), DnsName("keys.example")
DELEGATION = {"domain": THERE, "providerRef": {"name": "elsewhere"}}
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
REVOKED = "v=DKIM1; k=ed25519; p="
ALIAS = RecordOutcome(
    alias_place("s1", HERE).key,
    CnameData(DnsName(f"s1._domainkey.{THERE}")),
    RecordState.PUBLISHED,
)
RECORD = RecordOutcome(dkim_place("s1", THERE).key, TxtData.of(KEY), RecordState.PUBLISHED)
SELECTORS = st.frozensets(st.sampled_from("abc"))


def delegated(**fields: Any) -> StoredObject:
    return resource("DkimKey", spec={"delegation": DELEGATION}, **fields)


def view(life: KeyLife) -> SecretView:
    return SecretView("main", "1", life)


def life(selector: str = "s1", **times: Any) -> KeyLife:
    key = LifeKey(selector, KeyAlgorithm.ED25519, 256, KEY)
    return KeyLife((KeySet(1, Cause.FIRST, (key,), "", NOW, **times),), made=1, revision=1)


@pytest.mark.parametrize("kind", ["MailDomain", "NtaRecord", "DkimKey"])
def test_a_resource_without_a_delegation_is_one_part(kind: str) -> None:
    whole = resource(kind)
    assert parts_of(whole) == (whole,)
    assert providers_of(whole) == {ObjectKey("DnsProvider", "mail", "dns")}


def test_a_delegated_dkim_key_has_a_part_at_each_domain_with_the_provider_of_each() -> None:
    here, there = parts_of(delegated())
    assert (domain_of(here), domain_of(there)) == (HERE, THERE)
    assert here == delegated()
    assert there.provider_key == ObjectKey("DnsProvider", "mail", "elsewhere")
    assert providers_of(here) == {here.provider_key, there.provider_key}


def test_both_parts_are_the_same_resource_to_people_and_heritage_and_two_to_planning() -> None:
    here, there = (part.owner for part in parts_of(delegated()))
    assert here != there
    assert (str(here), here.digest, here.precedence) == (str(there), there.digest, there.precedence)


def test_the_mail_domain_wants_cnames_and_the_other_domain_the_keys() -> None:
    here, there = (claim_of(part, view(life())) for part in parts_of(delegated()))
    assert here is not None
    assert there is not None
    assert (here.dkim_keys, here.dkim_aliases) == ((), (("s1", f"s1._domainkey.{THERE}"),))
    assert ([(key.selector, key.record) for key in there.dkim_keys], there.dkim_aliases) == (
        [("s1", KEY)],
        (),
    )
    assert here.awaits_switch
    assert there.awaits_switch


def test_the_cname_to_a_revoked_key_stays_and_both_go_together() -> None:
    revoking = life(switched_at=NOW, stopped_at=NOW, retiring_at=NOW, revoking_at=NOW)
    here, there = (claim_of(part, view(revoking)) for part in parts_of(delegated()))
    assert here is not None
    assert there is not None
    assert [selector for selector, _ in here.dkim_aliases] == ["s1"]
    assert [key.record for key in there.dkim_keys] == [REVOKED]
    removing = replace(revoking, sets=(replace(revoking.sets[0], revoked_at=NOW, removing_at=NOW),))
    for part in parts_of(delegated()):
        claim = claim_of(part, view(removing))
        assert claim is not None
        assert (claim.dkim_keys, claim.dkim_aliases, claim.dkim_released) == ((), (), {"s1"})


def test_a_selector_that_makes_no_name_at_the_other_domain_gets_no_cname_and_spoils_nothing() -> None:
    """An edited Secret may name any selector; a zone is many people's."""
    far = ".".join(["x" * 60] * 3)
    long = resource("DkimKey", spec={"delegation": {**DELEGATION, "domain": far}})
    claim = claim_of(long, view(life("s" * 60)))
    assert claim is not None
    assert claim.dkim_aliases == ()


def test_each_part_believes_of_the_status_what_it_publishes() -> None:
    shown = [
        {"name": str(ALIAS.key.name), "type": "CNAME", "value": ALIAS.value.to_text(), "state": "Published"},
        {"name": str(RECORD.key.name), "type": "TXT", "value": KEY, "state": "Published"},
    ]
    here, there = (claim_of(part, None) for part in parts_of(delegated(status={"records": shown})))
    assert here is not None
    assert there is not None
    assert [value.key for value in here.remembered] == [ALIAS.key]
    assert [value.key for value in there.remembered] == [RECORD.key]


# What was seen of the keys.


@st.composite
def sightings(draw: st.DrawFn) -> Sighting:
    return Sighting(
        draw(st.integers(1, 2)),
        proven=draw(SELECTORS),
        disturbed=draw(SELECTORS),
        taken=draw(SELECTORS),
        negative_caching=timedelta(seconds=draw(st.integers(0, 9))),
    )


@given(sightings())
def test_one_sighting_alone_says_what_it_says(seen: Sighting) -> None:
    assert joined_sighting([seen]) == seen


@given(sightings(), sightings())
def test_two_prove_what_both_do_and_are_troubled_by_what_either_is(one: Sighting, other: Sighting) -> None:
    joined = joined_sighting([one, other])
    if joined is None:
        assert one.revision != other.revision
        return
    assert joined.revision == one.revision == other.revision
    assert joined.proven == one.proven & other.proven
    assert joined.disturbed == one.disturbed | other.disturbed
    assert joined.taken == one.taken | other.taken
    assert joined.settled == one.settled & other.settled
    assert joined.negative_caching == max(one.negative_caching, other.negative_caching)
    assert joined == joined_sighting([other, one])


@given(sightings())
def test_nothing_is_known_while_one_zone_is_not(seen: Sighting) -> None:
    assert joined_sighting([seen, None]) is None


def test_a_selector_that_is_taken_at_one_domain_is_not_settled_while_the_other_still_answers_our_key() -> (
    None
):
    taken, left, removed = Sighting(1, taken=frozenset({"a"})), Sighting(1), Sighting(1, frozenset({"a"}))
    assert (both := joined_sighting([taken, left]))
    assert (both.taken, both.settled) == ({"a"}, frozenset())
    assert (both := joined_sighting([taken, removed]))
    assert both.settled == {"a"}


def test_strays_of_both_domains_are_taken_in() -> None:
    here, there = (LifeKey(name, KeyAlgorithm.ED25519, 256, KEY) for name in "ab")
    joined = joined_sighting([Sighting(1, strays=(here,)), Sighting(1, strays=(there,))])
    assert joined is not None
    assert joined.strays == (here, there)


# What comes of both zones.


class Reports:
    """What is told of one delegated DkimKey after each sync."""

    def __init__(self, **fields: Any) -> None:
        self.shares = Shares()
        self.here, self.there = parts_of(delegated(**fields))

    def sync(self, part: StoredObject, *records: RecordOutcome, **fields: Any) -> ZoneOutcome | None:
        outcome = ZoneOutcome({part.owner: records} | {OTHER: ()}, **fields)
        return self.shares.whole(part, {"", "keys"}, outcome)

    def fail(self, part: StoredObject) -> ZoneOutcome | None:
        return self.shares.whole(part, {"", "keys"}, ZoneOutcome({}, failure=Unavailable("no answer")))


OTHER = Owner("MailDomain", "mail", "other", "uid", NOW)


def test_a_resource_of_one_part_is_told_as_its_zone_has_it() -> None:
    outcome = ZoneOutcome({})
    assert Shares().whole(resource(), {""}, outcome) is outcome


def test_nothing_is_told_before_both_zones_were_synced_and_then_the_same_after_either() -> None:
    told = Reports()
    assert told.sync(told.here, ALIAS) is None
    first = told.sync(told.there, RECORD)
    assert first is not None
    assert first.records == {told.there.owner: (ALIAS, RECORD)}
    second = told.sync(told.here, ALIAS)
    assert second is not None
    assert second.records == {told.here.owner: (ALIAS, RECORD)}


def test_warnings_and_obstacles_of_both_zones_are_told_in_one_order() -> None:
    told = Reports()
    told.sync(told.here, ALIAS, warnings={told.here.owner: ("one",)})
    for _ in range(2):
        outcome = told.sync(told.there, RECORD, warnings={told.there.owner: ("two",)})
        assert outcome is not None
        assert outcome.warnings == {told.there.owner: ("one", "two")}
        assert outcome.blocked == {}
        outcome = told.sync(told.here, ALIAS, warnings={told.here.owner: ("one",)})
        assert outcome is not None
        assert outcome.warnings == {told.here.owner: ("one", "two")}
    blocked = told.sync(told.there, blocked={told.there.owner: "delegated away"})
    assert blocked is not None
    assert blocked.blocked == {told.there.owner: "delegated away"}


def test_the_failure_of_one_zone_is_told_after_the_sync_of_the_other_too_until_it_is_over() -> None:
    told = Reports()
    told.sync(told.here, ALIAS)
    told.sync(told.there, RECORD)
    assert told.fail(told.there)
    for _ in range(2):
        outcome = told.sync(told.here, ALIAS)
        assert outcome is not None
        assert outcome.failure is not None
        assert outcome.records == {}
    over = told.sync(told.there, RECORD)
    assert over is not None
    assert (over.failure, len(over.records[told.there.owner])) == (None, 2)


@pytest.mark.parametrize(
    "change",
    [{"generation": 2}, {"deletionTimestamp": "2026-01-02T00:00:00Z"}, {"uid": "uid-reborn"}],
    ids=lambda change: next(iter(change)),
)
def test_what_was_made_of_an_earlier_wish_is_not_told_of_a_later_one(change: dict[str, Any]) -> None:
    before, after = Reports(), Reports(version=2, **change)
    after.shares = before.shares
    before.sync(before.here, ALIAS)
    before.sync(before.there, RECORD)
    assert after.sync(after.here, ALIAS) is None
    assert before.sync(before.there, RECORD) is None
    assert after.sync(after.there, RECORD) is not None


def test_what_is_forgotten_is_not_told() -> None:
    told = Reports()
    told.sync(told.here, ALIAS)
    told.shares.forget(told.here.key)
    assert told.sync(told.there, RECORD) is None
