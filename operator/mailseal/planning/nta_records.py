"""What an NtaRecord wants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.nta_calendar import KnownDates
from mailseal.planning.nta_lifecycle import NtaFacts, decide
from mailseal.planning.places import Place
from mailseal.planning.wishes import Scene, Wishes
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates, NtaMx, NtaRecordValue, read_nta
from mailseal.records.rrset import Rdata
from mailseal.records.txt import TxtData


def nta_wishes(scene: Scene, spec: NtaRecordSpec, place: Place) -> Wishes:
    """The record that `spec` wants now at `place`. Raises `InvalidRecord`."""
    hosts = tuple(NtaMx(host.preference, DnsName.parse(host.host)) for host in spec.ntamx)
    decision = decide(spec, _facts(scene, spec, place, hosts))
    value = TxtData.of(NtaRecordValue(spec.provider, hosts, decision.dates).to_text())
    obstacle = decision.obstacle
    if obstacle is None:
        return Wishes((scene.contribute(place, value),), warnings=decision.warnings)
    if decision.is_held_back:
        held = scene.hold_back(place, value, obstacle.reason, obstacle.message)
        return replace(held, warnings=decision.warnings)
    wanted = scene.contribute(place, value, obstacle.reason, obstacle.message)
    return Wishes((wanted,), warnings=decision.warnings)


def _facts(scene: Scene, spec: NtaRecordSpec, place: Place, hosts: tuple[NtaMx, ...]) -> NtaFacts:
    claim, rrset = scene.claim, scene.observed.get(place.key)
    standing = _readable(rrset.values if rrset else ())
    similar = (
        record.dates
        for record in standing
        if record.provider == spec.provider and frozenset(record.ntamx) == frozenset(hosts)
    )
    published = (record.dates for record in _readable(scene.own_values(place)))
    return NtaFacts(
        now=scene.now,
        dates=KnownDates(tuple(published), tuple(similar), claim.nta_dates),
        rests_on=claim.nta_rests_on,
        findings=claim.nta_prerequisites,
        clock_agrees=claim.clock_agrees,
    )


def dates_of(value: Rdata) -> NtaDates | None:
    """The months of an NTA 7516 record; None for a value that is none, or that cannot be read."""
    return next((record.dates for record in _readable([value])), None)


def _readable(values: Iterable[Rdata]) -> list[NtaRecordValue]:
    readings = [read_nta(value.text).record for value in values if isinstance(value, TxtData)]
    return [record for record in readings if record is not None]
