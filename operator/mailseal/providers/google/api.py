"""The three requests of the Cloud DNS API (v1) that are needed, each one counted and bounded.

Not by google-cloud-dns: it cannot ask for the record sets of one name, gives no time-out and knows nothing of
a zone's visibility. Tokens come from google-auth.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from yarl import URL

from mailseal.providers.base import AuthenticationFailed, OutcomeUnknown, ProviderError, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.google.credential import AccessToken
from mailseal.providers.google.errors import read_error, write_error
from mailseal.providers.google.settings import GoogleSettings
from mailseal.providers.http import Answer, HttpApi
from mailseal.providers.reach import Reach
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName

_MOST_PAGES: Final = 1000


class CloudDnsApi:
    """One project. Methods raise `ProviderError`s only."""

    def __init__(self, settings: GoogleSettings, token: AccessToken, calls: Calls, reach: Reach) -> None:
        self._path = f"/dns/v1/projects/{quote(settings.project, safe='')}/managedZones"
        self._token = token
        self._calls = calls
        self._http = HttpApi(URL(settings.endpoint), reach, {}, settings.timeout.total_seconds())

    async def managed_zones(self) -> list[Mapping[str, Any]]:
        """All managed zones of the project."""
        return (await self._all("ListManagedZones", self._path, {}, "managedZones"))[0]

    async def record_sets(self, managed_zone: str) -> tuple[list[Mapping[str, Any]], int]:
        """All record sets of a zone, and in how many pages they came. Raises `ZoneNotFound`."""
        return await self._all("ListResourceRecordSets", self._zone(managed_zone, "rrsets"), {}, "rrsets")

    async def record_sets_at(self, managed_zone: str, name: DnsName) -> list[Mapping[str, Any]]:
        """The record sets at one name. Raises `ZoneNotFound`."""
        path = self._zone(managed_zone, "rrsets")
        return (await self._all("ListResourceRecordSets", path, {"name": name.fqdn}, "rrsets"))[0]

    async def change(
        self, managed_zone: str, body: Mapping[str, Any], changes: Sequence[RRsetChange]
    ) -> Mapping[str, Any]:
        """Make all deletions and additions of `body`, or none. The answer is the change as Google has it.

        It is in the zone then, and on its way to the name servers (`status` pending): whether they answer it
        is asked of themselves.
        """
        operation = "CreateChange"

        async def request() -> Mapping[str, Any]:
            headers = await self._token.header()
            answer = await self._http.change("POST", self._zone(managed_zone, "changes"), body, headers)
            if answer.status != 200:
                raise await self._known(answer, write_error(answer, operation, changes, OutcomeUnknown))
            try:
                return _object(answer, operation)
            except Unavailable as error:
                raise OutcomeUnknown(str(error)) from None

        return await self._calls.write(operation, request)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    def _zone(self, managed_zone: str, what: str) -> str:
        return f"{self._path}/{quote(managed_zone, safe='')}/{what}"

    async def _all(
        self, operation: str, path: str, query: Mapping[str, str], member: str
    ) -> tuple[list[Mapping[str, Any]], int]:
        items: list[Mapping[str, Any]] = []
        page_token = ""
        for page in range(1, _MOST_PAGES + 1):
            asked = {**query, "pageToken": page_token} if page_token else query
            body = await self._calls.read(operation, self._asking(operation, path, asked))
            found, page_token = body.get(member) or [], body.get("nextPageToken") or ""
            if not isinstance(found, list) or not isinstance(page_token, str):
                raise Unavailable(f"{operation}: the answer of Google makes no sense")
            items += [item for item in found if isinstance(item, dict)]
            if not page_token:
                return items, page
        raise Unavailable(f"{operation}: Google has pages without end")

    def _asking(
        self, operation: str, path: str, query: Mapping[str, str]
    ) -> Callable[[], Awaitable[Mapping[str, Any]]]:
        async def request() -> Mapping[str, Any]:
            answer = await self._http.ask(path, query, await self._token.header())
            if answer.status != 200:
                raise await self._known(answer, read_error(answer, operation))
            return _object(answer, operation)

        return request

    async def _known(self, answer: Answer, error: ProviderError) -> ProviderError:
        """The error, after a token that is not taken any more was thrown away."""
        if isinstance(error, AuthenticationFailed) and answer.status == 401:
            await self._token.reject()
        return error


def _object(answer: Answer, operation: str) -> Mapping[str, Any]:
    body = answer.json()
    if not isinstance(body, dict):
        raise Unavailable(f"{operation}: the answer of Google makes no sense")
    return body
