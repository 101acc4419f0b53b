"""A vendor's backend behind a ClusterDnsProvider of the running operator, and name servers that serve it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from mailseal.records.names import DnsName
from support import chart
from support.backends.base import Harness
from support.servedzone import ServedZone
from support.servers.faultproxy import FaultProxy
from support.vendorfronts import api_url
from support.world import World
from support.worldmanifests import Object


class ClusterVendor:
    """The zone of a world at a vendor, with values of others, behind a proxy for faults. A context manager.

    `credentials` is the data of the Secret, which lives in the operator's namespace.
    """

    def __init__(
        self, world: World, harness: Harness, type_name: str, credentials: Mapping[str, str]
    ) -> None:
        self.world = world
        self.credentials = credentials
        self.name = f"{world.namespace}-vendor"
        self.ref = {"kind": "ClusterDnsProvider", "name": self.name}
        """For `spec.providerRef`."""
        self.type_name = type_name
        self._zone = ServedZone(harness, DnsName(world.domain))
        parts = urlsplit(api_url(harness))
        self.front = FaultProxy((str(parts.hostname), int(parts.port or 80)))
        self._url = self.front.url + parts.path

    def put_secret(self, **changes: str) -> None:
        """Make the Secret hold the right credentials but for `changes`."""
        data = {key.replace("_", "-"): value for key, value in changes.items()}
        for value in data.values():
            self.world.secrets.add(value)
        secret = self.world.manifest("Secret", self.name, stringData={**self.credentials, **data})
        self._kubectl("apply", "--filename", "-", input=json.dumps(secret))

    def provider(self, **settings: Any) -> Object:
        """The ClusterDnsProvider for everybody."""
        return self.world.manifest(
            "ClusterDnsProvider",
            self.name,
            type=self.type_name,
            **{self.type_name: {"endpoint": self._url, "timeoutSeconds": 5, **settings}},
            credentialsSecretRef={"name": self.name},
            zones=[self.world.domain],
            nameservers=[self._zone.nameserver],
            allowedNamespaces=["*"],
        )

    def texts(self) -> list[str]:
        """The joined TXT values that the vendor holds at the apex, sorted."""
        return self._zone.texts()

    def __enter__(self) -> Self:
        for value in self.credentials.values():
            self.world.secrets.add(value)
        self._zone.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.world.delete_all()
        self._kubectl("delete", "secret", self.name, "--ignore-not-found")
        self._zone.__exit__(kind, error, trace)
        self.front.close()

    def _kubectl(self, *args: str, input: str | None = None) -> None:  # noqa: A002 - as subprocess.run has it
        self.world.cluster.kubectl("--namespace", chart.NAMESPACE, *args, input=input)
