"""From a trust anchor down to the zone that holds a name (RFC 4035 section 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import dns.name
import dns.rdatatype

from mailseal.checks.answers import Security
from mailseal.checks.links import Resolution
from mailseal.checks.once import OnceCache
from mailseal.checks.validating.algorithms import DS, usable
from mailseal.checks.validating.anchors import TrustAnchors
from mailseal.checks.validating.zones import Zone, is_stripped, judge_delegation, judge_keys, unsupported

ZONES_KEPT: Final = 8192

Resolve: TypeAlias = Callable[[dns.name.Name, dns.rdatatype.RdataType], Awaitable[Resolution]]


class Chain:
    """Finds zones and proves their keys; each name on the way is looked at once."""

    def __init__(self, anchors: TrustAnchors, now: datetime, resolve: Resolve) -> None:
        self._anchors = anchors
        self._now = now
        self._resolve = resolve
        self._zones: OnceCache[dns.name.Name, Zone] = OnceCache(self._find, ZONES_KEPT)

    async def zone_of(self, name: dns.name.Name) -> Zone:
        """The zone that holds the records of `name`; at a zone cut the one below."""
        return await self._zones.get(name)

    async def close(self) -> None:
        """End what is under way."""
        await self._zones.close()

    async def _find(self, name: dns.name.Name) -> Zone:
        anchors = self._anchors.get(name)
        if anchors is not None:
            return await self._start_at(name, anchors)
        if name == dns.name.root:
            return Zone(name, Security.INDETERMINATE, "no trust anchor is above it")
        above = await self.zone_of(name.parent())
        if above.security is not Security.SECURE:
            return above
        delegated = judge_delegation(above, name, await self._resolve(name, dns.rdatatype.DS), self._now)
        return delegated if isinstance(delegated, Zone) else await self._enter(name, delegated)

    async def _start_at(self, apex: dns.name.Name, anchors: Sequence[DS]) -> Zone:
        if is_stripped(await self._resolve(apex, dns.rdatatype.DNSKEY)):
            reason = "the resolver passes on no signatures, so that nothing can be validated"
            return Zone(apex, Security.INDETERMINATE, reason)
        zone = await self._enter(apex, anchors)
        if zone.security is Security.BOGUS:
            # That a trust anchor, a clock or a resolver here is wrong is likelier than that the root zone is.
            return Zone(apex, Security.INDETERMINATE, f"{zone.reason}, which is the trust anchor here")
        return zone

    async def _enter(self, apex: dns.name.Name, records: Sequence[DS]) -> Zone:
        """The zone whose keys `records` vouch for."""
        vouchers = usable(records)
        if not vouchers:
            return unsupported(apex, records)
        return judge_keys(apex, vouchers, await self._resolve(apex, dns.rdatatype.DNSKEY), self._now)
