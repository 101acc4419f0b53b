"""The route53 provider on moto's server made strict: special sets, paging, INSYNC, policies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mailseal.providers.base import (
    NotServed,
    Raced,
    Refused,
)
from mailseal.providers.route53 import insync
from mailseal.providers.route53.api import OPERATIONS
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset
from mailseal.records.txt import TxtData
from support import iampolicies
from support.backends.route53 import Route53Harness
from support.route53records import create, key, operations, txt


@pytest.fixture
def harness() -> Iterator[Route53Harness]:
    running = Route53Harness()
    yield running
    running.close()


class TestReading:
    async def test_a_thousand_sets_are_paged_only_as_far_as_needed(self, harness: Route53Harness) -> None:
        zone = DnsName("zorg.example")
        hosted = harness.aws.add_zone(zone)
        for number in range(650):
            harness.aws.put(hosted, f"n{number:03}.zorg.example", "TXT", 300, f'"{number}"')
        provider = harness.open_with()
        await provider.zone_of(zone)
        operations(harness)

        far = [key(f"n{number:03}.zorg.example") for number in (0, 649)]
        assert set(await provider.read(zone, far)) == set(far)
        assert operations(harness) == {"ListResourceRecordSets": 2}

        every = [key(f"n{number:03}.zorg.example") for number in range(650)]
        assert len(await provider.read(zone, every)) == 650
        assert operations(harness) == {"ListResourceRecordSets": 3}

    async def test_sets_of_one_name_may_span_pages(self, harness: Route53Harness) -> None:
        harness.aws.account.sets_per_page = 2
        hosted = harness.aws.add_zone("zorg.example")
        for rtype, text in (("A", "192.0.2.1"), ("AAAA", "2001:db8::1"), ("CAA", '0 issue ";"')):
            harness.aws.put(hosted, "zorg.example", rtype, 300, text)
        harness.aws.put(hosted, "zorg.example", "TXT", 300, '"found"')

        found = await harness.open_with().read(DnsName("zorg.example"), [key("zorg.example")])

        assert found == {key("zorg.example"): txt(key("zorg.example"), b"found")}

    async def test_names_that_sort_before_the_dot_are_not_missed(self, harness: Route53Harness) -> None:
        """`-` comes before the dot that ends a label, so that `a-b` and all below it come before `a`."""
        harness.aws.account.sets_per_page = 2
        hosted = harness.aws.add_zone("zorg.example")
        names = ["a.zorg.example", "a-b.zorg.example", "x.a.zorg.example", "x.a-b.zorg.example"]
        names += ["a_b.zorg.example", "a0.zorg.example", "-.zorg.example", r"\*x.zorg.example"]
        for name in names:
            harness.aws.put(hosted, name, "TXT", 300, '"here"')
        keys = [key(name) for name in names]

        assert set(await harness.open_with().read(DnsName("zorg.example"), keys)) == set(keys)

    @pytest.mark.parametrize(
        ("rtype", "special", "words"),
        [
            ("TXT", {"SetIdentifier": "blue", "Weight": 10}, "has the routing policy record 'blue'"),
            ("CNAME", {"SetIdentifier": "nl", "Weight": 10}, "has the routing policy record 'nl'"),
            (
                "TXT",
                {
                    "AliasTarget": {
                        "HostedZoneId": "Z1",
                        "DNSName": "x.zorg.example.",
                        "EvaluateTargetHealth": False,
                    }
                },
                "is an alias of x.zorg.example.",
            ),
        ],
    )
    async def test_aliases_and_routing_policies_are_reported_and_left_alone(
        self, harness: Route53Harness, rtype: str, special: dict[str, Any], words: str
    ) -> None:
        zone, theirs, ours = DnsName("zorg.example"), key("theirs.zorg.example"), key("ours.zorg.example")
        hosted = harness.aws.add_zone(zone)
        texts = () if "AliasTarget" in special else ('"theirs"' if rtype == "TXT" else "x.example.",)
        harness.aws.put(hosted, theirs.name, rtype, 300, *texts, **special)
        provider = harness.open_with()

        with pytest.raises(NotServed, match=words) as caught:
            await provider.read(zone, [ours, theirs])
        assert set(caught.value.faults) == {theirs}
        assert await provider.read(zone, [ours]) == {}
        with pytest.raises((Raced, Refused)):
            await provider.apply(zone, [create(theirs, b"ours")])
        assert [each.set_identifier for each in hosted.rrsets if each.name == f"{theirs.name}."] == [
            special.get("SetIdentifier")
        ]

    async def test_sets_of_other_types_with_routing_policies_are_no_matter(
        self, harness: Route53Harness
    ) -> None:
        where = key("www.zorg.example")
        hosted = harness.aws.add_zone("zorg.example")
        for colour in ("blue", "green"):
            harness.aws.put(hosted, where.name, "A", 300, "192.0.2.1", SetIdentifier=colour, Weight=1)
        provider = harness.open_with()

        assert await provider.read(DnsName("zorg.example"), [where]) == {}
        await provider.apply(DnsName("zorg.example"), [create(where, b"ours")])

    async def test_delegated_names_are_reported_with_the_cut_next_to_the_zone(
        self, harness: Route53Harness
    ) -> None:
        hosted = harness.aws.add_zone("zorg.example")
        harness.aws.put(hosted, "sub.zorg.example", "NS", 300, "ns.elsewhere.example.")
        provider, zone = harness.open_with(), DnsName("zorg.example")
        below, at, above = key("a.b.sub.zorg.example"), key("sub.zorg.example"), key("zorg.example")

        with pytest.raises(NotServed) as caught:
            await provider.read(zone, [below, at, above])

        assert set(caught.value.faults) == {below, at}
        assert all("at sub.zorg.example" in fault for fault in caught.value.faults.values())


class TestWriting:
    async def test_texts_of_others_go_back_byte_for_byte(self, harness: Route53Harness) -> None:
        zone, apex = DnsName("zorg.example"), key("zorg.example")
        hosted = harness.aws.add_zone(zone)
        theirs = [r'"v=DMARC1\; p=none"', r'"tab\011and\040space"', '"a"  "b"', '"MS=ms1"']
        harness.aws.put(hosted, zone, "TXT", 1800, *theirs)
        provider = harness.open_with()

        before = (await provider.read(zone, [apex]))[apex]
        after = RRset(apex, 1800, (*before.values, TxtData.of(b"ours; \xff")))
        await provider.apply(zone, [RRsetChange(apex, before, after)])
        assert harness.aws.texts(hosted, zone, "TXT") == (1800, [*theirs, r'"ours; \377"'])

        again = (await provider.read(zone, [apex]))[apex]
        await provider.apply(zone, [RRsetChange(apex, again, before)])
        assert harness.aws.texts(hosted, zone, "TXT") == (1800, theirs)

    async def test_texts_that_another_provider_read_are_learned(self, harness: Route53Harness) -> None:
        zone, apex = DnsName("zorg.example"), key("zorg.example")
        hosted = harness.aws.add_zone(zone)
        harness.aws.put(hosted, zone, "TXT", 300, r'"a\;b"')
        before = (await harness.open_with().read(zone, [apex]))[apex]
        restarted = harness.open_with(zones=[zone])

        await restarted.apply(zone, [RRsetChange(apex, before, None)])

        assert harness.aws.texts(hosted, zone, "TXT") is None

    async def test_a_cname_at_the_apex_is_refused_with_the_words_of_route_53(
        self, harness: Route53Harness
    ) -> None:
        zone, apex = DnsName("zorg.example"), key("zorg.example", RecordType.CNAME)
        harness.aws.add_zone(zone)

        with pytest.raises(Refused, match="not permitted at apex"):
            await harness.open_with().apply(
                zone, [RRsetChange(apex, None, RRset(apex, 300, (CnameData(DnsName("t.example")),)))]
            )

    async def test_many_writers_of_many_sets_lose_nothing(self, harness: Route53Harness) -> None:
        zone = DnsName("zorg.example")
        harness.aws.add_zone(zone)
        keys = [key(f"n{number}.zorg.example") for number in range(5)]

        async def write(writer: int) -> None:
            provider = harness.open_with(zones=[zone])
            for where in keys:
                for _ in range(100):
                    before = (await provider.read(zone, [where])).get(where)
                    values = (*(before.values if before else ()), TxtData.of(f"writer {writer}"))
                    try:
                        await provider.apply(zone, [RRsetChange(where, before, RRset(where, 300, values))])
                    except Raced:
                        continue
                    break

        await asyncio.gather(*map(write, range(4)))

        for where in keys:
            held = harness.peek(zone, where)
            assert held is not None
            assert held.identities == {f"writer {number}".encode() for number in range(4)}


class TestInsync:
    @pytest.fixture(autouse=True)
    def short_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Waits of hundredths of seconds instead of seconds."""
        monkeypatch.setattr(insync, "FIRST_PAUSE", timedelta(milliseconds=5))

    async def test_a_write_waits_until_route_53_is_in_sync(self, harness: Route53Harness) -> None:
        harness.aws.add_zone("zorg.example")
        harness.aws.account.pending_answers = 3
        provider = harness.open_with()

        await provider.apply(DnsName("zorg.example"), [create(key("a.zorg.example"), b"a")])

        assert operations(harness)["GetChange"] == 4

    async def test_only_the_first_write_in_a_minute_waits(self, harness: Route53Harness) -> None:
        harness.aws.add_zone("zorg.example")
        harness.aws.account.pending_answers = 1
        provider = harness.open_with()

        for label in "abc":
            await provider.apply(DnsName("zorg.example"), [create(key(f"{label}.zorg.example"), b"a")])

        assert operations(harness)["GetChange"] == 2

    async def test_insync_that_never_comes_does_not_fail_the_write(self, harness: Route53Harness) -> None:
        harness.aws.add_zone("zorg.example")
        harness.aws.account.pending_answers = 1_000_000

        provider = harness.open_with(insyncSeconds=1)
        await provider.apply(DnsName("zorg.example"), [create(key("a.zorg.example"), b"a")])

        assert 2 <= operations(harness)["GetChange"] <= 9

    async def test_zero_seconds_do_not_ask(self, harness: Route53Harness) -> None:
        harness.aws.add_zone("zorg.example")
        harness.aws.account.pending_answers = 1

        provider = harness.open_with(insyncSeconds=0)
        await provider.apply(DnsName("zorg.example"), [create(key("a.zorg.example"), b"a")])

        assert "GetChange" not in operations(harness)

    async def test_a_policy_without_get_change_costs_the_wait_only(self, harness: Route53Harness) -> None:
        hosted = harness.aws.add_zone("zorg.example")
        harness.aws.account.pending_answers = 1
        harness.aws.account.denied.add("GetChange")

        await harness.open_with().apply(DnsName("zorg.example"), [create(key("a.zorg.example"), b"a")])

        assert harness.aws.texts(hosted, "a.zorg.example", "TXT") == (300, ['"a"'])


