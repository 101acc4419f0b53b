"""What is Azure's own: etags, metadata, aliases, empty record sets, paging, and what goes wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from mailseal.conformance.counting import CallCounter
from mailseal.engine.apply import apply_changes
from mailseal.planning.model import PlannedChange
from mailseal.providers.azure.provider import BATCH_LIMIT, AzureProvider, deletions_first
from mailseal.providers.base import (
    AuthenticationFailed,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.azure import AzureHarness, HeldToken
from support.backends.base import Unhurried
from support.servers.vendorapi import cut, hold, instead, lose_the_reply

OURS = TxtData.of("v=spf1 -all")


class Azure(AzureHarness):
    """Remembers the providers that it has opened."""

    def __init__(self) -> None:
        super().__init__()
        self.providers: list[AzureProvider] = []

    def open_with(
        self, credential: Any = None, surroundings: Surroundings | None = None, **settings: Any
    ) -> AzureProvider:
        self.providers.append(super().open_with(credential, surroundings, **settings))
        return self.providers[-1]


@pytest.fixture
async def azure() -> AsyncIterator[AzureHarness]:
    harness = Azure()
    yield harness
    for provider in harness.providers:
        await provider.close()
    harness.close()


@pytest.fixture
def zone(azure: AzureHarness) -> DnsName:
    return azure.new_zone()


def apex(zone: DnsName) -> RRsetKey:
    return RRsetKey(zone, RecordType.TXT)


def creation(key: RRsetKey, *values: TxtData, ttl: int = 3600) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, ttl, values or (OURS,)))


async def read(provider: AzureProvider, zone: DnsName, key: RRsetKey) -> RRset | None:
    return (await provider.read(zone, [key])).get(key)


async def test_metadata_of_a_record_set_outlives_a_write(azure: AzureHarness, zone: DnsName) -> None:
    stored = azure.server.zones[zone]
    records = [{"value": ["site=1"]}]
    azure.server.store(stored, "@", "TXT", {"TTL": 60, "TXTRecords": records, "metadata": {"owner": "web"}})
    provider, key = azure.open_with(zones=[zone]), apex(zone)
    before = await read(provider, zone, key)
    assert before is not None

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 60, (*before.values, OURS)))])
    await provider.apply(
        zone, [RRsetChange(key, RRset(key, 60, (*before.values, OURS)), RRset(key, 90, before.values))]
    )

    kept = stored.sets["@", "TXT"]["properties"]
    assert (kept["metadata"], kept["TTL"], kept["TXTRecords"]) == ({"owner": "web"}, 90, records)


async def test_a_write_names_the_etag_that_was_read_and_costs_one_request(
    azure: AzureHarness, zone: DnsName
) -> None:
    key = apex(zone)
    azure.put(zone, RRset(key, 300, (TxtData.of("site=1"),)))
    provider = azure.open_with(zones=[zone])
    before = await read(provider, zone, key)
    etag = azure.server.zones[zone].sets["@", "TXT"]["etag"]

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (OURS,)))])

    assert [(r.method, r.headers.get("if-match")) for r in azure.server.api.requests[1:]] == [("PUT", etag)]


async def test_somebody_who_is_faster_between_read_and_write_wins(azure: AzureHarness, zone: DnsName) -> None:
    key, theirs = apex(zone), TxtData.of("site=2")
    azure.put(zone, RRset(key, 300, (TxtData.of("site=1"),)))
    provider = azure.open_with(zones=[zone])
    before = await read(provider, zone, key)
    azure.put(zone, RRset(key, 300, (theirs,)))

    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (OURS,)))])

    assert azure.peek(zone, key) == RRset(key, 300, (theirs,))


async def test_a_belief_from_elsewhere_is_compared_with_what_is_there(
    azure: AzureHarness, zone: DnsName
) -> None:
    key, held = apex(zone), TxtData.of("site=1")
    azure.put(zone, RRset(key, 300, (held,)))
    provider = azure.open_with(zones=[zone])
    after = RRset(key, 300, (held, OURS))

    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, RRset(key, 301, (held,)), after)])
    await provider.apply(zone, [RRsetChange(key, RRset(key, 300, (held,)), after)])

    assert azure.peek(zone, key) == after


async def test_writers_at_the_same_time_lose_no_value(azure: AzureHarness, zone: DnsName) -> None:
    key = apex(zone)

    async def add(writer: int) -> None:
        provider = azure.open_with(zones=[zone])
        for number in range(4):
            while True:
                before = await read(provider, zone, key)
                values = (*(before.values if before else ()), TxtData.of(f"{writer}.{number}"))
                try:
                    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, values))])
                except Raced:
                    continue
                break
        await provider.close()

    await asyncio.gather(*(add(writer) for writer in range(4)))

    held = azure.peek(zone, key)
    assert held is not None
    assert held.identities == {f"{writer}.{number}".encode() for writer in range(4) for number in range(4)}


async def test_a_record_set_without_records_is_nothing_and_is_filled(
    azure: AzureHarness, zone: DnsName
) -> None:
    """Azure keeps such a set: a creation that must not find one would be raced for ever."""
    azure.server.store(azure.server.zones[zone], "@", "TXT", {"TTL": 300, "TXTRecords": []})
    provider, key = azure.open_with(zones=[zone]), apex(zone)

    assert await read(provider, zone, key) is None
    await provider.apply(zone, [creation(key)])

    assert azure.peek(zone, key) == RRset(key, 3600, (OURS,))


async def test_an_alias_of_a_resource_is_told_and_does_not_hide_other_names(
    azure: AzureHarness, zone: DnsName
) -> None:
    target = {"TTL": 60, "targetResource": {"id": "/subscriptions/x/trafficManagerProfiles/y"}}
    azure.server.store(azure.server.zones[zone], "shop", "CNAME", target)
    provider = azure.open_with(zones=[zone])
    at_alias, other = RRsetKey(DnsName.parse(f"shop.{zone}"), RecordType.TXT), apex(zone)

    with pytest.raises(NotServed) as caught:
        await provider.read(zone, [at_alias, other])

    assert set(caught.value.faults) == {at_alias}
    assert "alias of an Azure resource" in caught.value.faults[at_alias]
    assert await provider.read(zone, [other]) == {}


@pytest.mark.parametrize(
    "properties",
    [
        {"TTL": 60, "TXTRecords": [{"value": ["x" * 256]}]},
        {"TTL": 60, "TXTRecords": [{"value": None}]},
        {"TTL": 60, "TXTRecords": "text"},
        {"TTL": "soon", "TXTRecords": [{"value": ["a"]}]},
        {"TTL": -5, "TXTRecords": [{"value": ["a"]}]},
        {"TXTRecords": [{"value": ["a"]}]},
        {"TTL": 60, "TXTRecords": [7]},
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_set_that_makes_no_sense_is_an_error_of_the_provider(
    azure: AzureHarness, zone: DnsName, properties: dict[str, Any]
) -> None:
    azure.server.store(azure.server.zones[zone], "@", "TXT", properties)

    with pytest.raises((NotServed, Unavailable)):
        await azure.open_with(zones=[zone]).read(zone, [apex(zone)])


async def test_text_of_others_outside_ascii_is_given_back_as_it_was(
    azure: AzureHarness, zone: DnsName
) -> None:
    key, theirs = apex(zone), TxtData(("zorg\u00e9 \u2713".encode(), b"\x01"))
    azure.put(zone, RRset(key, 300, (theirs,)))
    provider = azure.open_with(zones=[zone])
    before = await read(provider, zone, key)

    assert before == RRset(key, 300, (theirs,))
    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (theirs, OURS)))])

    assert azure.peek(zone, key) == RRset(key, 300, (theirs, OURS))


@pytest.mark.parametrize(
    ("value", "words"),
    [(TxtData((b"a", b"")), "empty"), (TxtData((b"\xff",)), "ASCII"), (TxtData((b"tab\t",)), "ASCII")],
)
async def test_what_azure_cannot_hold_is_refused_before_anything_is_sent(
    azure: AzureHarness, zone: DnsName, value: TxtData, words: str
) -> None:
    provider = azure.open_with(zones=[zone])
    elsewhere = RRsetKey(DnsName.parse(f"x.{zone}"), RecordType.TXT)

    with pytest.raises(Refused, match=words):
        await provider.apply(zone, [creation(apex(zone)), creation(elsewhere, value)])

    assert azure.server.api.requests == []


async def test_two_cnames_and_a_ttl_of_zero_are_refused(azure: AzureHarness, zone: DnsName) -> None:
    provider, key = azure.open_with(zones=[zone]), RRsetKey(DnsName.parse(f"c.{zone}"), RecordType.CNAME)
    twice = RRset(key, 60, (CnameData(DnsName("a.example")), CnameData(DnsName("b.example"))))

    with pytest.raises(Refused, match="one CNAME"):
        await provider.apply(zone, [RRsetChange(key, None, twice)])
    with pytest.raises(Refused, match="TTL"):
        await provider.apply(zone, [creation(apex(zone), ttl=0)])


async def test_more_characters_than_a_set_holds_are_refused_in_azures_words(
    azure: AzureHarness, zone: DnsName
) -> None:
    with pytest.raises(Refused, match="may not exceed 4096 characters"):
        await azure.open_with(zones=[zone]).apply(zone, [creation(apex(zone), TxtData.of("x" * 4097))])


async def test_characters_of_a_name_stay_in_their_part_of_the_path(
    azure: AzureHarness, zone: DnsName
) -> None:
    key = RRsetKey(DnsName.parse(f"x/y?z#%41.{zone}"), RecordType.TXT)

    with pytest.raises(ProviderError):  # the API has no such names
        await azure.open_with(zones=[zone]).apply(zone, [creation(key)])

    [request] = azure.server.api.requests
    assert request.path.endswith(f"/{zone}/TXT/x/y?z#%41")


async def test_a_null_mx_is_written_and_read(azure: AzureHarness, zone: DnsName) -> None:
    provider, key = azure.open_with(zones=[zone]), RRsetKey(zone, RecordType.MX)
    null_mx = RRset(key, 300, (MxData(0, DnsName("")),))

    await provider.apply(zone, [RRsetChange(key, None, null_mx)])

    assert await read(provider, zone, key) == null_mx
    assert azure.server.zones[zone].sets["@", "MX"]["properties"]["MXRecords"] == [
        {"preference": 0, "exchange": "."}
    ]


async def test_a_large_zone_is_read_page_by_page_once_and_then_name_by_name(
    azure: AzureHarness, zone: DnsName
) -> None:
    for number in range(450):
        key = RRsetKey(DnsName.parse(f"n{number}.{zone}"), RecordType.TXT)
        azure.put(zone, RRset(key, 300, (OURS,)))
    azure.server.store(azure.server.zones[zone], "away", "NS", {"TTL": 60, "NSRecords": [{"nsdname": "x."}]})
    counter = CallCounter()
    provider = azure.open_with(zones=[zone], surroundings=Surroundings(log=counter, budgets=Unhurried()))
    keys = [RRsetKey(DnsName.parse(f"n{number}.{zone}"), RecordType.TXT) for number in (3, 449)]
    expected = {key: RRset(key, 300, (OURS,)) for key in keys}
    absent = RRsetKey(DnsName.parse(f"absent.{zone}"), RecordType.TXT)

    assert await provider.read(zone, [keys[0]]) == {keys[0]: expected[keys[0]]}
    mark = counter.mark()
    assert await provider.read(zone, [keys[1]]) == {keys[1]: expected[keys[1]]}
    assert counter.since(mark) == {"ListRecordSetsByType": 1, "GetRecordSet": 2}
    assert await provider.read(zone, [absent]) == {}

    with pytest.raises(NotServed, match="delegated away"):
        await provider.read(zone, [RRsetKey(DnsName.parse(f"_dmarc.away.{zone}"), RecordType.TXT)])
    assert counter.calls[0].operation == "ListRecordSets"
    mark = counter.mark()
    await provider.read(zone, [RRsetKey(DnsName.parse(f"n{n}.{zone}"), RecordType.TXT) for n in range(50)])
    assert counter.since(mark) == {"ListRecordSets": 5}


async def test_zones_on_later_pages_are_found_and_private_ones_are_not(azure: AzureHarness) -> None:
    azure.server.page = 2
    for name in ("a.example", "b.example", "c.example", "Sub.C.example"):
        azure.server.add_zone(name)
    azure.server.add_zone("deep.sub.c.example", "Private")
    provider = azure.open_with()

    assert await provider.zone_of(DnsName("deep.sub.c.example")) == "sub.c.example"
    assert await provider.zones() == ("sub.c.example",)


async def test_the_next_page_is_asked_of_the_same_host_only(azure: AzureHarness) -> None:
    """The link comes from the answer, and the token goes along with the request."""
    link = "http://attacker.example/steal"
    azure.server.api.faults.append(instead(200, {"value": [], "nextLink": link}))

    with pytest.raises(Unavailable, match=r"attacker\.example, another host"):
        await azure.open_with().zone_of(DnsName("a.example"))


async def test_pages_without_end_end(azure: AzureHarness) -> None:
    azure.server.page = 0
    azure.server.add_zone("a.example")

    with pytest.raises(Unavailable, match="without end"):
        await azure.open_with().zone_of(DnsName("a.example"))


async def test_a_zone_that_is_gone_is_not_found(azure: AzureHarness, zone: DnsName) -> None:
    provider = azure.open_with()
    assert await provider.zone_of(zone) == zone
    del azure.server.zones[zone]

    with pytest.raises(ZoneNotFound):
        await provider.read(zone, [apex(zone)])
    with pytest.raises(ZoneNotFound):
        await provider.apply(zone, [creation(apex(zone))])
    assert isinstance((await provider.survey()).faults[zone], ZoneNotFound)


@pytest.mark.parametrize(
    "setting", [{"subscriptionId": "0" * 8 + "-0000" * 3 + "-" + "0" * 12}, {"resourceGroup": "x"}]
)
async def test_a_subscription_or_group_that_is_not_there_is_told(
    azure: AzureHarness, setting: dict[str, str]
) -> None:
    with pytest.raises(ZoneNotFound, match="There is no such"):
        await azure.open_with(**setting).zone_of(DnsName("a.example"))


class TestFaults:
    async def test_a_throttled_request_is_sent_again_after_what_azure_asks_for(
        self, azure: AzureHarness, zone: DnsName
    ) -> None:
        azure.server.api.faults.append(instead(429, {"error": {"code": "TooManyRequests"}}, Retry_After="0"))

        assert await azure.open_with(zones=[zone]).read(zone, [apex(zone)]) == {}
        assert len(azure.server.api.requests) == 2

    async def test_a_long_wait_is_left_to_the_caller(self, azure: AzureHarness, zone: DnsName) -> None:
        azure.server.api.faults.append(instead(429, {"error": {"code": "TooManyRequests"}}, Retry_After="90"))

        with pytest.raises(RateLimited) as caught:
            await azure.open_with(zones=[zone]).read(zone, [apex(zone)])

        assert caught.value.retry_after == timedelta(seconds=90)
        assert len(azure.server.api.requests) == 1

    @pytest.mark.parametrize(
        ("fault", "reading", "writing"),
        [
            (instead(500, {"error": {"code": "InternalServerError"}}), Unavailable, OutcomeUnknown),
            (instead(503), Unavailable, Unavailable),
            (instead(504, b"<html>"), Unavailable, OutcomeUnknown),
            (instead(200, b"<html>nonsense"), Unavailable, OutcomeUnknown),
            (instead(200, [1, 2]), Unavailable, OutcomeUnknown),
            (instead(200, {"value": 7, "properties": 7}), Unavailable, OutcomeUnknown),
            (instead(302, None, Location="http://127.0.0.1:1/"), Unavailable, OutcomeUnknown),
            (instead(401, {"error": {"code": "InvalidToken"}}), AuthenticationFailed, AuthenticationFailed),
            (instead(403, {"error": {"code": "Forbidden"}}), AuthenticationFailed, AuthenticationFailed),
            (instead(400, {"code": "BadRequest", "message": "no"}), Refused, Refused),
            (instead(409, {"error": {"code": "ScopeLocked", "message": "has a lock"}}), Refused, Refused),
        ],
        ids=["500", "503", "504", "html", "list", "members", "redirect", "401", "403", "400", "lock"],
    )
    async def test_errors_have_their_kinds(
        self, azure: AzureHarness, zone: DnsName, fault: Any, reading: type, writing: type
    ) -> None:
        provider = azure.open_with(zones=[zone])
        azure.server.api.faults.append(fault)
        with pytest.raises(ProviderError) as caught:
            await provider.read(zone, [apex(zone)])
        assert type(caught.value) is reading

        azure.server.api.faults.append(fault)
        with pytest.raises(ProviderError) as caught:
            await provider.apply(zone, [creation(apex(zone))])
        assert type(caught.value) is writing

    async def test_a_cut_connection_is_unavailable(self, azure: AzureHarness, zone: DnsName) -> None:
        azure.server.api.faults.extend([cut, cut])

        with pytest.raises(Unavailable):
            await azure.open_with(zones=[zone]).read(zone, [apex(zone)])

    @pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
    async def test_a_lost_reply_is_told_and_the_write_is_seen_when_read_again(
        self, azure: AzureHarness, zone: DnsName, kept: bool
    ) -> None:
        """The HTTP client may ask once more by itself, and is then told that the set exists."""
        provider = azure.open_with(zones=[zone])
        if kept:
            await provider.read(zone, [apex(zone)])
        azure.server.api.faults.append(lose_the_reply)

        with pytest.raises((OutcomeUnknown, Raced)):
            await provider.apply(zone, [creation(apex(zone))])

        assert await provider.read(zone, [apex(zone)]) == {apex(zone): RRset(apex(zone), 3600, (OURS,))}

    async def test_two_lost_replies_leave_the_outcome_unknown(
        self, azure: AzureHarness, zone: DnsName
    ) -> None:
        azure.server.api.faults.extend([lose_the_reply, cut])

        with pytest.raises(OutcomeUnknown):
            await azure.open_with(zones=[zone]).apply(zone, [creation(apex(zone))])

        assert azure.peek(zone, apex(zone)) is not None

    async def test_a_slow_answer_ends_with_the_time_out(self, azure: AzureHarness, zone: DnsName) -> None:
        release = threading.Event()
        azure.server.api.faults.extend([hold(release), hold(release)])
        provider = azure.open_with(zones=[zone], timeoutSeconds=1)
        try:
            with pytest.raises(Unavailable):
                await provider.read(zone, [apex(zone)])
            with pytest.raises(OutcomeUnknown):
                await provider.apply(zone, [creation(apex(zone))])
        finally:
            release.set()

    async def test_nobody_listening_is_unavailable_for_a_write_too(
        self, azure: AzureHarness, zone: DnsName
    ) -> None:
        provider = azure.open_with(zones=[zone], endpoint="http://127.0.0.1:1")

        with pytest.raises(Unavailable) as caught:
            await provider.apply(zone, [creation(apex(zone))])

        assert type(caught.value) is Unavailable

    async def test_a_token_that_is_not_taken_is_told(self, azure: AzureHarness, zone: DnsName) -> None:
        provider = azure.open_with(HeldToken("expired"), zones=[zone])

        with pytest.raises(AuthenticationFailed, match="DNS Zone Contributor"):
            await provider.read(zone, [apex(zone)])

    async def test_a_refusal_in_the_middle_leaves_what_was_written_before(
        self, azure: AzureHarness, zone: DnsName
    ) -> None:
        keys = [RRsetKey(DnsName.parse(f"n{number}.{zone}"), RecordType.TXT) for number in range(3)]
        azure.server.api.faults.extend(
            [lambda answer, request: answer(request), instead(400, {"code": "No"})]
        )

        with pytest.raises(Refused):
            await azure.open_with(zones=[zone]).apply(zone, [creation(key) for key in keys])

        assert [azure.peek(zone, key) is not None for key in keys] == [True, False, False]


async def test_the_engine_writes_round_a_refused_change_although_batches_are_not_all_or_nothing(
    azure: AzureHarness, zone: DnsName
) -> None:
    """What was written before the refusal looks raced when it is tried again, and right when it is read."""
    keys = [RRsetKey(DnsName.parse(f"n{number}.{zone}"), RecordType.TXT) for number in range(9)]
    changes = [creation(key) for key in keys]
    changes[4] = creation(keys[4], TxtData.of("x" * 4097))
    provider = azure.open_with(zones=[zone])

    applied = await apply_changes(provider, zone, [PlannedChange(each, frozenset()) for each in changes])

    assert [planned.change.key for planned, _ in applied.refused] == [keys[4]]
    assert applied.failure is None
    assert {planned.change.key for planned in (*applied.written, *applied.raced)} == {*keys} - {keys[4]}
    read = await provider.read(zone, keys)
    assert read == {change.key: change.after for change in changes if change.key != keys[4]}


def test_deletions_go_before_what_is_made_at_their_name_and_all_else_keeps_its_order() -> None:
    def change(name: str, rtype: RecordType, *, made: bool) -> RRsetChange:
        key = RRsetKey(DnsName(name), rtype)
        value = OURS if rtype is RecordType.TXT else CnameData(DnsName("t.example"))
        held = RRset(key, 60, (value,))
        return RRsetChange(key, None, held) if made else RRsetChange(key, held, None)

    first = change("a.example", RecordType.TXT, made=True)
    alias = change("b.example", RecordType.CNAME, made=True)
    last = change("c.example", RecordType.TXT, made=False)
    text = change("b.example", RecordType.TXT, made=False)

    assert deletions_first([first, alias, last, text]) == [first, text, alias, last]


async def test_closing_closes_the_credential_too(azure: AzureHarness) -> None:
    credential = HeldToken()

    await azure.open_with(credential).close()

    assert credential.closed


def test_a_batch_is_small_since_it_is_not_all_or_nothing(azure: AzureHarness) -> None:
    assert azure.open_with().capabilities.batch_limit == BATCH_LIMIT <= 20
