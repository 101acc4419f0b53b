"""What real mail servers show, each right or wrong in one way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp import AddressObservation, Contact, HostObservation, Lookup, StartTls, TlsVersion
from mailseal.checks.smtp.prober import MailServerProber, open_prober
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.mailhosts import MailHosts, mail_hosts

OLD = frozenset({TlsVersion.TLS_1_0, TlsVersion.TLS_1_1})
CURRENT = frozenset({TlsVersion.TLS_1_2, TlsVersion.TLS_1_3})
DOMAIN = "zorg.example"


@pytest.fixture(scope="module")
def servers() -> Iterator[MailHosts]:
    with mail_hosts(DOMAIN) as running:
        yield running


@pytest.fixture
async def prober(servers: MailHosts) -> AsyncIterator[MailServerProber]:
    records = f"{servers.addresses()}\nclosed.{DOMAIN}. A 127.0.1.200\nalias.{DOMAIN}. CNAME good.{DOMAIN}."
    async with open_prober(servers.settings(), ZoneResolver(records)) as opened:
        yield opened


async def observe(prober: MailServerProber, kind: str) -> AddressObservation:
    """What the only address of a host shows."""
    (seen,) = (await prober.observe(DnsName(f"{kind}.{DOMAIN}"))).addresses
    return seen


@pytest.mark.parametrize(
    ("kind", "negotiated", "offered"),
    [
        ("good", TlsVersion.TLS_1_3, CURRENT),
        ("tls10", TlsVersion.TLS_1_0, {TlsVersion.TLS_1_0}),
        ("tls11", TlsVersion.TLS_1_1, {TlsVersion.TLS_1_1}),
        ("tls12", TlsVersion.TLS_1_2, {TlsVersion.TLS_1_2}),
        ("tls13", TlsVersion.TLS_1_3, {TlsVersion.TLS_1_3}),
        ("all", TlsVersion.TLS_1_3, CURRENT | OLD),
    ],
)
async def test_versions_of_tls(
    prober: MailServerProber, kind: str, negotiated: TlsVersion, offered: set[TlsVersion]
) -> None:
    seen = await observe(prober, kind)
    assert seen.contact is Contact.ANSWERED
    assert seen.starttls is StartTls.WORKS
    assert seen.negotiated is negotiated
    assert seen.offered == offered
    assert not seen.undecided
    assert seen.fault == ""
    assert seen.greeting.startswith("220 mx.example.com ESMTP Exim")


async def test_without_starttls(prober: MailServerProber) -> None:
    seen = await observe(prober, "plain")
    assert seen.contact is Contact.ANSWERED
    assert seen.starttls is StartTls.NOT_OFFERED
    assert seen.certificate is None
    assert not seen.offered


@pytest.mark.parametrize(
    ("kind", "distrust"),
    [
        ("good", ""),
        ("soon", ""),
        ("wrongname", ""),
        ("tls10", ""),
        ("anchored", ""),
        ("expired", "certificate has expired"),
        ("selfsigned", "self-signed certificate"),
        ("private", "self-signed certificate in certificate chain"),
        ("incomplete", "unable to get local issuer certificate"),
    ],
)
async def test_trust(prober: MailServerProber, servers: MailHosts, kind: str, distrust: str) -> None:
    """The chain comes as the server sends it, trusted or not."""
    seen = await observe(prober, kind)
    assert seen.distrust == distrust
    assert seen.starttls is StartTls.WORKS
    assert tuple(each.der for each in seen.chain) == servers.issued(f"{kind}.{DOMAIN}").chain_der


@pytest.mark.parametrize(
    ("kind", "matches"),
    [("good", True), ("wild", True), ("wrongname", False), ("selfsigned", True), ("expired", True)],
)
async def test_names(prober: MailServerProber, kind: str, matches: bool) -> None:
    certificate = (await observe(prober, kind)).certificate
    assert certificate is not None
    assert certificate.names_host(DnsName(f"{kind}.{DOMAIN}")) is matches


async def test_expiry_of_a_host(prober: MailServerProber) -> None:
    host = await prober.observe(DnsName(f"soon.{DOMAIN}"))
    ends = host.certificate_not_after
    assert ends is not None
    assert abs(ends - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=10)
    assert (await prober.observe(DnsName(f"plain.{DOMAIN}"))).certificate_not_after is None


async def test_nobody_listens(prober: MailServerProber) -> None:
    seen = await observe(prober, "closed")
    assert seen.contact is Contact.REFUSED
    assert seen.starttls is StartTls.UNKNOWN


async def test_alias(prober: MailServerProber) -> None:
    host = await prober.observe(DnsName(f"alias.{DOMAIN}"))
    assert host.aliases == (DnsName(f"good.{DOMAIN}"),)
    assert [seen.contact for seen in host.addresses] == [Contact.ANSWERED]


async def test_a_host_without_address_or_answer(servers: MailHosts) -> None:
    silent = DnsName(f"silent.{DOMAIN}")
    resolver = ZoneResolver(servers.addresses(), silent=(silent.fqdn,))
    async with open_prober(servers.settings(), resolver) as prober:
        nowhere = await prober.observe(DnsName(f"nowhere.{DOMAIN}"))
        assert nowhere == HostObservation(DnsName(f"nowhere.{DOMAIN}"), Lookup.NONE)
        assert await prober.observe(silent) == HostObservation(silent, Lookup.UNANSWERED, "no answer")


async def test_private_addresses_are_not_connected_to(servers: MailHosts) -> None:
    address = servers.hosts[f"wild.{DOMAIN}"].address
    before = servers.server.sessions(address)
    resolver = ZoneResolver(f"wild.{DOMAIN}. A {address}\nwild.{DOMAIN}. AAAA ::ffff:{address}")
    async with open_prober(servers.settings(allow_private=False), resolver) as prober:
        host = await prober.observe(DnsName(f"wild.{DOMAIN}"))
    assert [seen.contact for seen in host.addresses] == [Contact.FORBIDDEN, Contact.FORBIDDEN]
    assert servers.server.sessions(address) == before


async def test_an_unknown_authority_file() -> None:
    settings = CheckSettings(certificate_authorities=("/nonexistent/ca.pem",))
    with pytest.raises(ValueError, match=r"ca\.pem holds no certificates"):
        async with open_prober(settings, ZoneResolver("")):
            pass


async def test_an_authority_file_without_certificates(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(ValueError, match=r"ca\.pem holds no certificates"):
        async with open_prober(CheckSettings(certificate_authorities=(str(path),)), ZoneResolver("")):
            pass


@pytest.mark.parametrize("name", ["mx.nl\r\nMAIL FROM:<a@b.nl>", "a b", "é.nl", "x" * 256])
async def test_a_name_that_ehlo_cannot_carry(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for EHLO"):
        async with open_prober(CheckSettings(helo_name=name), ZoneResolver("")):
            pass


async def test_no_mail_is_sent(prober: MailServerProber, servers: MailHosts) -> None:
    """The server's log knows of connections only, and each ends with QUIT or after a refused handshake."""
    await observe(prober, "tls13")
    log = servers.server.log()
    assert "MAIL" not in log
    assert "rejected" not in log
