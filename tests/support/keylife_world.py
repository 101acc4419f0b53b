"""A small world for the life of keys: clocks, a Secret, a status, two name servers, resolvers, mail servers.

The operator here is the loop that carries out `advance`: read, sync DNS, decide, commit, mirror. It can crash
before every one of its reads and writes. What must never happen is an `AssertionError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.domain.rotation import Confirmation
from mailseal.planning.keylife.codec import from_text, to_text
from mailseal.planning.keylife.machine import advance, after_repair, with_new_set
from mailseal.planning.keylife.model import Decision, Facts, KeyLife, LifeKey, Making, Sighting
from mailseal.planning.keylife.wanted import released_selectors, wanted_records
from mailseal.records.dkim import DkimRecord

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
TTL = timedelta(hours=1)
NEGATIVE_CACHING = timedelta(minutes=30)
KUBELET = timedelta(minutes=5)
"""How long a mail server may take to see a changed Secret. The spec says twice as much."""
CLOCK_TOLERANCE = timedelta(minutes=2)
DATE_RESOLUTION = timedelta(seconds=1)
"""The operator goes by the API server's clock, which tells whole seconds."""
MAIL_LIVES = timedelta(days=5) - 2 * DATE_RESOLUTION
UNLIMITED = 10**9


_life = lru_cache(from_text)


@lru_cache
def _is_revoked(value: str) -> bool:
    return DkimRecord.parse(value).is_revoked


class Crash(Exception):
    """The operator's process ends here."""


class Raced(Exception):
    """Somebody else changed the Secret, or the API or DNS server refused: try again later."""


@dataclass(frozen=True)
class Secret:
    """One version of the Secret: the life, the private keys (named by what they publish), and what signs."""

    life: str
    pems: dict[str, str]
    selectors: tuple[str, ...]
    by_operator: bool = True


@dataclass
class MailServer:
    """Signs with the Secret that it saw last."""

    mounted: Secret | None = None
    pending_since: datetime | None = None


