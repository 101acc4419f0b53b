"""N mail domains with a signing key and an NTA record each."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from support.cluster import Cluster

NAMESPACE = "bench"
ROOT = "bench.example"
KINDS = 3
"""Resources of each mail domain."""
AT_ONCE = 8
SERVED_WITHIN_SECONDS = 30
PLURALS = {"MailDomain": "maildomains", "DkimKey": "dkimkeys", "NtaRecord": "ntarecords"}


@dataclass(frozen=True, slots=True)
class Workload:
    """How many domains, in how many zones, with which keys."""

    domains: int
    many_zones: bool
    algorithm: str

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones to serve: one for all, or one for each domain."""
        return tuple(self.names()) if self.many_zones else (ROOT,)

    def names(self) -> Iterator[str]:
        """The mail domains."""
        return (f"d{number:04}.{ROOT}" for number in range(self.domains))

    def manifests(self) -> list[dict[str, Any]]:
        """All resources, in the order in which they are created."""
        return [body for name in self.names() for body in self._of_domain(name)]

    def _of_domain(self, domain: str) -> Iterator[dict[str, Any]]:
        name = domain.split(".", 1)[0]
        common = {"domain": domain, "providerRef": {"name": "zone"}}
        specs: dict[str, dict[str, Any]] = {
            "MailDomain": {
                "spf": {"mechanisms": ["ip4:192.0.2.0/28"], "senders": ["zorgmail"]},
                "dmarc": {"policy": "none", "rua": [f"mailto:dmarc@{domain}"]},
            },
            "DkimKey": {"keys": [{"algorithm": self.algorithm}]},
            "NtaRecord": {
                "provider": "zorgmail",
                "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
                "declaration": {"signedOn": "2026-01-15", "reference": "bench"},
                "prerequisites": [],
            },
        }
        for kind, spec in specs.items():
            yield {
                "apiVersion": "mailseal.dev/v1alpha1",
                "kind": kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {**common, **spec},
            }


class Api:
    """The few calls of the benchmark, as fast as the API server takes them."""

    def __init__(self, cluster: Cluster) -> None:
        self._url = f"{cluster.url}/apis/mailseal.dev/v1alpha1/namespaces/{NAMESPACE}"
        self._headers = {"Authorization": f"Bearer {cluster.admin_token}"}
        self._tls = ssl.create_default_context(cafile=str(cluster.ca_file))

    async def until_served(self) -> None:
        """Return when the API server has set up its storage for all kinds."""
        async with asyncio.timeout(SERVED_WITHIN_SECONDS):
            while True:
                with contextlib.suppress(aiohttp.ClientResponseError):
                    await self.counts()
                    return
                await asyncio.sleep(0.1)

    async def create(self, bodies: Sequence[dict[str, Any]]) -> None:
        """Create the resources, some at once."""
        async with self._session() as session:
            await _some_at_once(self._create(session, body) for body in bodies)

    async def change_policy(self, names: Sequence[str]) -> None:
        """Change the DMARC policy of the MailDomains of these names."""
        await self._patch("maildomains", names, {"spec": {"dmarc": {"policy": "quarantine"}}})

    async def annotate(self, plural: str, names: Sequence[str], annotations: dict[str, str]) -> None:
        """Put annotations on the resources of these names."""
        await self._patch(plural, names, {"metadata": {"annotations": annotations}})

    async def statuses(self, plural: str) -> list[dict[str, Any]]:
        """The statuses of all resources of a kind; empty for one that has none."""
        async with self._session() as session, session.get(f"{self._url}/{plural}") as response:
            response.raise_for_status()
            return [item.get("status", {}) for item in (await response.json())["items"]]

    async def delete_all(self) -> None:
        """Delete every resource of the workload."""
        async with self._session() as session:
            for plural in PLURALS.values():
                async with session.delete(f"{self._url}/{plural}") as response:
                    response.raise_for_status()

    async def counts(self) -> tuple[int, int]:
        """How many resources exist, and how many are Ready with their current generation."""
        total = ready = 0
        async with self._session() as session:
            for plural in PLURALS.values():
                async with session.get(f"{self._url}/{plural}") as response:
                    response.raise_for_status()
                    items = (await response.json())["items"]
                total += len(items)
                ready += sum(_is_ready(item) for item in items)
        return total, ready

    async def _patch(self, plural: str, names: Sequence[str], change: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        async with self._session() as session:

            async def patch(name: str) -> None:
                url = f"{self._url}/{plural}/{name}"
                async with session.patch(url, json=change, headers=headers) as response:
                    response.raise_for_status()

            await _some_at_once(patch(name) for name in names)

    async def _create(self, session: aiohttp.ClientSession, body: dict[str, Any]) -> None:
        async with session.post(f"{self._url}/{PLURALS[body['kind']]}", json=body) as response:
            response.raise_for_status()

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers, connector=aiohttp.TCPConnector(ssl=self._tls, limit=AT_ONCE)
        )


def _is_ready(item: dict[str, Any]) -> bool:
    generation = item["metadata"]["generation"]
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and condition["observedGeneration"] == generation
        for condition in item.get("status", {}).get("conditions", ())
    )


async def _some_at_once(calls: Any) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(call: Any) -> None:
        async with slots:
            await call

    await asyncio.gather(*(one(call) for call in calls))
