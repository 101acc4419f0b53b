"""Which zones a token reaches, and their identifiers, remembered for ten minutes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from mailseal.providers.base import InvalidConfiguration, Unavailable, ZoneNotFound
from mailseal.providers.cloudflare.api import CloudflareApi
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.names import DnsName, InvalidName

CACHE_SECONDS: Final = 600.0
RELOAD_SECONDS: Final = 30.0
"""A list of this age is read again when a name is not in it."""
_ALL_AT_ONCE: Final = 3
"""From so many zones on, all are listed instead of one after the other."""

_STATES: Final[Mapping[str, str]] = {
    "initializing": "is being set up at Cloudflare and not served yet",
    "pending": "is pending at Cloudflare: its registrar does not name Cloudflare's name servers, or not yet",
    "ambiguous": "is in several accounts that the API token reaches: set accountId to the right one",
    "moved": "has moved away from Cloudflare: its registrar names other name servers",
}
_TYPES: Final[Mapping[str, str]] = {
    "partial": "is a partial zone, where Cloudflare answers for single names only: change it where its "
    "name servers are",
    "secondary": "is a secondary zone, which Cloudflare copies from its primary: change it there",
}


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """One zone of an account."""

    identifier: str
    name: DnsName
    status: str
    kind: str

    @classmethod
    def parse(cls, entry: object) -> Self | None:
        """The zone of an entry of the API's list; None for what is no zone of a domain."""
        if not isinstance(entry, Mapping):
            raise Unavailable("Cloudflare's list of zones cannot be read")
        identifier, name = entry.get("id"), entry.get("name")
        if not isinstance(identifier, str) or not isinstance(name, str):
            raise Unavailable("Cloudflare's list of zones has one without id or name")
        try:
            return cls(identifier, DnsName.parse(name), str(entry.get("status")), str(entry.get("type")))
        except InvalidName:
            return None

    @property
    def fault(self) -> str:
        """Why records that are written to it are not answered; empty when they are."""
        problem = _TYPES.get(self.kind) or _STATES.get(self.status)
        return f"{self.name} {problem}" if problem else ""


class ZoneDirectory:
    """The zones of one token."""

    def __init__(self, api: CloudflareApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._known: dict[DnsName, tuple[ZoneEntry, float]] = {}
        self._listed_at: float | None = None

    async def zone_of(self, name: DnsName) -> DnsName:
        """The zone with the longest suffix of `name`. Raises `ZoneNotFound`."""
        if self._age() > CACHE_SECONDS:
            await self._load()
        try:
            return longest_suffix(name, self._known)
        except ZoneNotFound:
            if self._age() < RELOAD_SECONDS:
                raise
        await self._load()
        return longest_suffix(name, self._known)

    async def identifier(self, zone: DnsName) -> str:
        """The identifier of a zone. Raises `ZoneNotFound`, and `InvalidConfiguration` for twins."""
        entry, known_at = self._known.get(zone, (None, 0.0))
        if entry is None or self._clock() - known_at > CACHE_SECONDS:
            entry = await self._ask(zone)
        if not entry.identifier:
            raise InvalidConfiguration(entry.fault)
        return entry.identifier

    async def look_up(self, zones: Iterable[DnsName]) -> dict[DnsName, ZoneEntry]:
        """The entries of the zones as they are now; those that do not exist are left out."""
        wanted = tuple(zones)
        if not wanted:
            await self._api.prove()
        elif len(wanted) >= _ALL_AT_ONCE:
            await self._load()
        else:
            for zone in wanted:
                self._known.pop(zone, None)
                self._remember(await self._entries(zone))
        return {zone: self._known[zone][0] for zone in wanted if zone in self._known}

    def forget(self, zone: DnsName) -> None:
        """Ask anew for a zone that turned out to be gone."""
        self._known.pop(zone, None)

    async def _ask(self, zone: DnsName) -> ZoneEntry:
        found = await self.look_up([zone])
        if zone not in found:
            raise ZoneNotFound(
                f"Cloudflare has no zone {zone} that this API token may see: add the zone to the account, or "
                "the token's permissions Zone / Zone / Read and Zone / DNS / Edit for it"
            )
        return found[zone]

    async def _load(self) -> None:
        entries = await self._entries("")
        self._known.clear()
        self._remember(entries)
        self._listed_at = self._clock()

    async def _entries(self, name: str) -> list[ZoneEntry]:
        parsed = (ZoneEntry.parse(entry) for entry in await self._api.zones(name))
        return [entry for entry in parsed if entry is not None]

    def _remember(self, entries: Iterable[ZoneEntry]) -> None:
        by_name: dict[DnsName, list[ZoneEntry]] = {}
        for entry in entries:
            by_name.setdefault(entry.name, []).append(entry)
        for name, twins in by_name.items():
            self._known[name] = (_the_served(twins), self._clock())

    def _age(self) -> float:
        return float("inf") if self._listed_at is None else self._clock() - self._listed_at


def _the_served(twins: list[ZoneEntry]) -> ZoneEntry:
    """Of the zones of one name in several accounts, the one that is active."""
    active = [entry for entry in twins if entry.status == "active"]
    if len(twins) == 1 or len(active) == 1:
        return (active or twins)[0]
    return ZoneEntry("", twins[0].name, "ambiguous", "")
