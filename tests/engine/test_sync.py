"""One sync of one zone: races won, culprits alone, and statuses that say what is so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest

from mailseal.domain.provider import SyncPolicy
from mailseal.engine.sync import MAX_ROUNDS
from mailseal.planning.model import RecordState
from mailseal.providers.base import AuthenticationFailed, NotServed, OutcomeUnknown, Unavailable
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.engine_world import EngineWorld, LateServers, remembering, rrset, states, told
from support.planning_world import (
    APEX,
    DMARC,
    HERITAGE,
    ZONE,
    dkim_key,
    mail_domain,
    nta_record,
    spf,
    txt_key,
)

SPF = "v=spf1 mx -all"
OLD_SPF = "v=spf1 a -all"
POLICY = {"dmarc": {"policy": "none"}}


@pytest.fixture
def world() -> EngineWorld:
    return EngineWorld()


def refusing(world: EngineWorld, text: str) -> None:
    """Have the backend refuse every RRset in which a value holds `text`."""

    def problem(change: RRsetChange) -> str | None:
        values = change.after.values if change.after else ()
        return f"{text} is not taken" if any(text in value.to_text() for value in values) else None

    world.backend.faults.refuse = problem


def somebody_adds(key: RRsetKey, value: str):
    """A third party that puts one value more into an RRset whenever it gets its turn."""

    def add(backend: MemoryBackend) -> None:
        found = backend.rrsets(ZONE).get(key)
        backend.put(rrset(key, *(found.values if found else ()), value, ttl_seconds=300))

    return add


class DelegatingProvider(MemoryProvider):
    """Some names below the zone are delegated to somebody else."""

    def __init__(self, backend: MemoryBackend, *delegated: str) -> None:
        super().__init__(backend)
        self.delegated = {DnsName(f"{name}.{ZONE}") for name in delegated}

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        faults = {key: f"{key.name} is delegated" for key in keys if key.name in self.delegated}
        if faults:
            raise NotServed(faults)
        return await super().read(zone, keys)


async def test_wanted_values_stand_beside_foreign_ones_and_are_published(world) -> None:
    world.put(APEX, "MS=ms1", "google-site-verification=x")
    claim = mail_domain()
    outcome = await world.sync(claim)
    assert world.texts() == {"MS=ms1", "google-site-verification=x", SPF}
    assert told(outcome, claim) == [(SPF, RecordState.PUBLISHED, "")]
    assert outcome.settled


async def test_a_second_sync_writes_nothing(world) -> None:
    claims = [mail_domain(), nta_record(), dkim_key("main", ("s1", "v=DKIM1; k=ed25519; p=AAAA"))]
    await world.sync(*claims)
    writes = world.backend.writes
    outcome = await world.sync(*claims)
    assert world.backend.writes == writes
    assert outcome.written == ()
    assert outcome.settled


async def test_without_claims_nothing_is_asked_or_written(world) -> None:
    outcome = await world.sync()
    assert outcome.settled
    assert world.backend.writes == 0


async def test_a_lost_race_is_planned_again_with_what_the_other_wrote(world) -> None:
    world.backend.faults.before_apply.append(somebody_adds(APEX, "foreign"))
    claim = mail_domain()
    outcome = await world.sync(claim)
    assert world.texts() == {"foreign", SPF}
    assert told(outcome, claim) == [(SPF, RecordState.PUBLISHED, "")]
    assert outcome.settled


async def test_many_lost_races_in_a_row_are_all_won_in_the_end(world) -> None:
    for number in range(12):
        world.backend.faults.before_apply.append(somebody_adds(APEX, f"foreign {number}"))
    claim = mail_domain()
    outcome = await world.sync(claim)
    assert SPF in world.texts()
    assert len(world.texts()) == 13
    assert states(outcome, claim) == {RecordState.PUBLISHED}


async def test_a_race_that_never_ends_is_left_to_the_next_sync_and_says_so(world) -> None:
    for number in range(MAX_ROUNDS * 4):
        world.backend.faults.before_apply.append(somebody_adds(APEX, f"foreign {number}"))
    claim = mail_domain(**spf("mx"), **POLICY)
    outcome = await world.sync(claim)
    assert {value: (state, reason) for value, state, reason in told(outcome, claim)} == {
        SPF: (RecordState.PENDING, "WriteRaced"),
        "v=DMARC1; p=none": (RecordState.PUBLISHED, ""),
    }
    assert not outcome.settled


async def test_a_value_that_loses_races_stays_ours_without_any_status(world) -> None:
    """Its heritage entry must not go before the value does, however often the write is lost."""
    await world.sync(mail_domain(**spf("a")))
    for number in range(MAX_ROUNDS * 4):
        world.backend.faults.before_apply.append(somebody_adds(APEX, f"foreign {number}"))
    await world.sync(mail_domain(**spf("mx")))
    assert OLD_SPF in world.texts()
    world.backend.faults.before_apply.clear()
    outcome = await world.sync(mail_domain(**spf("mx")))
    assert told(outcome, mail_domain()) == [(SPF, RecordState.PUBLISHED, "")]
    assert OLD_SPF not in world.texts()


async def test_a_change_whose_answer_was_lost_is_found_written(world) -> None:
    world.backend.faults.after_apply.append(OutcomeUnknown("the connection broke"))
    claim = mail_domain()
    outcome = await world.sync(claim)
    assert told(outcome, claim) == [(SPF, RecordState.PUBLISHED, "")]
    assert outcome.failure is None


async def test_of_two_owners_of_one_rrset_only_the_refused_one_waits(world) -> None:
    """SPF and the NTA record share the apex; the backend takes one of them only."""
    refusing(world, "NTA7516")
    good, bad = mail_domain(age=1), nta_record(age=0)
    outcome = await world.sync(good, bad)
    assert world.texts() == {SPF}
    assert states(outcome, good) == {RecordState.PUBLISHED}
    assert states(outcome, bad) == {RecordState.REFUSED}
    (refused,) = outcome.records[bad.owner]
    assert refused.reason == "RecordRefused"
    assert "NTA7516 is not taken" in refused.message


async def test_owners_that_share_refused_rrsets_at_many_domains_all_get_their_own(world) -> None:
    """More such domains than a sync has rounds: nobody is starved."""
    refusing(world, "NTA7516")
    domains = [f"d{number}.{ZONE}" for number in range(MAX_ROUNDS + 6)]
    good = [mail_domain(f"good-{domain}", domain=domain) for domain in domains]
    bad = [nta_record(f"bad-{domain}", domain=domain) for domain in domains]
    outcome = await world.sync(*good, *bad)
    assert {state for claim in good for state in states(outcome, claim)} == {RecordState.PUBLISHED}
    assert {state for claim in bad for state in states(outcome, claim)} == {RecordState.REFUSED}


async def test_a_bad_record_holds_back_no_other_domain(world) -> None:
    refusing(world, "192.0.2.99")
    bad = mail_domain("bad", domain=f"bad.{ZONE}", **spf("ip4:192.0.2.99"))
    others = [mail_domain(f"m{number}", domain=f"d{number}.{ZONE}") for number in range(30)]
    outcome = await world.sync(bad, *others)
    assert states(outcome, bad) == {RecordState.REFUSED}
    assert all(states(outcome, other) == {RecordState.PUBLISHED} for other in others)


async def test_a_name_that_is_delegated_blocks_only_the_claims_that_need_it(world) -> None:
    world.provider = DelegatingProvider(world.backend, "_dmarc.sub")
    blocked = mail_domain("blocked", domain=f"sub.{ZONE}")
    beside = nta_record("beside", domain=f"sub.{ZONE}")
    free = mail_domain("free")
    outcome = await world.sync(blocked, beside, free)
    assert outcome.blocked == {blocked.owner: f"_dmarc.sub.{ZONE} is delegated"}
    assert blocked.owner not in outcome.records
    assert states(outcome, beside) == states(outcome, free) == {RecordState.PUBLISHED}
    assert outcome.failure is None
    assert not outcome.settled


async def test_a_name_in_our_heritage_that_is_delegated_by_now_blocks_nobody(world) -> None:
    key = dkim_key("main", ("s1", "v=DKIM1; k=ed25519; p=AAAA"))
    await world.sync(key)
    world.provider = DelegatingProvider(world.backend, "s1._domainkey")
    domain, other = mail_domain(), mail_domain("other", domain=f"other.{ZONE}")
    outcome = await world.sync(domain, other)
    assert outcome.failure is None
    assert states(outcome, domain) == states(outcome, other) == {RecordState.PUBLISHED}


@pytest.mark.parametrize("error", [Unavailable("silent"), AuthenticationFailed("BADKEY")])
async def test_a_backend_that_cannot_be_read_is_the_failure_of_the_sync(world, error) -> None:
    world.backend.faults.errors.append(error)
    outcome = await world.sync(mail_domain())
    assert outcome.failure is error
    assert outcome.records == {}
    assert not outcome.settled


async def test_a_backend_that_fails_between_two_batches_is_told_per_value(world) -> None:
    provider = MemoryProvider(world.backend)
    provider.capabilities = type(provider.capabilities)(batch_limit=2)
    world.provider = provider

    def fail_next(_: MemoryBackend) -> None:
        world.backend.faults.errors.append(Unavailable("the server went away"))

    world.backend.faults.before_apply.append(fail_next)
    claim = mail_domain(**spf("mx"), **POLICY)
    outcome = await world.sync(claim)
    assert {(value, state) for value, state, _ in told(outcome, claim)} == {
        ("v=DMARC1; p=none", RecordState.PUBLISHED),
        (SPF, RecordState.PENDING),
    }
    assert isinstance(outcome.failure, Unavailable)


async def test_a_replacement_that_fails_is_made_up_for_without_a_heritage_record(world) -> None:
    """The status alone must tell that the old value is ours, also after a sync that could not write."""
    first = mail_domain(**spf("a"))
    refusing(world, SPF)
    changed = remembering(mail_domain(**spf("mx")), await world.sync(first, heritage=False))
    outcome = await world.sync(changed, heritage=False)
    assert RecordState.REFUSED in states(outcome, changed)
    world.backend.faults.refuse = None
    again = remembering(changed, outcome)
    outcome = await world.sync(again, heritage=False)
    assert told(outcome, again) == [(SPF, RecordState.PUBLISHED, "")]
    assert world.texts() == {SPF}


async def test_dry_run_writes_nothing_and_tells_what_would_be(world) -> None:
    world.put(APEX, "foreign")
    claim = mail_domain()
    outcome = await world.sync(claim, policy=SyncPolicy.DRY_RUN)
    assert world.backend.writes == 0
    assert told(outcome, claim) == [(SPF, RecordState.PENDING, "DryRun")]


async def test_dry_run_says_published_of_what_stands_already_and_removing_of_what_would_go(world) -> None:
    await world.sync(mail_domain(**spf("a"), **POLICY))
    claim = mail_domain(**spf("mx"), **POLICY)
    outcome = await world.sync(claim, policy=SyncPolicy.DRY_RUN)
    assert {value: (state, reason) for value, state, reason in told(outcome, claim)} == {
        SPF: (RecordState.PENDING, "DryRun"),
        OLD_SPF: (RecordState.REMOVING, "DryRun"),
        "v=DMARC1; p=none": (RecordState.PUBLISHED, ""),
    }
    assert world.texts() == {OLD_SPF}


async def test_a_value_that_a_server_does_not_answer_yet_is_propagating_and_later_published(world) -> None:
    late = world.observer = LateServers({DMARC: 1})
    claim = mail_domain(**spf("mx"), **POLICY)
    outcome = await world.sync(claim)
    assert {(value, state) for value, state, _ in told(outcome, claim)} == {
        (SPF, RecordState.PUBLISHED),
        ("v=DMARC1; p=none", RecordState.PROPAGATING),
    }
    assert not outcome.settled
    assert late.behind == {DMARC: 0}
    outcome = await world.sync(claim)
    assert states(outcome, claim) == {RecordState.PUBLISHED}
    assert outcome.settled


async def test_a_server_that_is_late_but_in_time_is_waited_for(world) -> None:
    world.observer = LateServers({APEX: 2})
    claim = mail_domain()
    outcome = await world.sync(claim, verify_within=timedelta(seconds=5))
    assert states(outcome, claim) == {RecordState.PUBLISHED}


async def test_removed_values_go_exactly_and_their_heritage_with_them(world) -> None:
    world.put(APEX, "MS=ms1")
    claims = [mail_domain(**spf("mx"), **POLICY), nta_record()]
    await world.sync(*claims)
    deleting = mail_domain(**spf("mx"), **POLICY, deleting=True)
    outcome = await world.sync(deleting, claims[1])
    assert outcome.records[deleting.owner] == ()
    assert not any(text.startswith("v=spf1") for text in world.texts())
    assert any(text.startswith("v=NTA7516") for text in world.texts())
    assert "MS=ms1" in world.texts()
    assert world.texts(DMARC) == set()
    (heritage,) = world.texts(HERITAGE)
    assert deleting.owner.digest not in heritage


async def test_a_removal_that_a_server_does_not_follow_yet_stays_removing(world) -> None:
    await world.sync(mail_domain())
    world.observer = LateServers({APEX: 2})
    claim = mail_domain(deleting=True)
    for _ in range(2):
        outcome = await world.sync(claim)
        assert told(outcome, claim) == [(SPF, RecordState.REMOVING, "NotYetAnswered")]
        claim = remembering(claim, outcome)
    outcome = await world.sync(claim)
    assert outcome.records[claim.owner] == ()
    assert world.backend.rrsets(ZONE) == {}


async def test_claims_of_other_domains_keep_what_is_theirs_when_only_some_are_synced(world) -> None:
    one, other = mail_domain("one"), mail_domain("other", domain=f"other.{ZONE}")
    await world.sync(one, other)
    await world.sync(mail_domain("one", deleting=True))
    assert world.texts(txt_key(f"other.{ZONE}")) == {SPF}
