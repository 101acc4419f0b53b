"""A provider for the whole cluster, with its key in the operator's namespace."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from support import chart
from support.world import World
from support.worldmanifests import Object


class SharedProvider:
    """The zone of a world behind a ClusterDnsProvider. A context manager that takes its Secret away again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = f"{world.namespace}-shared"
        self.ref = {"kind": "ClusterDnsProvider", "name": self.name}
        """For `spec.providerRef`."""

    def manifest(self, **fields: Any) -> Object:
        """The ClusterDnsProvider; `fields` of its spec, such as whom it serves."""
        spec = {"credentialsSecretRef": {"name": self.name}, **fields}
        return self.world.provider("ClusterDnsProvider", self.name, **spec)

    def apply_mail(self) -> None:
        """The world's MailDomain through this provider."""
        self.world.apply(self.world.mail_domain(providerRef=self.ref))

    def __enter__(self) -> Self:
        secret = json.dumps(self.world.tsig(name=self.name))
        self._kubectl("apply", "--filename", "-", input=secret)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.world.delete_all()
        self._kubectl("delete", "secret", self.name)

    def _kubectl(self, *args: str, input: str | None = None) -> None:  # noqa: A002 - as subprocess.run has it
        self.world.cluster.kubectl("--namespace", chart.NAMESPACE, *args, input=input)
