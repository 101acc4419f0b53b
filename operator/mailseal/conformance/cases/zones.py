"""Zones and names: which zone holds a name, and which name is meant."""

from __future__ import annotations

from collections.abc import Iterator

from mailseal.conformance.bench import Bench
from mailseal.conformance.material import create, rrset, same, shown, txt
from mailseal.conformance.model import Case, NotConform, raising
from mailseal.providers.base import (
    Ability,
    InvalidConfiguration,
    Provider,
    ProviderError,
    Refused,
    ZoneNotFound,
)
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey

UNKNOWN = DnsName("unknown.invalid")
OURS = txt(b"ours")


def cases() -> Iterator[Case]:
    """The cases about zones and names."""
    yield Case("zones.of-a-name", "A name in any case and with a final dot has its zone", _zone_of)
    yield Case(
        "zones.unknown", "An unknown zone is an error and never looks empty", _unknown, needs_hand=True
    )
    yield Case(
        "zones.part-of-one",
        "What is only part of a zone is no zone: an error, and never looks empty",
        _part_of_one,
    )
    yield Case("zones.any-case", "Names are the same in any case", _any_case, needs_hand=True)
    yield Case(
        "zones.outside", "A name outside the zone is refused with its batch", _outside, needs_hand=True
    )
    yield Case(
        "zones.survey", "Listed zones are surveyed, and one missing hides no other", _survey, needs_hand=True
    )
    yield Case("zones.survey-one", "The zone is surveyed and readable", _survey_one)
    yield Case(
        "zones.longest-suffix",
        "A name belongs to the listed zone with the longest suffix",
        _longest_suffix,
        needs_hand=True,
    )
    yield Case(
        "zones.found",
        "Zones are found when none is listed",
        _found,
        needs=Ability.ZONE_DISCOVERY,
        otherwise=_not_found,
        needs_hand=True,
    )


async def _zone_of(bench: Bench) -> None:
    await _expect_zone(bench.provider, bench.key("new").name, bench.zone)
    await _expect_zone(bench.provider, DnsName.parse(f"MIXED.{bench.base.upper()}."), bench.zone)
    await _expect_zone(bench.provider, bench.zone, bench.zone)


async def _unknown(bench: Bench) -> None:
    bench.hand.new_zone()
    provider, key = bench.provider, RRsetKey(UNKNOWN, RecordType.TXT)
    if bench.capabilities.can(Ability.ZONE_DISCOVERY):
        provider = bench.open()
    with raising("the zone of an unknown name", ZoneNotFound):
        await provider.zone_of(UNKNOWN)
    with raising("a question about an unknown zone", ZoneNotFound):
        await provider.read(UNKNOWN, [key])
    with raising("a write to an unknown zone", ZoneNotFound):
        await provider.apply(UNKNOWN, [create(key, OURS)])


async def _part_of_one(bench: Bench) -> None:
    inner = bench.key("inner").name
    with raising("a question about a part of a zone", ZoneNotFound):
        await bench.provider.read(inner, [RRsetKey(inner, RecordType.TXT)])
    with raising("a write to a part of a zone", ZoneNotFound):
        await bench.provider.apply(inner, [create(RRsetKey(inner, RecordType.TXT), OURS)])


async def _any_case(bench: Bench) -> None:
    zone = bench.hand.new_zone(records='MiXeD 3600 TXT "theirs"')
    provider, key = bench.open(zone), RRsetKey(DnsName.parse(f"mIxEd.{zone.upper()}."), RecordType.TXT)
    before = (await provider.read(zone, [key])).get(key)
    after = rrset(key, txt(b"theirs"), OURS)
    await provider.apply(zone, [RRsetChange(key, before, after)])
    held = bench.hand.peek(zone, key)
    if not same(held, after, bench.capabilities):
        raise NotConform(shown(after), shown(held))


async def _outside(bench: Bench) -> None:
    other, key = bench.hand.new_zone(), bench.key("new")
    outside = RRsetKey(DnsName.parse(f"new.{other}"), RecordType.TXT)
    with raising("a name of another zone in a batch", Refused):
        await bench.open(bench.zone, other).apply(bench.zone, [create(key, OURS), create(outside, OURS)])
    await bench.expect(key, None)


async def _survey(bench: Bench) -> None:
    second, missing = bench.hand.new_zone(), DnsName("missing.invalid")
    provider = bench.open(bench.zone, missing, second)
    survey = await provider.survey()
    if survey.served != (bench.zone, second) or set(survey.faults) != {missing}:
        raise NotConform(f"{bench.zone} and {second} served, {missing} not", repr(survey))
    if not isinstance(survey.faults[missing], ZoneNotFound):
        raise NotConform(f"ZoneNotFound for {missing}", repr(survey.faults[missing]))
    if (zones := await provider.zones()) != (bench.zone, second):
        raise NotConform(f"zones {bench.zone} and {second}", ", ".join(zones))
    with raising("zones of which none is served", ZoneNotFound):
        await bench.open(missing).zones()


async def _survey_one(bench: Bench) -> None:
    survey = await bench.provider.survey()
    if bench.zone not in survey.served:
        fault = survey.faults.get(bench.zone, "it is not in the survey")
        raise NotConform(f"that {bench.zone} is served", str(fault))


async def _longest_suffix(bench: Bench) -> None:
    parent, child = bench.zone, DnsName.parse(f"child.{bench.zone}")
    bench.hand.add_zone(child)
    provider = bench.open(parent, child)
    await _expect_zone(provider, DnsName.parse(f"_dmarc.{child}"), child)
    await _expect_zone(provider, child, child)
    await _expect_zone(provider, DnsName.parse(f"otherchild.{parent}"), parent)
    with raising("a name of no listed zone", ZoneNotFound):
        await provider.zone_of(DnsName("example.org"))


async def _found(bench: Bench) -> None:
    parent = bench.hand.new_zone(records="alias 3600 CNAME elsewhere.example.org.")
    child = DnsName.parse(f"child.{parent}")
    bench.hand.add_zone(child)
    provider = bench.open()
    for name, zone in (
        (parent, parent),
        (DnsName.parse(f"a.b._domainkey.{parent}"), parent),
        (DnsName.parse(f"alias.{parent}"), parent),
        (DnsName.parse(f"_dmarc.{child}"), child),
    ):
        await _expect_zone(provider, name, zone)
    if missing := {parent, child} - set(await provider.zones()):
        raise NotConform(f"zones {parent} and {child}", f"{', '.join(sorted(missing))} missing")


async def _not_found(bench: Bench) -> None:
    """Without listed zones it cannot be opened, or knows none."""
    try:
        provider = bench.open()
        await provider.zone_of(bench.key("new").name)
    except (InvalidConfiguration, ZoneNotFound):
        return
    except ProviderError as error:
        raise NotConform(
            "InvalidConfiguration or ZoneNotFound", f"{type(error).__name__}: {error}"
        ) from error
    raise NotConform("that zones are not found, as it declares", f"the zone of {bench.key('new').name} found")


async def _expect_zone(provider: Provider, name: DnsName, zone: DnsName) -> None:
    if (found := await provider.zone_of(name)) != zone:
        raise NotConform(f"{zone} as the zone of {name}", found)
