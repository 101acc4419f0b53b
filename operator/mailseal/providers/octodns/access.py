"""The requests of a provider of octoDNS, which block: for a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from octodns.provider.base import BaseProvider

from mailseal.providers.base import ZoneNotFound
from mailseal.providers.octodns.content import ZoneContent, empty_zone
from mailseal.providers.octodns.errors import opening_error, read_error, write_error
from mailseal.providers.octodns.redaction import Redactor, guard_logger, quiet_octodns
from mailseal.providers.octodns.settings import OctoDnsSettings
from mailseal.providers.rrsetstore import alters, changed_rrsets
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName, InvalidName


class OctoDnsAccess:
    """One class of octoDNS. Every method raises `ProviderError`s only, without secrets.

    An object of the class is made anew for each of them, since many remember the zones that they have read.
    """

    def __init__(self, settings: OctoDnsSettings) -> None:
        self._settings = settings
        self._redactor = Redactor(settings.secrets)
        quiet_octodns()
        guard_logger(logging.getLogger(f"{settings.kind.__name__}[{settings.identifier}]"), self._redactor)

    def list_zones(self) -> tuple[DnsName, ...]:
        """The zones that the class lists."""
        opened = self._opened()
        try:
            return tuple(_names(opened.list_zones()))
        except Exception as error:
            raise read_error(error, "list of zones", self._redactor) from None

    def read(self, zone: DnsName) -> ZoneContent:
        """A whole zone. Raises `ZoneNotFound`."""
        return self._populated(self._opened(), zone)

    def write(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Read the zone, compare, and apply a plan of these changes with the same object."""
        opened = self._opened()
        content = self._populated(opened, zone)
        names = {change.key.name for change in changes}
        changed_rrsets(content.rrsets_at(names), changes, content.has_other_data)
        plan = content.plan([change for change in changes if alters(change)], opened)
        try:
            opened.apply(plan)
        except Exception as error:
            raise write_error(error, zone, self._redactor) from None

    def _opened(self) -> BaseProvider:
        settings = self._settings
        try:
            opened = settings.kind(settings.identifier, **settings.arguments)
            guard_logger(opened.log, self._redactor)
        except Exception as error:
            raise opening_error(error, settings.class_name, self._redactor) from None
        return opened

    def _populated(self, opened: BaseProvider, zone: DnsName) -> ZoneContent:
        source = empty_zone(zone)
        try:
            exists = opened.populate(source, target=True, lenient=True)
            content = ZoneContent.of(zone, source, self._settings.text_format)
        except Exception as error:
            raise read_error(error, f"zone {zone}", self._redactor) from None
        if not exists and not source.records:
            raise ZoneNotFound(f"{self._settings.class_name} has no zone {zone}")
        return content


def _names(names: Iterable[object]) -> list[DnsName]:
    found = []
    for name in names:
        try:
            found.append(DnsName.parse(str(name)))
        except InvalidName:
            continue
    return found
