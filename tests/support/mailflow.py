"""Mail under way: servers that sign with Secrets as their Pods see them, receivers that verify all of it.

A message fails when, within `lives` from its signature, some receiver looks its key up and cannot verify it.
Receivers ask the name server itself, and a resolver that keeps its answers, also that nothing is there.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from support.keywatch import private_keys
from support.resolvercache import ResolverCache
from support.signatures import NotVerified, public_value, sign, tags_of, verify
from support.world import NEGATIVE_CACHING_SECONDS, World

_SIGN_PAUSE_SECONDS = 0.15
_LATEST = 0.8
"""The slowest mail server sees a change after this part of the propagation time, or up to all of it where the
test itself is slow."""

Files = Mapping[str, str]


@dataclass(slots=True)
class Mail:
    """One message, signed with one key."""

    signer: str
    selector: str
    content: bytes
    signature: bytes
    signed_at: float
    verified_with: set[str | None] = field(default_factory=set)
    """The records that it was verified with."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Signs for one DkimKey, with its Secret as it was up to `delay_seconds` ago."""

    secret: str
    delay_seconds: float


class MailFlow:
    """Signs and verifies in two threads, from the start of the context to its end, which checks all."""

    def __init__(self, world: World, names: Sequence[str], *, propagation: float, lives: float) -> None:
        """`propagation` and `lives` are seconds: `rotation.propagationTime` and `rotation.retireAfter`."""
        self.violations: list[str] = []
        self.signed = 0
        self.verified = 0
        self._world = world
        self._propagation = propagation
        self._lives = lives
        self._servers = [MailServer(name, part * propagation) for name in names for part in (0.0, _LATEST)]
        self._looks: deque[tuple[float, dict[str, Files]]] = deque()
        self._mails: deque[Mail] = deque()
        self._keys: dict[str, set[str]] = {}
        self._signing: set[MailServer] = set()
        self._answers: dict[str, list[str]] = {}
        self._cache = ResolverCache(self._answer, NEGATIVE_CACHING_SECONDS)
        self._offsets = {_wall_offset()}
        self._stop = threading.Event()
        works = (self._sign, self._receive)
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in works]

    def check(self) -> None:
        """Fail when something was not verified, or two keys were seen at one selector."""
        steps = f"the wall clock stepped by {max(self._offsets) - min(self._offsets):.3f} s meanwhile"
        assert not self.violations, f"{self.violations[:5]} and {len(self.violations)} in all; {steps}"
        two = {selector: keys for selector, keys in self._keys.items() if len(keys) > 1}
        assert not two, f"two keys at one selector: {two}"
        order = ["nothing", "key", "revoked", "nothing"]
        for selector, answers in self._answers.items():
            assert _is_within(answers, order), f"{selector} went through {answers}"

    @property
    def selectors(self) -> frozenset[str]:
        """All selectors that were ever seen."""
        return frozenset(self._keys)

    def _run(self, work: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                work()
            except Exception as error:
                self.violations.append(f"the test itself failed: {error!r}")
                return

    # Mail servers.

    def _sign(self) -> None:
        now = time.monotonic()
        self._offsets.add(_wall_offset())
        self._looks.append((now, self._mounted()))
        while self._looks[0][0] < now - self._propagation:
            self._looks.popleft()
        for server in self._servers:
            self._sign_with(server)
        self._stop.wait(_SIGN_PAUSE_SECONDS)

    def _mounted(self) -> dict[str, Files]:
        """What all Secrets hold now."""
        found: dict[str, Any] = self._world.get("Secret", "") or {"items": []}
        mounted = {}
        for item in found["items"]:
            data = item.get("data") or {}
            mounted[item["metadata"]["name"]] = {
                name: base64.b64decode(value).decode() for name, value in data.items()
            }
        for files in mounted.values():
            for selector, pem in private_keys(files).items():
                self._keys.setdefault(selector, set()).add(public_value(pem))
        return mounted

    def _sign_with(self, server: MailServer) -> None:
        """One message for each selector, by a look that began within the propagation time."""
        now = time.monotonic()
        earliest, latest = now - self._propagation, now - server.delay_seconds
        seen = [secrets for began, secrets in self._looks if earliest <= began <= latest]
        files = seen[-1].get(server.secret) if seen else None
        if files is None:
            return
        selectors = files.get("selectors", "").split()
        if not selectors and server in self._signing:
            self.violations.append(f"{server}: nothing to sign with any more")
        self._signing |= {server} if selectors else set()
        for selector in selectors:
            content = f"{server.secret} {selector} {now}".encode()
            if f"{selector}.pem" not in files:
                self.violations.append(f"{server}: no private key of {selector}")
                continue
            signature = sign(files[f"{selector}.pem"], content)
            self._mails.append(Mail(server.secret, selector, content, signature, now))
            self.signed += 1

    # Receivers.

    def _receive(self) -> None:
        began = time.monotonic()
        while self._mails and self._mails[0].signed_at < began - self._lives:
            self._mails.popleft()
        waiting: dict[str, list[Mail]] = {}
        for mail in list(self._mails):
            waiting.setdefault(mail.selector, []).append(mail)
        for selector in sorted(self._keys):
            if self._answers.get(selector, ["nothing"])[1:] and self._answers[selector][-1] == "nothing":
                continue
            for route, ask in (("the name server", self._ask), ("a resolver", self._cache.ask)):
                record = ask(selector)
                self._verify(waiting.get(selector, []), record, route)
        self._stop.wait(0.02)

    def _verify(self, mails: Sequence[Mail], record: str | None, route: str) -> None:
        answered = time.monotonic()
        for mail in mails:
            if answered > mail.signed_at + self._lives or record in mail.verified_with:
                continue
            try:
                verify(record, mail.content, mail.signature)
            except NotVerified as error:
                age = answered - mail.signed_at
                self.violations.append(
                    f"{mail.signer}: {mail.selector}, signed {age:.2f} s ago, by {route}: {error}"
                )
            else:
                self.verified += 1
            mail.verified_with.add(record)

    def _ask(self, selector: str) -> str | None:
        """The record that the name server answers now."""
        record, _ = self._answer(selector)
        answers = self._answers.setdefault(selector, ["nothing"])
        kind = "nothing" if record is None else "key" if tags_of(record)["p"] else "revoked"
        if answers[-1] != kind:
            answers.append(kind)
        if record and kind == "key":
            self._keys.setdefault(selector, set()).add(tags_of(record)["p"])
        return record

    def _answer(self, selector: str) -> tuple[str | None, int]:
        server, domain = self._world.server, self._world.domain
        rrset = server.query(f"{selector}._domainkey.{domain}", "TXT")
        if rrset is None:
            return None, 0
        texts = [b"".join(rdata.strings).decode() for rdata in rrset]
        if len(texts) != 1:
            self.violations.append(f"{selector} has {texts}")
        return texts[0], rrset.ttl

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            self._receive()
            self.check()


def _wall_offset() -> float:
    """How far the clock that the operator uses is from the one of this test, which never steps; seconds."""
    return round(time.time() - time.monotonic(), 3)


def _is_within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """True when `part` is `whole` with some left out."""
    rest = iter(whole)
    return all(item in rest for item in part)
