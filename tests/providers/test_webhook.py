"""The webhook provider: what webhooks do differently, what goes wrong, and external-dns' own server."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.reach import ITSELF, AddressForbidden, Reach
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.webhook import WebhookProvider
from mailseal.providers.webhook.client import WriteFailed
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Unhurried
from support.backends.webhook import WebhookStringsHarness
from support.servers.vendorapi import VendorServer, cut, hold, instead, lose_the_reply
from support.servers.webhook import Webhook

ZONE = DnsName("zone.example")
APEX = RRsetKey(ZONE, RecordType.TXT)
DMARC = RRsetKey(DnsName("_dmarc.zone.example"), RecordType.TXT)
POLICY = TxtData.of("v=DMARC1; p=none")
SPF = TxtData.of("v=spf1 -all")


def create(key: RRsetKey, *values: TxtData, ttl: int = 3600) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, ttl, values))


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
def server(webhook: Webhook) -> Iterator[VendorServer]:
    running = VendorServer(webhook)
    yield running
    running.close()


def opened(server: VendorServer, token: str = "", **settings: object) -> WebhookProvider:
    return WebhookProvider.from_settings(
        {"url": server.url, "timeoutSeconds": 1, "zones": [str(ZONE)], **settings},
        {"token": token.encode()} if token else {},
        Surroundings(budgets=Unhurried()),
    )


@pytest.fixture
async def provider(server: VendorServer) -> AsyncIterator[WebhookProvider]:
    made = opened(server)
    yield made
    await made.close()


async def test_a_webhook_with_no_records_at_all_is_an_empty_zone(provider: WebhookProvider) -> None:
    """Go writes an empty list as null."""
    assert await provider.read(ZONE, [APEX]) == {}


async def test_what_others_keep_in_an_endpoint_goes_back_as_it_came(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    extra = {"labels": {"owner": "them"}, "providerSpecific": [{"name": "proxied", "value": "false"}]}
    webhook.put("Zone.Example.", "TXT", '"a\\032b" "c"', '"MS=1"', **extra)
    before = (await provider.read(ZONE, [APEX]))[APEX]

    await provider.apply(ZONE, [RRsetChange(APEX, before, RRset(APEX, 3600, (*before.values, SPF)))])

    assert webhook.endpoints == {
        ("Zone.Example.", "TXT"): {
            "dnsName": "Zone.Example.",
            "recordType": "TXT",
            "targets": ['"a\\032b" "c"', '"MS=1"', '"v=spf1 -all"'],
            "recordTTL": 3600,
            **extra,
        }
    }


async def test_values_without_quotes_are_read_and_never_sent_back_on_a_guess(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    webhook.put(str(ZONE), "TXT", "MS=1 and more")
    before = (await provider.read(ZONE, [APEX]))[APEX]
    assert before.values == (TxtData.of("MS=1 and more"),)

    with pytest.raises(Refused, match="txtForm"):
        await provider.apply(ZONE, [RRsetChange(APEX, before, RRset(APEX, 3600, (*before.values, SPF)))])

    assert webhook.targets(str(ZONE)) == ["MS=1 and more"]


async def test_plain_values_are_written_as_they_are_read(server: VendorServer, webhook: Webhook) -> None:
    webhook.put(str(ZONE), "TXT", 'MS="1"')
    provider = opened(server, txtForm="plain")
    before = (await provider.read(ZONE, [APEX]))[APEX]

    await provider.apply(ZONE, [RRsetChange(APEX, before, RRset(APEX, 3600, (*before.values, SPF)))])

    assert webhook.targets(str(ZONE)) == ['MS="1"', "v=spf1 -all"]
    with pytest.raises(Refused, match="text"):
        await provider.apply(ZONE, [create(DMARC, TxtData((b"\xff",)))])
    await provider.close()


async def test_a_webhook_that_takes_quotes_and_lists_none_is_understood(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    webhook.unquotes = True

    await provider.apply(ZONE, [create(DMARC, POLICY)])

    assert await provider.read(ZONE, [DMARC]) == {DMARC: RRset(DMARC, 3600, (POLICY,))}


async def test_a_ttl_that_is_not_listed_is_the_one_that_was_written(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    webhook.lists_ttls = False

    await provider.apply(ZONE, [create(DMARC, POLICY, ttl=300)])

    assert (await provider.read(ZONE, [DMARC]))[DMARC].ttl_seconds == 300


async def test_another_ttl_than_was_asked_for_is_refused(provider: WebhookProvider, webhook: Webhook) -> None:
    webhook.least_ttl = 600

    with pytest.raises(Refused, match="600"):
        await provider.apply(ZONE, [create(DMARC, POLICY, ttl=300)])

    assert webhook.endpoints == {}


async def test_records_that_a_webhook_ignores_are_told(provider: WebhookProvider, webhook: Webhook) -> None:
    webhook.types = frozenset({"TXT"})
    key = RRsetKey(ZONE, RecordType.MX)

    with pytest.raises(WriteFailed, match="does not list it"):
        await provider.apply(ZONE, [RRsetChange(key, None, RRset(key, 60, (MxData(0, DnsName("")),)))])


async def test_a_set_with_a_routing_policy_is_left_alone_and_hides_no_other(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    webhook.put(str(ZONE), "TXT", '"a"', setIdentifier="blue")
    webhook.put(str(DMARC.name), "TXT", '"v=DMARC1; p=none"')

    with pytest.raises(NotServed) as caught:
        await provider.read(ZONE, [APEX, DMARC])

    assert set(caught.value.faults) == {APEX}
    assert set(await provider.read(ZONE, [DMARC])) == {DMARC}
    with pytest.raises(Refused, match="routing policy"):
        await provider.apply(ZONE, [create(APEX, SPF)])


async def test_a_cname_gives_way_before_what_takes_its_place(
    provider: WebhookProvider, webhook: Webhook, server: VendorServer
) -> None:
    name = DnsName("s._domainkey.zone.example")
    alias, text = RRsetKey(name, RecordType.CNAME), RRsetKey(name, RecordType.TXT)
    webhook.put(str(name), "CNAME", "target.example.org")
    before = RRset(alias, 3600, (CnameData(DnsName("target.example.org")),))

    await provider.apply(ZONE, [create(text, POLICY), RRsetChange(alias, before, None)])

    writes = [
        list(each.json()) for each in server.requests if each.method == "POST" and each.path == "/records"
    ]
    assert writes == [["delete"], ["create"]]


@pytest.mark.parametrize(
    ("domains", "found"),
    [
        (["zone.example", ".zone.example", "sub.zone.example"], {"zone.example", "sub.zone.example"}),
        ([".zone.example"], {"zone.example"}),
        ([], set()),
        (["not a name..", "*"], {"*"}),
    ],
)
async def test_zones_are_those_of_the_domain_filter(
    server: VendorServer, webhook: Webhook, domains: list[str], found: set[str]
) -> None:
    webhook.domains = domains
    provider = opened(server, zones=[])

    for zone in found:
        assert await provider.zone_of(DnsName.parse(f"_dmarc.{zone}")) == zone
    with pytest.raises(ZoneNotFound):
        await provider.zone_of(DnsName("example.org"))

    assert set(await provider.zones()) == found
    await provider.close()


async def test_a_listed_zone_that_the_webhook_leaves_out_is_missing(
    server: VendorServer, webhook: Webhook
) -> None:
    webhook.domains = ["other.example"]
    provider = opened(server)

    with pytest.raises(ZoneNotFound, match="domain filter"):
        await provider.zones()
    with pytest.raises(ZoneNotFound):
        await provider.read(ZONE, [APEX])
    await provider.close()


async def test_the_token_is_sent_and_a_wrong_one_is_told_without_showing_it(
    server: VendorServer, webhook: Webhook
) -> None:
    webhook.token = "sesame-7"
    right, wrong = opened(server, "sesame-7"), opened(server, "sesame-8")

    assert await right.zones() == (ZONE,)
    with pytest.raises(AuthenticationFailed) as caught:
        await wrong.zones()

    assert "sesame" not in f"{caught.value}{caught.value.__context__}{wrong!r}"
    await right.close()
    await wrong.close()


NONSENSE = [b"", b"<html>", b"[1]", b'{"a": 1}', b'"text"', b"[" * 100_000]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
async def test_an_answer_that_is_no_list_of_endpoints_is_never_an_empty_zone(
    provider: WebhookProvider, server: VendorServer, body: bytes
) -> None:
    await provider.zones()
    server.faults.append(instead(200, body))

    with pytest.raises(Unavailable):
        await provider.read(ZONE, [APEX])


STRANGE = [
    {},
    {"dnsName": 7, "recordType": "TXT"},
    {"dnsName": "zone.example", "recordType": "TXT", "targets": None, "recordTTL": -1},
    {"dnsName": "zone.example", "recordType": "TXT", "targets": [1, None], "recordTTL": "x"},
    {"dnsName": "zone.example", "recordType": "TXT", "targets": "text"},
    {"dnsName": "x." * 200, "recordType": "TXT", "targets": ['"a"']},
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
async def test_strange_endpoints_hide_no_other(
    provider: WebhookProvider, webhook: Webhook, body: dict[str, object]
) -> None:
    webhook.endpoints["strange", ""] = body
    webhook.put(str(DMARC.name), "TXT", '"v=DMARC1; p=none"')

    assert await provider.read(ZONE, [APEX, DMARC]) == {DMARC: RRset(DMARC, 3600, (POLICY,))}


@pytest.mark.parametrize("target", ['"open', '"a" junk"', '"\\999"'])
async def test_a_value_that_cannot_be_read_is_told_of_its_key_alone(
    provider: WebhookProvider, webhook: Webhook, target: str
) -> None:
    webhook.put(str(ZONE), "TXT", target)
    webhook.put(str(DMARC.name), "TXT", '"v=DMARC1; p=none"')

    with pytest.raises(NotServed) as caught:
        await provider.read(ZONE, [APEX, DMARC])

    assert set(caught.value.faults) == {APEX}


READ_FAULTS = [
    (instead(500), Unavailable),
    (instead(503), Unavailable),
    (instead(302, None, Location="http://169.254.169.254/"), InvalidConfiguration),
    (instead(404), InvalidConfiguration),
    (instead(403), AuthenticationFailed),
    (instead(429, None, Retry_After="3600"), RateLimited),
    (cut, Unavailable),
]


@pytest.mark.parametrize(("fault", "expected"), READ_FAULTS, ids=range(len(READ_FAULTS)))
async def test_a_failed_reading_is_an_error_of_its_kind(
    provider: WebhookProvider, server: VendorServer, fault: object, expected: type[ProviderError]
) -> None:
    """Twice, since a GET on a connection that was closed meanwhile is sent once more."""
    await provider.zones()
    server.faults.extend([fault, fault])

    with pytest.raises(expected):
        await provider.read(ZONE, [APEX])


async def test_a_slow_webhook_is_unavailable_within_its_time(
    provider: WebhookProvider, server: VendorServer
) -> None:
    await provider.zones()
    release = threading.Event()
    server.faults.append(hold(release))

    with pytest.raises(Unavailable):
        await provider.read(ZONE, [APEX])

    release.set()


async def test_throttling_is_waited_out(provider: WebhookProvider, server: VendorServer) -> None:
    await provider.zones()
    server.faults.append(instead(429, None, Retry_After="0"))

    assert await provider.read(ZONE, [APEX]) == {}


def before_write(server: VendorServer, fault: object) -> None:
    """Let the requests before the write pass: the records and the adjustment."""
    pass_on = [lambda answering, request: answering(request)] * 2
    server.faults.extend([*pass_on, fault])


async def test_a_lost_answer_leaves_the_outcome_unknown_and_a_new_reading_shows_it(
    provider: WebhookProvider, server: VendorServer
) -> None:
    await provider.zones()
    before_write(server, lose_the_reply)

    with pytest.raises(OutcomeUnknown):
        await provider.apply(ZONE, [create(DMARC, POLICY)])

    assert set(await provider.read(ZONE, [DMARC])) == {DMARC}
    with pytest.raises(Raced):
        await provider.apply(ZONE, [create(DMARC, POLICY)])


async def test_a_failure_that_changed_nothing_is_one_of_these_changes(
    provider: WebhookProvider, server: VendorServer, webhook: Webhook
) -> None:
    webhook.fails_at = str(DMARC.name)

    with pytest.raises(WriteFailed, match="500") as caught:
        await provider.apply(ZONE, [create(DMARC, POLICY)])

    assert caught.value.retryable
    await provider.apply(ZONE, [create(APEX, SPF)])


async def test_a_failure_in_the_middle_leaves_the_outcome_unknown(
    provider: WebhookProvider, webhook: Webhook
) -> None:
    webhook.fails_at = str(DMARC.name)

    with pytest.raises(OutcomeUnknown):
        await provider.apply(ZONE, [create(APEX, SPF), create(DMARC, POLICY)])


async def test_a_failure_after_all_was_done_is_none(provider: WebhookProvider, server: VendorServer) -> None:
    await provider.zones()

    def done_and_failed(answering: object, request: object) -> object:
        answering(request)
        return instead(500)(answering, request)

    before_write(server, done_and_failed)

    await provider.apply(ZONE, [create(DMARC, POLICY)])


WRITE_FAULTS = [
    (instead(400), Refused),
    (instead(422), Refused),
    (instead(413), Refused),
    (instead(401), AuthenticationFailed),
    (cut, OutcomeUnknown),
]


@pytest.mark.parametrize(("fault", "expected"), WRITE_FAULTS, ids=range(len(WRITE_FAULTS)))
async def test_a_failed_write_is_an_error_of_its_kind(
    provider: WebhookProvider, server: VendorServer, fault: object, expected: type[ProviderError]
) -> None:
    await provider.zones()
    before_write(server, fault)

    with pytest.raises(expected):
        await provider.apply(ZONE, [create(DMARC, POLICY)])


async def test_a_webhook_that_adjusts_nothing_is_written_to_all_the_same(
    provider: WebhookProvider, server: VendorServer, webhook: Webhook
) -> None:
    await provider.zones()
    server.faults.extend([lambda answering, request: answering(request), instead(404)])

    await provider.apply(ZONE, [create(DMARC, POLICY)])

    assert webhook.targets(str(DMARC.name)) == ['"v=DMARC1; p=none"']


async def test_a_writer_in_the_very_moment_is_noticed(
    provider: WebhookProvider, server: VendorServer
) -> None:
    await provider.zones()

    def beside(answering: Webhook, request: object) -> object:
        reply = answering(request)
        server.answering.put(str(DMARC.name), "TXT", '"v=DMARC1; p=reject"')
        return reply

    before_write(server, beside)

    with pytest.raises(OutcomeUnknown, match="other values"):
        await provider.apply(ZONE, [create(DMARC, POLICY)])


async def test_a_provider_of_a_namespace_reaches_only_what_it_may(server: VendorServer) -> None:
    settings = {"url": server.url, "zones": [str(ZONE)]}
    provider = WebhookProvider.from_settings(settings, {}, Surroundings(reach=Reach(ITSELF)))

    with pytest.raises(AddressForbidden):
        await provider.zones()

    assert not server.requests
    await provider.close()


@pytest.mark.parametrize(
    "settings", [{"url": ""}, {"url": "ftp://x"}, {"txtForm": "odd"}, {"timeoutSeconds": 0}, {"zones": "x"}]
)
def test_wrong_settings_name_their_field(settings: dict[str, object]) -> None:
    with pytest.raises(InvalidConfiguration, match=next(iter(settings))):
        WebhookProvider.from_settings({"url": "http://h:1", **settings}, {})


@pytest.fixture(scope="module")
def strings() -> Iterator[WebhookStringsHarness]:
    """external-dns' own server over DNS UPDATE."""
    harness = WebhookStringsHarness()
    yield harness
    harness.close()


