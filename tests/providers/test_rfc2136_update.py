"""The UPDATE messages themselves: each deletes and adds only what differs."""

from __future__ import annotations

import dns.rdataclass
import dns.update
from hypothesis import given
from hypothesis import strategies as st

from mailseal.dnsio.rdata import record_value, wire_rdata
from mailseal.providers.rfc2136.update import build_update
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey, rrset_of
from mailseal.records.txt import TxtData

ZONE = DnsName("zorg.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
strings = st.lists(st.binary(max_size=255), min_size=1, max_size=3).map(lambda pieces: TxtData(tuple(pieces)))
labels = st.text("abcxyz0123456789_-", min_size=1, max_size=10)
names = st.lists(labels, min_size=1, max_size=4).map(lambda parts: DnsName(".".join(parts)))
values = st.one_of(
    strings,
    st.builds(MxData, st.integers(0, 65535), names),
    st.just(MxData(0, DnsName(""))),
    st.builds(CnameData, names),
)
value_lists = st.lists(strings, max_size=4, unique=True)


def deletions_and_additions(
    message: dns.update.UpdateMessage,
) -> tuple[list[Rdata | None], list[tuple[int, Rdata]]]:
    """Deleted values (None for a whole set), and added ones with their TTL."""
    deleted: list[Rdata | None] = []
    added: list[tuple[int, Rdata]] = []
    for rrset in message.update:
        if rrset.deleting == dns.rdataclass.ANY:
            deleted.append(None)
        elif rrset.deleting == dns.rdataclass.NONE:
            deleted += [record_value(rdata) for rdata in rrset]
        else:
            added += [(rrset.ttl, record_value(rdata)) for rdata in rrset]
    return deleted, added


@given(values)
def test_every_value_passes_to_the_wire_and_back_unchanged(value: Rdata) -> None:
    assert record_value(wire_rdata(value)) == value


@given(before=value_lists, after=value_lists, ttls=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_carrying_out_the_update_section_makes_after_out_of_before(
    before: list[TxtData], after: list[TxtData], ttls: tuple[int, int]
) -> None:
    change = RRsetChange(KEY, rrset_of(KEY, ttls[0], before), rrset_of(KEY, ttls[1], after))

    deleted, added = deletions_and_additions(build_update(ZONE, [change]))

    left = [] if None in deleted else [value for value in before if value not in deleted]
    assert {*left, *(value for _, value in added)} == set(after)
    assert {ttl for ttl, _ in added} <= {ttls[1]}


@given(before=value_lists, after=value_lists)
def test_a_value_that_stays_is_neither_deleted_nor_added(before: list[TxtData], after: list[TxtData]) -> None:
    change = RRsetChange(KEY, rrset_of(KEY, 60, before), rrset_of(KEY, 60, after))

    deleted, added = deletions_and_additions(build_update(ZONE, [change]))

    staying = set(before) & set(after)
    assert not staying & {value for _, value in added}
    assert not staying & set(deleted)
    assert not (staying and None in deleted)


@given(before=value_lists)
def test_the_prerequisites_name_every_value_or_the_absence_of_the_set(before: list[TxtData]) -> None:
    change = RRsetChange(KEY, rrset_of(KEY, 60, before), RRset(KEY, 60, (TxtData.of("new"),)))

    required = build_update(ZONE, [change]).prerequisite

    stated = {record_value(rdata) for rrset in required for rdata in rrset}
    absences = [rrset.rdtype.name for rrset in required if rrset.deleting == dns.rdataclass.NONE or not rrset]
    assert stated == set(before)
    assert absences == ([] if before else ["TXT", "CNAME"])