@dataclass
class World:
    """Everything outside the pure machine."""

    spec: DkimKeySpec
    now: datetime = START
    clock_error: timedelta = timedelta(0)
    secret: Secret | None = None
    history: list[Secret] = field(default_factory=list)
    status: str = ""
    status_works: bool = True
    servers: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))
    transfers_work: bool = True
    writes: str = "work"
    """`work`, `fail`, or `lose the answer`, which does both: the record is written and the operator errs."""
    heritage: dict[str, str] = field(default_factory=dict)
    wrong_until: dict[str, datetime] = field(default_factory=dict)
    """Until when some resolver may remember another answer than the key, by selector: the worst of all."""
    mail_servers: tuple[MailServer, ...] = field(default_factory=lambda: (MailServer(), MailServer()))
    mails: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When mail was last signed, by selector and what the key publishes."""
    tampered: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    """Selectors whose private key somebody took out of the Secret."""
    published: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    rolled_back: bool = False
    acknowledged: frozenset[str] = frozenset()
    request: str = ""
    deleting: bool = False
    made: int = 0
    crash_in: int = UNLIMITED
    before_commit: Callable[[], None] | None = None
    sighting: Sighting | None = None
    unheeded: set[str] = field(default_factory=set)
    """Selectors that were disturbed since the last step. A crash forgets them, after the repair."""
    latest_revision: int = 0
    decision: Decision | None = None

    def summary(self) -> str:
        """The key sets, for messages."""
        sets = (
            f"{found.number} {found.cause} {sorted(found.selectors)} {found.state}"
            for found in self.life.sets
        )
        return f"{self.now:%d %H:%M:%S} r{self.life.revision} " + "; ".join(sets)

    # What the operator does.

    def reconcile(self, crash_in: int = UNLIMITED) -> None:
        """One round of the operator's loop; it crashes before its read or write number `crash_in`."""
        self.crash_in = crash_in
        try:
            self._round()
        except Crash:
            self.sighting = None
            self.tampered |= self.unheeded
            self.unheeded.clear()
        except Raced:
            pass

    def _io(self) -> None:
        if self.crash_in == 0:
            raise Crash
        self.crash_in -= 1

    def _round(self) -> None:
        self._io()
        read = self.secret
        life = self.life
        if life.revision < self.latest_revision:
            # What came after is another history now, and no backup of it comes back.
            # A key that was removed since is published again; resolvers may remember that it was gone.
            self.rolled_back = True
            standing = self.servers[0]
            self.tampered |= {name for name, record in self.published.items() if standing.get(name) != record}
            self.history = [kept for kept in self.history if _life(kept.life).revision <= life.revision]
        self.latest_revision = life.revision
        knows_the_time = abs(self.clock_error) <= CLOCK_TOLERANCE
        if knows_the_time and read != self._secret_for(life, read, {}):
            life = after_repair(life, self._operators_time)
            read = self._commit(life, read, {})
        self._sync(life)
        if knows_the_time:
            life = self._step(life, read)
        self._io()
        if self.status_works:
            self.status = to_text(life)

    def _step(self, life: KeyLife, read: Secret | None) -> KeyLife:
        held = frozenset(key.selector for _, key in life.all_keys() if self._holds(read, key))
        facts = Facts(
            now=self._operators_time,
            held=held,
            sighting=self.sighting,
            acknowledged=self.acknowledged,
            rotation_request=self.request,
            deleting=self.deleting,
            jitter_seed="mail/key",
        )
        self.decision = decision = advance(life, self.spec, facts)
        if decision.life != life:
            read = self._commit(decision.life, read, {})
            life = decision.life
        self.unheeded.clear()
        if decision.making:
            life, new = self._make(life, decision.making, facts)
            self._commit(life, read, new)
        return life

    @property
    def _operators_time(self) -> datetime:
        """Right by the API server's clock; an error of less than its resolution does not show."""
        shows = abs(self.clock_error) > DATE_RESOLUTION
        return self.now if shows else self.now + self.clock_error

    def _make(self, life: KeyLife, making: Making, facts: Facts) -> tuple[KeyLife, dict[str, str]]:
        self._io()
        keys = [self._new_key() for _ in self.spec.keys]
        return with_new_set(life, self.spec, keys, making, facts), {key.selector: key.record for key in keys}

    def _new_key(self) -> LifeKey:
        self.made += 1
        record = DkimRecord.for_ed25519(self.made.to_bytes(32)).to_text()
        return LifeKey(f"ms{self.made}", KeyAlgorithm.ED25519, 256, record)

    @property
    def life(self) -> KeyLife:
        """The later of what Secret and status say."""
        texts = [text for text in (self.secret.life if self.secret else "", self.status) if text]
        return max(map(_life, texts), key=lambda life: life.revision, default=KeyLife())

    def _holds(self, read: Secret | None, key: LifeKey) -> bool:
        return read is not None and read.pems.get(key.selector) == key.record

    def _secret_for(self, life: KeyLife, read: Secret | None, new: dict[str, str]) -> Secret:
        have = {**(read.pems if read else {}), **new}
        needed = [key for found, key in life.all_keys() if found.needs_private_keys]
        pems = {key.selector: key.record for key in needed if have.get(key.selector) == key.record}
        selectors = tuple(key.selector for key in life.active.keys) if life.active else ()
        by_operator = read.by_operator if read and read.pems == pems and read.selectors == selectors else True
        return Secret(to_text(life), pems, selectors, by_operator)

    def _commit(self, life: KeyLife, read: Secret | None, new: dict[str, str]) -> Secret:
        self._io()
        if self.before_commit is not None:
            self.before_commit()
            self.before_commit = None
        if self.secret is not read:
            raise Raced
        written = self._secret_for(life, read, new)
        assert from_text(written.life) == life
        self._check_commit(life, written)
        self.change_secret(written)
        self._io()
        return written

    def _check_commit(self, life: KeyLife, written: Secret) -> None:
        assert sum(found.is_active for found in life.sets) <= 1
        assert sum(found.is_coming for found in life.sets) <= 1
        signing = {key.selector for found, key in life.all_keys() if found.is_active}
        assert signing - self.lost <= written.pems.keys(), "a key that signs is not in the Secret"

    def _sync(self, life: KeyLife) -> None:
        """One sync of the zone: write to the first server, then look at both."""
        wanted = {record.selector: record.record for record in wanted_records(life, self.spec)}
        released = released_selectors(life, self.spec)
        assert released.isdisjoint(wanted)
        primary = self.servers[0]
        taken = {selector for selector, value in wanted.items() if self._is_taken(selector, value)}
        taken |= {selector for selector in released if self._is_foreign(selector)}
        disturbed = {
            selector
            for selector, value in wanted.items()
            if any(server.get(selector) != value for server in self.servers)
        }
        self.unheeded |= disturbed
        for selector in wanted.keys() - taken:
            if primary.get(selector) != wanted[selector]:
                self._write(selector, wanted[selector])
        for selector in released - taken:
            if selector in primary:
                self._write(selector, None)
        self.transfer()
        targets = {**wanted, **dict.fromkeys(released)}
        self._io()
        self.sighting = Sighting(
            life.revision,
            proven=frozenset(
                selector
                for selector, value in targets.items()
                if all(server.get(selector) == value for server in self.servers)
            ),
            disturbed=frozenset(self.unheeded & wanted.keys()),
            taken=frozenset(taken),
            strays=tuple(self._strays(life)),
            negative_caching=NEGATIVE_CACHING + 2 * DATE_RESOLUTION,
        )

    def _is_foreign(self, selector: str) -> bool:
        value = self.servers[0].get(selector)
        return value is not None and value != self.heritage.get(selector)

    def _is_taken(self, selector: str, wanted: str) -> bool:
        value = self.servers[0].get(selector)
        if value is None or value == wanted:
            return False
        return self._is_foreign(selector) or _is_revoked(value)

    def _strays(self, life: KeyLife) -> Iterator[LifeKey]:
        known = {key.selector for _, key in life.all_keys()}
        for selector, value in self.servers[0].items():
            if selector not in known and not self._is_foreign(selector):
                yield LifeKey(selector, KeyAlgorithm.ED25519, DkimRecord.parse(value).bits, value)

    def _write(self, selector: str, value: str | None) -> None:
        self._io()
        if self.writes == "fail":
            raise Raced
        if value is None:
            del self.servers[0][selector]
            self.resolvers_ask()
        else:
            self._check_write(selector, value)
            self.resolvers_ask()
            self.heritage[selector] = self.servers[0][selector] = value
        if self.writes == "lose the answer":
            raise Raced

    def _check_write(self, selector: str, value: str) -> None:
        if _is_revoked(value):
            self.revoked.add(selector)
            return
        assert self.published.setdefault(selector, value) == value, "two keys at one selector"
        assert self.rolled_back or selector not in self.revoked, "a key at a revoked selector"

    # What the rest of the world does.

    def transfer(self) -> None:
        """The second server follows the first."""
        self.resolvers_ask()
        if self.transfers_work:
            self.servers[1].clear()
            self.servers[1].update(self.servers[0])

    def change_secret(self, secret: Secret | None) -> None:
        """The Secret becomes another one; mail servers see it a while later."""
        self.secret = secret
        if secret is not None:
            self.history.append(secret)
        for mail_server in self.mail_servers:
            mail_server.pending_since = mail_server.pending_since or self.now

    def take_up(self, mail_server: MailServer) -> None:
        """A mail server sees the Secret as it is now. One that is deleted stays mounted as it was."""
        if self.secret is not None:
            mail_server.mounted, mail_server.pending_since = self.secret, None
            if self.spec.rotation.confirmation is Confirmation.ACKNOWLEDGEMENT:
                self._acknowledge()

    def _acknowledge(self) -> None:
        mounted = [server.mounted for server in self.mail_servers]
        named = [frozenset(secret.selectors) if secret else frozenset() for secret in mounted]
        if len(set(named)) == 1:
            self.acknowledged = named[0]

    def sign(self) -> None:
        """Every mail server sends a mail, signed with what it has."""
        for mail_server in self.mail_servers:
            mounted = mail_server.mounted
            for selector in mounted.selectors if mounted and mounted.by_operator else ():
                if selector in mounted.pems and selector not in self.tampered:
                    self.mails[selector, mounted.pems[selector]] = self.now

    def resolvers_ask(self) -> None:
        """Somewhere a resolver asks each server for each selector just now, and remembers the answer."""
        for selector, record in self.published.items():
            for server in self.servers:
                value = server.get(selector)
                if value != record:
                    until = self.now + (NEGATIVE_CACHING if value is None else TTL)
                    self.wrong_until[selector] = max(until, self.wrong_until.get(selector, until))

    def pass_time(self, span: timedelta) -> None:
        """Time passes. Mail is signed before and after each mail server takes up a change."""
        end = self.now + span
        self.resolvers_ask()
        self.sign()
        while pending := sorted(self._late_mail_servers(end), key=lambda found: found[0]):
            moment, mail_server = pending[0]
            self.now = max(self.now, moment)
            self.sign()
            self.take_up(mail_server)
        self.now = end
        self.resolvers_ask()
        self.sign()
        self.check_mail()

    def _late_mail_servers(self, end: datetime) -> Iterator[tuple[datetime, MailServer]]:
        for mail_server in self.mail_servers:
            if mail_server.pending_since and mail_server.pending_since + KUBELET <= end and self.secret:
                yield mail_server.pending_since + KUBELET, mail_server

    def check_mail(self) -> None:
        """Whatever is under way verifies, by any server and cache, unless its selector was tampered with."""
        for (selector, record), signed_at in list(self.mails.items()):
            if self.now > signed_at + MAIL_LIVES or selector in self.tampered:
                del self.mails[selector, record]
                continue
            for server in self.servers:
                assert server.get(selector) == record, (
                    f"mail with {selector} cannot be verified: {self.summary()}"
                )
            assert self.wrong_until.get(selector, self.now) <= self.now, (
                f"mail with {selector} fails for a resolver: {self.summary()}"
            )

    # What foreigners do.

    def tamper_with_record(self, selector: str, value: str | None) -> None:
        """Somebody deletes or replaces a record. Of a key that does not sign yet, a deletion does no harm."""
        coming = self.life.coming
        harmless = value is None and coming is not None and selector in coming.selectors
        if not harmless or any(selector == signing for signing, _ in self.mails):
            self.tampered.add(selector)
        if value is None:
            self.servers[0].pop(selector, None)
        else:
            self.servers[0][selector] = value

    def delete_secret(self) -> None:
        """Somebody deletes the Secret: what it held is lost, what is mounted goes on signing."""
        if self.secret is not None:
            self._lose_keys()
            self.change_secret(None)

    def _lose_keys(self) -> None:
        """Even keys that left the Secret earlier: an older life may be all that is left, and miss them."""
        self.lost.update(f"ms{number}" for number in range(1, self.made + 1))

    def edit_pem(self, selector: str, pem: str | None) -> None:
        """Somebody replaces or removes one private key."""
        if self.secret is not None and selector in self.secret.pems:
            kept = {name: text for name, text in self.secret.pems.items() if name != selector}
            pems = kept if pem is None else {**kept, selector: pem}
            self.tampered.add(selector)
            self.lost.add(selector)
            self.change_secret(replace(self.secret, pems=pems))

    def restore_secret(self, version: Secret, *, with_status_lost: bool) -> None:
        """Somebody puts back a version of the Secret, perhaps in another cluster, without a status."""
        if with_status_lost:
            self.status = ""
        self._lose_keys()
        self.change_secret(replace(version, by_operator=False))

    # Quiet times.

    def settle(self, span: timedelta) -> None:
        """Everything works, and the operator runs whenever it asked to and every twelve hours."""
        self.clock_error, self.status_works, self.transfers_work, self.writes = (
            timedelta(0),
            True,
            True,
            "work",
        )
        end = self.now + span
        while self.now < end:
            for _ in range(20):
                before = self.secret, dict(self.servers[0]), dict(self.servers[1])
                self.reconcile()
                if before == (self.secret, *self.servers):
                    break
            else:
                raise AssertionError("the operator does not come to rest")
            wake_at = self.decision.wake_at if self.decision else None
            self.pass_time(min(wake_at or end, self.now + timedelta(hours=12), end) - self.now)
        self.reconcile()
