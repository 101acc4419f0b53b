"""Writing a plan: few calls, and nobody held back by somebody else's record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.engine.apply import MAX_LONE_REFUSALS, Applied, apply_changes
from mailseal.planning.model import PlannedChange
from mailseal.providers.base import AuthenticationFailed, BatchTooLarge, OutcomeUnknown, Raced, Unavailable
from mailseal.providers.memory import MemoryBackend
from mailseal.records.change import RRsetChange
from support.engine_world import LimitedProvider, addition, names_of, rrset
from support.planning_world import ZONE, owner


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend([ZONE])


def additions(count: int) -> list[PlannedChange]:
    return [addition(f"n{number}") for number in range(count)]


def refuse(backend: MemoryBackend, *names: str) -> None:
    def problem(change: RRsetChange) -> str | None:
        return f"no {change.key}" if change.key.name.labels[0] in names else None

    backend.faults.refuse = problem


def occupy(backend: MemoryBackend, planned: PlannedChange) -> None:
    """Have somebody else's value stand where `planned` believes nothing is."""
    backend.put(rrset(planned.change.key, "foreign"))


def count_of(applied: Applied) -> int:
    return len(applied.written) + len(applied.raced) + len(applied.refused) + len(applied.untried)


async def test_all_changes_go_out_in_one_call_where_the_backend_takes_them(backend) -> None:
    provider = LimitedProvider(backend)
    applied = await apply_changes(provider, ZONE, additions(20))
    assert len(provider.batches) == 1
    assert names_of(applied.written) == names_of(additions(20))


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1]), (0, [])]
)
async def test_batches_have_at_most_as_many_changes_as_the_backend_takes(backend, count, sizes) -> None:
    provider = LimitedProvider(backend, batch_limit=3)
    await apply_changes(provider, ZONE, additions(count))
    assert [len(batch) for batch in provider.batches] == sizes


async def test_a_refused_change_stands_alone_at_the_end_and_all_others_are_written(backend) -> None:
    refuse(backend, "n5")
    provider = LimitedProvider(backend)
    applied = await apply_changes(provider, ZONE, additions(8))
    assert names_of([planned for planned, _ in applied.refused]) == ["n5"]
    assert sorted(names_of(applied.written)) == [f"n{number}" for number in range(8) if number != 5]
    assert applied.failure is None


async def test_halving_finds_one_culprit_of_a_thousand_in_few_calls(backend) -> None:
    refuse(backend, "n700")
    provider = LimitedProvider(backend)
    applied = await apply_changes(provider, ZONE, additions(1000))
    assert len(applied.written) == 999
    assert len(provider.batches) <= 2 * 10 + 1


async def test_a_change_that_lost_a_race_is_raced_and_all_others_are_written(backend) -> None:
    changes = additions(5)
    occupy(backend, changes[2])
    applied = await apply_changes(LimitedProvider(backend), ZONE, changes)
    assert names_of(applied.raced) == ["n2"]
    assert len(applied.written) == 4
    assert not applied.refused


async def test_the_order_of_the_plan_is_kept_through_splitting(backend) -> None:
    refuse(backend, "n3", "n6")
    provider = LimitedProvider(backend, batch_limit=5)
    applied = await apply_changes(provider, ZONE, additions(10))
    assert names_of(applied.written) == ["n0", "n1", "n2", "n4", "n5", "n7", "n8", "n9"]


async def test_a_batch_whose_answer_was_lost_is_read_again(backend) -> None:
    backend.faults.after_apply.append(OutcomeUnknown("the connection broke"))
    applied = await apply_changes(LimitedProvider(backend, batch_limit=2), ZONE, additions(3))
    assert names_of(applied.unknown) == ["n0", "n1"]
    assert names_of(applied.written) == ["n2"]
    assert applied.failure is None


@pytest.mark.parametrize("error", [Unavailable("silent"), AuthenticationFailed("BADKEY")])
async def test_a_failure_of_the_backend_leaves_the_rest_untried(backend, error) -> None:
    provider = LimitedProvider(backend, batch_limit=2)

    def fail_next(_: MemoryBackend) -> None:
        backend.faults.errors.append(error)

    backend.faults.before_apply.append(fail_next)
    applied = await apply_changes(provider, ZONE, additions(6))
    assert applied.failure is error
    assert names_of(applied.written) == ["n0", "n1"]
    assert names_of(applied.untried) == ["n2", "n3", "n4", "n5"]
    assert len(provider.batches) == 2


