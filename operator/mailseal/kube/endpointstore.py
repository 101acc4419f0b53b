"""The DNSEndpoint resources of external-dns, lent to providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mailseal.kube.api import ApiError, Conflict, Forbidden, KubeApi, NotFound
from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    ProviderError,
    Refused,
    Unavailable,
)
from mailseal.providers.surroundings import Conflicted


class EndpointStore:
    """An `ObjectStore` over the API server. It knows only this one resource."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def list(self, namespace: str, label_selector: str) -> Sequence[Mapping[str, Any]]:
        """See `ObjectStore.list`."""
        with _as_provider_errors():
            return await self._api.list_dns_endpoints(namespace, label_selector)

    async def put(self, namespace: str, body: Mapping[str, Any]) -> None:
        """See `ObjectStore.put`. An object that is gone since it was read is `Conflicted` too."""
        metadata = body["metadata"]
        with _as_provider_errors():
            if "resourceVersion" in metadata:
                await self._api.replace_dns_endpoint(namespace, metadata["name"], body)
            else:
                await self._api.create_dns_endpoint(namespace, body)


@contextmanager
def _as_provider_errors() -> Iterator[None]:
    try:
        yield
    except (Conflict, NotFound) as error:
        raise Conflicted(str(error)) from None
    except Forbidden as error:
        raise AuthenticationFailed(
            f"{error}: set the chart's value dnsEndpoints.enabled, which gives the right to do so"
        ) from None
    except ApiError as error:
        raise _failure(error) from None


def _failure(error: ApiError) -> ProviderError:
    """A server without the CRD answers 404 that names no object."""
    if " 404 " in str(error):
        return Unavailable(f"{error}: install external-dns' CRD dnsendpoints.externaldns.k8s.io")
    if " 413 " in str(error):
        return BatchTooLarge(f"{error}: the zone has more records than one DNSEndpoint holds")
    return Refused(str(error)) if " 422 " in str(error) else Unavailable(str(error))
