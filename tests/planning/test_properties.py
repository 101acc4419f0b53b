"""What holds for every history of claims, with crashes, lost statuses, partial plans and two operators."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.domain.provider import SyncPolicy
from mailseal.planning import Claim, ZonePlan
from mailseal.planning.places import singleton_of
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, Rdata, RRset, RRsetKey
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
    plan_for,
    remembering,
    settle,
    spf,
    sync,
    txt_key,
)

KEYS = (
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=ed25519; p=aZ4rFqNqz0oIAMlqlYGgBDU7dbEUJFfrXpMs7nbCyX4=",
)
SELECTORS = (txt_key(f"s1._domainkey.{ZONE}"), txt_key(f"s2._domainkey.{ZONE}"))
TXT_KEYS = (APEX, DMARC, HERITAGE, txt_key(f"_mta-sts.{ZONE}"), txt_key(f"sub.{ZONE}"), *SELECTORS)

unhurried = settings(deadline=None)
"""A busy machine is no failure."""

Wanted = Mapping[str, Claim]
"""What users want at one moment, by resource."""

adoptions = st.sampled_from(["Equal", "Replace"])


def _mail(name: str, age: int, adoption: st.SearchStrategy[str]) -> st.SearchStrategy[Claim]:
    parts = {
        "spf": st.sampled_from([spf("mx")["spf"], spf("a")["spf"]]),
        "dmarc": st.sampled_from([{"policy": "none"}, {"policy": "reject"}]),
        "mta_sts": st.just({"id": "1"}),
    }
    wishes = st.fixed_dictionaries({}, optional=parts).filter(bool) | st.just({"parked": True})
    common = {
        "domain": st.sampled_from([str(ZONE), f"sub.{ZONE}"]) if name == "m3" else st.just(str(ZONE)),
        "ttl_seconds": st.sampled_from([600, 3600]),
        "adoption": adoption,
    }
    return st.builds(
        lambda wish, rest: mail_domain(name, age=age, **wish, **rest), wishes, st.fixed_dictionaries(common)
    )


def _nta(name: str, age: int, adoption: st.SearchStrategy[str]) -> st.SearchStrategy[Claim]:
    return st.builds(
        lambda provider, declared, adopts: nta_record(
            name, age=age, provider=provider, declared=declared, adoption=adopts
        ),
        st.sampled_from(["zorgmail", "other"]),
        st.booleans(),
        adoption,
    )


def _dkim(name: str, age: int, adoption: st.SearchStrategy[str]) -> st.SearchStrategy[Claim]:
    keys = st.dictionaries(st.sampled_from(["s1", "s2"]), st.sampled_from(KEYS), max_size=2)
    return st.builds(
        lambda held, adopts: dkim_key(name, *held.items(), age=age, adoption=adopts), keys, adoption
    )


def wanted_with(adoption: st.SearchStrategy[str]) -> st.SearchStrategy[Wanted]:
    """What may be wanted at one moment; ages are fixed, so that a resource keeps its own."""
    return st.fixed_dictionaries(
        {},
        optional={
            "m1": _mail("m1", 2, adoption),
            "m2": _mail("m2", 1, adoption),
            "m3": _mail("m3", 0, adoption),
            "n1": _nta("n1", 2, adoption),
            "n2": _nta("n2", 1, adoption),
            "k1": _dkim("k1", 2, adoption),
            "k2": _dkim("k2", 1, adoption),
        },
    )


histories = st.lists(wanted_with(st.just("Equal")), min_size=1, max_size=4)

strings = st.binary(max_size=20) | st.sampled_from(
    [
        b"v=spf1 ?all",
        b"v=spf1 mx -all",
        b"v=DMARC1; p=none",
        b"v=mailseal1; owner=",
        b"v=NTA7516;",
        b"v=DKIM1; p=",
        b'"quoted" \\ ; text',
        b"v=spf10",
    ]
)
foreign_txt = st.lists(strings, min_size=1, max_size=3).map(lambda parts: TxtData(tuple(parts)))
foreign_mx = st.builds(MxData, st.integers(0, 3), st.just(DnsName("mx.example.nl")))
unlike_ours = foreign_txt.filter(lambda value: singleton_of(value) is None)


def zones_of(values: st.SearchStrategy[TxtData]) -> st.SearchStrategy[SimulatedZone]:
    """Zones with foreign values at every name that mailseal uses."""
    txt = st.dictionaries(
        st.sampled_from(TXT_KEYS), st.lists(values, min_size=1, max_size=3, unique=True), max_size=4
    )
    mx = st.lists(foreign_mx, max_size=2, unique=True)

    def made(txt_sets: Mapping[RRsetKey, list[TxtData]], exchangers: list[MxData]) -> SimulatedZone:
        zone = SimulatedZone()
        for key, held in txt_sets.items():
            zone.put(key, *held, ttl_seconds=77)
        zone.put(MX, *exchangers, ttl_seconds=77)
        return zone

    return st.builds(made, txt, mx)


def values_in(zone: SimulatedZone) -> set[tuple[RRsetKey, Rdata]]:
    """Every value with its exact character-strings."""
    return {(key, value) for key, rrset in zone.rrsets.items() for value in rrset.values}


def same_zones(one: SimulatedZone, other: SimulatedZone) -> bool:
    """True when both hold the same, in whatever order."""
    return one.rrsets.keys() == other.rrsets.keys() and all(
        rrset.same_as(other.rrsets[key]) for key, rrset in one.rrsets.items()
    )


def step(before: Wanted, after: Wanted) -> list[Claim]:
    """The claims while the users' wishes change: what is gone is being deleted.

    A domain cannot change, and a name is free only when its resource is gone: one that moves to another
    domain is being deleted first.
    """
    moved = {name for name, claim in before.items() if name in after and after[name].domain != claim.domain}
    leaving = [name for name in before if name not in after or name in moved]
    here = [claim for name, claim in after.items() if name not in moved]
    return [*here, *(gone(before[name]) for name in leaving)]


def live(zone: SimulatedZone, history: Iterable[Wanted]) -> Wanted:
    """Let the users' wishes change one after the other, each until DNS is settled; returns the last."""
    before: Wanted = {}
    for wanted in history:
        settle(zone, *step(before, wanted))
        settle(zone, *wanted.values())
        before = wanted
    return before


