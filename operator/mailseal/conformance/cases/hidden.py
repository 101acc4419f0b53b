"""What else stands in a zone: wildcards, delegations, and MX records in any spelling."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import NULL_MX, create, replace, rrset, same, shown, txt
from mailseal.conformance.model import Case, NotConform, OutOfDate, raising
from mailseal.providers.base import Ability, NotServed, Refused
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, RecordType, RRset, RRsetKey

OURS = txt(b"ours")
SPF = txt(b"v=spf1 -all")
MX_RECORDS = "@ 3600 MX 10 Mail.Example.ORG.\n@ 3600 MX 20 BACKUP.example.org."
MX = (MxData(10, DnsName("mail.example.org")), MxData(20, DnsName("backup.example.org")))
WILDCARDS = '* 3600 TXT "v=spf1 -all"\n* 3600 MX 0 .\n*.al 3600 CNAME x.example.org.'
WILDCARDS_WITHOUT_NULL_MX = '* 3600 TXT "v=spf1 -all"\n*.al 3600 CNAME x.example.org.'
DELEGATION = "sub 3600 NS ns.elsewhere.example."


def cases() -> Iterator[Case]:
    """The cases about what else is in a zone."""
    yield Case(
        "hidden.null-mx",
        "A null MX replaces MX records written in any case",
        _null_mx,
        needs=Ability.NULL_MX,
        otherwise=_no_null_mx,
        needs_hand=True,
    )
    yield Case(
        "hidden.null-mx-created",
        "A null MX is created",
        _null_mx_created,
        needs=Ability.NULL_MX,
        otherwise=_null_mx_refused,
        needs_hand=True,  # below a reserved name with an underscore, BIND takes no MX (check-names)
    )
    yield Case(
        "hidden.wildcards",
        "What a wildcard synthesises is not taken for a record of the name",
        _wildcards,
        needs_hand=True,
    )
    yield Case(
        "hidden.delegations",
        "Names that are delegated away are reported one by one",
        _delegations,
        needs=Ability.DELEGATIONS,
        otherwise=_delegations_unseen,
        needs_hand=True,
    )


async def _null_mx(bench: Bench) -> None:
    zone = bench.hand.new_zone(records=MX_RECORDS)
    provider, before = bench.open(zone), await _read_mx(bench, zone)
    await provider.apply(zone, [replace(before, NULL_MX)])
    _expect(bench, bench.hand.peek(zone, before.key), rrset(before.key, NULL_MX))


async def _no_null_mx(bench: Bench) -> None:
    """MX records are read all the same, and stay."""
    zone = bench.hand.new_zone(records=MX_RECORDS)
    before = await _read_mx(bench, zone)
    with raising("a null MX", Refused):
        await bench.open(zone).apply(zone, [replace(before, NULL_MX)])
    _expect(bench, bench.hand.peek(zone, before.key), before)


async def _read_mx(bench: Bench, zone: DnsName) -> RRset:
    key = RRsetKey(zone, RecordType.MX)
    held = (await bench.open(zone).read(zone, [key])).get(key)
    _expect(bench, held, rrset(key, *MX))
    return rrset(key, *MX)


async def _null_mx_created(bench: Bench) -> None:
    key = bench.key("new", RecordType.MX)
    await bench.apply(create(key, NULL_MX))
    await bench.expect(key, rrset(key, NULL_MX))


async def _null_mx_refused(bench: Bench) -> None:
    key = bench.key("new", RecordType.MX)
    try:
        await bench.apply(create(key, NULL_MX))
    except Refused:
        await bench.expect(key, None)
        return
    raise OutOfDate(Ability.NULL_MX, "a null MX accepted")


async def _wildcards(bench: Bench) -> None:
    can = bench.capabilities.can(Ability.NULL_MX)
    zone = bench.hand.new_zone(records=WILDCARDS if can else WILDCARDS_WITHOUT_NULL_MX)
    real, text, alias, wild = (
        RRsetKey(DnsName.parse(f"{label}.{zone}"), RecordType.TXT)
        for label in ("real", "_dmarc", "s.al", "*")
    )
    mail = RRsetKey(text.name, RecordType.MX)
    bench.hand.put(zone, rrset(real, SPF))
    provider = bench.open(zone)
    read = await provider.read(zone, [real, text, mail, alias, wild])
    if read != {real: rrset(real, SPF), wild: rrset(wild, SPF)}:
        found = "; ".join(map(shown, read.values()))
        raise NotConform(f"the sets at {real.name} and {wild.name} alone", f"{found} read")
    await provider.apply(zone, [create(text, SPF), create(alias, OURS)])
    again = await provider.read(zone, [text, alias])
    _expect(bench, again.get(text), rrset(text, SPF))
    _expect(bench, again.get(alias), rrset(alias, OURS))


async def _delegations(bench: Bench) -> None:
    zone = bench.hand.new_zone(records=DELEGATION)
    ours, theirs = (
        RRsetKey(DnsName.parse(f"{label}.{zone}"), RecordType.TXT) for label in ("ours", "_dmarc.sub")
    )
    provider = bench.open(zone)
    with raising("a question about a delegated name", NotServed) as caught:
        await provider.read(zone, [ours, theirs])
    faults = caught[0].faults if isinstance(caught[0], NotServed) else {}
    if set(faults) != {theirs} or f"delegated away from {zone}" not in faults[theirs]:
        raise NotConform(f"{theirs} alone reported as delegated away from {zone}", repr(faults))
    if read := await provider.read(zone, [ours]):
        raise NotConform("nothing", "; ".join(map(shown, read.values())))


async def _delegations_unseen(bench: Bench) -> None:
    zone = bench.hand.new_zone(records=DELEGATION)
    theirs = RRsetKey(DnsName.parse(f"_dmarc.sub.{zone}"), RecordType.TXT)
    try:
        await bench.open(zone).read(zone, [theirs])
    except NotServed as error:
        raise OutOfDate(Ability.DELEGATIONS, f"the delegation reported: {error}") from error


def _expect(bench: Bench, held: RRset | None, expected: RRset) -> None:
    if not same(held, expected, bench.capabilities):
        raise NotConform(shown(expected), shown(held))
