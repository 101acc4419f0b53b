"""An organisation's mail in one zone of a vendor: the engine on it, and a watcher of what is others'."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from mailseal.engine import SyncSettings, ZoneAccess, ZoneOutcome, sync_zone
from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.observing.resolving import GivenServers
from mailseal.planning.model import Claim
from mailseal.providers.base import Ability, Provider
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType, RRsetKey, rrset_of
from mailseal.records.txt import TxtData
from support.backends.base import Harness
from support.planning_world import NOW, OPERATOR
from support.servers.faultproxy import Request
from support.servers.harnessdns import harness_dns
from support.vendorfronts import front_of, open_through

FOREIGN = "\n".join(
    [
        '@ 900 TXT "google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ"',
        r'@ 900 TXT "quoted=\"yes\"; with; semicolons"',
        '@ 900 TXT "MS=ms12345678 " "and a second string"',
        '@ 900 TXT "plain"',
        "@ 900 MX 10 mx1.mail.example.net.",
        "@ 900 MX 20 mx2.mail.example.net.",
        '_dmarc.other 900 TXT "v=DMARC1; p=none"',
    ]
)
_SPF = "v=spf1"


class VendorZone:
    """One zone with values of others. After every request that the backend gets, these are looked at."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.zone = harness.new_zone(FOREIGN)
        self.apex = self.key()
        self.kept = [self.apex, self.key("", RecordType.MX), self.key("_dmarc.other")]
        self.losses: list[str] = []
        """What was missing, and after which request."""
        self.spf_counts: list[int] = []
        """How many SPF records stood after each request that changes something."""
        self.interference: deque[Callable[[], None]] = deque()
        """What somebody else does, one thing before each further request."""
        self.front = front_of(harness, self._before, self._after)
        self.provider: Provider = open_through(harness, self.front, self.zone)
        self.access: ZoneAccess
        self._keeps_boundaries = self.provider.capabilities.can(Ability.STRING_BOUNDARIES)
        self._foreign = {key: self._values(key) for key in self.kept}

    def key(self, label: str = "", rtype: RecordType = RecordType.TXT) -> RRsetKey:
        """A key at or below the apex."""
        return RRsetKey(DnsName.parse(f"{label}.{self.zone}".lstrip(".")), rtype)

    def texts(self, label: str = "") -> list[str]:
        """The joined TXT values that the backend holds, sorted."""
        held = self.harness.peek(self.zone, self.key(label))
        return sorted(text_of(value) for value in (held.values if held else ()))

    def ours(self, label: str = "") -> list[str]:
        """Those of them that are none of the values of others."""
        identities = self._foreign.get(self.key(label), ())
        joined = {value.joined if isinstance(value, TxtData) else value for value in identities}
        foreign = {text.decode("latin-1") for text in joined if isinstance(text, bytes)}
        return [text for text in self.texts(label) if text not in foreign]

    def put_apex(self, *, without: str = "", more: Sequence[str] = ()) -> None:
        """Somebody else takes away the apex values that begin with `without`, if not empty, and adds others.

        What is added is watched from now on, and what is taken away no longer.
        """
        held = self.harness.peek(self.zone, self.apex)
        assert held is not None
        kept = [value for value in held.values if not (without and text_of(value).startswith(without))]
        changed = rrset_of(self.apex, held.ttl_seconds, [*kept, *map(TxtData.of, more)])
        assert changed is not None
        self.harness.put(self.zone, changed)
        taken = {self._identity(value) for value in {*held.values} - {*kept}}
        self._foreign[self.apex] -= taken
        self._foreign[self.apex] |= {self._identity(TxtData.of(text)) for text in more}

    def forget(self, beginning: str) -> None:
        """Watch no longer the values of others at the apex that begin so."""
        held = self.harness.peek(self.zone, self.apex)
        values = held.values if held else ()
        self._foreign[self.apex] -= {
            self._identity(value) for value in values if text_of(value).startswith(beginning)
        }

    async def sync(self, *claims: Claim) -> ZoneOutcome:
        """One sync of the engine."""
        return await sync_zone(self.access, claims, NOW)

    async def settle(self, *claims: Claim, syncs: int = 5) -> ZoneOutcome:
        """Sync as the operator does, until nothing is left to do. Fails when that takes too many syncs."""
        outcome = await self.sync(*claims)
        for _ in range(syncs):
            if outcome.failure is None and outcome.settled:
                return outcome
            outcome = await self.sync(*claims)
        raise AssertionError(f"not settled after {syncs} more syncs: {outcome}")

    def look(self, after: str) -> None:
        """Note what of others is missing."""
        for key in self.kept:
            for lost in sorted(self._foreign[key] - self._values(key), key=str):
                self.losses.append(f"{key.name} {key.rtype}: {lost!r} is absent after {after}")

    def _before(self, request: Request) -> None:
        del request
        if self.interference:
            self.interference.popleft()()

    def _after(self, request: Request) -> None:
        self.look(f"{request.method} {request.path}")
        if request.method != "GET":
            self.spf_counts.append(sum(text.startswith(_SPF) for text in self.texts()))

    def _values(self, key: RRsetKey) -> set[object]:
        held = self.harness.peek(self.zone, key)
        return {self._identity(value) for value in (held.values if held else ())}

    def _identity(self, value: Rdata) -> object:
        """The value as it must stay: with its string boundaries where the backend keeps them."""
        return value if self._keeps_boundaries or not isinstance(value, TxtData) else value.joined


@asynccontextmanager
async def vendor_zone(harness: Harness) -> AsyncIterator[VendorZone]:
    """A zone of others with the engine of one operator on it, which a name server proves to be published."""
    made = VendorZone(harness)
    try:
        async with harness_dns(harness, made.zone) as server:
            observer = AuthoritativeObserver(made.zone, GivenServers([f"{server.address}:{server.port}"]))
            settings = SyncSettings(OPERATOR, verify_within=timedelta(0), delete_limit_percent=100)
            made.access = ZoneAccess(made.zone, made.provider, observer, settings)
            yield made
    finally:
        await made.provider.close()
        made.front.close()


def text_of(value: Rdata) -> str:
    """A TXT value joined, others in presentation form."""
    return value.text if isinstance(value, TxtData) else value.to_text()
