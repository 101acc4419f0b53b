"""The requests of PowerDNS's API, and what its answers mean.

Source: PowerDNS documentation, "Built-in Webserver and HTTP API"; measured with 4.7.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.http import Answer, HttpApi
from mailseal.providers.powerdns.settings import API_KEY, PowerDnsSettings
from mailseal.providers.powerdns.zone import StoredZone, parse_json, parse_kinds, parse_zone, zone_id
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName

RATE: Final = Rate(per_second=20, burst=40)
"""PowerDNS sets none; each request is a transaction of its database."""
_CONFLICT: Final = "Conflicts with"
_LONGEST_REASON: Final = 300


class PowerDnsApi:
    """One server of one API. Every method raises `ProviderError`s."""

    def __init__(self, settings: PowerDnsSettings, surroundings: Surroundings) -> None:
        self.url = str(settings.url)
        budget = surroundings.budgets.of(f"powerdns:{self.url}", RATE)
        self._calls = Calls(surroundings, budget, CallLimits(settings.timeout))
        self._http = HttpApi(
            settings.url,
            surroundings.reach,
            {"X-API-Key": settings.api_key},
            settings.timeout.total_seconds(),
            settings.tls,
        )
        self._server_id = settings.server_id
        self._server = f"/api/v1/servers/{quote(settings.server_id, safe='')}"

    async def kinds(self, zone: DnsName | None = None) -> dict[DnsName, str]:
        """All zones, or only one, with their kinds; without what needs a look into each of them."""
        only = {} if zone is None else {"zone": zone.fqdn}
        answer = await self._read("ListZones", f"{self._server}/zones", {"dnssec": "false", **only})
        if answer.status == 404:
            raise self._no_server()
        return parse_kinds(_good(answer, self.url))

    async def zone(self, zone: DnsName) -> StoredZone:
        """The whole zone, read in a thread since it may be large.

        What a narrower question, by name and type, is answered lacks the disabled records.
        """
        answer = await self._read("GetZone", f"{self._server}/zones/{zone_id(zone)}", {})
        if answer.status == 404:
            await self._prove_server()
            raise self._no_zone(zone)
        return await asyncio.to_thread(parse_zone, zone, _good(answer, self.url))

    async def patch(self, zone: DnsName, body: object) -> None:
        """Change RRsets, all or none. Raises `OutcomeUnknown` where that cannot be told."""
        path = f"{self._server}/zones/{zone_id(zone)}"
        answer = await self._write("PatchZone", lambda: self._http.change("PATCH", path, body))
        if answer.status == 404:
            raise self._no_zone(zone)
        if answer.status not in {200, 204}:
            raise _write_error(answer, self.url, f"a change of {zone}")

    async def rectify(self, zone: DnsName) -> None:
        """Put new names of a signed zone in their order."""
        path = f"{self._server}/zones/{zone_id(zone)}/rectify"
        answer = await self._write("RectifyZone", lambda: self._http.change("PUT", path))
        if answer.status not in {200, 204}:
            raise _write_error(answer, self.url, f"rectifying {zone}")

    async def close(self) -> None:
        """Close all connections."""
        self._calls.close()
        await self._http.close()

    async def _prove_server(self) -> None:
        """Raise unless the API and the server are there, so that the zone alone is missing."""
        answer = await self._read("GetServer", self._server, {})
        if answer.status == 404:
            raise self._no_server()
        _good(answer, self.url)

    def _no_zone(self, zone: DnsName) -> ZoneNotFound:
        return ZoneNotFound(f"PowerDNS at {self.url} has no zone {zone}")

    def _no_server(self) -> ProviderError:
        return InvalidConfiguration(
            f"{self.url} has no PowerDNS API with the server {self._server_id}: correct url and serverId, "
            "and set api=yes in pdns.conf"
        )

    async def _read(self, operation: str, path: str, query: dict[str, str]) -> Answer:
        async def request() -> Answer:
            return _unthrottled(await self._http.ask(path, query))

        return await self._calls.read(operation, request)

    async def _write(self, operation: str, send: Callable[[], Awaitable[Answer]]) -> Answer:
        async def request() -> Answer:
            return _unthrottled(await send())

        return await self._calls.write(operation, request)


def _unthrottled(answer: Answer) -> Answer:
    if answer.status == 429:
        raise RateLimited("PowerDNS, or a proxy before it, wants fewer requests", answer.retry_after())
    return answer


def _good(answer: Answer, url: str) -> bytes:
    if answer.status == 200:
        return answer.body
    raise _general_error(answer, url) or Unavailable(f"PowerDNS at {url} answered {_reason(answer)}")


def _general_error(answer: Answer, url: str) -> ProviderError | None:
    if answer.status in {401, 403}:
        return AuthenticationFailed(
            f"PowerDNS at {url} answered {answer.status}: put the value of api-key in pdns.conf into the "
            f"Secret's key {API_KEY!r}, and admit the operator's address in webserver-allow-from"
        )
    return None


def _write_error(answer: Answer, url: str, what: str) -> ProviderError:
    if (general := _general_error(answer, url)) is not None:
        return general
    reason = _reason(answer)
    if answer.status == 413:
        return BatchTooLarge(f"{what} is too large for PowerDNS at {url}: {reason}")
    if answer.status in {409, 422} and _CONFLICT in reason:
        return Raced(f"{what} meets records that appeared since the zone was read: {reason}")
    if 400 <= answer.status < 500:
        return Refused(f"PowerDNS at {url} refuses {what}: {reason}")
    return OutcomeUnknown(f"PowerDNS at {url} answered {reason} to {what}")


def _reason(answer: Answer) -> str:
    """The status and, where the answer is an error of PowerDNS, its text."""
    try:
        described: Any = parse_json(answer.body)
    except Unavailable:
        described = None
    text = described.get("error") if isinstance(described, dict) else None
    if not isinstance(text, str) or not text:
        return f"status {answer.status}"
    return f"status {answer.status}: {ascii(text[:_LONGEST_REASON])[1:-1]}"
