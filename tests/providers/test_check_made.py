"""Looking again after a write, for backends without compare-and-swap."""

from __future__ import annotations

import pytest

from mailseal.providers.base import Raced
from mailseal.providers.rrsetstore import check_made
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

NAME = DnsName("zorg.example")
TEXT, ALIAS = RRsetKey(NAME, RecordType.TXT), RRsetKey(NAME, RecordType.CNAME)
OLD, NEW, THEIRS, TARGET = TxtData.of("old"), TxtData.of("new"), TxtData.of("theirs"), CnameData(DnsName("a"))


def rrset(key: RRsetKey, *values: Rdata) -> RRset | None:
    return RRset(key, 300, values) if values else None


def held(*sets: RRset | None) -> dict[RRsetKey, RRset]:
    return {each.key: each for each in sets if each is not None}


REPLACED = RRsetChange(TEXT, rrset(TEXT, OLD), rrset(TEXT, NEW))
REMOVED = RRsetChange(TEXT, rrset(TEXT, OLD), None)


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (REPLACED, held(rrset(TEXT, NEW))),
        (REPLACED, held(rrset(TEXT, NEW, THEIRS))),
        (REMOVED, held()),
        (REMOVED, held(rrset(TEXT, THEIRS))),
        (REMOVED, held(rrset(ALIAS, TARGET))),
        (RRsetChange(ALIAS, None, rrset(ALIAS, TARGET)), held(rrset(ALIAS, TARGET))),
    ],
)
def test_what_was_made_passes_whatever_others_added(change: RRsetChange, now: dict[RRsetKey, RRset]) -> None:
    check_made(now, [change])


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (REPLACED, held()),
        (REPLACED, held(rrset(TEXT, OLD))),
        (REPLACED, held(rrset(TEXT, OLD, NEW))),
        (REPLACED, held(rrset(TEXT, NEW), rrset(ALIAS, TARGET))),
        (REMOVED, held(rrset(TEXT, OLD))),
    ],
)
def test_what_was_not_made_or_undone_is_raced(change: RRsetChange, now: dict[RRsetKey, RRset]) -> None:
    with pytest.raises(Raced):
        check_made(now, [change])
