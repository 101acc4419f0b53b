"""CNAMEs: a name with one holds nothing else (RFC 1034 section 3.6.2)."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import TARGET, alias_key, create, delete, replace, rrset, shown, txt
from mailseal.conformance.model import Case, NotConform, raising
from mailseal.providers.base import Raced, Refused
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey

TEXT = txt(b"ours")


def cases() -> Iterator[Case]:
    """The cases about CNAMEs."""
    yield Case(
        "aliases.in-the-way",
        "A CNAME is read in place of another type and keeps its name to itself",
        _in_the_way,
    )
    yield Case("aliases.beside-text", "A CNAME beside other records is refused", _beside_text)
    yield Case(
        "aliases.swapped", "A CNAME takes the place of a text in one batch and gives it back", _swapped
    )
    yield Case("aliases.replaced", "Targets of CNAMEs are replaced and deleted", _replaced)


async def _in_the_way(bench: Bench) -> None:
    text = bench.key("alias")
    alias = rrset(alias_key(text), TARGET)
    await bench.put(alias)
    await _expect_exactly(bench, [text], alias)
    with raising("a text where a CNAME is", Raced):
        await bench.apply(create(text, TEXT))
    await bench.expect(text, None)
    await bench.expect(alias.key, alias)


async def _beside_text(bench: Bench) -> None:
    text = bench.key("taken")
    await bench.put(rrset(text, txt(b"theirs")))
    with raising("a CNAME beside a text", Refused) as caught:
        await bench.apply(create(alias_key(text), TARGET))
    if "CNAME" not in str(caught[0]):
        raise NotConform("a message that names the CNAME", str(caught[0]))
    await bench.expect(alias_key(text), None)
    await bench.expect(text, rrset(text, txt(b"theirs")))


async def _swapped(bench: Bench) -> None:
    text = rrset(bench.key("swap"), TEXT)
    alias = rrset(alias_key(text.key), TARGET)
    await bench.apply(RRsetChange(text.key, None, text))
    await _exchange(bench, text, alias)
    await _expect_exactly(bench, [text.key, alias.key], alias)
    await _exchange(bench, alias, text)
    await _expect_exactly(bench, [text.key, alias.key], text)


async def _exchange(bench: Bench, there: RRset, wanted: RRset) -> None:
    """One batch, with the deletion last; where the backend has no batches, the deletion comes first."""
    creation = RRsetChange(wanted.key, None, wanted)
    if bench.capabilities.batch_limit > 1:
        await bench.apply(creation, delete(there))
    else:
        await bench.apply(delete(there), creation)


async def _replaced(bench: Bench) -> None:
    key = bench.key("sel._domainkey", RecordType.CNAME)
    first, second = (rrset(key, CnameData(DnsName(f"{name}.vendor.example"))) for name in ("one", "two"))
    await bench.apply(RRsetChange(key, None, first))
    await bench.apply(replace(first, *second.values))
    await bench.expect(key, second)
    await bench.apply(delete(second))
    await bench.expect(key, None)


async def _expect_exactly(bench: Bench, keys: list[RRsetKey], expected: RRset) -> None:
    read = await bench.provider.read(bench.zone, keys)
    if read != {expected.key: expected}:
        found = "; ".join(shown(held) for held in read.values()) or "nothing"
        raise NotConform(f"{shown(expected)} and nothing else", f"{found} read")