@unhurried
@given(zones_of(foreign_txt), histories)
def test_every_foreign_value_survives_byte_for_byte(zone: SimulatedZone, history: list[Wanted]) -> None:
    """Also when it looks like ours, is malformed, or shares the RRset with ours."""
    ours = {b"v=spf1 mx -all", b"v=DMARC1; p=none"}
    foreign = {(key, value) for key, value in values_in(zone) if value.identity not in ours}
    last = live(zone, history)
    settle(zone, *step(last, {}))
    assert foreign <= values_in(zone)


@unhurried
@given(zones_of(unlike_ours), histories)
def test_when_all_resources_are_deleted_the_zone_is_as_it_was_found(
    zone: SimulatedZone, history: list[Wanted]
) -> None:
    found = copy.deepcopy(zone)
    last = live(zone, history)
    settle(zone, *step(last, {}))
    assert same_zones(zone, found)


@unhurried
@given(zones_of(foreign_txt), st.lists(wanted_with(adoptions), min_size=1, max_size=4))
def test_replace_removes_only_what_is_of_a_wanted_kind(zone: SimulatedZone, history: list[Wanted]) -> None:
    unknown = {(key, value) for key, value in values_in(zone) if singleton_of(value) is None}
    live(zone, history)
    assert unknown <= values_in(zone)


@unhurried
@given(zones_of(foreign_txt), st.lists(wanted_with(adoptions), min_size=1, max_size=4), st.data())
def test_a_lost_status_changes_nothing(
    zone: SimulatedZone, history: list[Wanted], data: st.DataObject
) -> None:
    """Some resources remember what is theirs and some do not, differently at every step."""
    forgetful = copy.deepcopy(zone)
    live(forgetful, history)
    before: Wanted = {}
    plan: ZonePlan | None = None
    for wanted in history:
        claims = step(before, wanted)
        if plan:
            lost = data.draw(
                st.sets(st.sampled_from(claims).map(lambda claim: claim.owner)) if claims else st.just(set())
            )
            kept = remembering(plan, claims)
            claims = [replace(claim, remembered=()) if claim.owner in lost else claim for claim in kept]
        settle(zone, *claims)
        plan = settle(zone, *wanted.values())
        before = wanted
    assert same_zones(zone, forgetful)


@unhurried
@given(zones_of(foreign_txt), st.lists(wanted_with(adoptions), min_size=2, max_size=3), st.data())
def test_stopping_after_any_change_and_planning_again_leads_to_the_same_zone(
    zone: SimulatedZone, history: list[Wanted], data: st.DataObject
) -> None:
    before = live(zone, history[:-1])
    claims = step(before, history[-1])
    straight = copy.deepcopy(zone)
    settle(straight, *claims)
    for _ in range(2):
        plan = plan_for(zone, *claims)
        zone.apply(plan.changes[: data.draw(st.integers(0, len(plan.changes)))])
    settle(zone, *claims)
    assert same_zones(zone, straight)