async def test_a_batch_that_is_too_large_is_halved_until_it_fits(backend) -> None:
    provider = LimitedProvider(backend)
    backend.faults.errors.extend([BatchTooLarge("64 KiB"), BatchTooLarge("64 KiB")])
    applied = await apply_changes(provider, ZONE, additions(8))
    assert [len(batch) for batch in provider.batches] == [8, 4, 2, 2, 4]
    assert len(applied.written) == 8


async def test_a_backend_that_refuses_everything_is_not_asked_for_each_of_a_thousand(backend) -> None:
    backend.faults.refuse = lambda change: "read only"
    provider = LimitedProvider(backend)
    applied = await apply_changes(provider, ZONE, additions(1000))
    assert len(applied.refused) == MAX_LONE_REFUSALS
    assert len(applied.untried) == 1000 - MAX_LONE_REFUSALS
    assert str(applied.failure) == "read only"


async def test_many_refusals_beside_one_success_are_about_records_and_not_the_backend(backend) -> None:
    refuse(backend, *(f"n{number}" for number in range(1, 40)))
    applied = await apply_changes(LimitedProvider(backend), ZONE, additions(40))
    assert names_of(applied.written) == ["n0"]
    assert len(applied.refused) == 39
    assert applied.failure is None


JOURNAL = addition("_mailseal")
VALUE, OTHERS = addition("value"), addition("other", owner("NtaRecord"))


async def test_a_value_is_not_written_before_it_is_recorded(backend) -> None:
    """A crash in between would leave a value of ours that no record names."""
    occupy(backend, JOURNAL)
    applied = await apply_changes(LimitedProvider(backend), ZONE, [JOURNAL, VALUE, OTHERS])
    assert names_of(applied.raced) == ["_mailseal", "value"]
    assert names_of(applied.written) == ["other"]


async def test_a_value_is_not_forgotten_before_it_is_removed(backend) -> None:
    occupy(backend, VALUE)
    applied = await apply_changes(LimitedProvider(backend), ZONE, [VALUE, OTHERS, JOURNAL])
    assert names_of(applied.raced) == ["value", "_mailseal"]
    assert names_of(applied.written) == ["other"]


async def test_a_value_whose_removal_is_refused_is_not_forgotten_either(backend) -> None:
    refuse(backend, "value")
    applied = await apply_changes(LimitedProvider(backend), ZONE, [VALUE, OTHERS, JOURNAL])
    assert names_of(applied.untried) == ["_mailseal"]
    assert names_of(applied.written) == ["other"]


async def test_a_value_that_may_or_may_not_be_written_is_not_forgotten(backend) -> None:
    backend.faults.after_apply.append(OutcomeUnknown("the connection broke"))
    applied = await apply_changes(LimitedProvider(backend, batch_limit=1), ZONE, [VALUE, JOURNAL])
    assert names_of(applied.unknown) == ["value"]
    assert names_of(applied.raced) == ["_mailseal"]


async def test_a_backend_that_takes_no_record_of_ownership_takes_the_values_all_the_same(backend) -> None:
    refuse(backend, "_mailseal")
    applied = await apply_changes(LimitedProvider(backend), ZONE, [JOURNAL, VALUE])
    assert names_of(applied.written) == ["value"]


@given(
    count=st.integers(0, 40),
    limit=st.integers(1, 17),
    bad=st.sets(st.integers(0, 39)),
    taken=st.sets(st.integers(0, 39)),
)
async def test_every_change_comes_to_exactly_what_it_deserves(count, limit, bad, taken) -> None:
    """Refused and raced are alone to blame; unless all is refused, nothing is left untried."""
    backend = MemoryBackend([ZONE])
    changes = additions(count)
    refuse(backend, *(f"n{number}" for number in bad))
    for number in taken & set(range(count)):
        occupy(backend, changes[number])
    applied = await apply_changes(LimitedProvider(backend, limit), ZONE, changes)
    assert count_of(applied) == count
    refused = {int(name[1:]) for name in names_of([planned for planned, _ in applied.refused])}
    assert refused <= bad
    assert {int(name[1:]) for name in names_of(applied.raced)} <= taken - bad
    assert not {int(name[1:]) for name in names_of(applied.written)} & (bad | taken)
    if applied.failure is None:
        assert len(applied.written) == len(set(range(count)) - bad - taken)
        assert all(not isinstance(error, Raced) for _, error in applied.refused)
