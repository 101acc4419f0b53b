"""The name server of a provider: found, permitted, spoken to over the transport of its settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

import dns.exception
import dns.update

from mailseal.dnsio.client import Access, DnsSession, first_that_works
from mailseal.dnsio.faults import AnswerLost, DnsFault, TimedOut, Unreachable
from mailseal.dnsio.tlsclient import TlsSession
from mailseal.providers.base import BatchTooLarge, InvalidConfiguration
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.rfc2136.counted import CountedSession, Judge
from mailseal.providers.rfc2136.errors import lost_write, read_error
from mailseal.providers.rfc2136.gss import GssSigner
from mailseal.providers.rfc2136.settings import Rfc2136Settings
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName

Result = TypeVar("Result")

_LONGEST_EXCHANGE: Final = 6
"""In time-outs: connecting, shaking hands and asking, and all that once more on a new connection."""

_LARGEST_MESSAGE: Final = 65535
_ROOM_FOR_TSIG: Final = 512
"""Octets: above what the longest key name and algorithm name take with their MAC (RFC 8945 section 4.2)."""


class PrimaryServer:
    """One server under a host name or an address.

    Of several addresses the one that worked last is tried first: a dead one costs its time-out once.
    """

    def __init__(self, settings: Rfc2136Settings, surroundings: Surroundings) -> None:
        self.label = str(settings.server)
        self._settings = settings
        self._reach = surroundings.reach
        limits = CallLimits(timeout=timedelta(seconds=_LONGEST_EXCHANGE * settings.timeout_seconds))
        self._calls = Calls(surroundings, limits=limits)
        self._access = Access(
            self.label, settings.server.port, settings.timeout_seconds, settings.key, settings.tcp_only
        )
        self._gss = _gss_signer(settings, surroundings, self._calls)
        self._tls_sessions: dict[str, TlsSession] = {}
        self._last_good = ""

    async def ask(self, work: Callable[[CountedSession], Awaitable[Result]], zone: DnsName | None) -> Result:
        """What `work` makes of the answers. `zone` is what it asks about, where that is known.

        Raises the `ProviderError` that a `DnsFault` means.
        """
        try:
            return await self._first(work, self._access, (Unreachable, TimedOut, AnswerLost))
        except DnsFault as fault:
            raise read_error(fault, zone) from fault

    async def update(self, zone: DnsName, message: dns.update.UpdateMessage, judge: Judge) -> None:
        """Sign an UPDATE of `zone` and send it once.

        Raises what `judge` says of its answer code, the `ProviderError` that a `DnsFault` means, and
        `BatchTooLarge` where it does not fit a message.
        """
        _check_fits(zone, message)

        async def attempt(session: CountedSession) -> None:
            await self.sign(session, message)
            await session.update(zone, message, judge)

        try:
            await self._first(attempt, replace(self._access, tcp_only=True), (Unreachable,))
        except DnsFault as fault:
            raise lost_write(fault, zone) from fault

    async def sign(self, session: CountedSession, message: dns.update.UpdateMessage) -> None:
        """Have `message` signed as the settings say when it is sent over `session`."""
        if self._gss is not None:
            await self._gss.sign(session, message)
        elif self._settings.key is not None:
            message.use_tsig(self._settings.key)

    def close(self) -> None:
        """Close the connections that are open."""
        for session in self._tls_sessions.values():
            session.close()
        self._calls.close()

    async def _first(
        self,
        work: Callable[[CountedSession], Awaitable[Result]],
        access: Access,
        move_on: tuple[type[DnsFault], ...],
    ) -> Result:
        async def attempt(address: str) -> Result:
            async with self._session(address, access) as session:
                result = await work(CountedSession(session, self._calls, self.label))
            self._last_good = address
            return result

        return await first_that_works(await self._addresses(), attempt, move_on)

    async def _addresses(self) -> tuple[str, ...]:
        """Looked up at each use. Raises `Unreachable`, or `AddressForbidden` where none is permitted."""
        found = await self._settings.server.addresses(self._settings.timeout_seconds)
        permitted = self._reach.permitted(self._settings.server.host, found)
        return tuple(sorted(permitted, key=lambda address: address != self._last_good))

    def _session(self, address: str, access: Access) -> DnsSession | TlsSession:
        profile = self._settings.tls
        if profile is None:
            return DnsSession(address, access)
        if address not in self._tls_sessions:
            self._tls_sessions[address] = TlsSession(address, access, profile)
        return self._tls_sessions[address]


def _check_fits(zone: DnsName, message: dns.update.UpdateMessage) -> None:
    """Before signing: a Kerberos context counts its signatures, and each must be sent."""
    try:
        message.to_wire(max_size=_LARGEST_MESSAGE - _ROOM_FOR_TSIG)
    except dns.exception.TooBig as error:
        raise BatchTooLarge(f"the changes of {zone} do not fit one DNS message of 64 KiB") from error


def _gss_signer(settings: Rfc2136Settings, surroundings: Surroundings, calls: Calls) -> GssSigner | None:
    if settings.login is None:
        return None
    if not surroundings.trusted:
        raise InvalidConfiguration(
            "tsigAlgorithm: gss-tsig is for a ClusterDnsProvider only: Kerberos finds its servers by itself"
        )
    return GssSigner(settings.login, calls, str(settings.server), settings.timeout_seconds)
