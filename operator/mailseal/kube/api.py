"""The Kubernetes API as the operator uses it: a few calls with time limits, counted, with typed errors.

Bodies are plain JSON through the official client's transport. Its models would validate a Secret and could
quote it in an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.exceptions import ApiException

from mailseal.domain.common import GROUP, VERSION
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.objects import PLURALS, StoredObject

CALL_SECONDS = 20.0
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
EVENT_MESSAGE_CHARACTERS = 1024
"""The API server refuses a longer message."""

Body = Mapping[str, Any]


class ApiError(Exception):
    """The API server did not do what was asked; worth a retry unless a subclass says otherwise."""


class NotFound(ApiError):
    """The object does not exist (any more). A server that does not serve its kind says nothing of it."""


class Conflict(ApiError):
    """The object exists already, or was changed since it was read."""


class Forbidden(ApiError):
    """The operator's ServiceAccount lacks a permission of the chart's RBAC."""


_BY_STATUS: Mapping[int, type[ApiError]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.FORBIDDEN: Forbidden,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server answered."""

    content: bytes = field(repr=False)
    headers: Mapping[str, str]


class KubeApi:
    """Reads and writes of one operator, each bounded by `CALL_SECONDS`. Raises `ApiError`, nothing else."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def patch_status(self, resource: StoredObject, status: Body) -> dict[str, Any]:
        """Merge `status` into the resource's status subresource; returns the new body."""
        path = f"{_path_of(resource.key)}/status"
        return await self._write(resource.key.kind, "patch status", "PATCH", path, {"status": status})

    async def patch_finalizers(self, resource: StoredObject, finalizers: tuple[str, ...]) -> dict[str, Any]:
        """Set the finalizers. Raises `Conflict` when the resource was changed since it was seen."""
        meta = {"finalizers": list(finalizers), "resourceVersion": str(resource.resource_version)}
        return await self._write(
            resource.key.kind, "patch", "PATCH", _path_of(resource.key), {"metadata": meta}
        )

    async def get_secret(self, namespace: str, name: str) -> dict[str, Any]:
        """The Secret. Raises `NotFound`."""
        return await self._call("GET", f"{_secrets(namespace)}/{quote(name)}")

    async def create_secret(self, namespace: str, body: Body) -> dict[str, Any]:
        """Create a Secret. Raises `Conflict` when one of that name exists."""
        return await self._write("Secret", "create", "POST", _secrets(namespace), body)

    async def patch_secret(self, namespace: str, name: str, change: Body) -> dict[str, Any]:
        """Merge `change` into a Secret. Raises `Conflict` when its resourceVersion is no longer current."""
        return await self._write("Secret", "patch", "PATCH", f"{_secrets(namespace)}/{quote(name)}", change)

    async def get_config_map(self, namespace: str, name: str) -> dict[str, Any]:
        """The ConfigMap. Raises `NotFound`."""
        return await self._call("GET", f"{_config_maps(namespace)}/{quote(name)}")

    async def create_config_map(self, namespace: str, body: Body) -> dict[str, Any]:
        """Create a ConfigMap. Raises `Conflict` when one of that name exists."""
        return await self._write("ConfigMap", "create", "POST", _config_maps(namespace), body)

    async def patch_config_map(self, namespace: str, name: str, change: Body) -> dict[str, Any]:
        """Merge `change` into a ConfigMap."""
        path = f"{_config_maps(namespace)}/{quote(name)}"
        return await self._write("ConfigMap", "patch", "PATCH", path, change)

    async def create_event(
        self, resource: StoredObject, kind: str, reason: str, message: str, source: str
    ) -> None:
        """Record an Event of type `kind` (Normal or Warning) about the resource."""
        namespace = resource.key.namespace or "default"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "metadata": {"generateName": f"{resource.key.name[:200]}.", "namespace": namespace},
            "involvedObject": resource.reference(),
            "type": kind,
            "reason": reason,
            "message": message[:EVENT_MESSAGE_CHARACTERS],
            "source": {"component": source},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._write("Event", "create", "POST", f"/api/v1/namespaces/{quote(namespace)}/events", body)

    async def get_lease(self, namespace: str, name: str) -> dict[str, Any]:
        """The Lease. Raises `NotFound`."""
        return await self._call("GET", f"{_leases(namespace)}/{quote(name)}")

    async def create_lease(self, namespace: str, name: str, spec: Body) -> dict[str, Any]:
        """Create a Lease. Raises `Conflict` when it exists."""
        return await self._call("POST", _leases(namespace), {"metadata": {"name": name}, "spec": spec})

    async def replace_lease(self, namespace: str, name: str, body: Body) -> dict[str, Any]:
        """Replace a Lease. Raises `Conflict` when it was changed since `body` was read."""
        return await self._call("PUT", f"{_leases(namespace)}/{quote(name)}", body)

    async def list_dns_endpoints(self, namespace: str, label_selector: str) -> list[dict[str, Any]]:
        """The DNSEndpoints of external-dns in a namespace. Raises `ApiError` where their CRD is missing."""
        found = await self._call("GET", f"{_endpoints(namespace)}?labelSelector={quote(label_selector)}")
        return [dict(each) for each in found.get("items") or ()]

    async def create_dns_endpoint(self, namespace: str, body: Body) -> None:
        """Create a DNSEndpoint. Raises `Conflict` when one of that name exists."""
        await self._write("DNSEndpoint", "create", "POST", _endpoints(namespace), body)

    async def replace_dns_endpoint(self, namespace: str, name: str, body: Body) -> None:
        """Replace a DNSEndpoint. Raises `Conflict` when it was changed since `body` was read."""
        await self._write("DNSEndpoint", "update", "PUT", f"{_endpoints(namespace)}/{quote(name)}", body)

    async def server_time(self) -> datetime:
        """The API server's clock, in whole seconds."""
        answer = await self._answer("GET", "/version")
        text = answer.headers.get("Date", "")
        try:
            return parsedate_to_datetime(text)
        except ValueError:
            raise ApiError("/version: the API server does not tell the time") from None

    async def cluster_id(self) -> str:
        """The uid of the namespace `kube-system`, which identifies the cluster."""
        found = await self._call("GET", "/api/v1/namespaces/kube-system")
        return str(found["metadata"]["uid"])

    async def _write(self, kind: str, verb: str, method: str, path: str, body: Body) -> dict[str, Any]:
        done = await self._call(method, path, body)
        metrics.API_WRITES.labels(kind, verb).inc()
        return done

    async def _call(self, method: str, path: str, body: Body | None = None) -> dict[str, Any]:
        """One request and what it brings."""
        return dict(json.loads((await self._answer(method, path, body)).content))

    async def _answer(self, method: str, path: str, body: Body | None = None) -> Answer:
        """One request. Errors name the path only, never a body or header that could hold a secret."""
        content_type = MERGE_PATCH if method == "PATCH" else JSON
        try:
            request = await self._client.param_serialize(
                method,
                path,
                header_params={"Accept": JSON, "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await self._client.call_api(*request, _request_timeout=CALL_SECONDS)
            content = await response.read()  # type: ignore[no-untyped-call]
        except ApiException as error:
            raise _failure(path, error.status, error.reason, error.body) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(f"{path}: the API server cannot be reached ({type(error).__name__})") from None
        if not 200 <= response.status < 300:
            raise _failure(path, response.status, response.reason, content)
        return Answer(content, response.headers)


def _failure(path: str, status: int | None, reason: str | None, content: str | bytes | None) -> ApiError:
    kind = _BY_STATUS.get(status or 0, ApiError)
    if kind is NotFound and not _names_object(content):
        kind = ApiError
    return kind(f"{path}: the API server answered {status} {reason}")


def _names_object(content: str | bytes | None) -> bool:
    """True for a Status that says which object it is about.

    An API server that is starting, or that does not serve a kind, answers 404 without one.
    """
    try:
        status = json.loads(content or "")
        return bool(status["details"]["name"])
    except (KeyError, TypeError, ValueError):
        return False


def _path_of(key: ObjectKey) -> str:
    place = f"/namespaces/{quote(key.namespace)}" if key.namespace else ""
    return f"/apis/{GROUP}/{VERSION}{place}/{PLURALS[key.kind]}/{quote(key.name)}"


def _endpoints(namespace: str) -> str:
    return f"/apis/externaldns.k8s.io/v1alpha1/namespaces/{quote(namespace)}/dnsendpoints"


def _leases(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{quote(namespace)}/leases"


def _config_maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace)}/configmaps"


def _secrets(namespace: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace)}/secrets"
