"""Fetching MTA-STS policies from a real HTTPS server with real certificates."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from mailseal.checks.https import PolicyAnswer
from mailseal.checks.https.addressing import CheckedResolver
from mailseal.checks.https.fetcher import MAX_POLICY_BYTES, HttpsPolicyFetcher, open_fetcher
from mailseal.checks.mta_sts import examine_mta_sts
from mailseal.checks.settings import CheckSettings
from mailseal.checks.tools import Tools
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.certificates import ServerCertificate, issue_server_certificate
from support.examining import NOW, NoProber, codes, examined
from support.servers.policyhost import PATH, Handler, PolicyHost, policy_host, policy_text
from support.servers.process import free_port

CARE = DnsName("care.example")
LOCAL = "mta-sts.care.example. A 127.0.0.1"
POLICY = policy_text("enforce", "mail.care.example")


async def good(_: web.Request) -> web.StreamResponse:
    return web.Response(text=POLICY)


def text(body: str, content_type: str = "text/plain", status: int = 200) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type=content_type, status=status)

    return handler


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return issue_server_certificate(tmp_path_factory.mktemp("tls"), "mta-sts.care.example")


@asynccontextmanager
async def serving(
    handler: Handler,
    certificate: ServerCertificate,
    records: str = LOCAL,
    *,
    allow_private: bool = True,
    within: timedelta = timedelta(seconds=10),
    authorities: tuple[str, ...] | None = None,
) -> AsyncIterator[tuple[PolicyHost, HttpsPolicyFetcher]]:
    """A server with `handler`, and a fetcher that trusts the CA of its certificate."""
    async with policy_host(handler, certificate) as host:
        settings = CheckSettings(
            certificate_authorities=authorities if authorities is not None else (str(certificate.ca_file),),
            allow_private=allow_private,
            https_port=host.port,
            connect_within=within,
        )
        async with open_fetcher(settings, ZoneResolver(records)) as fetcher:
            yield host, fetcher


async def test_a_policy_is_fetched_from_its_well_known_place(certificate: ServerCertificate) -> None:
    async with serving(good, certificate) as (host, fetcher):
        assert await fetcher.fetch(CARE) == PolicyAnswer(POLICY, content_type="text/plain")
        assert host.requests == {("mta-sts.care.example", PATH): 1}


async def test_a_policy_is_fetched_once_for_all_who_ask(certificate: ServerCertificate) -> None:
    async with serving(good, certificate) as (host, fetcher):
        answers = await asyncio.gather(*(fetcher.fetch(CARE) for _ in range(20)))
        assert len(set(answers)) == 1
        assert host.requests.total() == 1


async def test_one_who_stops_waiting_does_not_spoil_it_for_others(certificate: ServerCertificate) -> None:
    released = asyncio.Event()
    asked = asyncio.Event()

    async def waiting(request: web.Request) -> web.StreamResponse:
        asked.set()
        await released.wait()
        return await good(request)

    async with serving(waiting, certificate) as (_, fetcher):
        hasty, patient = (asyncio.create_task(fetcher.fetch(CARE)) for _ in range(2))
        await asked.wait()
        hasty.cancel()
        released.set()
        assert (await patient).text == POLICY


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(certificate: ServerCertificate, status: int) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        if request.path == PATH:
            return web.Response(status=status, headers={"Location": "/other"})
        return await good(request)

    async with serving(elsewhere, certificate) as (host, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert str(status) in answer.fault
        assert "redirect" in answer.fault
        assert host.requests.total() == 1


@pytest.mark.parametrize(("status", "is_decided"), [(404, True), (403, True), (204, True), (503, False)])
async def test_another_status_is_no_policy(
    certificate: ServerCertificate, status: int, is_decided: bool
) -> None:
    async with serving(text("", status=status), certificate) as (_, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert str(status) in answer.fault
        assert answer.is_decided is is_decided


async def test_the_media_type_is_told(certificate: ServerCertificate) -> None:
    async with serving(text("<html>", "text/html"), certificate) as (_, fetcher):
        assert (await fetcher.fetch(CARE)).content_type == "text/html"


async def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    async with serving(good, issue_server_certificate(tmp_path, "care.example")) as (host, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert "Hostname mismatch" in answer.fault
        assert answer.is_decided
        assert not host.requests


async def test_an_expired_certificate_is_not_trusted(tmp_path: Path) -> None:
    expired = issue_server_certificate(tmp_path, "mta-sts.care.example", valid_for=timedelta(days=-1))
    async with serving(good, expired) as (host, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert "expired" in answer.fault
        assert not host.requests


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(certificate: ServerCertificate) -> None:
    async with serving(good, certificate, authorities=()) as (host, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert "certificate" in answer.fault
        assert not host.requests


@pytest.mark.parametrize("size", [MAX_POLICY_BYTES + 1, 5_000_000])
async def test_more_than_64_kilobytes_are_not_read(certificate: ServerCertificate, size: int) -> None:
    async with serving(text("x" * size), certificate) as (_, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert str(MAX_POLICY_BYTES) in answer.fault


async def test_just_64_kilobytes_are_read(certificate: ServerCertificate) -> None:
    assert MAX_POLICY_BYTES == 65536
    async with serving(text("x" * MAX_POLICY_BYTES), certificate) as (_, fetcher):
        assert (await fetcher.fetch(CARE)).text == "x" * MAX_POLICY_BYTES


async def test_compressed_answers_are_not_unpacked(certificate: ServerCertificate) -> None:
    """A few kilobytes could unpack to gigabytes."""

    async def bomb(_: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    async with serving(bomb, certificate) as (_, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is not None
        assert len(answer.text) < MAX_POLICY_BYTES


@pytest.mark.parametrize("pause_seconds", [0.05, 60])
async def test_a_slow_server_is_given_up(certificate: ServerCertificate, pause_seconds: float) -> None:
    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for _ in range(1000):
            await asyncio.sleep(pause_seconds)
            await response.write(b"x")
        return response

    begun = time.monotonic()
    async with serving(dripping, certificate, within=timedelta(seconds=1)) as (_, fetcher):
        answer = await fetcher.fetch(CARE)
    assert answer == PolicyAnswer(None, "the server did not answer in time", is_decided=False)
    assert time.monotonic() - begun < 8


async def test_private_addresses_are_not_connected_to(certificate: ServerCertificate) -> None:
    async with serving(good, certificate, allow_private=False) as (host, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer.text is None
        assert "does not route" in answer.fault
        assert answer.is_decided
        assert not host.requests


async def test_a_name_that_leads_elsewhere_by_an_alias_is_checked_as_well(
    certificate: ServerCertificate,
) -> None:
    records = "mta-sts.care.example. CNAME inside.example.\ninside.example. A 127.0.0.1"
    async with serving(good, certificate, records, allow_private=False) as (host, fetcher):
        assert (await fetcher.fetch(CARE)).text is None
        assert not host.requests
    async with serving(good, certificate, records) as (_, fetcher):
        assert (await fetcher.fetch(CARE)).text == POLICY


async def test_the_address_is_asked_for_once_and_connected_to(certificate: ServerCertificate) -> None:
    """So a name that leads elsewhere at the next question gains nothing."""
    resolver = ZoneResolver(LOCAL)
    async with policy_host(good, certificate) as host:
        settings = CheckSettings(
            certificate_authorities=(str(certificate.ca_file),), allow_private=True, https_port=host.port
        )
        async with open_fetcher(settings, resolver) as fetcher:
            assert (await fetcher.fetch(CARE)).text == POLICY
    assert resolver.asked == {("mta-sts.care.example", "A"): 1, ("mta-sts.care.example", "AAAA"): 1}


async def test_addresses_that_may_not_be_reached_are_left_out_among_others() -> None:
    records = f"{LOCAL}\nmta-sts.care.example. A 192.0.2.1\nmta-sts.care.example. AAAA 2600::1"
    found = await CheckedResolver(ZoneResolver(records), False).resolve("mta-sts.care.example", 443)
    assert [(one["host"], one["port"]) for one in found] == [("2600::1", 443)]


async def test_a_host_without_an_address_is_told(certificate: ServerCertificate) -> None:
    async with serving(good, certificate, "other.example. A 127.0.0.1") as (_, fetcher):
        answer = await fetcher.fetch(CARE)
        assert answer == PolicyAnswer(None, "mta-sts.care.example has no address")


async def test_a_silent_name_server_leaves_it_undecided(certificate: ServerCertificate) -> None:
    settings = CheckSettings(certificate_authorities=(str(certificate.ca_file),), allow_private=True)
    resolver = ZoneResolver("", silent=("mta-sts.care.example",))
    async with open_fetcher(settings, resolver) as fetcher:
        answer = await fetcher.fetch(CARE)
    assert answer.text is None
    assert not answer.is_decided


async def test_a_port_where_nobody_listens_leaves_it_undecided(certificate: ServerCertificate) -> None:
    settings = CheckSettings(https_port=free_port("127.0.0.1"), allow_private=True)
    async with open_fetcher(settings, ZoneResolver(LOCAL)) as fetcher:
        answer = await fetcher.fetch(CARE)
    assert answer.text is None
    assert not answer.is_decided


@pytest.mark.parametrize(
    "garbage", [b"", b"hello\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"\x00" * 100_000]
)
async def test_a_server_that_speaks_no_tls_or_no_http_is_told(garbage: bytes) -> None:
    async def garble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    settings = CheckSettings(https_port=server.sockets[0].getsockname()[1], allow_private=True)
    async with server, open_fetcher(settings, ZoneResolver(LOCAL)) as fetcher:
        answer = await fetcher.fetch(CARE)
    assert answer.text is None
    assert answer.fault


@pytest.mark.parametrize(
    "domain", ["_foo.example", "a_b.example", "127.0.0.1", "-a-.example", "xn--a.example"]
)
async def test_unusual_names_are_host_names(domain: str) -> None:
    async with open_fetcher(CheckSettings(), ZoneResolver("")) as fetcher:
        answer = await fetcher.fetch(DnsName(domain))
    assert answer.fault == f"mta-sts.{domain} has no address"


@pytest.mark.parametrize(
    "domain", ["a@b.example", "a/b.example", "a?b.example", "a#b.example", "a:1.example", r"\000.example", ""]
)
async def test_a_name_that_would_make_another_url_is_not_fetched(domain: str) -> None:
    resolver = ZoneResolver("")
    async with open_fetcher(CheckSettings(), resolver) as fetcher:
        answer = await fetcher.fetch(DnsName(domain))
    assert answer.fault == "the name of the policy host is no host name"
    assert not resolver.asked


async def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        settings = CheckSettings(certificate_authorities=(str(path),))
        (tmp_path / "empty.pem").write_text("nothing")
        with pytest.raises(ValueError, match=path.name):
            async with open_fetcher(settings, ZoneResolver("")):
                raise AssertionError("it was opened")


async def test_the_check_passes_over_the_real_thing(certificate: ServerCertificate) -> None:
    records = f"""{LOCAL}
_mta-sts.care.example. TXT "v=STSv1; id=1"
care.example. MX 10 mail.care.example.
"""
    async with serving(good, certificate, records) as (_, fetcher):
        tools = Tools(ZoneResolver(records), NoProber(), fetcher, NOW)
        found = codes(await examine_mta_sts(examined("care.example"), tools))
    assert "mta-sts.policy/fetched" in found
    assert "mta-sts.hosts/all-named" in found
