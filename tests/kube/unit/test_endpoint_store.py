"""What the API server answers about DNSEndpoints, as the errors of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mailseal.kube.api import ApiError, Conflict, Forbidden, NotFound
from mailseal.kube.endpointstore import EndpointStore
from mailseal.providers.base import AuthenticationFailed, BatchTooLarge, ProviderError, Refused, Unavailable
from mailseal.providers.surroundings import Conflicted


class Answering:
    """The part of `KubeApi` that the store uses; every call raises `error` if there is one."""

    def __init__(self, error: ApiError | None = None) -> None:
        self.error = error
        self.calls: list[tuple[str, ...]] = []

    async def list_dns_endpoints(self, namespace: str, label_selector: str) -> list[dict[str, Any]]:
        self._call("list", namespace, label_selector)
        return [{"metadata": {"name": "one"}}]

    async def create_dns_endpoint(self, namespace: str, body: Mapping[str, Any]) -> None:
        self._call("create", namespace)

    async def replace_dns_endpoint(self, namespace: str, name: str, body: Mapping[str, Any]) -> None:
        self._call("replace", namespace, name)

    def _call(self, *call: str) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error


NEW = {"metadata": {"name": "one"}}
KNOWN = {"metadata": {"name": "one", "resourceVersion": "7"}}


async def test_what_was_read_is_replaced_and_what_is_new_is_created() -> None:
    api = Answering()
    store = EndpointStore(api)

    assert await store.list("dns", "a=b") == [{"metadata": {"name": "one"}}]
    await store.put("dns", NEW)
    await store.put("dns", KNOWN)

    assert api.calls == [("list", "dns", "a=b"), ("create", "dns"), ("replace", "dns", "one")]


@pytest.mark.parametrize("body", [NEW, KNOWN])
@pytest.mark.parametrize("error", [Conflict("taken"), NotFound("gone")])
async def test_an_object_that_is_another_one_by_now_is_a_conflict(
    body: dict[str, Any], error: ApiError
) -> None:
    with pytest.raises(Conflicted):
        await EndpointStore(Answering(error)).put("dns", body)


@pytest.mark.parametrize(
    ("error", "expected", "advice"),
    [
        (
            Forbidden("/x: the API server answered 403 Forbidden"),
            AuthenticationFailed,
            "dnsEndpoints.enabled",
        ),
        (ApiError("/x: the API server answered 404 Not Found"), Unavailable, "CRD"),
        (ApiError("/x: the API server answered 413 Too Large"), BatchTooLarge, "more records"),
        (ApiError("/x: the API server answered 422 Invalid"), Refused, "422"),
        (ApiError("/x: the API server cannot be reached"), Unavailable, "reached"),
    ],
)
async def test_errors_say_what_to_do(error: ApiError, expected: type[ProviderError], advice: str) -> None:
    store = EndpointStore(Answering(error))

    with pytest.raises(expected, match=advice):
        await store.list("dns", "")
    with pytest.raises(expected, match=advice):
        await store.put("dns", NEW)
