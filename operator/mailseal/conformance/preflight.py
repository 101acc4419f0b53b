"""Before a live run: is this the zone, and may these credentials write to it?"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from mailseal.conformance.bench import Opener
from mailseal.conformance.fence import Allowance, Fence
from mailseal.conformance.leftovers import remove
from mailseal.conformance.material import create, delete, rrset, txt
from mailseal.providers.base import (
    AuthenticationFailed,
    Provider,
    ProviderError,
    Refused,
    ZoneNotFound,
)
from mailseal.providers.surroundings import NoLog
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey

TRIAL: Final = txt(b"mailseal provider test")
CALLS: Final = 20
CLEANING_WITHIN: Final = timedelta(minutes=1)


class NotReady(Exception):
    """No case can be run; the message says why and what to do."""

    def __init__(self, message: str, cause: ProviderError | None = None) -> None:
        super().__init__(message)
        self.may_work_later = cause is not None and cause.retryable
        """True when the backend did not answer: nothing is known to be wrong."""


async def check_ready(opener: Opener, zone: DnsName, base: DnsName) -> None:
    """Find the zone, read below it, write a trial record at `base` and remove it. Raises `NotReady`.

    May raise the `InvalidConfiguration` of opening the provider.
    """
    provider = Fence(opener(NoLog(), (zone,)), base, Allowance(CALLS))
    try:
        await _check_zone(provider, zone, base)
        await _check_reading(provider, zone, base)
        await _check_writing(provider, zone, base)
    finally:
        await provider.close()


async def _check_zone(provider: Provider, zone: DnsName, base: DnsName) -> None:
    try:
        survey = await provider.survey()
        if zone in survey.faults:
            raise survey.faults[zone]
        found = await provider.zone_of(base)
    except ZoneNotFound as error:
        raise NotReady(f"{zone} is not a zone of this provider: {error}", error) from error
    except AuthenticationFailed as error:
        raise NotReady(f"the credentials are not accepted: {error}", error) from error
    except ProviderError as error:
        raise NotReady(f"{zone} cannot be looked up: {error}", error) from error
    if found != zone:
        raise NotReady(f"names below {zone} are in the zone {found} there: name that one with --zone")


async def _check_reading(provider: Provider, zone: DnsName, base: DnsName) -> None:
    try:
        held = await provider.read(zone, [RRsetKey(base, RecordType.TXT)])
    except AuthenticationFailed as error:
        raise NotReady(f"these credentials may not read {zone}: {error}", error) from error
    except ProviderError as error:
        raise NotReady(f"{zone} cannot be read: {error}", error) from error
    if held:
        raise NotReady(f"{base} holds records already; run again, with another name")


async def _check_writing(provider: Provider, zone: DnsName, base: DnsName) -> None:
    key = RRsetKey(base, RecordType.TXT)
    try:
        await provider.apply(zone, [create(key, TRIAL)])
    except (AuthenticationFailed, Refused) as error:
        raise NotReady(
            f"{zone} can be read but not written with these credentials, or TXT records below {base} are "
            f"not admitted: {error}",
            error,
        ) from error
    except ProviderError as error:
        await remove(provider, zone, base, [key], CLEANING_WITHIN)
        raise NotReady(f"{zone} cannot be written: {error}", error) from error
    try:
        await provider.apply(zone, [delete(rrset(key, TRIAL))])
    except ProviderError as error:
        left = await remove(provider, zone, base, [key], CLEANING_WITHIN)
        rest = f"; remove the TXT record at {base} by hand" if left else ""
        raise NotReady(f"a record that was written cannot be removed again: {error}{rest}", error) from error
