"""Requests to the Cloudflare API through its official SDK, each counted, paced and bounded in time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, TypeAlias

import httpx
from cloudflare import (
    APIConnectionError,
    APIStatusError,
    AsyncCloudflare,
    CloudflareError,
    DefaultAsyncHttpxClient,
)

from mailseal.providers.base import OutcomeUnknown, ProviderError, Unavailable
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.cloudflare.edit import Edit
from mailseal.providers.cloudflare.errors import Fault, read_error, write_error
from mailseal.providers.cloudflare.settings import CloudflareSettings
from mailseal.providers.surroundings import Surroundings

RATE: Final = Rate(per_second=3.5, burst=100)
"""Within 1,200 requests in five minutes for each user
(https://developers.cloudflare.com/fundamentals/api/reference/limits/)."""
ZONES_PER_PAGE: Final = 50
"""The most that the API lists at once."""
RECORDS_PER_PAGE: Final = 5000
_MOST_PAGES: Final = 1000

Request: TypeAlias = Callable[[], Awaitable[Any]]
Page: TypeAlias = Callable[[int], Awaitable[Any]]


class CloudflareApi:
    """The requests that the provider needs. They raise `ProviderError`s only."""

    def __init__(self, settings: CloudflareSettings, surroundings: Surroundings) -> None:
        account = hashlib.sha256(settings.token.encode()).hexdigest()[:16]
        self._account_id = settings.account_id
        self._calls = Calls(
            surroundings,
            surroundings.budgets.of(f"cloudflare:{account}", RATE),
            CallLimits(timeout=settings.timeout),
        )
        self._client = _client(settings)

    async def zones(self, name: str = "") -> list[Any]:
        """The zones that the token reaches, or those named `name`, as the API lists them."""
        return await self._all_pages("ListZones", self._zone_page(name), name or "any name")

    async def prove(self) -> None:
        """Ask for some zones, whichever there are, to see that the token is taken."""
        await self._page("ListZones", self._zone_page(""), 1, "any name")

    async def records(self, zone_id: str, zone: str) -> list[Any]:
        """All records of a zone, as the API lists them."""

        async def page(number: int) -> Any:
            return await self._client.dns.records.with_raw_response.list(
                zone_id=zone_id, page=number, per_page=RECORDS_PER_PAGE
            )

        return await self._all_pages("ListRecords", page, zone)

    async def batch(self, zone_id: str, zone: str, edit: Edit) -> None:
        """Make all operations or none (https://developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes/)."""
        body: dict[str, Any] = {"deletes": edit.deletes, "patches": edit.patches, "posts": edit.posts}

        async def request() -> Any:
            return await self._client.dns.records.with_raw_response.batch(zone_id=zone_id, **body)

        async def attempt() -> None:
            await _answer(
                request, lambda fault: write_error(fault, zone), OutcomeUnknown, f"a change of {zone}"
            )

        await self._calls.write("BatchRecords", attempt)

    async def close(self) -> None:
        """Close the connections."""
        self._calls.close()
        await self._client.close()

    def _zone_page(self, name: str) -> Page:
        query: dict[str, Any] = {"name": name} if name else {}
        if self._account_id:
            query["account"] = {"id": self._account_id}

        async def page(number: int) -> Any:
            return await self._client.zones.with_raw_response.list(
                page=number, per_page=ZONES_PER_PAGE, **query
            )

        return page

    async def _all_pages(self, operation: str, page: Page, subject: str) -> list[Any]:
        entries: list[Any] = []
        for number in range(1, _MOST_PAGES):
            body = await self._page(operation, page, number, subject)
            entries += _entries(body, subject)
            if number >= _pages(body):
                return entries
        raise Unavailable(f"Cloudflare's list of {subject} has no end")

    async def _page(self, operation: str, page: Page, number: int, subject: str) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            return await _answer(
                lambda: page(number), lambda fault: read_error(fault, subject), Unavailable, subject
            )

        return await self._calls.read(operation, attempt)


class _OnlyThisToken(httpx.Auth):
    """Puts the token on each request, whatever the SDK found in the environment of the process."""

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        for header in ("X-Auth-Email", "X-Auth-Key", "X-Auth-User-Service-Key"):
            request.headers.pop(header, None)
        request.headers["Authorization"] = self._authorization
        yield request


def _client(settings: CloudflareSettings) -> AsyncCloudflare:
    return AsyncCloudflare(
        api_token=settings.token,
        base_url=settings.endpoint,
        timeout=settings.timeout.total_seconds(),
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(auth=_OnlyThisToken(settings.token), follow_redirects=False),
    )


async def _answer(
    request: Request,
    error_of: Callable[[Fault], ProviderError],
    lost: type[ProviderError],
    subject: str,
) -> dict[str, Any]:
    """The body of a successful answer; `lost` is raised when a request may have been acted on."""
    try:
        response = await request()
    except APIStatusError as error:
        answer = error.response
        raise error_of(Fault.of(answer.status_code, _json(answer), answer.headers)) from None
    except APIConnectionError as error:
        raise _connection_error(error, lost, subject) from None
    except (CloudflareError, httpx.HTTPError) as error:
        raise lost(f"Cloudflare had no usable answer about {subject}: {type(error).__name__}") from None
    body = _json(response.http_response)
    if not isinstance(body, dict):
        raise lost(f"Cloudflare's answer about {subject} is not JSON: is a proxy between?")
    if body.get("success") is not True:
        raise error_of(Fault.of(response.http_response.status_code, body, response.headers))
    return body


def _connection_error(error: APIConnectionError, lost: type[ProviderError], subject: str) -> ProviderError:
    cause = error.__cause__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Unavailable(f"no connection to Cloudflare's API: {cause or type(cause).__name__}")
    name = type(cause or error).__name__
    return lost(f"Cloudflare had no answer about {subject}: the connection ended ({name})")


def _json(response: httpx.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _entries(body: dict[str, Any], subject: str) -> list[Any]:
    entries = body.get("result")
    if not isinstance(entries, list):
        raise Unavailable(f"Cloudflare's list of {subject} cannot be read")
    return entries


def _pages(body: dict[str, Any]) -> int:
    info = body.get("result_info")
    pages = info.get("total_pages") if isinstance(info, dict) else None
    return pages if isinstance(pages, int) else 1
