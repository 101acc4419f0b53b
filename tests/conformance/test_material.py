"""How sets are compared and shown, and how requests are counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.conformance.counting import CallCounter, described
from mailseal.conformance.material import OTHER_TTL, TTL, batches, create, rrset, same, shown, txt
from mailseal.providers.base import Ability, Capabilities
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

KEY = RRsetKey(DnsName("zorg-voorbeeld.example"), RecordType.TXT)
ABLE = Capabilities(10)
JOINING = Capabilities(10, {Ability.STRING_BOUNDARIES: "They are joined."})
FIXED = Capabilities(10, {Ability.ANY_TTL: "TTLs are 3600."})

texts = st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda parts: TxtData(tuple(parts)))
sets = st.lists(texts, min_size=1, max_size=5).map(lambda values: RRset(KEY, TTL, tuple(values)))


@given(sets, st.randoms(use_true_random=False), st.sampled_from([ABLE, JOINING, FIXED]))
def test_the_order_of_values_means_nothing(held: RRset, random: object, capabilities: Capabilities) -> None:
    turned = list(held.values)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert same(replace(held, values=tuple(turned)), held, capabilities)


@given(sets)
def test_a_value_more_or_less_is_another_set(held: RRset) -> None:
    more = replace(held, values=(*held.values, held.values[0]))
    assert not same(more, held, ABLE)
    assert not same(held, more, JOINING)


@given(sets)
def test_without_boundaries_joined_values_are_the_same(held: RRset) -> None:
    again = replace(held, values=tuple(TxtData.of(value.identity) for value in held.values))
    assert same(again, held, JOINING)
    assert same(again, held, ABLE) is (sorted(map(repr, again.values)) == sorted(map(repr, held.values)))


@pytest.mark.parametrize(
    ("wanted", "held", "capabilities", "is_same"),
    [
        (TTL, OTHER_TTL, ABLE, False),
        (TTL, OTHER_TTL, FIXED, False),
        (OTHER_TTL, TTL, FIXED, True),
        (OTHER_TTL, TTL, ABLE, False),
    ],
)
def test_only_a_declared_backend_may_store_another_ttl(
    wanted: int, held: int, capabilities: Capabilities, is_same: bool
) -> None:
    assert same(rrset(KEY, txt(b"a"), ttl=held), rrset(KEY, txt(b"a"), ttl=wanted), capabilities) is is_same


def test_absence_is_the_same_as_absence_alone() -> None:
    assert same(None, None, ABLE)
    assert not same(None, rrset(KEY, txt(b"a")), ABLE)
    assert not same(rrset(KEY, txt(b"a")), None, ABLE)


@given(sets)
def test_a_set_is_shown_in_one_bounded_line_without_control_characters(held: RRset) -> None:
    line = shown(held)
    assert line.replace("…", "").isascii()
    assert line.isprintable()
    assert len(line) < 800


@given(st.integers(0, 50), st.integers(1, 12))
def test_batches_hold_every_change_once_and_no_more_than_the_limit(count: int, limit: int) -> None:
    changes = [create(KEY, txt(str(number).encode())) for number in range(count)]
    found = list(batches(changes, limit))
    assert [change for batch in found for change in batch] == changes
    assert all(0 < len(batch) <= limit for batch in found)


def test_requests_are_counted_by_name_without_those_that_were_throttled() -> None:
    counter = CallCounter()
    counter.called("Login", timedelta(0), "")
    mark = counter.mark()
    for failure in ("RateLimited", "", "ProviderUnavailable"):
        counter.called("ListRecords", timedelta(0), failure)
    assert counter.since(mark) == {"ListRecords": 2}
    assert described(counter.since(0)) == "3 requests: 2 ListRecords, Login"
    assert described(Counter()) == "no request"
    assert described(Counter({"Update": 1})) == "1 request: Update"
