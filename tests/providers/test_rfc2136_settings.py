"""Opening the rfc2136 provider: what it accepts, and that no message ever shows the secret."""

from __future__ import annotations

import base64

import pytest

from mailseal.dnsio.tsig import make_key
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.rfc2136.settings import Rfc2136Settings

SECRET = base64.b64encode(b"a very secret secret of 32 bytes").decode()
CREDENTIALS = {"tsig-secret": SECRET.encode()}
SIGNED = {"server": "192.0.2.53", "tsigKeyName": "mailseal-key"}


def test_defaults_are_port_53_sha256_and_five_seconds() -> None:
    settings = Rfc2136Settings.parse(SIGNED, CREDENTIALS)

    assert settings.server.port == 53
    assert settings.timeout_seconds == 5
    assert not settings.tcp_only
    assert settings.key is not None
    assert str(settings.key.algorithm) == "hmac-sha256."


@pytest.mark.parametrize(
    "server", ["2001:db8::53", "[2001:db8::53]", "ns1.zorg-voorbeeld.example", "NS1.example."]
)
def test_a_server_is_an_address_or_a_host_name(server: str) -> None:
    assert Rfc2136Settings.parse({"server": server}, {}).server.host in {
        "2001:db8::53",
        "ns1.zorg-voorbeeld.example",
        "ns1.example",
    }


@pytest.mark.parametrize(
    ("settings", "credentials", "field"),
    [
        ({}, {}, "server"),
        ({"server": "a..b"}, {}, "server"),
        ({"server": "192.0.2.1", "port": 0}, {}, "port"),
        ({"server": "192.0.2.1", "port": "53"}, {}, "port"),
        ({"server": "192.0.2.1", "timeoutSeconds": 61}, {}, "timeoutSeconds"),
        ({"server": "192.0.2.1", "transport": "udp"}, {}, "transport"),
        ({"server": "192.0.2.1", "zones": "a.example"}, {}, "zones"),
        ({"server": "192.0.2.1", "zones": ["a..example"]}, {}, "zones"),
        ({"server": "192.0.2.1"}, CREDENTIALS, "tsigKeyName"),
        (SIGNED, {}, "tsig-secret"),
        (SIGNED, {"tsig-secret": b""}, "empty"),
        (SIGNED, {"tsig-secret": b"not/base64!" + SECRET.encode()}, "base64"),
        ({**SIGNED, "tsigKeyName": "a..b"}, CREDENTIALS, "domain name"),
        ({**SIGNED, "tsigAlgorithm": "hmac-md5"}, CREDENTIALS, "MD5 must not be used"),
        ({**SIGNED, "tsigAlgorithm": "hmac-sha256-128"}, CREDENTIALS, "use one of hmac-sha1"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: dict[str, object], credentials: dict[str, bytes], field: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=field) as caught:
        Rfc2136Provider.from_settings(settings, credentials)

    chain: BaseException | None = caught.value
    while chain is not None:
        assert SECRET not in str(chain)
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_the_secret_is_in_no_representation() -> None:
    key = make_key("mailseal-key", SECRET.encode(), "hmac-sha256")
    settings = Rfc2136Settings.parse(SIGNED, CREDENTIALS)
    provider = Rfc2136Provider.from_settings(SIGNED, CREDENTIALS)
    raw = b"a very secret"

    for shown in (key, settings, provider, vars(provider)):
        assert SECRET not in f"{shown!r} {shown}"
        assert raw.decode() not in f"{shown!r} {shown}"
