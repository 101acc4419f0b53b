"""The operator's loops on a Kubernetes API and a DNS backend in memory."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.engine.dkimsecret import LIFE_ANNOTATION
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.controller import Controller
from mailseal.kube.keystatus import SIGNING
from mailseal.kube.objects import PLURALS
from mailseal.kube.settings import OperatorSettings, WatchSettings
from mailseal.kube.store import Store
from mailseal.providers.memory import MemoryBackend
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.fakekube import Body, FakeKube
from support.planning_world import ZONE, txt_key

WAIT_SECONDS = 10.0
DNS = ObjectKey("DnsProvider", "mail", "dns")
NEVER = timedelta(hours=10)
_USUAL = {"resync": NEVER, "verify_within": timedelta(0), "checks": WatchSettings(enabled=False)}


class FakeCluster:
    """One zone in memory, one provider of it, and operators that come and go."""

    def __init__(self, backend: MemoryBackend) -> None:
        self.kube = FakeKube()
        self.backend = backend
        self.now = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
        self.kube.clock = lambda: self.now
        self.controller: Controller | None = None

    @contextlib.asynccontextmanager
    async def operator(self, **settings: Any) -> AsyncIterator[Controller]:
        """A running operator; unless `settings` say otherwise it never comes back to a zone by itself, and
        checks nothing."""
        chosen = OperatorSettings(**{**_USUAL, **settings})
        controller = Controller(self.kube.api, chosen, "fake", Store(), lambda: self.now)

        def watch(event: str, body: Body) -> None:
            if body["kind"] == "Secret":
                controller.secret_changed(body["metadata"], exists=event != "DELETED")
                return
            if body["kind"] not in PLURALS:
                return
            meta = body["metadata"]
            key = ObjectKey(body["kind"], meta.get("namespace", ""), meta["name"])
            if event == "DELETED":
                controller.deleted(key, meta["uid"])
            else:
                controller.remember(body)
                controller.changed(key)

        listed = [body for key, body in self.kube.objects.items() if key.kind in PLURALS]
        for body in listed:
            controller.remember(body)
        for body in listed:
            watch("ADDED", body)
        self.kube.watchers.append(watch)
        self.controller = controller
        running = asyncio.create_task(controller.run())
        try:
            yield controller
        finally:
            self.kube.watchers.remove(watch)
            running.cancel()
            await asyncio.wait({running})

    def provider(self, name: str = "dns", kind: str = "DnsProvider", **fields: Any) -> None:
        """Apply a provider of the zone."""
        spec = {"type": "memory", "memory": {}, "zones": [str(ZONE)], **fields}
        self.kube.apply(kind, name, spec)

    def mail_domain(
        self, name: str = "main", mechanism: str = "mx", namespace: str = "mail", **fields: Any
    ) -> ObjectKey:
        """Apply a MailDomain that wants `v=spf1 <mechanism> -all`."""
        wanted: Mapping[str, Any] = {
            "domain": str(ZONE),
            "providerRef": {"name": "dns"},
            "spf": {"mechanisms": [mechanism]},
            **fields,
        }
        self.kube.apply("MailDomain", name, wanted, namespace)
        return ObjectKey("MailDomain", namespace, name)

    def dkim_key(self, name: str = "dkim", **fields: Any) -> ObjectKey:
        """Apply a DkimKey with one Ed25519 key."""
        wanted = {
            "domain": str(ZONE),
            "providerRef": {"name": "dns"},
            "keys": [{"algorithm": "Ed25519"}],
            **fields,
        }
        self.kube.apply("DkimKey", name, wanted)
        return ObjectKey("DkimKey", "mail", name)

    def secret(self, key: ObjectKey) -> Body:
        """The Secret of a DkimKey that gives it no other name."""
        return self.kube.objects[ObjectKey("Secret", key.namespace, key.name)]

    def texts(self, name: str = ZONE) -> set[str]:
        """The TXT values at a name."""
        found: Mapping[RRsetKey, RRset] = self.backend.rrsets(ZONE)
        rrset = found.get(txt_key(DnsName(name)))
        return {value.identity.decode() for value in rrset.values} if rrset else set()

    async def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Give the operator its turn until `holds`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                statuses = {str(key): body.get("status") for key, body in self.kube.objects.items()}
                raise AssertionError(f"not within {WAIT_SECONDS:g} s: {what}\n{statuses}")
            await asyncio.sleep(0.005)

    async def wait_ready(self, *keys: ObjectKey) -> None:
        """Wait until these are Ready for the specs that they have now."""
        await self.wait(lambda: all(self.kube.is_ready(key) for key in keys), f"{keys} ready")

    async def wait_signing(self, *keys: ObjectKey) -> None:
        """Wait until these DkimKeys have keys to sign with and their statuses tell of it."""

        def told(key: ObjectKey) -> bool:
            if ObjectKey("Secret", key.namespace, key.name) not in self.kube.objects:
                return False
            annotations = self.secret(key)["metadata"]["annotations"]
            current = self.kube.objects[key]["status"].get("keyLife") == annotations[LIFE_ANNOTATION]
            return current and self.kube.condition(key, SIGNING).get("status") == "True"

        await self.wait_ready(*keys)
        await self.wait(lambda: all(told(key) for key in keys), f"{keys} signing")

    async def wait_reason(self, key: ObjectKey, reason: str) -> str:
        """Wait until the resource is not Ready for this reason; the message."""

        def holds() -> bool:
            ready = self.kube.condition(key)
            return ready.get("status") == "False" and ready.get("reason") == reason

        await self.wait(holds, f"{key} not ready because of {reason}")
        return str(self.kube.condition(key)["message"])

    async def wait_gone(self, *keys: ObjectKey) -> None:
        """Wait until these do not exist."""
        await self.wait(lambda: self.kube.objects.keys().isdisjoint(keys), f"{keys} gone")
