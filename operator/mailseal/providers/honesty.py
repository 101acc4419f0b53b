"""Whether what a provider answers can be an answer to what it was asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mailseal.providers.base import ProviderError, ZoneSurvey
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey


class ProviderDefect(ProviderError):
    """The provider broke the protocol: nothing that it says is believed in this call."""

    reason = "ProviderDefect"


def honest_survey(survey: object, listed: Collection[DnsName]) -> ZoneSurvey:
    """The survey. Raises `ProviderDefect` when it is none, or tells of other zones than are listed."""
    if not isinstance(survey, ZoneSurvey):
        raise ProviderDefect(f"its survey is no ZoneSurvey but {_type_of(survey)}")
    told = _names((*survey.served, *survey.faults))
    if not all(isinstance(fault, ProviderError) for fault in survey.faults.values()):
        raise ProviderDefect("its survey has a fault that is no ProviderError")
    _check_listed(told, listed)
    return survey


def honest_zones(zones: object, listed: Collection[DnsName]) -> tuple[DnsName, ...]:
    """The zones. Raises `ProviderDefect` as `honest_survey` does."""
    if not isinstance(zones, tuple):
        raise ProviderDefect(f"its zones are no tuple but {_type_of(zones)}")
    told = _names(zones)
    _check_listed(told, listed)
    return told


def honest_zone(zone: object, name: DnsName, listed: Collection[DnsName]) -> DnsName:
    """The zone of `name`. Raises `ProviderDefect` when it cannot hold the name, or is not listed."""
    (told,) = _names((zone,))
    if not name.is_within(told):
        raise ProviderDefect(f"it says that the zone of {name} is {told}, which cannot hold that name")
    _check_listed((told,), listed)
    return told


def honest_rrsets(rrsets: object, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
    """The RRsets read. Raises `ProviderDefect` when one was not asked for or stands under another's key."""
    if not isinstance(rrsets, Mapping):
        raise ProviderDefect(f"what it reads is no mapping but {_type_of(rrsets)}")
    wanted = {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}
    for key, rrset in rrsets.items():
        if not isinstance(key, RRsetKey) or key not in wanted:
            raise ProviderDefect(f"it read {_shown(key)}, for which nobody asked")
        if not isinstance(rrset, RRset) or rrset.key != key:
            raise ProviderDefect(f"what it read at {key} is another RRset or none")
    return dict(rrsets)


def _names(zones: Collection[object]) -> tuple[DnsName, ...]:
    names = tuple(zone for zone in zones if isinstance(zone, DnsName))
    if len(names) < len(zones):
        raise ProviderDefect("it names a zone by something else than a DnsName")
    return names


def _check_listed(zones: Collection[DnsName], listed: Collection[DnsName]) -> None:
    strange = sorted(set(zones).difference(listed)) if listed else []
    if strange:
        raise ProviderDefect(f"it names the zone {strange[0]}, which its settings do not list")


def _shown(key: object) -> str:
    return str(key) if isinstance(key, RRsetKey) else f"a key that is {_type_of(key)}"


def _type_of(value: object) -> str:
    return type(value).__name__