@unhurried
@given(zones_of(foreign_txt), wanted_with(adoptions), wanted_with(adoptions), st.data())
def test_no_value_of_ours_is_ever_without_an_entry(
    zone: SimulatedZone, first: Wanted, second: Wanted, data: st.DataObject
) -> None:
    """Wherever a write stops: what it added goes again when the resources do."""
    foreign = {(key, value) for key, value in values_in(zone)}
    settle(zone, *first.values())
    claims = step(first, second)
    plan = plan_for(zone, *claims)
    zone.apply(plan.changes[: data.draw(st.integers(0, len(plan.changes)))])
    settle(zone, *(gone(claim) for claim in claims))
    assert values_in(zone) <= foreign


@unhurried
@given(
    zones_of(foreign_txt),
    wanted_with(adoptions),
    wanted_with(adoptions),
    st.sampled_from([(True, True), (True, False), (False, True)]),
)
def test_two_operators_come_to_rest(
    zone: SimulatedZone, ours: Wanted, theirs: Wanted, heritage: tuple[bool, bool]
) -> None:
    """At least one of them keeps heritage records; both may want to replace what the other wrote."""
    one = Settings(operator_id="one", heritage=heritage[0])
    two = Settings(operator_id="two", heritage=heritage[1])
    for _ in range(4):
        changes = [
            *sync(zone, *ours.values(), settings=one).changes,
            *sync(zone, *theirs.values(), settings=two).changes,
        ]
    assert changes == []


@unhurried
@given(zones_of(foreign_txt), wanted_with(adoptions), st.data())
def test_planning_for_some_of_the_resources_removes_nothing_of_the_others(
    zone: SimulatedZone, wanted: Wanted, data: st.DataObject
) -> None:
    plan = settle(zone, *wanted.values())
    names = data.draw(st.sets(st.sampled_from(sorted(wanted))) if wanted else st.just(set()))
    held = {
        (value.key, value.identity)
        for name, claim in wanted.items()
        if name not in names
        for value in plan.held[claim.owner]
    }
    some = [wanted[name] for name in names]
    settle(zone, *some)
    settle(zone, *(gone(claim) for claim in some))
    assert held <= {(key, value.identity) for key, value in values_in(zone)}


@unhurried
@given(zones_of(unlike_ours), wanted_with(st.just("Equal")), st.data())
def test_planning_for_some_and_then_for_all_leads_to_the_same_zone(
    zone: SimulatedZone, wanted: Wanted, data: st.DataObject
) -> None:
    settle(zone, *wanted.values())
    before = copy.deepcopy(zone)
    names = data.draw(st.sets(st.sampled_from(sorted(wanted))) if wanted else st.just(set()))
    settle(zone, *(wanted[name] for name in names))
    settle(zone, *wanted.values())
    assert same_zones(zone, before)


@unhurried
@given(zones_of(foreign_txt), wanted_with(adoptions), st.data())
def test_a_server_that_splits_and_orders_anew_causes_no_changes(
    zone: SimulatedZone, wanted: Wanted, data: st.DataObject
) -> None:
    settle(zone, *wanted.values())
    for key, rrset in list(zone.rrsets.items()):
        values = dict.fromkeys(
            TxtData.of(value.joined) if isinstance(value, TxtData) else value for value in rrset.values
        )
        if len(values) == len(rrset.values):
            shuffled = data.draw(st.permutations(list(values)))
            zone.rrsets[key] = RRset(key, rrset.ttl_seconds, tuple(shuffled))
    assert plan_for(zone, *wanted.values()).changes == ()


@unhurried
@given(zones_of(foreign_txt), st.lists(wanted_with(st.just("Equal")), min_size=1, max_size=3))
def test_upsert_only_never_leaves_a_place_empty(zone: SimulatedZone, history: list[Wanted]) -> None:
    places: set[tuple[RRsetKey, object]] = set()
    before: Wanted = {}
    for wanted in history:
        for claims in (step(before, wanted), list(wanted.values())):
            settle(zone, *claims, settings=Settings(policy=SyncPolicy.UPSERT_ONLY))
            now = {(key, singleton_of(value)) for key, value in values_in(zone)}
            assert places <= now
            places = now
        before = wanted


@unhurried
@given(zones_of(foreign_txt), wanted_with(adoptions), st.randoms())
def test_the_order_of_the_claims_does_not_matter(zone: SimulatedZone, wanted: Wanted, random: Random) -> None:
    claims = list(wanted.values())
    shuffled = random.sample(claims, len(claims))
    assert plan_for(zone, *claims) == plan_for(zone, *shuffled)
