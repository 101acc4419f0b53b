"""What is Cloudflare's own: tokens, identifiers, flattened CNAMEs, twins, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailseal.conformance.counting import CallCounter
from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.cloudflare import CloudflareProvider
from mailseal.providers.cloudflare.zonedirectory import RELOAD_SECONDS, ZoneDirectory
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.cloudflare import TOKEN, CloudflareHarness
from support.servers.cloudflare import Fault

OURS = TxtData.of("v=spf1 -all")


@pytest.fixture
def cloudflare() -> Iterator[CloudflareHarness]:
    harness = CloudflareHarness()
    yield harness
    harness.close()


@pytest.fixture
def zone(cloudflare: CloudflareHarness) -> DnsName:
    return cloudflare.new_zone()


def apex(zone: DnsName) -> RRsetKey:
    return RRsetKey(zone, RecordType.TXT)


def creation(key: RRsetKey, *values: TxtData, ttl: int = 3600) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, ttl, values or (OURS,)))


async def test_comments_and_tags_of_other_records_of_a_set_stay(cloudflare, zone) -> None:
    key, server = apex(zone), cloudflare.server
    theirs = server.put(
        server.zone(zone), name=str(zone), type="TXT", content='"site=1"', ttl=300, comment="do not touch",
        tags=["team:web"],
    )  # fmt: skip
    provider = cloudflare.open(zone)
    before = (await provider.read(zone, [key]))[key]

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (*before.values, OURS)))])
    assert theirs in server.zone(zone).records

    await provider.apply(
        zone,
        [RRsetChange(key, RRset(key, 300, (*before.values, OURS)), RRset(key, 900, (*before.values, OURS)))],
    )
    assert {**theirs, "ttl": 900} in server.zone(zone).records


async def test_an_automatic_ttl_is_read_as_300_seconds_and_kept(cloudflare, zone) -> None:
    key, server = apex(zone), cloudflare.server
    theirs = server.put(server.zone(zone), name=str(zone), type="TXT", content='"site=1"', ttl=1)
    provider = cloudflare.open(zone)
    before = (await provider.read(zone, [key]))[key]

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (*before.values, OURS)))])

    assert before.ttl_seconds == 300
    assert theirs in server.zone(zone).records


async def test_a_value_without_quotes_from_earlier_times_is_read_whole_and_deleted_exactly(
    cloudflare, zone
) -> None:
    key, server = apex(zone), cloudflare.server
    bare = 'v=DKIM1; p="' + "x" * 300
    server.put(server.zone(zone), name=str(zone), type="TXT", content=bare, ttl=300)
    provider = cloudflare.open(zone)

    before = (await provider.read(zone, [key]))[key]
    await provider.apply(zone, [RRsetChange(key, before, None)])

    assert before.values == (TxtData.of(bare),)
    assert server.zone(zone).records[-1]["type"] != "TXT"


@pytest.mark.parametrize(
    ("name", "fields"),
    [("@", {}), ("www", {"proxied": True}), ("www", {"settings": {"flatten_cname": True}})],
    ids=["apex", "proxied", "flattened"],
)
async def test_a_cname_that_is_answered_as_addresses_is_in_nobodys_way(
    cloudflare, zone, name: str, fields: dict[str, object]
) -> None:
    owner = zone.child(name)
    cloudflare.server.put(
        cloudflare.server.zone(zone),
        name=str(owner),
        type="CNAME",
        content="web.host.example",
        ttl=1,
        **fields,
    )
    key = RRsetKey(owner, RecordType.TXT)
    provider = cloudflare.open(zone)

    assert await provider.read(zone, [key]) == {}
    await provider.apply(zone, [creation(key)])
    assert await provider.read(zone, [key]) == {key: RRset(key, 3600, (OURS,))}


async def test_a_cname_is_refused_at_the_apex_and_beside_addresses(cloudflare) -> None:
    zone = cloudflare.new_zone(records="www 3600 A 192.0.2.1")
    provider = cloudflare.open(zone)

    for name in ("@", "www"):
        key = RRsetKey(zone.child(name), RecordType.CNAME)
        with pytest.raises(Refused, match="CNAME"):
            await provider.apply(
                zone, [RRsetChange(key, None, RRset(key, 300, (CnameData(DnsName("x.example")),)))]
            )


async def test_a_change_that_others_make_between_reading_and_writing_loses_no_value(cloudflare, zone) -> None:
    """Without compare-and-swap: the batch names records, so that a value unknown to it stays."""
    key, server = apex(zone), cloudflare.server
    provider = cloudflare.open(zone)
    original = server.answer

    def racing(method: str, target: str, headers: dict[str, str], body: bytes):
        if method == "POST":
            server.put(server.zone(zone), name=str(zone), type="TXT", content='"site=1"', ttl=3600)
        return original(method, target, headers, body)

    server.answer = racing
    await provider.apply(zone, [creation(key)])

    assert (await provider.read(zone, [key]))[key].identities == {OURS.identity, b"site=1"}


async def test_writers_at_the_same_time_lose_no_value_of_each_other(cloudflare, zone) -> None:
    key = apex(zone)

    async def add_all(writer: int) -> None:
        provider = cloudflare.open(zone)
        for number in range(5):
            await add(provider, TxtData.of(f"writer {writer} round {number}"))

    async def add(provider: CloudflareProvider, value: TxtData) -> None:
        while True:
            before = (await provider.read(zone, [key])).get(key)
            values = (*(before.values if before else ()), value)
            try:
                return await provider.apply(zone, [RRsetChange(key, before, RRset(key, 3600, values))])
            except Raced:
                continue

    await asyncio.gather(*map(add_all, range(4)))

    held = cloudflare.peek(zone, key)
    assert held is not None
    assert held.identities == {f"writer {w} round {n}".encode() for w in range(4) for n in range(5)}


@pytest.mark.parametrize("content", ['"v=spf1 -all"', None], ids=["made by another", "undone by another"])
async def test_a_race_that_only_the_api_or_the_second_look_sees_is_raced(cloudflare, zone, content) -> None:
    key, server = apex(zone), cloudflare.server
    provider = cloudflare.open(zone)
    original = server.answer

    def racing(method: str, target: str, headers: dict[str, str], body: bytes):
        if method == "POST" and content is not None:
            server.put(server.zone(zone), name=str(zone), type="TXT", content=content, ttl=3600)
        answer = original(method, target, headers, body)
        if method == "POST" and content is None:
            server.remove(server.zone(zone), str(zone), "TXT")
        return answer

    server.answer = racing
    with pytest.raises(Raced):
        await provider.apply(zone, [creation(key)])


async def test_a_deletion_of_a_record_that_is_gone_is_raced(cloudflare, zone) -> None:
    key, server = apex(zone), cloudflare.server
    cloudflare.put(zone, RRset(key, 3600, (OURS,)))
    provider = cloudflare.open(zone)
    original = server.answer

    def racing(method: str, target: str, headers: dict[str, str], body: bytes):
        if method == "POST":
            server.remove(server.zone(zone), str(zone), "TXT")
        return original(method, target, headers, body)

    server.answer = racing
    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, RRset(key, 3600, (OURS,)), None)])


@pytest.mark.parametrize("ttl", [1, 29, 59, 86401])
async def test_a_ttl_that_cloudflare_does_not_take_is_refused_and_never_becomes_automatic(
    cloudflare, zone, ttl: int
) -> None:
    with pytest.raises(Refused, match="TTL"):
        await cloudflare.open(zone).apply(zone, [creation(apex(zone), ttl=ttl)])

    assert cloudflare.peek(zone, apex(zone)) is None


async def test_more_records_than_a_free_zone_takes_at_once_are_too_large_a_batch(cloudflare, zone) -> None:
    keys = [RRsetKey(zone.child(f"n{number}"), RecordType.TXT) for number in range(3)]
    values = [TxtData.of(f"value {number}") for number in range(70)]

    with pytest.raises(BatchTooLarge):
        await cloudflare.open(zone).apply(zone, [creation(key, *values) for key in keys])


async def test_names_below_a_delegation_are_not_served(cloudflare) -> None:
    zone = cloudflare.new_zone(records="sub 3600 NS ns.elsewhere.example.")
    key = RRsetKey(zone.child("_dmarc.sub"), RecordType.TXT)

    with pytest.raises(NotServed, match="delegated away"):
        await cloudflare.open(zone).read(zone, [key, apex(zone)])


async def test_zones_and_records_are_listed_over_all_pages(cloudflare) -> None:
    server = cloudflare.server
    for number in range(120):
        server.add_zone(f"n{number}.example")
    zone = DnsName("n119.example")
    for number in range(5001):
        server.put(server.zone(zone), name=f"r{number}.{zone}", type="TXT", content='"x"', ttl=300)
    key = RRsetKey(zone.child("r5000"), RecordType.TXT)
    log = CallCounter()
    provider = cloudflare.opened(log, ())

    assert await provider.zone_of(key.name) == zone
    assert list(await provider.read(zone, [key])) == [key]

    assert log.since(0) == {"ListZones": 3, "ListRecords": 2}


async def test_listed_zones_are_surveyed_in_the_fewest_requests(cloudflare) -> None:
    zones = [cloudflare.new_zone() for _ in range(30)]
    log = CallCounter()

    assert await cloudflare.opened(log, tuple(zones)).zones() == tuple(zones)

    assert log.since(0) == {"ListZones": 1}


async def test_without_a_zone_a_survey_proves_the_token_in_one_request(cloudflare) -> None:
    for number in range(120):
        cloudflare.server.add_zone(f"n{number}.example")
    log = CallCounter()

    assert await cloudflare.opened(log, ()).zones() == ()

    assert log.since(0) == {"ListZones": 1}


@pytest.mark.parametrize(
    "fields", [{"status": "pending"}, {"status": "moved"}, {"type": "partial"}, {"type": "secondary"}]
)
async def test_a_zone_that_cloudflare_does_not_serve_is_reported(cloudflare, fields: dict[str, str]) -> None:
    zone = DnsName("asleep.example")
    cloudflare.server.add_zone(zone, **fields)

    survey = await cloudflare.open(zone).survey()

    assert survey.served == ()
    assert fields.popitem()[1] in str(survey.faults[zone])


async def test_records_of_a_pending_zone_can_be_prepared(cloudflare) -> None:
    cloudflare.server.add_zone("asleep.example", status="pending")
    zone = DnsName("asleep.example")

    await cloudflare.open().apply(zone, [creation(apex(zone))])

    assert cloudflare.peek(zone, apex(zone)) is not None


async def test_of_twins_the_active_one_is_used_or_the_one_of_the_account(cloudflare) -> None:
    zone = DnsName("twin.example")
    cloudflare.server.add_zone(zone, account="b" * 32, status="pending")
    second = cloudflare.server.add_zone(zone, account="c" * 32)

    await cloudflare.open(zone).apply(zone, [creation(apex(zone))])
    assert len(second.records) == 1

    third = cloudflare.server.add_zone(zone, account="d" * 32)
    with pytest.raises(InvalidConfiguration, match="accountId"):
        await cloudflare.open(zone).apply(zone, [creation(apex(zone))])
    await cloudflare.open_with(zones=[zone], accountId="d" * 32).apply(zone, [creation(apex(zone))])
    assert len(third.records) == 1


async def test_a_zone_that_was_deleted_and_made_again_is_found_again(cloudflare, zone) -> None:
    provider = cloudflare.open(zone)
    await provider.read(zone, [apex(zone)])
    cloudflare.server.zones.clear()

    with pytest.raises(ZoneNotFound):
        await provider.read(zone, [apex(zone)])
    cloudflare.add_zone(zone)
    assert await provider.read(zone, [apex(zone)]) == {}


async def test_a_zone_that_is_added_later_is_found_within_half_a_minute(cloudflare, zone) -> None:
    now = [1000.0]
    provider = cloudflare.open()
    directory = ZoneDirectory(provider._api, lambda: now[0])
    assert await directory.zone_of(zone) == zone
    later = cloudflare.new_zone()
    with pytest.raises(ZoneNotFound):
        await directory.zone_of(later)

    now[0] += RELOAD_SECONDS

    assert await directory.zone_of(later) == later


@pytest.mark.parametrize(
    ("rights", "message"),
    [({"zone:read"}, "DNS / Edit"), ({"dns:read", "dns:edit"}, "Zone / Read")],
    ids=["no DNS", "no zones"],
)
async def test_a_missing_permission_is_named(cloudflare, zone, rights: set[str], message: str) -> None:
    token = cloudflare.server.add_token("a-token-with-few-rights", *rights)

    with pytest.raises((AuthenticationFailed, ZoneNotFound), match=message):
        await cloudflare.open_with(token, zones=[zone]).read(zone, [apex(zone)])


async def test_a_token_that_may_read_only_fails_when_it_writes(cloudflare, zone) -> None:
    token = cloudflare.server.add_token("a-token-with-few-rights", "zone:read", "dns:read")

    with pytest.raises(AuthenticationFailed, match="DNS / Edit"):
        await cloudflare.open_with(token, zones=[zone]).apply(zone, [creation(apex(zone))])


@pytest.mark.parametrize("token", ["an-unknown-token-of-some-length", "short"])
async def test_a_wrong_token_fails_and_is_never_shown(cloudflare, zone, token: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        await cloudflare.open_with(token, zones=[zone]).survey()

    assert token not in str(caught.value)


async def test_only_the_token_of_the_secret_is_sent_whatever_the_environment_holds(
    cloudflare, zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("API_TOKEN", "API_KEY", "EMAIL", "API_USER_SERVICE_KEY"):
        monkeypatch.setenv(f"CLOUDFLARE_{variable}", "of-the-operator")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("CLOUDFLARE_CUSTOM_HEADERS", "Authorization: Bearer of-the-operator\nX-Auth-Key: k")

    await cloudflare.open(zone).read(zone, [apex(zone)])

    for headers in cloudflare.server.headers:
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert "of-the-operator" not in str(headers)


@pytest.mark.parametrize("credentials", [{}, {"token": b"x"}, {"api-token": b" "}])
def test_a_token_of_the_environment_takes_no_secrets_place(
    monkeypatch: pytest.MonkeyPatch, credentials: dict[str, bytes]
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)

    with pytest.raises(InvalidConfiguration, match="api-token"):
        CloudflareProvider.from_settings({}, credentials, Surroundings())


@pytest.mark.parametrize(
    ("settings", "token", "message"),
    [
        ({"endpoint": "http://169.254.169.254"}, TOKEN.encode(), "ClusterDnsProvider"),
        ({"accountId": "zorg"}, TOKEN.encode(), "accountId"),
        ({"timeoutSeconds": 0}, TOKEN.encode(), "timeoutSeconds"),
        ({"timeoutSeconds": True}, TOKEN.encode(), "timeoutSeconds"),
        ({"zones": "x.example"}, TOKEN.encode(), "zones"),
        ({}, b"two words", "api-token"),
        ({}, b"", "api-token"),
        ({}, b"\xff\xfe", "api-token"),
        ({}, b"a\nb", "api-token"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings, token: bytes, message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=message):
        CloudflareProvider.from_settings(settings, {"api-token": token}, Surroundings(trusted=False))


NONSENSE = (
    b"",
    b"<html>",
    b"[]",
    b"null",
    b"[" * 9000,
    b'{"success": true}',
    b'{"success": true, "result": {}}',
    b'{"success": true, "result": [1]}',
    b'{"success": true, "result": [{"id": 1}]}',
    b'{"success": false, "errors": "x"}',
    b'{"success": false, "errors": [{"code": []}, 7]}',
)


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body[:50]))
@pytest.mark.parametrize("after", [0, 1], ids=["zones", "records"])
async def test_a_nonsense_answer_to_a_question_is_unavailable(
    cloudflare, zone, body: bytes, after: int
) -> None:
    provider = cloudflare.open(zone)
    if after:
        await provider.survey()
    cloudflare.server.faults.append(Fault(status=200, body=body))

    with pytest.raises(Unavailable):
        await provider.read(zone, [apex(zone)])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"success": 1}'])
async def test_a_nonsense_answer_to_a_change_leaves_the_outcome_unknown(
    cloudflare, zone, body: bytes
) -> None:
    cloudflare.server.faults.append(Fault(status=200, body=body, only="POST"))

    with pytest.raises(OutcomeUnknown):
        await cloudflare.open(zone).apply(zone, [creation(apex(zone))])


@pytest.mark.parametrize("status", [500, 502, 503, 521])
async def test_a_server_error_is_unavailable_and_leaves_a_change_unknown(
    cloudflare, zone, status: int
) -> None:
    provider = cloudflare.open(zone)
    cloudflare.server.faults.append(Fault(status=status, body=b"<html>bad gateway"))
    with pytest.raises(Unavailable):
        await provider.read(zone, [apex(zone)])

    cloudflare.server.faults.append(Fault(status=status, only="POST"))
    with pytest.raises(OutcomeUnknown):
        await provider.apply(zone, [creation(apex(zone))])


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_lost_answer_to_a_change_leaves_the_outcome_unknown(cloudflare, zone, cut: str) -> None:
    cloudflare.server.faults.append(Fault(cut=cut, only="POST"))

    with pytest.raises(OutcomeUnknown):
        await cloudflare.open(zone).apply(zone, [creation(apex(zone))])

    assert (cloudflare.peek(zone, apex(zone)) is not None) == (cut == "after")


async def test_a_change_that_cannot_be_seen_afterwards_is_unknown(cloudflare, zone) -> None:
    provider = cloudflare.open(zone)
    original = cloudflare.server.answer

    def failing(method: str, target: str, headers: dict[str, str], body: bytes):
        if method == "POST":
            cloudflare.server.faults.append(Fault(status=503))
        return original(method, target, headers, body)

    cloudflare.server.answer = failing
    with pytest.raises(OutcomeUnknown):
        await provider.apply(zone, [creation(apex(zone))])


async def test_a_cut_question_and_a_refused_connection_are_unavailable(cloudflare, zone) -> None:
    provider = cloudflare.open(zone)
    cloudflare.server.faults.append(Fault(cut="before"))
    with pytest.raises(Unavailable):
        await provider.read(zone, [apex(zone)])

    elsewhere = cloudflare.open_with(zones=[zone], endpoint="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        await elsewhere.apply(zone, [creation(apex(zone))])
    assert not isinstance(caught.value, OutcomeUnknown)


async def test_a_slow_answer_ends_at_the_time_out(cloudflare, zone) -> None:
    provider = cloudflare.open_with(zones=[zone], timeoutSeconds=1)
    cloudflare.server.faults.append(Fault(delay_seconds=2))
    with pytest.raises(Unavailable):
        await provider.read(zone, [apex(zone)])

    cloudflare.server.faults.append(Fault(delay_seconds=2, only="POST"))
    with pytest.raises(OutcomeUnknown):
        await provider.apply(zone, [creation(apex(zone))])


async def test_a_throttled_request_is_sent_again_after_the_time_that_was_asked_for(cloudflare, zone) -> None:
    log = CallCounter()
    provider = cloudflare.opened(log, (zone,))
    cloudflare.server.faults.append(Fault(status=429, headers=(("Retry-After", "1"),), only="POST"))

    await provider.apply(zone, [creation(apex(zone))])

    assert [call.failure for call in log.calls if call.operation == "BatchRecords"] == ["RateLimited", ""]


async def test_a_long_throttle_is_passed_on_with_its_time(cloudflare, zone) -> None:
    cloudflare.server.faults.append(Fault(status=429, headers=(("Retry-After", "240"),)))

    with pytest.raises(RateLimited) as caught:
        await cloudflare.open(zone).read(zone, [apex(zone)])

    assert caught.value.retry_after == timedelta(seconds=240)


async def test_a_redirect_is_not_followed(cloudflare, zone) -> None:
    cloudflare.server.faults.append(Fault(status=302, headers=(("Location", "http://127.0.0.1:9/"),)))

    with pytest.raises(Unavailable, match="302"):
        await cloudflare.open(zone).read(zone, [apex(zone)])


async def test_one_account_has_one_budget(cloudflare, zone) -> None:
    surroundings = Surroundings()
    for _ in range(2):
        provider = cloudflare.open_with(surroundings=surroundings, zones=[zone])
        await provider.read(zone, [apex(zone)])

    (budget,) = surroundings.budgets._budgets.values()
    assert 95 < budget.left() < 97
    assert TOKEN not in str(surroundings.budgets._budgets)
