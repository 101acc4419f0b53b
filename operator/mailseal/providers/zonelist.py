"""Which zone of a list holds a name: decided on suffixes, for providers whose zones are known."""

from __future__ import annotations

from collections.abc import Iterable

from mailseal.providers.base import InvalidConfiguration, ZoneNotFound
from mailseal.records.names import DnsName, InvalidName


def longest_suffix(name: DnsName, zones: Iterable[DnsName]) -> DnsName:
    """The zone that is closest above `name`, or is it. Raises `ZoneNotFound` naming the zones there are."""
    held = tuple(zones)
    fitting = [zone for zone in held if name.is_within(zone)]
    if not fitting:
        known = ", ".join(sorted(held)[:10]) or "none"
        raise ZoneNotFound(f"no zone of this provider holds {name}; its zones: {known}")
    return max(fitting, key=len)


def parse_zones(setting: object) -> tuple[DnsName, ...]:
    """The `zones` setting as names, in order and once each. Raises `InvalidConfiguration`."""
    if setting is None:
        return ()
    if not isinstance(setting, Iterable) or isinstance(setting, str | bytes):
        raise InvalidConfiguration(f"zones must be a list of domain names, not {setting!r}")
    try:
        return tuple(dict.fromkeys(DnsName.parse(str(zone)) for zone in setting))
    except InvalidName as error:
        raise InvalidConfiguration(f"zones: {error}") from error
