"""The engine on Route 53, proven by name servers that answer what Route 53 holds, now or a while ago."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from mailseal.domain.provider import DnsProviderSpec
from mailseal.engine import SyncSettings, ZoneAccess, ZoneOutcome, sync_zone
from mailseal.engine.backends import open_backend
from mailseal.planning.model import Claim, RecordState
from mailseal.providers.surroundings import Surroundings
from support.backends.base import Unhurried
from support.backends.route53 import Route53Harness, decimal
from support.engine_world import states
from support.planning_world import DMARC, NOW, OPERATOR, ZONE, mail_domain, spf
from support.servers.fake import fake_dns
from support.servers.faultproxy import Fault, Kind
from support.servers.route53 import KEY_ID, SECRET

PUBLISHED = {RecordState.PUBLISHED}
THEIRS = [r'"google-site-verification\075abc\;"', '"MS=ms1" "2"']


class World:
    """A hosted zone, name servers that serve it, and an engine that reaches both."""

    def __init__(self, harness: Route53Harness) -> None:
        self.harness = harness
        self.hosted = harness.aws.add_zone(ZONE)
        self.served: list[tuple[str, str, int, list[str]]] | None = None
        """What the name servers answer; None: whatever Route 53 holds."""
        self.access: ZoneAccess

    def held(self) -> list[tuple[str, str, int, list[str]]]:
        """All sets in Route 53."""
        return [(each.name, each.type, int(each.ttl), list(each.records)) for each in self.hosted.rrsets]

    def texts(self, name: str) -> list[str] | None:
        """The texts of one TXT set in Route 53."""
        found = self.harness.aws.texts(self.hosted, name, "TXT")
        return found[1] if found else None

    def answer(self, wire: bytes) -> list[bytes]:
        """What a name server of the zone answers, as Route 53's do: with authority and an SOA for absence."""
        query = dns.message.from_wire(wire, keyring=False)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        question = query.question[0]
        served = self.held() if self.served is None else self.served
        for name, rtype, ttl, texts in served:
            if dns.name.from_text(decimal(name)) == question.name and rtype == question.rdtype.name:
                response.answer.append(
                    dns.rrset.from_text(question.name, ttl, "IN", rtype, *map(decimal, texts))
                )
        if not response.answer:
            soa = f"ns.{ZONE}. hostmaster.{ZONE}. 1 7200 900 1209600 60"
            response.authority.append(dns.rrset.from_text(f"{ZONE}.", 60, "IN", "SOA", soa))
        return [response.to_wire()]

    async def sync(self, *claims: Claim) -> ZoneOutcome:
        return await sync_zone(self.access, claims, NOW)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    harness = Route53Harness()
    made = World(harness)
    harness.aws.put(made.hosted, ZONE, "TXT", 900, *THEIRS)
    async with fake_dns(made.answer) as servers:
        spec = DnsProviderSpec.model_validate(
            {
                "type": "route53",
                "route53": {"endpoint": harness.aws.url, "timeoutSeconds": 5},
                "credentialsSecretRef": {"name": "aws"},
                "nameservers": [f"{servers.address}:{servers.port}"],
            }
        )
        secret = {"access-key-id": KEY_ID.encode(), "secret-access-key": SECRET.encode()}
        backend = open_backend(spec, secret, (), Surroundings(budgets=Unhurried()))
        settings = SyncSettings(OPERATOR, verify_within=timedelta(0))
        made.access = ZoneAccess(ZONE, backend.provider, backend.observer(ZONE), settings)
        yield made
        await backend.provider.close()
    harness.close()


CLAIM = mail_domain(**spf("mx"), dmarc={"policy": "reject"})


async def test_records_are_published_beside_those_of_others(world: World) -> None:
    outcome = await world.sync(CLAIM)

    assert outcome.failure is None
    assert states(outcome, CLAIM) == PUBLISHED
    assert world.texts(ZONE) == [*THEIRS, '"v=spf1 mx -all"']
    assert world.texts(DMARC.name) == ['"v=DMARC1; p=reject"']
    calls = world.harness.aws.account.operations
    assert calls["ChangeResourceRecordSets"] == 1


async def test_a_second_sync_reads_and_writes_nothing(world: World) -> None:
    await world.sync(CLAIM)
    world.harness.aws.account.operations.clear()

    outcome = await world.sync(CLAIM)

    assert states(outcome, CLAIM) == PUBLISHED
    assert set(world.harness.aws.account.operations) == {"ListResourceRecordSets"}


async def test_what_route_53_took_is_published_only_when_the_name_servers_answer_it(world: World) -> None:
    world.served = world.held()

    outcome = await world.sync(CLAIM)
    assert states(outcome, CLAIM) == {RecordState.PROPAGATING}
    assert not outcome.settled

    world.served = None
    assert states(await world.sync(CLAIM), CLAIM) == PUBLISHED
    assert world.harness.version(ZONE) == 1


async def test_a_lost_reply_is_settled_by_reading_and_nothing_is_written_twice(world: World) -> None:
    world.harness.aws.proxy.add(Fault(Kind.LOSE_REPLY, concerns=lambda request: request.method == "POST"))

    outcome = await world.sync(CLAIM)

    assert states(outcome, CLAIM) == PUBLISHED
    assert world.texts(ZONE) == [*THEIRS, '"v=spf1 mx -all"']
    assert world.harness.version(ZONE) == 1


async def test_drift_is_repaired_and_what_came_beside_it_stays(world: World) -> None:
    await world.sync(CLAIM)
    world.harness.aws.put(world.hosted, ZONE, "TXT", 900, *THEIRS, '"new of others"')

    outcome = await world.sync(CLAIM)

    assert states(outcome, CLAIM) == PUBLISHED
    assert world.texts(ZONE) == [*THEIRS, '"new of others"', '"v=spf1 mx -all"']


async def test_a_name_with_a_routing_policy_blocks_its_owner_and_no_other(world: World) -> None:
    weighted = {"SetIdentifier": "blue", "Weight": 1}
    world.harness.aws.put(world.hosted, DMARC.name, "TXT", 300, '"v=DMARC1; p=none"', **weighted)
    other = mail_domain("other", domain=f"mail.{ZONE}", **spf("mx"))

    outcome = await world.sync(CLAIM, other)

    assert "routing policy record 'blue'" in outcome.blocked[CLAIM.owner]
    assert states(outcome, other) == PUBLISHED


async def test_all_of_ours_goes_with_the_resource_and_nothing_else(world: World) -> None:
    await world.sync(CLAIM)

    await world.sync(replace(CLAIM, deleting=True))

    texts = [(name, held) for name, rtype, _, held in world.held() if rtype == "TXT"]
    assert texts == [(f"{ZONE}.", THEIRS)]
