"""The few requests of the Azure DNS REST API (2018-05-01) that are needed, each one counted and bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit

from azure.core import AzureClouds
from azure.core.async_paging import AsyncItemPaged, AsyncPageIterator
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import ContentDecodePolicy, UserAgentPolicy
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy
from azure.mgmt.dns.aio import DnsManagementClient
from azure.mgmt.dns.models import RecordSet, Zone

from mailseal.providers.azure.content import Mark
from mailseal.providers.azure.errors import cname_conflict, is_cname_conflict, provider_error
from mailseal.providers.azure.settings import AzureSettings, Cloud
from mailseal.providers.base import OutcomeUnknown, Unavailable
from mailseal.providers.calls import Calls
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRsetKey

PAGE_SETS: Final = 100
"""Record sets in a page of a listing, unless it asks for fewer ("Record Sets - List By Dns Zone")."""
_MOST_PAGES: Final = 1000
_CLOUDS: Final = {
    Cloud.PUBLIC: AzureClouds.AZURE_PUBLIC_CLOUD,
    Cloud.GOVERNMENT: AzureClouds.AZURE_US_GOVERNMENT,
    Cloud.CHINA: AzureClouds.AZURE_CHINA_CLOUD,
}
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Closable(Protocol):
    """A credential that holds connections."""

    async def close(self) -> None:
        """Release them."""
        ...


class AzureDnsApi:
    """One resource group's zones. Connections open at the first request.

    The SDK is used without its own retries, redirects and resource provider registration, so that each call
    is one request. Methods raise `ProviderError`s only.
    """

    def __init__(self, settings: AzureSettings, credential: AsyncTokenCredential, calls: Calls) -> None:
        self._group = settings.resource_group
        self._host = urlsplit(settings.resource_manager)
        self._calls = calls
        self._credential = credential
        self._client = _client(settings, credential)
        self._options: dict[str, Any] = {"enforce_https": False} if self._host.scheme == "http" else {}

    async def zones(self) -> list[Zone]:
        """All zones of the resource group."""
        pages = self._client.zones.list_by_resource_group(self._group, **self._options)
        return await self._all("ListZones", pages)

    async def record_sets(self, zone: DnsName) -> list[RecordSet]:
        """All record sets of a zone. Raises `ZoneNotFound`."""
        pages = self._client.record_sets.list_by_dns_zone(self._group, zone, **self._options)
        return await self._all("ListRecordSets", pages)

    async def delegations(self, zone: DnsName) -> list[RecordSet]:
        """The NS record sets of a zone. Raises `ZoneNotFound`."""
        pages = self._client.record_sets.list_by_type(self._group, zone, "NS", **self._options)
        return await self._all("ListRecordSetsByType", pages)

    async def record_set(self, zone: DnsName, key: RRsetKey) -> RecordSet | None:
        """One record set; None where there is none, and also where there is no such zone."""

        async def request() -> RecordSet | None:
            try:
                return await self._client.record_sets.get(
                    self._group, zone, _relative(key.name, zone), key.rtype, **self._options
                )
            except ResourceNotFoundError:
                return None

        return await self._calls.read("GetRecordSet", lambda: _typed(request, "GetRecordSet", Unavailable))

    async def put(self, zone: DnsName, key: RRsetKey, content: RecordSet, mark: Mark | None) -> RecordSet:
        """Replace the record set of that mark, or make one where there is none. Raises `Raced`."""

        async def request() -> RecordSet:
            return await self._client.record_sets.create_or_update(
                self._group,
                zone,
                _relative(key.name, zone),
                key.rtype,
                content,
                if_match=mark.etag if mark else None,
                if_none_match=None if mark else "*",
                **self._options,
            )

        return await self._calls.write(
            "PutRecordSet", lambda: _typed(request, "PutRecordSet", OutcomeUnknown, key)
        )

    async def delete(self, zone: DnsName, key: RRsetKey, mark: Mark) -> None:
        """Delete the record set of that mark. Raises `Raced`."""

        async def request() -> None:
            await self._client.record_sets.delete(
                self._group,
                zone,
                _relative(key.name, zone),
                key.rtype,
                if_match=mark.etag,
                **self._options,
            )

        await self._calls.write(
            "DeleteRecordSet", lambda: _typed(request, "DeleteRecordSet", OutcomeUnknown, key)
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
        await cast("Closable", self._credential).close()

    async def _all(self, operation: str, paged: AsyncItemPaged[_Item]) -> list[_Item]:
        pages = cast("AsyncPageIterator[_Item]", paged.by_page())
        items: list[_Item] = []
        for _ in range(_MOST_PAGES):
            items += await self._calls.read(
                operation, lambda: _typed(lambda: _page(pages), operation, Unavailable)
            )
            if not pages.continuation_token:
                return items
            self._check_link(operation, pages.continuation_token)
        raise Unavailable(f"{operation}: Azure Resource Manager has pages without end")

    def _check_link(self, operation: str, link: str) -> None:
        """The token goes along with the next request: only to where the first one went."""
        target = urlsplit(link)
        if (target.scheme, target.hostname) != (self._host.scheme, self._host.hostname):
            raise Unavailable(f"{operation}: the next page is said to be at {target.hostname}, another host")


def _client(settings: AzureSettings, credential: AsyncTokenCredential) -> DnsManagementClient:
    seconds = settings.timeout.total_seconds()
    scope = f"{settings.hosts.resource_manager}/.default"
    return DnsManagementClient(
        credential,
        settings.subscription_id,
        settings.resource_manager,
        cloud_setting=_CLOUDS[settings.cloud],
        credential_scopes=[scope],
        policies=[
            UserAgentPolicy("mailseal"),
            ContentDecodePolicy(),
            AsyncARMChallengeAuthenticationPolicy(credential, scope),
        ],
        connection_timeout=min(seconds, 10),
        read_timeout=seconds,
    )


def _relative(name: DnsName, zone: DnsName) -> str:
    """What the API calls `name`: relative to its zone, `@` for the apex; as a part of a path.

    The SDK puts it into the URL as it is.
    """
    return quote(name.relative_to(zone), safe="@*")


async def _page(pages: AsyncPageIterator[_Item]) -> list[_Item]:
    page: AsyncIterator[_Item] = await anext(pages)
    return [item async for item in page]


async def _typed(
    request: Callable[[], Awaitable[_Result]],
    operation: str,
    lost: type[Unavailable],
    key: RRsetKey | None = None,
) -> _Result:
    """The answer to one request of the SDK; `key` is what it writes. Raises `ProviderError`s only."""
    try:
        return await request()
    except HttpResponseError as error:
        if key is not None and is_cname_conflict(error):
            raise cname_conflict(key) from None
        raise provider_error(error, operation, lost) from None
    except AzureError as error:
        raise provider_error(error, operation, lost) from None
    except Exception as error:
        # The SDK's deserializer takes the answer for what it should be: anything may come of another one.
        raise lost(
            f"{operation}: the answer of Azure Resource Manager makes no sense ({type(error).__name__})"
        ) from None
