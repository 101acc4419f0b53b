"""The conformance suite finds what is wrong, and lets pass what is declared."""

from __future__ import annotations

import pytest

from mailseal.conformance import CASES, Case, NotConform
from mailseal.conformance.material import LABELS
from mailseal.providers.base import Ability, ProviderError
from support.backends.memory import MemoryHarness
from support.conformance import check
from support.liars import (
    POOR,
    Blind,
    Chatty,
    FixedTtl,
    Forgetful,
    Honest,
    Joining,
    OneByOne,
    Overwriting,
    Picky,
    Restless,
    Truncating,
    harness_of,
)


async def failing(harness: MemoryHarness) -> dict[str, Exception]:
    """The ids of the cases that fail, with why."""
    failures: dict[str, Exception] = {}
    for case in CASES:
        if case.id in harness.inapplicable:
            continue
        try:
            await check(harness, case)
        except (NotConform, ProviderError) as error:
            failures[case.id] = error
    return failures


async def test_an_honest_provider_passes() -> None:
    assert await failing(harness_of(Honest)) == {}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Truncating, {"values.length-256", "values.length-4000", "values.split-1-1", "shared.added"}),
        (Joining, {"values.splits", "values.split-1-1", "values.empty-strings"}),
        (FixedTtl, {"shared.ttl-kept", "shared.any-ttl"}),
        (Blind, {"races.made", "races.removed", "races.replaced", "races.twice", "races.enlarged"}),
        (Overwriting, {"shared.added", "shared.replaced", "values.many"}),
        (OneByOne, {"batches.one-stale", "batches.one-refused"}),
        (Restless, {"batches.nothing"}),
        (Picky, {"values.length-4000", "values.many", "values.nothing", "values.all-bytes", "values.blanks"}),
        (Forgetful, {"zones.unknown", "zones.part-of-one"}),
        (Chatty, {"costs.reads"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_provider_that_breaks_a_rule_is_found_out(kind: type[Honest], found: set[str]) -> None:
    failures = await failing(harness_of(kind))
    assert found <= failures.keys()


@pytest.mark.parametrize(
    ("kind", "declares"),
    [
        (Joining, (Ability.STRING_BOUNDARIES,)),
        (FixedTtl, (Ability.ANY_TTL,)),
        (OneByOne, (Ability.ATOMIC_BATCHES,)),
        (Picky, POOR),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_a_provider_declares_is_let_pass(
    kind: type[Honest], declares: tuple[Ability, ...]
) -> None:
    failures = await failing(harness_of(kind, *declares))
    assert failures == {}


@pytest.mark.parametrize(
    "ability", [*POOR, Ability.ANY_TTL, Ability.STRING_BOUNDARIES, Ability.ZONE_DISCOVERY]
)
async def test_a_declaration_that_is_out_of_date_is_found_out(ability: Ability) -> None:
    failures = await failing(harness_of(Honest, ability))
    assert failures
    assert all(isinstance(error, NotConform) for error in failures.values())


def case_of(identity: str) -> Case:
    return next(case for case in CASES if case.id == identity)


async def test_a_failure_tells_what_was_expected_and_found() -> None:
    with pytest.raises(NotConform, match=r"expected Raced for a stale belief; found no error"):
        await check(harness_of(Blind), case_of("races.made"))


def test_labels_are_names_that_every_zone_takes() -> None:
    assert all(label == label.lower() and len(label) < 40 for label in LABELS)
