"""Two operators and a third party race on one apex RRset for thousands of writes: nobody's value is lost."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from mailseal.engine import SyncSettings, ZoneAccess, sync
from mailseal.engine.backends import ReadBack
from mailseal.planning.model import Claim
from mailseal.providers.base import Provider, Raced
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.txt import TxtData
from support.dnszone import DnsZone
from support.engine_world import rrset
from support.planning_world import APEX, HERITAGE, ZONE, mail_domain, nta_record, spf
from support.racing import Contest, EngineWriter, Writer
from support.servers import BindServer, TsigSecret

MEMORY_WRITES_EACH = 700
MEMORY_WRITES_OF_THIRD = 1650
BIND_WRITES_EACH = 150
BIND_WRITES_OF_THIRD = 1750
UNTOUCHED = "MS=ms12345678"


class Racing(MemoryProvider):
    """Lets others have their turn between a read and a write, and counts the races that were lost."""

    def __init__(self, backend: MemoryBackend, chance: random.Random) -> None:
        super().__init__(backend)
        self._chance = chance
        self.lost = 0

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)
        try:
            await super().apply(zone, changes)
        except Raced:
            self.lost += 1
            raise


class MemoryParty(Writer):
    """Somebody else who swaps a single value of the RRset for another."""

    def __init__(self, name: str, contest: Contest, backend: MemoryBackend, chance: random.Random) -> None:
        super().__init__(name, contest)
        self._backend = backend
        self._chance = chance

    def value(self, number: int) -> str:
        return f"third-party-verification={number}"

    async def put(self, number: int) -> bool:
        for _ in range(self._chance.randrange(20, 60)):
            await asyncio.sleep(0)
        found = self._backend.rrsets(ZONE).get(APEX)
        others = [value for value in (found.values if found else ()) if _text(value) != self.standing.last]
        self._backend.put(rrset(APEX, *others, self.value(number)))
        return True


class DnsParty(Writer):
    """The same with DNS UPDATE, as nsupdate does it: add one value, delete one value, no prerequisite."""

    def __init__(self, name: str, contest: Contest, zone: DnsZone, chance: random.Random) -> None:
        super().__init__(name, contest)
        self._zone = zone
        self._chance = chance

    def value(self, number: int) -> str:
        return f"third-party-verification={number}"

    async def put(self, number: int) -> bool:
        await asyncio.sleep(self._chance.uniform(0, 0.01))
        await asyncio.to_thread(self._zone.add, "@", f'"{self.value(number)}"')
        if self.standing.last:
            await asyncio.to_thread(self._zone.delete, "@", f'"{self.standing.last}"')
        return True


def spf_claims(number: int) -> Sequence[Claim]:
    return [mail_domain(**spf(f"ip4:192.0.2.{number % 250}", f"exists:n{number}.example"))]


def spf_value(number: int) -> str:
    return f"v=spf1 ip4:192.0.2.{number % 250} exists:n{number}.example -all"


def nta_claims(number: int) -> Sequence[Claim]:
    return [nta_record(provider=f"zorg{number}", start_month="2026-03")]


def nta_value(number: int) -> str:
    return f"v=NTA7516-1;startdate=2026-03;enddate=2029-03;provider=zorg{number};ntamx=10 relay.zorgmail.nl"


def engines(contest: Contest, provider: Callable[[], Provider]) -> list[EngineWriter]:
    """Two operators with ids of their own."""
    made = []
    for name, claims, value in (("a", spf_claims, spf_value), ("b", nta_claims, nta_value)):
        own = provider()
        settings = SyncSettings(f"operator-{name}", verify_within=timedelta(0))
        access = ZoneAccess(ZONE, own, ReadBack(own, ZONE), settings)
        made.append(EngineWriter(f"operator-{name}", contest, access, claims, value))
    return made


async def race(operators: Sequence[EngineWriter], third: Writer, writes_each: int, at_least: int = 0) -> None:
    """Both operators write so many times; the third party as long as they do, and so many times at least."""

    async def keep_writing(writer: Writer) -> None:
        for number in range(writes_each):
            await writer.write(number)

    async def disturb() -> None:
        for number in itertools.count():
            if number >= at_least and all(task.done() for task in working):
                return
            await third.write(number)

    async with asyncio.TaskGroup() as group:
        working = [group.create_task(keep_writing(writer)) for writer in operators]
        group.create_task(disturb())


def check(contest: Contest, operators: Sequence[EngineWriter], writes: int, heritage: set[str]) -> None:
    """Nothing was lost, nothing was left behind, and both operators are told apart."""
    assert contest.losses == []
    assert sum(writer.gave_up for writer in operators) <= writes // 100
    assert contest.writes >= writes
    assert contest.look() == {UNTOUCHED, *(standing.last for standing in contest.standings.values())}
    assert {text.split(";")[1] for text in heritage} == {" owner=operator-a", " owner=operator-b"}


@pytest.mark.parametrize("seed", [7516])
async def test_no_value_is_lost_in_thousands_of_racing_writes_in_memory(seed) -> None:
    chance = random.Random(seed)
    backend = MemoryBackend([ZONE])
    backend.put(rrset(APEX, UNTOUCHED))
    providers: list[Racing] = []

    def provider() -> Racing:
        providers.append(Racing(backend, chance))
        return providers[-1]

    def look(key=APEX) -> set[str]:
        return {_text(value) for value in backend.rrsets(ZONE)[key].values}

    contest = Contest(look)
    operators = engines(contest, provider)
    third = MemoryParty("third", contest, backend, chance)
    await race(operators, third, MEMORY_WRITES_EACH, MEMORY_WRITES_OF_THIRD)
    check(contest, operators, 3000, look(HERITAGE))
    assert sum(made.lost for made in providers) > 100, "the writers never met"


async def test_no_value_is_lost_in_thousands_of_racing_writes_on_a_name_server(monkeypatch) -> None:
    monkeypatch.setattr(sync, "_pause_before", lambda rounds: asyncio.sleep(0.002 * min(rounds, 10)))
    key = TsigSecret()
    with BindServer({str(ZONE): f'@ IN TXT "{UNTOUCHED}"'}, keys=(key,)) as server:
        zone = DnsZone(server, str(ZONE))

        def provider() -> Rfc2136Provider:
            settings = {
                "server": server.address,
                "port": server.port,
                "tsigKeyName": key.name,
                "tsigAlgorithm": key.algorithm,
                "zones": [str(ZONE)],
            }
            return Rfc2136Provider.from_settings(settings, {"tsig-secret": key.secret.encode()})

        contest = Contest(lambda: set(zone.txt("@")))
        operators = engines(contest, provider)
        third = DnsParty("third", contest, zone, random.Random(7516))
        await race(operators, third, BIND_WRITES_EACH, BIND_WRITES_OF_THIRD)
        check(contest, operators, 2000, set(zone.txt("_mailseal")))


def _text(value: object) -> str:
    assert isinstance(value, TxtData)
    return value.joined.decode()
