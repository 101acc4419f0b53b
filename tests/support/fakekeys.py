"""One DkimKey in a `FakeCluster`: its states, its Secret and its records, and whether they ever disagreed."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from mailseal.engine.dkimkeys import read_key
from mailseal.engine.dkimsecret import LIFE_ANNOTATION
from mailseal.engine.objectkey import ObjectKey
from mailseal.planning.keylife.codec import from_text
from mailseal.planning.keylife.model import KeyLife
from support.engine_world import rrset
from support.fakekube import Body
from support.fakeoperator import FakeCluster
from support.planning_world import ZONE, txt_key

PROPAGATION = timedelta(minutes=10)
RETIREMENT = timedelta(days=7)
KEEPING = timedelta(days=30)
TTL = timedelta(hours=1)
A_LITTLE = timedelta(seconds=1)


class WatchedKey:
    """A DkimKey with one Ed25519 key and the default times, and a guard of what must always hold."""

    def __init__(self, cluster: FakeCluster, name: str = "dkim", **spec: Any) -> None:
        self.cluster = cluster
        self.spec = {"ttlSeconds": 3600, **spec}
        self.key = cluster.dkim_key(name, **self.spec)
        self.secret_key = ObjectKey("Secret", "mail", name)
        self.faults: list[str] = []
        """What a mail server or a receiver would have stumbled over."""
        self.published: dict[str, str] = {}
        self.signed: dict[str, datetime] = {}
        """When each selector last signed a mail."""
        self._mounted: list[str] = []
        cluster.kube.watchers.append(self._watch)

    def change(self, **spec: Any) -> None:
        """Change the spec."""
        self.spec |= spec
        self.cluster.dkim_key(self.key.name, **self.spec)

    def annotate(self, name: str, value: str) -> None:
        """Set an annotation of mailseal.dev."""
        self.cluster.kube.annotate(self.key, f"mailseal.dev/{name}", value)

    def delete(self) -> None:
        """Delete the DkimKey."""
        self.cluster.kube.delete(self.key)

    @property
    def status(self) -> Body:
        """Its status."""
        return self.cluster.kube.objects.get(self.key, {}).get("status", {})

    @property
    def states(self) -> dict[str, str]:
        """The state of each selector, as the status tells."""
        return {entry["selector"]: entry["state"] for entry in self.status.get("keys", ())}

    @property
    def signing(self) -> str:
        """The one selector that signs."""
        (found,) = self.status["signingSelectors"]
        return str(found)

    @property
    def life(self) -> KeyLife:
        """The life in the Secret."""
        secret = self.cluster.kube.objects[self.secret_key]
        return from_text(secret["metadata"]["annotations"][LIFE_ANNOTATION])

    @property
    def files(self) -> dict[str, bytes]:
        """The Secret's files."""
        secret = self.cluster.kube.objects[self.secret_key]
        return {name: base64.b64decode(value) for name, value in secret["data"].items()}

    @property
    def events(self) -> list[str]:
        """The reasons of its Events, in order."""
        return [reason for name, reason, _ in self.cluster.kube.events if name == self.key.name]

    def record(self, selector: str) -> str:
        """The TXT value at a selector; empty when there is none."""
        return "".join(self.cluster.texts(f"{selector}._domainkey.{ZONE}"))

    def is_revoked(self, selector: str) -> bool:
        """True when the record says that the key is revoked."""
        return self.record(selector).endswith("; p=")

    def put_record(self, selector: str, *values: str) -> None:
        """Set the record of a selector as somebody else would."""
        self.cluster.backend.put(rrset(txt_key(f"{selector}._domainkey.{ZONE}"), *values))

    async def wait_states(self, *states: str) -> list[str]:
        """Wait until the sets are in these states, in the order of their making; the selectors."""
        await self.cluster.wait(
            lambda: list(self.states.values()) == list(states), f"{self.key} {states}, not {self.states}"
        )
        return list(self.states)

    async def wait_active(self) -> str:
        """Wait until the only set signs and is known to; the selector."""
        (selector,) = await self.wait_states("Active")
        self.pass_time(PROPAGATION)
        await self.cluster.wait(lambda: self.life.sets[-1].confirmed_at is not None, "confirmed")
        await self.settle()
        return selector

    async def settle(self) -> None:
        """Wait until the status tells of what is committed."""
        await self.cluster.wait_signing(self.key)

    def pass_time(self, span: timedelta) -> None:
        """Move both clocks, a little further than `span`; mail is signed before and after."""
        self._sign()
        self.cluster.now += span + A_LITTLE
        self._sign()
        self.check_mail()

    def check_mail(self) -> None:
        """Whatever was signed within the time that mail may be under way must still be verified."""
        for selector, at in self.signed.items():
            under_way = self.cluster.now < at + RETIREMENT
            if under_way and self.record(selector) != self.published[selector]:
                self.faults.append(f"mail that {selector} signed cannot be verified")

    def _sign(self) -> None:
        self.signed |= dict.fromkeys(self._mounted, self.cluster.now)

    def _watch(self, event: str, body: Body) -> None:
        """What the Secret tells mail servers to sign with must be in it and in DNS."""
        meta = body["metadata"]
        if (body["kind"], meta["name"]) != ("Secret", self.secret_key.name) or event == "DELETED":
            return
        files = {name: base64.b64decode(value) for name, value in body["data"].items()}
        self._sign()
        self._mounted = []
        for selector in files.get("selectors", b"").decode().split():
            pem = files.get(f"{selector}.pem", b"")
            if b"PRIVATE" not in pem:
                continue
            record = read_key(selector, pem).record
            if self.record(selector) != record:
                self.faults.append(f"{selector} signs and is not published")
            if self.published.setdefault(selector, record) != record:
                self.faults.append(f"{selector} has two keys")
            self._mounted.append(selector)
        self._sign()