async def test_long_values_pass_where_each_string_is_a_target(strings: WebhookStringsHarness) -> None:
    zone = strings.new_zone()
    key = RRsetKey(DnsName(f"s._domainkey.{zone}"), RecordType.TXT)
    first = RRset(key, 60, (TxtData.of("v=DKIM1; k=rsa; p=" + "A" * 392),))
    second = RRset(key, 60, (TxtData.of('v=DKIM1; "quoted" \\ p=' + "B" * 600),))
    provider = strings.open(zone)

    await provider.apply(zone, [RRsetChange(key, None, first)])
    assert await provider.read(zone, [key]) == {key: first}
    await provider.apply(zone, [RRsetChange(key, first, second)])

    assert strings.peek(zone, key) == second
    await provider.apply(zone, [RRsetChange(key, second, None)])
    assert strings.peek(zone, key) is None
    await provider.close()


async def test_values_of_several_strings_stay_whole_although_they_look_like_several_values(
    strings: WebhookStringsHarness,
) -> None:
    zone = strings.new_zone()
    key = RRsetKey(zone, RecordType.TXT)
    foreign = (TxtData((b"site=", b"abc")), TxtData.of("MS=1; two words"))
    strings.put(zone, RRset(key, 3600, foreign))
    provider = strings.open(zone)
    before = (await provider.read(zone, [key]))[key]
    assert {value.joined for value in before.values} == {b"site=", b"abc", b"MS=1; two words"}

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 3600, (*before.values, SPF)))])
    held = strings.peek(zone, key)
    assert held is not None
    assert set(held.values) == {*foreign, SPF}

    with_ours = (await provider.read(zone, [key]))[key]
    await provider.apply(zone, [RRsetChange(key, with_ours, before)])
    left = strings.peek(zone, key)
    assert left is not None
    assert set(left.values) == set(foreign)
    await provider.close()


async def test_mx_records_that_are_not_listed_are_never_written(strings: WebhookStringsHarness) -> None:
    zone = strings.new_zone("@ 3600 MX 10 mail.example.org.")
    key = RRsetKey(zone, RecordType.MX)
    provider = strings.open(zone)

    with pytest.raises(Refused, match="MX"):
        await provider.apply(zone, [RRsetChange(key, None, RRset(key, 60, (MxData(0, DnsName("")),)))])

    held = strings.peek(zone, key)
    assert held is not None
    assert held.values == (MxData(10, DnsName("mail.example.org")),)
    await provider.close()
