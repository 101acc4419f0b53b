"""Reading the resources of a cluster once, for commands that look and never write."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import yaml
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config.config_exception import ConfigException

from mailseal.domain.common import API_VERSION, GROUP, VERSION
from mailseal.kube.objects import PLURALS

PAGE_SIZE = 500
CALL_SECONDS = 20.0
_UNUSABLE = (ConfigException, OSError, yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError)
"""What the client raises for a configuration that is missing, damaged or of another form."""


class ClusterUnreadable(Exception):
    """The cluster is not configured, not reached, or does not allow it. The message says what to do."""


async def read_resources(kinds: Iterable[str], namespace: str = "") -> AsyncIterator[Mapping[str, Any]]:
    """The bodies of all resources of `kinds`, in one namespace or in all (`""`), page by page.

    The cluster is that of KUBECONFIG or of the pod. Raises `ClusterUnreadable`.
    """
    await _load_config()
    async with ApiClient() as client:
        for kind in kinds:
            async for body in _listed(client, kind, namespace):
                yield body


async def _load_config() -> None:
    files = _config_files()
    try:
        if files:
            await config.load_kube_config(config_file=files)  # type: ignore[no-untyped-call]
        else:
            config.load_incluster_config()  # type: ignore[no-untyped-call]
    except _UNUSABLE as error:
        raise ClusterUnreadable(
            f"no Kubernetes configuration to use in {_places()} ({_first_line(error)}): set KUBECONFIG to a "
            "file, or run in a cluster"
        ) from error


def _config_files() -> str:
    """The files that KUBECONFIG names, or the usual one; empty when there is none."""
    files = _places()
    return files if any(Path(file).is_file() for file in files.split(os.pathsep)) else ""


def _places() -> str:
    """Where files of configuration are looked for."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


async def _listed(client: ApiClient, kind: str, namespace: str) -> AsyncIterator[Mapping[str, Any]]:
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    path = f"/apis/{GROUP}/{VERSION}{place}/{PLURALS[kind]}"
    following = ""
    while True:
        page = await _page(client, path, following)
        for item in page.get("items") or ():
            yield {"apiVersion": API_VERSION, "kind": kind, **item}
        following = (page.get("metadata") or {}).get("continue", "")
        if not following:
            return


async def _page(client: ApiClient, path: str, following: str) -> Mapping[str, Any]:
    query = [("limit", str(PAGE_SIZE)), *([("continue", following)] if following else [])]
    try:
        request = await client.param_serialize(
            "GET",
            path,
            query_params=query,
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        response = await client.call_api(*request, _request_timeout=CALL_SECONDS)
        content = await response.read()  # type: ignore[no-untyped-call]
    except ApiException as error:
        raise ClusterUnreadable(f"{path}: the API server answered {error.status} {error.reason}") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ClusterUnreadable(
            f"{path}: the API server cannot be reached ({type(error).__name__})"
        ) from None
    if not 200 <= response.status < 300:
        raise ClusterUnreadable(f"{path}: the API server answered {response.status} {response.reason}")
    try:
        return dict(json.loads(content))
    except ValueError:
        raise ClusterUnreadable(f"{path}: the answer of the API server is not JSON") from None
