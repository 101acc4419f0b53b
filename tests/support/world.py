"""A small world for one end-to-end test: a namespace, a name server with a zone, and the running operator."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

import yaml

from mailseal.domain.common import API_VERSION, GROUP
from mailseal.kube.objects import PLURALS, PROVIDER_KINDS, RECORD_KINDS
from support.cluster import Cluster
from support.dnszone import DnsZone
from support.kubehttp import KubeHttp
from support.operators import OperatorProcess
from support.servers.bind import BindServer
from support.servers.process import TsigSecret
from support.worldmanifests import Manifests, Object

WAIT_SECONDS = 60.0
"""Far more than anything here takes on an idle machine."""
NEGATIVE_CACHING_SECONDS = 1
"""For so long new DKIM keys wait, published, before they sign."""
_POLL_SECONDS = 0.05
_LOG_TAIL_CHARACTERS = 4000
_CUSTOM = f"/apis/{API_VERSION}"
_CORE_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps", "Event": "events"}
_NO_ANSWER = frozenset({"ProviderUnavailable", "ProviderSuspended"})
_numbers = itertools.count(1)


class World(Manifests):
    """One namespace with a name server of its own; a context manager that leaves nothing behind.

    At its end all resources are deleted, and nothing that the operator said may hold a secret.
    """

    def __init__(self, cluster: Cluster, api: KubeHttp, operator: OperatorProcess, records: str = "") -> None:
        number, key = next(_numbers), TsigSecret()
        domain = f"zorg{number}.example"
        server = BindServer({domain: records}, keys=(key,), negative_caching_seconds=NEGATIVE_CACHING_SECONDS)
        super().__init__(domain, server, key)
        self.cluster = cluster
        self.api = api
        self.operator = operator
        self.namespace = f"zorg-{number}-{time.time_ns() % 10**8}"
        self.zone = DnsZone(self.server, self.domain)

    # What users do.

    def apply(self, *manifests: Object | str) -> None:
        """`kubectl apply` in the namespace."""
        documents = [text if isinstance(text, str) else json.dumps(text) for text in manifests]
        self.kubectl("apply", "--filename", "-", input="\n---\n".join(documents))

    def kubectl(self, *args: str, input: str | None = None) -> str:  # noqa: A002 - as subprocess.run has it
        """kubectl as administrator in the namespace; its output."""
        return self.cluster.kubectl("--namespace", self.namespace, *args, input=input).stdout

    def change(self, kind: str, name: str, **fields: Any) -> None:
        """Merge `fields` into the spec of a resource."""
        self.api.patch(self._path(kind, name), {"spec": fields})

    def set_secret(self, name: str, key: str, value: str | None) -> None:
        """Write one value of an existing Secret, or take it out."""
        encoded = value if value is None else base64.b64encode(value.encode()).decode()
        self.api.patch(self._path("Secret", name), {"data": {key: encoded}})

    def patch(self, kind: str, name: str, change: Object) -> None:
        """Merge `change` into any part of an object but its status."""
        self.api.patch(self._path(kind, name), change)

    def lose_status(self, kind: str, name: str) -> None:
        """Take the whole status away, as a restored backup does."""
        self.api.patch(f"{self._path(kind, name)}/status", {"status": None})

    def annotate(self, kind: str, name: str, **annotations: str | None) -> None:
        """Set annotations of `mailseal.dev/`, or remove those that are None; `_` in their names is `-`."""
        named = {f"{GROUP}/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.api.patch(self._path(kind, name), {"metadata": {"annotations": named}})

    def delete(self, kind: str, name: str) -> None:
        """Ask for the deletion of a resource, without waiting."""
        self.api.delete(self._path(kind, name))

    # What users see.

    def get(self, kind: str, name: str) -> Object | None:
        """The object as the API server has it now."""
        return self.api.get(self._path(kind, name))

    def status(self, kind: str, name: str) -> Object:
        """The status of an existing resource."""
        found = self.get(kind, name)
        assert found is not None, f"{kind} {name} does not exist"
        return dict(found.get("status", {}))

    def condition(self, kind: str, name: str, wanted: str = "Ready") -> Object:
        """A condition of a resource; empty when it has none of that type."""
        return _condition(self.get(kind, name), wanted)

    def secret(self, name: str) -> dict[str, str]:
        """The decoded data of an existing Secret."""
        found = self.get("Secret", name)
        assert found is not None, f"Secret {name} does not exist"
        data = {key: base64.b64decode(value).decode() for key, value in found.get("data", {}).items()}
        self.secrets.remember(data)
        return data

    def events(self, kind: str, name: str) -> list[tuple[str, str]]:
        """Reason and message of the Events about a resource, the oldest first."""
        found = self.api.get(f"/api/v1/namespaces/{self.namespace}/events") or {"items": []}
        ordered = sorted(found["items"], key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [
            (event["reason"], event["message"])
            for event in ordered
            if (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == (kind, name)
        ]

    def writes(self, kind: str = "") -> float:
        """How often the operator has written to the Kubernetes API, or to objects of one kind."""
        labels = {"kind": kind} if kind else {}
        return self.operator.metric("mailseal_kubernetes_writes_total", **labels)

    def syncs(self, result: str = "") -> float:
        """How often the operator has synced the zone, with this result if one is given."""
        labels = {"zone": self.domain} | ({"result": result} if result else {})
        return self.operator.metric("mailseal_zone_syncs_total", **labels)

    def now(self) -> datetime:
        """The time, with its zone."""
        return datetime.now(UTC)

    # Waiting.

    def wait_ready(self, kind: str, name: str, seconds: float = WAIT_SECONDS) -> Object:
        """Wait until Ready is True for the spec as it is now; the object."""
        return self.wait_for(kind, name, _is_ready, "Ready", seconds)

    def wait_reason(self, kind: str, name: str, reason: str, seconds: float = WAIT_SECONDS) -> str:
        """Wait until Ready is False for this reason; its message."""

        def has_reason(found: Object) -> bool:
            ready = _condition(found, "Ready")
            return ready.get("status") == "False" and ready.get("reason") == reason and _is_current(found)

        found = self.wait_for(kind, name, has_reason, f"not Ready because of {reason}", seconds)
        return str(_condition(found, "Ready")["message"])

    def wait_unreachable(self, kind: str, name: str) -> str:
        """Wait until Ready is False since the name server does not answer, suspended or not; the message."""

        def is_unreachable(found: Object) -> bool:
            ready = _condition(found, "Ready")
            return ready.get("status") == "False" and ready.get("reason") in _NO_ANSWER and _is_current(found)

        found = self.wait_for(kind, name, is_unreachable, "not Ready for want of answers")
        return str(_condition(found, "Ready")["message"])

    def wait_for(
        self,
        kind: str,
        name: str,
        holds: Callable[[Object], bool],
        what: str,
        seconds: float = WAIT_SECONDS,
    ) -> Object:
        """Wait until `holds` is true of the object; the object."""
        found: Object | None = None

        def look() -> bool:
            nonlocal found
            found = self.get(kind, name)
            return found is not None and holds(found)

        self.wait(look, f"{kind} {name} {what}", seconds)
        assert found is not None
        return found

    def wait_gone(self, kind: str, name: str, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the object does not exist."""
        self.wait(lambda: self.get(kind, name) is None, f"{kind} {name} gone", seconds)

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
        """Poll until `holds`; at the deadline fail with the resources and the ends of the logs."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:g} s: {what}\n{self.report()}")
            time.sleep(_POLL_SECONDS)

    def wait_for_later_creation(self, kind: str, name: str) -> None:
        """Wait until what is made from now on counts as younger: creation times are in whole seconds."""
        found = self.get(kind, name)
        assert found is not None, f"{kind} {name} does not exist"
        next_second = datetime.fromisoformat(found["metadata"]["creationTimestamp"]) + timedelta(seconds=1)
        self.wait(lambda: self.now() > next_second, "a later creation time")

    def wait_for_syncs(self, count: int, result: str = "") -> None:
        """Wait until the operator has synced the zone `count` more times."""
        wanted = self.syncs(result) + count
        self.wait(lambda: self.syncs(result) >= wanted, f"{count} more syncs of {self.domain}")

    def report(self) -> str:
        """What to know when a test fails: statuses, the operator's log, the name server's."""
        objects = yaml.safe_dump_all(
            {"kind": kind, "name": found["metadata"]["name"], "status": found.get("status")}
            for kind, found in self._resources()
        )
        log = self.operator.log_text()[-_LOG_TAIL_CHARACTERS:]
        return f"--- resources\n{objects}--- operator\n{log}--- name server\n{self.server.log_tail()}"

    # Beginning and end.

    def __enter__(self) -> Self:
        self.cluster.kubectl("create", "namespace", self.namespace)
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.check_nothing_leaked()
            if error is None:
                self.delete_all()
        finally:
            self._let_go()
            self.server.close()

    def said(self) -> str:
        """All that the operator has said: log, Events, metrics, and what it wrote to the resources."""
        events = self.api.get(f"/api/v1/namespaces/{self.namespace}/events")
        resources = [found for _, found in self._resources()]
        _, metrics = self.operator.get("/metrics")
        return "\n".join([self.operator.log_text(), json.dumps(events), json.dumps(resources), metrics])

    def check_nothing_leaked(self) -> None:
        """Fail when anything in this namespace's Secrets, or was in those read, is in what was said."""
        found = self.api.get(f"/api/v1/namespaces/{self.namespace}/secrets") or {"items": []}
        for secret in found["items"]:
            decoded = {
                key: base64.b64decode(value).decode("latin-1")
                for key, value in (secret.get("data") or {}).items()
            }
            self.secrets.remember(decoded)
        self.secrets.check(self.said())

    def delete_all(self) -> None:
        """Delete all resources, the providers last, and wait until they are gone."""
        for kinds in (RECORD_KINDS, PROVIDER_KINDS):
            for kind, found in self._resources(kinds):
                self.delete(kind, found["metadata"]["name"])
            self.wait(partial(self._has_none, kinds), "all resources deleted")

    def _has_none(self, kinds: frozenset[str]) -> bool:
        return not any(self._resources(kinds))

    def _let_go(self) -> None:
        """Free what is left of finalizers, so that no later test meets it."""
        for kind, found in self._resources():
            name = found["metadata"]["name"]
            self.api.patch(self._path(kind, name), {"metadata": {"finalizers": None}})
            self.delete(kind, name)

    def _resources(self, kinds: frozenset[str] = frozenset(PLURALS)) -> Iterator[tuple[str, Object]]:
        """This world's resources; of cluster-scoped ones those that are named after its namespace."""
        for kind in sorted(kinds):
            found = self.api.get(self._path(kind, "")) or {"items": []}
            for item in found["items"]:
                if kind != "ClusterDnsProvider" or item["metadata"]["name"].startswith(self.namespace):
                    yield kind, item

    def _path(self, kind: str, name: str) -> str:
        root = "/api/v1" if kind in _CORE_PLURALS else _CUSTOM
        plural = _CORE_PLURALS.get(kind) or PLURALS[kind]
        place = "" if kind == "ClusterDnsProvider" else f"/namespaces/{self.namespace}"
        return f"{root}{place}/{plural}/{name}".rstrip("/")


def _is_current(found: Object) -> bool:
    return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])


def _is_ready(found: Object) -> bool:
    return _condition(found, "Ready").get("status") == "True" and _is_current(found)


def _condition(found: Object | None, kind: str) -> Object:
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return next((dict(condition) for condition in conditions if condition["type"] == kind), {})