class TestPolicies:
    @pytest.mark.parametrize("by_id", [False, True])
    async def test_the_documented_policy_is_enough_and_all_of_it_is_used(
        self, harness: Route53Harness, by_id: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(insync, "FIRST_PAUSE", timedelta(milliseconds=5))
        zone = DnsName("zorg.example")
        hosted = harness.aws.add_zone(zone)
        policy = iampolicies.BY_ID if by_id else iampolicies.BY_NAME
        allowed = iampolicies.actions(policy)
        harness.aws.account.denied |= set(OPERATIONS) - allowed
        harness.aws.account.pending_answers = 1
        provider = harness.open_with(hostedZoneIds=[hosted.resource_id] if by_id else [])

        assert await provider.zone_of(DnsName("a.zorg.example")) == zone
        await provider.apply(zone, [create(key("a.zorg.example"), b"a")])
        assert await provider.read(zone, [key("a.zorg.example")])
        assert await provider.zones() == (zone,)

        assert set(operations(harness)) == allowed

    def test_the_policies_allow_together_what_the_provider_calls(self) -> None:
        assert iampolicies.actions(iampolicies.BY_NAME) | iampolicies.actions(iampolicies.BY_ID) == set(
            OPERATIONS
        )

    async def test_no_change_is_of_another_action_or_type_than_the_policy_allows(
        self, harness: Route53Harness
    ) -> None:
        zone = DnsName("zorg.example")
        harness.aws.add_zone(zone)
        provider = harness.open_with()
        alias, mail = key("b.zorg.example", RecordType.CNAME), key("c.zorg.example", RecordType.MX)
        text, target = key("a.zorg.example"), DnsName("t.example")
        made = [
            RRset(alias, 300, (CnameData(target),)),
            RRset(mail, 300, (MxData(10, target),)),
            txt(text, b"old"),
        ]

        await provider.apply(zone, [RRsetChange(each.key, None, each) for each in made])
        await provider.apply(zone, [RRsetChange(text, made[2], txt(text, b"new"))])
        await provider.apply(zone, [RRsetChange(mail, made[1], None)])

        sent = b"".join(request.body for request in harness.aws.proxy.requests).decode()
        allowed = iampolicies.conditions(iampolicies.BY_NAME)
        assert set(re.findall("<Action>(.*?)</Action>", sent)) == set(
            allowed["route53:ChangeResourceRecordSetsActions"]
        )
        assert set(re.findall("<Type>(.*?)</Type>", sent)) == set(
            allowed["route53:ChangeResourceRecordSetsRecordTypes"]
        )
        assert set(map(str, RecordType)) == set(allowed["route53:ChangeResourceRecordSetsRecordTypes"])
