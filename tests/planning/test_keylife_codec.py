"""The text that stores a life: exact both ways, and never a traceback for what somebody made of it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.planning.keylife.codec import MAX_TEXT_LENGTH, UnreadableLife, from_text, to_text
from mailseal.planning.keylife.model import MAX_PAST_SELECTORS, Cause, KeyLife, KeySet, LifeKey
from mailseal.records.dkim import DkimRecord

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
TIMES = ("published", "switched", "confirmed", "stopped", "retiring", "revoking", "revoked", "removing")

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
moments = st.datetimes(datetime(1970, 1, 2), datetime(4999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
keys = st.binary(min_size=32, max_size=32)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def life_key(selector: str, public_key: bytes = bytes(32), *, revoked: bool = False) -> LifeKey:
    record = DkimRecord.for_ed25519(public_key)
    if revoked:
        return LifeKey(selector, KeyAlgorithm.ED25519, 0, record.revoked().to_text())
    return LifeKey(selector, KeyAlgorithm.ED25519, 256, record.to_text())


def simple_life() -> KeyLife:
    found = KeySet(3, Cause.SCHEDULED, (life_key("ms3"),), "Ed25519-256 ms{random}", NOW, published_at=NOW)
    return KeyLife((found,), past=("ms1", "ms2"), made=3, honoured_request="now", revision=17)


@st.composite
def lives(draw: st.DrawFn) -> KeyLife:
    selectors = draw(st.lists(labels, unique=True, max_size=6))
    numbers = sorted(draw(st.sets(st.integers(1, 50), min_size=len(selectors), max_size=len(selectors))))
    sets = tuple(
        KeySet(
            number,
            draw(st.sampled_from(Cause)),
            (life_key(selector, draw(keys), revoked=draw(st.booleans())),),
            draw(st.text(st.characters(exclude_categories=["Cs"]))),
            draw(moments),
            **{f"{name}_at": draw(moments) for name in draw(st.sets(st.sampled_from(TIMES)))},
        )
        for number, selector in zip(numbers, selectors, strict=True)
    )
    made = (numbers[-1] if numbers else 0) + draw(st.integers(0, 5))
    request = draw(st.text(st.characters(exclude_categories=["Cs"])))
    return KeyLife(sets, tuple(draw(st.lists(labels))), made, request, draw(st.integers(0, 2**62)))


@given(lives())
def test_a_life_is_read_back_as_it_was(life: KeyLife) -> None:
    text = to_text(life)
    assert from_text(text) == life
    assert text.isascii()
    assert "\n" not in text


@given(lives(), st.integers(-14, 14))
def test_times_are_stored_in_utc_and_to_the_microsecond(life: KeyLife, hours: int) -> None:
    """A time is never moved by being stored, whatever its offset."""
    zone = (
        NOW.astimezone().tzinfo
        if not hours
        else datetime.fromisoformat(f"2026-01-01T00:00{hours:+03}:00").tzinfo
    )
    moved = replace(life, sets=tuple(replace(found, prepared_at=NOW.astimezone(zone)) for found in life.sets))
    assert all(found.prepared_at == NOW for found in from_text(to_text(moved)).sets)


def test_the_form_of_the_text_stays_what_stored_lives_have() -> None:
    assert to_text(simple_life()) == (
        '{"v":1,"r":17,"m":3,"q":"now","p":["ms1","ms2"],"s":[{"n":3,"c":"RotationDue",'
        '"f":"Ed25519-256 ms{random}","k":[["ms3","Ed25519",256,'
        '"v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]],'
        '"t":{"prepared":"2026-11-24T12:00:00.123456Z","published":"2026-11-24T12:00:00.123456Z"}}]}'
    )


def test_a_life_with_all_that_it_remembers_fits_into_an_annotation() -> None:
    life = simple_life()
    for number in range(MAX_PAST_SELECTORS + 200):
        life = life.without_set(replace(life.sets[0], number=100, keys=(life_key(f"{number:063}"),)))
    assert len(life.past) == MAX_PAST_SELECTORS
    assert life.past[-1] == f"{MAX_PAST_SELECTORS + 199:063}"
    assert len(to_text(life)) < MAX_TEXT_LENGTH // 2


@given(st.text() | json_values.map(json.dumps))
def test_any_other_text_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableLife):
        from_text(text)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"v":' * 100_000, '{"v":1,"r":' + "9" * 5000 + "}", "\ud800"]
)
def test_texts_that_break_parsers_are_unreadable(text: str) -> None:
    with pytest.raises(UnreadableLife):
        from_text(text)


@given(lives(), st.data())
def test_a_damaged_text_is_unreadable_or_another_life(life: KeyLife, data: st.DataObject) -> None:
    """One character replaced, added or taken away: an answer or `UnreadableLife`, and nothing else."""
    text = to_text(life)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    with suppress(UnreadableLife):
        again = from_text(text[:start] + data.draw(st.text(max_size=3)) + text[end:])
        assert from_text(to_text(again)) == again


@given(lives(), json_values, st.data())
def test_a_part_replaced_by_any_json_is_unreadable_or_another_life(
    life: KeyLife, value: Any, data: st.DataObject
) -> None:
    document = json.loads(to_text(life))
    parts: list[tuple[Any, Any]] = [(document, key) for key in document]
    parts += [(found, key) for found in document["s"] for key in found]
    parts += [(found["t"], key) for found in document["s"] for key in found["t"]]
    parts += [(key, index) for found in document["s"] for key in found["k"] for index in range(4)]
    holder, place = data.draw(st.sampled_from(parts))
    holder[place] = value
    with suppress(UnreadableLife):
        again = from_text(json.dumps(document))
        assert from_text(to_text(again)) == again


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ('"v":1', '"v":2'),
        ('"v":1', '"v":true'),
        ('"v":1', '"v":1.0'),
        ('"r":17', '"r":-1'),
        ('"r":17', '"r":"17"'),
        ('"m":3', '"m":2'),
        ('"q":"now"', '"q":null'),
        ('"p":["ms1","ms2"]', '"p":["../ms1"]'),
        ('"ms3"', '"ms3\\n"'),
        ('"ms3"', '"MS3"'),
        ('"RotationDue"', '"Whim"'),
        ("Ed25519", "RSA"),
        (",256,", ",255,"),
        ("v=DKIM1", "v=DKIM2"),
        ('"prepared"', '"imagined"'),
        ('"prepared":"2026-11-24T12:00:00.123456Z",', ""),
        (".123456Z", ".123456"),
        (".123456Z", ".123456+00:00"),
        ("2026-11-24T12:00:00.123456Z", "2026-02-30T12:00:00Z"),
        ("2026-11-24T12:00:00.123456Z", "9999-11-24T12:00:00Z"),
        ('"2026-11-24T12:00:00.123456Z"', "1790000000"),
        ('"2026-11-24T12:00:00.123456Z"', '"1790000000"'),
        ("}]}", '}],"x":1}'),
    ],
)
def test_what_no_life_can_be_is_refused(found: str, put: str) -> None:
    text = to_text(simple_life())
    assert found in text
    with pytest.raises(UnreadableLife):
        from_text(text.replace(found, put))


def test_two_keys_at_one_selector_are_refused() -> None:
    life = simple_life()
    twice = life.with_set(replace(life.sets[0], number=4, prepared_at=NOW + timedelta(days=1)))
    with pytest.raises(UnreadableLife, match="same selector"):
        from_text(to_text(twice))


def test_a_refusal_quotes_nothing_of_the_text() -> None:
    """Somebody may have put a private key where the life belongs."""
    secret = "-----BEGIN PRIVATE KEY-----"
    text = to_text(simple_life())
    for damaged in (
        secret,
        text.replace("now", secret + "\\x"),
        text.replace("ms3", secret),
        text.replace('"n"', f'"{secret}"'),
    ):
        with pytest.raises(UnreadableLife) as caught:
            from_text(damaged)
        assert "BEGIN" not in str(caught.value)
        assert caught.value.__cause__ is None
