"""The marks of what was last read."""

from __future__ import annotations

from mailseal.providers.lastseen import LastSeen
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("a.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
ONE, TWO = TxtData.of("one"), TxtData.of("two")
HELD = RRset(KEY, 300, (ONE, TWO))


def test_a_mark_is_for_the_state_that_was_seen_in_any_order_of_its_values() -> None:
    seen: LastSeen[str] = LastSeen()
    seen.note(ZONE, KEY, HELD, "etag")

    assert seen.take(ZONE, KEY, RRset(KEY, 300, (TWO, ONE))) == "etag"


def test_a_mark_is_used_once() -> None:
    seen: LastSeen[str] = LastSeen()
    seen.note(ZONE, KEY, HELD, "etag")
    seen.take(ZONE, KEY, HELD)

    assert seen.take(ZONE, KEY, HELD) is None


def test_another_state_or_zone_has_no_mark() -> None:
    seen: LastSeen[str] = LastSeen()
    for before in (None, RRset(KEY, 301, HELD.values), RRset(KEY, 300, (ONE,))):
        seen.note(ZONE, KEY, HELD, "etag")
        assert seen.take(ZONE, KEY, before) is None
    seen.note(ZONE, KEY, HELD, "etag")
    assert seen.take(DnsName("example"), KEY, HELD) is None


def test_absence_has_a_mark_of_its_own() -> None:
    seen: LastSeen[str] = LastSeen()
    seen.note(ZONE, KEY, None, "empty")
    assert seen.take(ZONE, KEY, HELD) is None
    seen.note(ZONE, KEY, None, "empty")
    assert seen.take(ZONE, KEY, None) == "empty"


def test_the_oldest_gives_way_and_what_is_forgotten_is_gone() -> None:
    seen: LastSeen[int] = LastSeen(capacity=2)
    keys = [RRsetKey(DnsName(f"n{number}.a.example"), RecordType.TXT) for number in range(3)]
    for number, key in enumerate(keys):
        seen.note(ZONE, key, None, number + 1)
    seen.forget(ZONE, keys[2])

    assert [seen.take(ZONE, key, None) for key in keys] == [None, 2, None]
