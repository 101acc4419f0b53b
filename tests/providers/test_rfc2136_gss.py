"""The rfc2136 provider signing by Kerberos (GSS-TSIG), on BIND with a KDC of MIT Kerberos."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import dns.rcode
import pytest

from mailseal.conformance.counting import CallCounter
from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    Raced,
    Refused,
    Unavailable,
)
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.certificates import ServerCertificate, issue_server_certificate
from support.servers import BindServer
from support.servers.fake import fake_dns, reply_to
from support.servers.kerberos import REALM, KeyDistributionCentre

ZONE = DnsName("zorg.example")
NAME = "ns.zorg.example"
PRINCIPAL = f"mailseal@{REALM}"
POLICY = f'update-policy {{ grant "{PRINCIPAL}" wildcard *.zorg.example. TXT; }};'


def creation(label: str, *values: str) -> RRsetChange:
    key = RRsetKey(ZONE.child(label), RecordType.TXT)
    return RRsetChange(key, None, RRset(key, 300, tuple(TxtData.of(value) for value in values or ("ours",))))


@pytest.fixture(scope="module")
def kdc() -> Iterator[KeyDistributionCentre]:
    """A realm, that this process is a client of."""
    with pytest.MonkeyPatch.context() as environment, KeyDistributionCentre() as running:
        environment.setenv("KRB5_CONFIG", str(running.config_file))
        environment.setenv("KRB5CCNAME", "FILE:/dev/null")
        yield running


@pytest.fixture(scope="module")
def keytab(kdc: KeyDistributionCentre) -> bytes:
    """The keys of the operator's principal."""
    return kdc.keytab("mailseal").read_bytes()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return issue_server_certificate(tmp_path_factory.mktemp("dot"), NAME)


@pytest.fixture(scope="module")
def server(kdc: KeyDistributionCentre, certificate: ServerCertificate) -> Iterator[BindServer]:
    """A name server that takes updates of the principal below the zone's apex only."""
    options = f'tkey-gssapi-keytab "{kdc.keytab(f"DNS/{NAME}")}";'
    with BindServer((ZONE,), access=POLICY, options=options, certificate=certificate) as running:
        yield running


def open_at(
    port: int, keytab: bytes, surroundings: Surroundings = UNRESTRICTED, **settings: object
) -> Rfc2136Provider:
    chosen = {
        "server": "127.0.0.1",
        "port": port,
        "tsigAlgorithm": "gss-tsig",
        "gssPrincipal": PRINCIPAL,
        "gssServerName": NAME,
        "timeoutSeconds": 2,
        **settings,
    }
    return Rfc2136Provider.from_settings(chosen, {"keytab": keytab}, surroundings)


async def test_updates_are_signed_and_compared_and_cost_what_is_stated(
    server: BindServer, keytab: bytes
) -> None:
    log = CallCounter()
    provider = open_at(server.port, keytab, Surroundings(log=log))
    changes = [creation("one"), creation("two", "x" * 4000)]
    await provider.apply(ZONE, changes)

    assert log.since(0) == {"TKEY": 1, "UPDATE": 1}
    assert provider.capabilities.costs is not None
    assert log.since(0).total() == provider.capabilities.costs.write
    assert await provider.read(ZONE, [change.key for change in changes]) == {
        change.key: change.after for change in changes
    }
    with pytest.raises(Raced):
        await provider.apply(ZONE, changes)


async def test_it_works_over_tls(server: BindServer, keytab: bytes, certificate: ServerCertificate) -> None:
    settings = {
        "server": "127.0.0.1",
        "port": server.tls_port,
        "transport": "tls",
        "tlsServerName": NAME,
        "tsigAlgorithm": "gss-tsig",
        "gssPrincipal": PRINCIPAL,
        "gssServerName": NAME,
    }
    credentials = {"keytab": keytab, "ca.crt": certificate.ca_file.read_bytes()}
    provider = Rfc2136Provider.from_settings(settings, credentials)
    await provider.apply(ZONE, [creation("overtls")])
    await provider.close()

    assert server.query("overtls.zorg.example", "TXT") is not None


async def test_what_the_principal_may_not_change_is_refused(server: BindServer, keytab: bytes) -> None:
    key = RRsetKey(ZONE, RecordType.TXT)
    with pytest.raises(Refused, match="takes other updates"):
        await open_at(server.port, keytab).apply(
            ZONE, [RRsetChange(key, None, RRset(key, 300, (TxtData.of("apex"),)))]
        )


