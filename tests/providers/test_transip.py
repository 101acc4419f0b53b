"""What is TransIP's own: signing in, the order of single writes, its rate limit, and every fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mailseal.conformance.counting import CallCounter
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
from mailseal.providers.budget import Budgets, Rate
from mailseal.providers.surroundings import NoLog, Surroundings
from mailseal.providers.transip import TransIpProvider
from mailseal.providers.transip.settings import ENDPOINT, TransIpSettings
from mailseal.providers.transip.token import Token
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.transip import LOGIN, TransIpHarness
from support.servers.faultproxy import Fault, FaultProxy, Kind, Request


@pytest.fixture(scope="module")
def harness() -> Iterator[TransIpHarness]:
    running = TransIpHarness()
    yield running
    running.close()


@pytest.fixture(autouse=True)
async def closed(harness: TransIpHarness) -> AsyncIterator[None]:
    """Close every provider that a test opens."""
    yield
    while harness.to_close:
        await harness.to_close.pop().close()


@pytest.fixture
def zone(harness: TransIpHarness) -> DnsName:
    harness.log = NoLog()
    return harness.new_zone()


@pytest.fixture
def proxy(harness: TransIpHarness) -> Iterator[FaultProxy]:
    with FaultProxy(("127.0.0.1", harness.server.web.port)) as running:
        yield running


def through(harness: TransIpHarness, proxy: FaultProxy, zone: DnsName, **settings: object) -> TransIpProvider:
    return harness.open_with(endpoint=f"{proxy.url}/v6", zones=[zone], **settings)


def apex(zone: DnsName, *values: str) -> RRset:
    return RRset(RRsetKey(zone, RecordType.TXT), 3600, tuple(map(TxtData.of, values)))


def creation(zone: DnsName, label: str = "_dmarc", value: str = "ours") -> RRsetChange:
    key = RRsetKey(zone.child(label), RecordType.TXT)
    return RRsetChange(key, None, RRset(key, 3600, (TxtData.of(value),)))


def asks(method: str, path: str = "/dns") -> Callable[[Request], bool]:
    return lambda request: request.method == method and request.path.endswith(path)


async def test_one_token_serves_many_requests_and_a_revoked_one_is_renewed(
    harness: TransIpHarness, zone: DnsName
) -> None:
    harness.log = counter = CallCounter()
    provider = harness.open(zone)
    await provider.read(zone, [creation(zone).key])
    await provider.apply(zone, [creation(zone)])
    assert counter.since(0)["SignIn"] == 1

    harness.server.revoke_tokens()
    await provider.apply(zone, [creation(zone, "other")])
    assert counter.since(0)["SignIn"] == 2
    assert harness.peek(zone, creation(zone, "other").key) is not None


async def test_a_token_is_renewed_before_it_expires(
    harness: TransIpHarness, zone: DnsName, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.log = counter = CallCounter()
    provider = harness.open(zone)
    await provider.zones()
    later = time.time() + 3590
    monkeypatch.setattr(provider._api, "_clock", lambda: later)
    await provider.zones()
    assert counter.since(0)["SignIn"] == 2


async def test_a_token_that_is_refused_again_is_a_failed_authentication(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    proxy.add(Fault(Kind.ANSWER, status=401, times=9, concerns=asks("GET")))
    with pytest.raises(AuthenticationFailed, match="read-only"):
        await through(harness, proxy, zone).read(zone, [creation(zone).key])
    assert sum(request.path.endswith("/auth") for request in proxy.requests) == 2


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["8", "1"])
async def test_keys_of_both_formats_sign_in(
    harness: TransIpHarness, zone: DnsName, form: PrivateFormat
) -> None:
    pem = harness.key.private_bytes(Encoding.PEM, form, NoEncryption())
    assert await harness.open_with(pem.strip(), zones=[zone]).zones() == (zone,)


async def test_a_wrong_key_or_login_is_told_without_either(harness: TransIpHarness, zone: DnsName) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(AuthenticationFailed, match="Invalid signature"):
        await harness.open_with(pem, zones=[zone]).zones()
    with pytest.raises(AuthenticationFailed, match="check login"):
        await harness.open_with(login="somebody").zone_of(zone)


async def test_a_read_only_token_cannot_write(harness: TransIpHarness, zone: DnsName) -> None:
    harness.server.read_only = True
    try:
        with pytest.raises(AuthenticationFailed, match="read-only"):
            await harness.open(zone).apply(zone, [creation(zone)])
    finally:
        harness.server.read_only = False


async def test_the_request_that_replaces_a_whole_domain_is_never_sent(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    provider = through(harness, proxy, zone)
    before, after = apex(zone, "theirs", "v=spf1 -all"), apex(zone, "theirs", "v=spf1 ~all")
    harness.put(zone, before)
    await provider.apply(zone, [RRsetChange(before.key, before, after), creation(zone)])
    await provider.apply(zone, [RRsetChange(after.key, after, apex(zone, "theirs"))])
    assert [request.method for request in proxy.requests if request.path.endswith("/dns")] == [
        *("GET", "DELETE", "POST", "POST", "GET"),
        *("GET", "DELETE", "GET"),
    ]
    assert harness.peek(zone, before.key) == apex(zone, "theirs")


async def test_a_refused_successor_of_spf_puts_the_old_one_back(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    before = apex(zone, "theirs", "v=spf1 -all")
    harness.put(zone, before)
    change = RRsetChange(before.key, before, apex(zone, "theirs", "v=spf1 ~all"))
    refusal = Fault(Kind.ANSWER, status=406, body=b'{"error": "no"}', concerns=asks("POST"))
    provider = through(harness, proxy, zone)

    proxy.add(refusal)
    with pytest.raises(Refused, match="406: no"):
        await provider.apply(zone, [change])
    held = harness.peek(zone, before.key)
    assert held is not None
    assert held.same_as(before)

    proxy.add(replace(refusal, times=2))
    with pytest.raises(OutcomeUnknown, match="was removed, but then"):
        await provider.apply(zone, [change])


async def test_spf_is_not_left_out_by_a_caller_that_gives_up(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    before, after = apex(zone, "theirs", "v=spf1 -all"), apex(zone, "theirs", "v=spf1 ~all")
    harness.put(zone, before)
    proxy.add(Fault(Kind.SLOW, seconds=0.3, concerns=asks("POST")))
    provider = through(harness, proxy, zone)
    call = asyncio.create_task(provider.apply(zone, [RRsetChange(before.key, before, after)]))
    while not any(asks("POST")(request) for request in proxy.requests):
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert harness.peek(zone, before.key) == after


async def test_a_refusal_after_the_first_write_leaves_the_outcome_to_be_read(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    proxy.add(
        Fault(
            Kind.ANSWER,
            status=406,
            body=b'{"error": "no such hostname"}',
            concerns=lambda request: request.method == "POST" and b'"second"' in request.body,
            times=2,
        )
    )
    provider = through(harness, proxy, zone)
    first, second = creation(zone, "first"), creation(zone, "second")
    with pytest.raises(OutcomeUnknown, match="no such hostname"):
        await provider.apply(zone, [first, second])
    assert harness.peek(zone, first.key) is not None
    with pytest.raises(Refused, match="no such hostname"):
        await provider.apply(zone, [second])


async def test_an_entry_that_changes_meanwhile_is_raced(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    """The domain is read as it was before somebody else added a second text."""
    provider = through(harness, proxy, zone)
    harness.put(zone, apex(zone, "one"))
    stale = b'{"dnsEntries": [{"name": "@", "expire": 3600, "type": "TXT", "content": "one"}]}'
    harness.put(zone, apex(zone, "one", "theirs"))
    proxy.add(Fault(Kind.ANSWER, body=stale, times=2, concerns=asks("GET")))
    with pytest.raises(Raced, match="Multiple matches"):
        await provider.apply(zone, [RRsetChange(apex(zone, "x").key, apex(zone, "one"), apex(zone, "two"))])

    harness.put(zone, apex(zone, "theirs"))
    with pytest.raises(Raced, match="not found"):
        await provider.apply(zone, [RRsetChange(apex(zone, "x").key, apex(zone, "one"), None)])
    assert harness.peek(zone, apex(zone, "x").key) == apex(zone, "theirs")


@pytest.mark.parametrize(
    ("fault", "reading", "writing"),
    [
        (Fault(Kind.ANSWER, status=500, body=b'{"error": "oops"}'), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=503), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=302), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=403), AuthenticationFailed, AuthenticationFailed),
        (Fault(Kind.ANSWER, status=406, body=b'{"error": "wrong"}'), Unavailable, Refused),
        (Fault(Kind.ANSWER, status=409), Unavailable, Unavailable),
        (Fault(Kind.ANSWER, status=429, headers={"Retry-After": "60"}), RateLimited, RateLimited),
        (
            Fault(Kind.ANSWER, status=429, headers={"x-rate-limit-reset": "9999999999"}),
            RateLimited,
            RateLimited,
        ),
        (Fault(Kind.CUT), Unavailable, OutcomeUnknown),
        (Fault(Kind.LOSE_REPLY), Unavailable, OutcomeUnknown),
        (Fault(Kind.SLOW, seconds=5), Unavailable, OutcomeUnknown),
        (Fault(Kind.ANSWER, status=404, body=b'{"error": "Domain not found"}'), ZoneNotFound, ZoneNotFound),
    ],
    ids=lambda case: f"{case.kind.name}-{case.status}" if isinstance(case, Fault) else "",
)
async def test_faults_become_errors_that_say_retry_or_give_up(
    harness: TransIpHarness,
    zone: DnsName,
    proxy: FaultProxy,
    fault: Fault,
    reading: type[ProviderError],
    writing: type[ProviderError],
) -> None:
    provider = through(harness, proxy, zone, timeoutSeconds=1)
    calls = {
        "GET": (reading, lambda: provider.read(zone, [creation(zone).key])),
        "POST": (writing, lambda: provider.apply(zone, [creation(zone)])),
    }
    for method, (expected, call) in calls.items():
        proxy.clear()
        proxy.add(replace(fault, times=9, concerns=asks(method)))
        with pytest.raises(expected) as caught:
            await call()
        assert type(caught.value) is expected
        assert "Bearer" not in str(caught.value)
    await provider.close()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.ANSWER, body=b"<html>", times=9),
        Fault(Kind.ANSWER, status=500, times=9),
        Fault(Kind.CUT, times=9),
        Fault(Kind.LOSE_REPLY, times=9),
    ],
    ids=["nonsense", "500", "cut", "lost"],
)
async def test_a_failed_sign_in_is_never_an_unknown_outcome(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.add(replace(fault, concerns=asks("POST", "/auth")))
    with pytest.raises(Unavailable) as caught:
        await through(harness, proxy, zone).apply(zone, [creation(zone)])
    assert type(caught.value) is Unavailable


@pytest.mark.parametrize("kind", [Kind.LOSE_REPLY, Kind.CUT], ids=["made", "not made"])
async def test_a_deletion_whose_reply_is_lost_is_sent_once_and_read_again(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy, kind: Kind
) -> None:
    harness.put(zone, apex(zone, "ours"))
    provider = through(harness, proxy, zone)
    proxy.add(Fault(kind, concerns=asks("DELETE")))
    with pytest.raises(OutcomeUnknown):
        await provider.apply(zone, [RRsetChange(apex(zone, "x").key, apex(zone, "ours"), None)])
    assert sum(request.method == "DELETE" for request in proxy.requests) == 1
    left = {} if kind is Kind.LOSE_REPLY else {apex(zone, "x").key: apex(zone, "ours")}
    assert await provider.read(zone, [apex(zone, "x").key]) == left


async def test_a_write_that_vanishes_at_once_is_found_out(
    harness: TransIpHarness, zone: DnsName, proxy: FaultProxy
) -> None:
    proxy.add(Fault(Kind.ANSWER, status=201, concerns=asks("POST")))
    with pytest.raises(OutcomeUnknown, match="somebody else"):
        await through(harness, proxy, zone).apply(zone, [creation(zone)])


async def test_the_used_up_limit_is_told_with_the_time_to_wait(
    harness: TransIpHarness, zone: DnsName
) -> None:
    provider = harness.open(zone)
    await provider.zones()
    harness.server.limit = 0
    try:
        with pytest.raises(RateLimited) as caught:
            await provider.read(zone, [creation(zone).key])
    finally:
        harness.server.limit = 1_000_000
    assert caught.value.retry_after is not None
    assert 800 < caught.value.retry_after.total_seconds() <= 900


async def test_nothing_is_begun_that_the_limit_would_stop_in_the_middle(
    harness: TransIpHarness, zone: DnsName
) -> None:
    before = apex(zone, "theirs", "v=spf1 -all")
    harness.put(zone, before)
    provider = harness.open(zone)
    await provider.zones()
    harness.server.limit = len(harness.server.web.requests) + 3  # the reading, and two of three more
    try:
        with pytest.raises(RateLimited, match="2 more requests"):
            await provider.apply(zone, [RRsetChange(before.key, before, apex(zone, "theirs", "v=spf1 ~all"))])
    finally:
        harness.server.limit = 1_000_000
    assert harness.peek(zone, before.key) == before


async def test_nothing_is_begun_that_the_budget_would_stop_in_the_middle(
    harness: TransIpHarness, zone: DnsName
) -> None:
    budgets = Budgets()
    budgets.of(f"transip:{LOGIN}", Rate(0.1, 3))
    credentials = {"private-key": harness.pem}
    settings = {"login": LOGIN, "endpoint": harness.server.url, "zones": [zone]}
    provider = TransIpProvider.from_settings(settings, credentials, Surroundings(budgets=budgets))
    with pytest.raises(RateLimited, match="does not suffice") as caught:
        await provider.apply(zone, [creation(zone, f"n{number}") for number in range(3)])
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() > 25
    assert harness.peek(zone, creation(zone, "n0").key) is None
    await provider.close()


async def test_delegated_names_are_neither_read_nor_written(harness: TransIpHarness) -> None:
    zone = harness.new_zone(records="sub 3600 NS ns.elsewhere.example.")
    change = creation(zone, "_dmarc.sub")
    with pytest.raises(NotServed):
        await harness.open(zone).read(zone, [change.key])
    with pytest.raises(Refused, match="delegated"):
        await harness.open(zone).apply(zone, [change])


def test_a_token_that_tells_no_time_lasts_as_long_as_was_asked_for() -> None:
    for text in ("opaque", "a.b.c", "a.eyJleHAiOiAieCJ9.c", "a.bnVsbA.c"):
        token = Token.parse(b'{"token": "%s"}' % text.encode(), 1000.0)
        assert token.expires_at == 4600.0
        assert text not in repr(token)
    assert token.works_at(4539.0)
    assert not token.works_at(4540.0)
    for body in (b"", b"[]", b'{"token": 1}', b'{"token": "a\\nb"}'):
        with pytest.raises(Unavailable):
            Token.parse(body, 0.0)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_wrong_settings_are_named(harness: TransIpHarness) -> None:
    good = {"private-key": harness.pem}
    elliptic = {"private-key": _pem(ec.generate_private_key(ec.SECP256R1()))}
    cases: list[tuple[dict[str, object], dict[str, bytes], str]] = [
        ({}, good, "login is missing"),
        ({"login": "a\nb"}, good, "login must be"),
        ({"login": LOGIN}, {}, "no key 'private-key'"),
        ({"login": LOGIN}, {"private-key": b"x"}, "RSA private key"),
        ({"login": LOGIN}, elliptic, "RSA private key"),
        ({"login": LOGIN}, {"private-key": _pem(harness.key, b"secret")}, "without a password"),
        ({"login": LOGIN, "whitelistedOnly": "no"}, good, "whitelistedOnly must be true or false"),
        ({"login": LOGIN, "endpoint": "x"}, good, "endpoint must be a URL"),
        ({"login": LOGIN, "timeoutSeconds": 61}, good, "timeoutSeconds must be"),
    ]
    for settings, credentials, problem in cases:
        with pytest.raises(InvalidConfiguration, match=problem):
            TransIpProvider.from_settings(settings, credentials)


def test_a_namespace_cannot_send_the_credentials_elsewhere(harness: TransIpHarness) -> None:
    credentials, untrusted = {"private-key": harness.pem}, Surroundings(trusted=False)
    with pytest.raises(InvalidConfiguration, match="ClusterDnsProvider"):
        TransIpProvider.from_settings(
            {"login": LOGIN, "endpoint": "https://evil.example"}, credentials, untrusted
        )
    settings = TransIpSettings.parse({"login": LOGIN}, credentials, untrusted)
    assert str(settings.endpoint) == ENDPOINT
    assert "PRIVATE" not in repr(settings)
