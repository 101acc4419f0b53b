"""The provider over zone files, each call in a thread of its own since files block, a network's for long."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from mailseal.providers.base import (
    Capabilities,
    InvalidConfiguration,
    NotServed,
    ProviderError,
    ZoneSurvey,
)
from mailseal.providers.calls import Calls
from mailseal.providers.rrsetstore import changed_rrsets, check_batch, read_rrsets
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.providers.zonefile.content import ZoneContent
from mailseal.providers.zonefile.files import ZoneDirectory
from mailseal.providers.zonelist import longest_suffix, parse_zones
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

_BATCH_LIMIT: Final = 1000


class ZoneFileProvider:
    """A directory of `<zone>.zone` files; a name server that serves them reloads them by itself.

    A write keeps the records of all types and raises the serial, but not comments, `$TTL` and layout.
    """

    type_name: ClassVar[str] = "zonefile"
    capabilities: Capabilities = Capabilities(batch_limit=_BATCH_LIMIT)

    def __init__(
        self, directory: Path, zones: tuple[DnsName, ...] = (), surroundings: Surroundings = UNRESTRICTED
    ) -> None:
        self._threads = Calls(surroundings)
        self._files = ZoneDirectory(directory)
        self._listed = zones

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> ZoneFileProvider:
        """Open the directory `settings["path"]`. See `Provider.from_settings`."""
        path = settings.get("path")
        if not isinstance(path, str) or not path or not Path(path).is_absolute():
            raise InvalidConfiguration("path must be the absolute path of a directory with <zone>.zone files")
        if credentials:
            raise InvalidConfiguration(
                "the zonefile provider takes no credentials; remove credentialsSecretRef"
            )
        return cls(Path(path), parse_zones(settings.get("zones")), surroundings)

    async def survey(self) -> ZoneSurvey:
        """Read every file; see `Provider.survey`."""
        return await self._threads.in_thread(self._survey)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone or the file with the longest suffix."""
        return longest_suffix(name, self._listed or await self._threads.in_thread(self._files.zones))

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """See `Provider.read`."""
        return await self._threads.in_thread(partial(self._read, zone, keys))

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """See `Provider.apply`."""
        check_batch(zone, changes)
        await self._threads.in_thread(partial(self._apply, zone, changes))

    async def negative_caching_time(self, zone: DnsName) -> timedelta:
        """How long absence in `zone` may be cached, by its SOA (RFC 2308 section 5).

        Raises a `ProviderError`.
        """
        return await self._threads.in_thread(partial(self._negative_caching_time, zone))

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def _survey(self) -> ZoneSurvey:
        served: list[DnsName] = []
        faults: dict[DnsName, ProviderError] = {}
        for zone in self._listed or self._files.zones():
            try:
                ZoneContent.parse(zone, self._files.read(zone))
            except ProviderError as error:
                faults[zone] = error
            else:
                served.append(zone)
        return ZoneSurvey(tuple(served), faults)

    def _read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        content = ZoneContent.parse(zone, self._files.read(zone))
        cuts = {key: content.cut_above(key.name, zone) for key in keys}
        delegated = {
            key: f"{key.name} is delegated away from {zone} at {cut}"
            for key, cut in cuts.items()
            if cut is not None
        }
        if delegated:
            raise NotServed(delegated)
        return read_rrsets(content.rrsets(), keys)

    def _negative_caching_time(self, zone: DnsName) -> timedelta:
        return ZoneContent.parse(zone, self._files.read(zone)).negative_caching_time

    def _apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        with self._files.locked(zone):
            text = self._files.read(zone)
            content = ZoneContent.parse(zone, text)
            held = content.rrsets()
            changed = changed_rrsets(held, changes, content.holds_other_types)
            altered = [change.key for change in changes if changed.get(change.key) != held.get(change.key)]
            if altered:
                content.replace(changed, altered)
                self._files.replace(zone, text, content.to_text())