async def fault_of(provider: Rfc2136Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider.apply(ZONE, [creation("never")])
    assert not isinstance(caught.value, OutcomeUnknown)
    return caught.value


async def test_another_principal_of_the_realm_may_change_nothing(
    server: BindServer, kdc: KeyDistributionCentre
) -> None:
    """BIND takes an empty update from anybody, so that the content seems to be refused."""
    fault = await fault_of(
        open_at(server.port, kdc.keytab("other").read_bytes(), gssPrincipal=f"other@{REALM}")
    )

    assert isinstance(fault, Refused), (type(fault), str(fault))
    assert server.query("never.zorg.example", "TXT") is None


@pytest.mark.parametrize(
    ("settings", "keytab_content"),
    [
        ({"gssPrincipal": f"stranger@{REALM}"}, None),
        ({"gssServerName": "ns9.zorg.example"}, None),
        ({}, b"x"),
    ],
    ids=["principal", "server", "keytab"],
)
async def test_what_the_kdc_does_not_know_is_named(
    server: BindServer, keytab: bytes, settings: dict[str, object], keytab_content: bytes | None
) -> None:
    fault = await fault_of(open_at(server.port, keytab_content or keytab, **settings))

    assert isinstance(fault, AuthenticationFailed)
    assert "check gssPrincipal, gssServerName and the Secret's keytab" in str(fault)


async def test_a_frozen_kdc_is_unavailable_within_the_time_out(
    server: BindServer, kdc: KeyDistributionCentre, keytab: bytes
) -> None:
    kdc.pause()
    try:
        fault = await fault_of(open_at(server.port, keytab, timeoutSeconds=1))
    finally:
        kdc.resume()

    assert isinstance(fault, Unavailable)
    assert "no ticket within 1 s" in str(fault)


async def test_a_server_without_a_keytab_is_named(keytab: bytes) -> None:
    with BindServer((ZONE,), access=POLICY) as running:
        fault = await fault_of(open_at(running.port, keytab))

    assert isinstance(fault, AuthenticationFailed)
    assert f"check that it has a keytab of DNS/{NAME}" in str(fault)


@pytest.mark.parametrize("rcode", [dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOTIMP])
async def test_a_server_that_knows_no_tkey_is_named(keytab: bytes, rcode: dns.rcode.Rcode) -> None:
    async with fake_dns(lambda wire: [reply_to(wire, rcode=rcode)]) as fake:
        fault = await fault_of(open_at(fake.port, keytab))

        assert isinstance(fault, AuthenticationFailed)
        assert len(fake.tcp_messages) == 1


@pytest.mark.parametrize("replies", [None, [], [b"nonsense"]], ids=["hangs up", "silent", "nonsense"])
async def test_an_agreement_that_is_lost_leaves_no_doubt_about_the_update(
    keytab: bytes, replies: list[bytes] | None
) -> None:
    async with fake_dns(lambda _: replies) as fake:
        assert isinstance(await fault_of(open_at(fake.port, keytab, timeoutSeconds=1)), Unavailable)


@pytest.mark.parametrize(
    ("settings", "credentials", "text"),
    [
        ({"gssPrincipal": None}, {"keytab": b"x"}, "gssPrincipal is missing"),
        ({"gssPrincipal": "mailseal"}, {"keytab": b"x"}, "with its realm"),
        (
            {"gssServerName": None},
            {"keytab": b"x"},
            "gssServerName is missing, since server is an IP address",
        ),
        ({"tsigKeyName": "key"}, {"keytab": b"x"}, "tsigKeyName is for shared secrets"),
        ({}, {}, "no key 'keytab' with the keytab of mailseal@ZORG.EXAMPLE"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: dict[str, object], credentials: dict[str, bytes], text: str
) -> None:
    good = {
        "server": "192.0.2.53",
        "tsigAlgorithm": "gss-tsig",
        "gssPrincipal": PRINCIPAL,
        "gssServerName": NAME,
    }
    with pytest.raises(InvalidConfiguration, match=text):
        Rfc2136Provider.from_settings({**good, **settings}, credentials)


def test_only_who_is_trusted_may_have_kerberos_look_for_its_servers() -> None:
    with pytest.raises(InvalidConfiguration, match="ClusterDnsProvider only"):
        open_at(53, b"x", Surroundings(trusted=False))


def test_the_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    with pytest.raises(InvalidConfiguration, match=r"pip install 'mailseal\[gss\]'"):
        open_at(53, b"x")


def test_the_keytab_is_in_no_representation() -> None:
    provider = open_at(53, b"keys of the operator")

    assert "keys of" not in f"{provider!r} {vars(provider)} {vars(provider._server)}"
