"""Removing what a run wrote below its reserved name."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Final

from mailseal.conformance.fence import Allowance, Fence
from mailseal.conformance.material import LABELS, batches, delete
from mailseal.providers.base import Provider, ProviderError
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey

ATTEMPTS: Final = 3
CALLS: Final = 200
KEYS_AT_ONCE: Final = 50


def keys_of_a_run(base: DnsName) -> tuple[RRsetKey, ...]:
    """Every key that a run with this reserved name may have written."""
    names = (base, *(base.child(label) for label in sorted(LABELS)))
    return tuple(RRsetKey(name, rtype) for name in names for rtype in (RecordType.TXT, RecordType.CNAME))


async def remove(
    provider: Provider, zone: DnsName, base: DnsName, keys: Collection[RRsetKey], within: timedelta
) -> tuple[RRsetKey, ...]:
    """Remove what stands at `keys`, all of them at or below `base`; returns those that may still stand.

    Ends within the time, and raises no `ProviderError`: what cannot be removed is in the answer.
    """
    fenced, left = Fence(provider, base, Allowance(CALLS)), dict.fromkeys(keys)
    with suppress(TimeoutError):
        async with asyncio.timeout(within.total_seconds()):
            for _ in range(ATTEMPTS):
                await _attempt(fenced, zone, left)
                if not left:
                    break
    return tuple(left)


async def _attempt(provider: Provider, zone: DnsName, left: dict[RRsetKey, None]) -> None:
    """Take out of `left` what does not stand or was removed."""
    asked = tuple(left)
    for start in range(0, len(asked), KEYS_AT_ONCE):
        keys = asked[start : start + KEYS_AT_ONCE]
        with suppress(ProviderError):
            held = await provider.read(zone, keys)
            for key in set(keys) - set(held):
                del left[key]
            await _delete(provider, zone, list(held.values()), left)


async def _delete(provider: Provider, zone: DnsName, held: list[RRset], left: dict[RRsetKey, None]) -> None:
    for batch in batches([delete(rrset) for rrset in held], provider.capabilities.batch_limit):
        with suppress(ProviderError):
            await provider.apply(zone, batch)
            for change in batch:
                left.pop(change.key, None)
