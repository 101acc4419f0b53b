"""Settings and Secret of the route53 provider, and what a namespace must not set."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mailseal.domain.backends.route53 import Route53Settings as Spec
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.route53.settings import Route53Settings, ZoneType
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings

SECRET = {"access-key-id": b"AKIAEXAMPLE", "secret-access-key": b"very-secret\n"}
NAMESPACED = Surroundings(name="DnsProvider zorg/zone", trusted=False, ambient_credentials=False)
ROLE = "arn:aws:iam::123456789012:role/mail/seal"


def parse(
    settings: Mapping[str, object] | None = None,
    credentials: Mapping[str, bytes] = SECRET,
    surroundings: Surroundings = UNRESTRICTED,
) -> Route53Settings:
    return Route53Settings.parse(settings or {}, credentials, surroundings)


def test_the_defaults_of_the_resource_and_of_the_provider_are_the_same() -> None:
    written = Spec.model_validate({}).model_dump(by_alias=True, mode="json", exclude_none=True)

    assert parse(written) == parse()


def test_everything_is_read() -> None:
    parsed = parse(
        {
            "roleArn": ROLE,
            "externalId": "zorg",
            "zoneType": "Private",
            "hostedZoneIds": ["/hostedzone/Z1", "Z2", "Z1"],
            "region": "eu-central-1",
            "insyncSeconds": 0,
            "endpoint": "http://127.0.0.1:5000/",
            "timeoutSeconds": 7,
            "zones": ["Zorg.example."],
        },
        SECRET | {"session-token": b"token"},
    )

    assert parsed.access_key is not None
    assert (parsed.access_key.key_id, parsed.access_key.secret) == ("AKIAEXAMPLE", "very-secret")
    assert parsed.access_key.session_token == "token"
    assert parsed.role is not None
    assert (parsed.role.arn, parsed.role.external_id, parsed.role.account) == (ROLE, "zorg", "123456789012")
    assert parsed.zone_type is ZoneType.PRIVATE
    assert parsed.hosted_zone_ids == ("Z1", "Z2")
    assert (parsed.region, parsed.endpoint) == ("eu-central-1", "http://127.0.0.1:5000")
    assert (parsed.insync_within.total_seconds(), parsed.timeout.total_seconds()) == (0, 7)
    assert parsed.zones == ("zorg.example",)


@pytest.mark.parametrize(
    ("settings", "credentials", "words"),
    [
        ({"roleArn": "mailseal"}, SECRET, "roleArn must be like arn:aws:iam::"),
        ({"externalId": "zorg"}, SECRET, "give roleArn too"),
        ({"zoneType": "Hidden"}, SECRET, "zoneType must be one of Public, Private"),
        ({"hostedZoneIds": ["z 1"]}, SECRET, "hostedZoneIds must be ids"),
        ({"hostedZoneIds": "Z1"}, SECRET, "hostedZoneIds must be a list"),
        ({"region": "europe"}, SECRET, "region must be like eu-west-1"),
        ({"region": "evil.example/x-1"}, SECRET, "region must be like eu-west-1"),
        ({"insyncSeconds": 61}, SECRET, "insyncSeconds must be a whole number from 0 to 60"),
        ({"timeoutSeconds": 0}, SECRET, "timeoutSeconds"),
        ({"endpoint": "ftp://x.example"}, SECRET, "endpoint must be a URL"),
        ({}, {"access-key-id": b"AKIAEXAMPLE"}, "no key 'secret-access-key'"),
        ({}, {"secret-access-key": b"x"}, "no key 'access-key-id'"),
        ({}, {"access-key-id": b"\xff", "secret-access-key": b"x"}, "'access-key-id' must hold one line"),
        ({}, SECRET | {"session-token": b""}, "'session-token' must hold one line"),
    ],
)
def test_what_is_wrong_is_named(
    settings: Mapping[str, object], credentials: Mapping[str, bytes], words: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=words) as caught:
        parse(settings, credentials)

    assert "very-secret" not in str(caught.value)


def test_a_namespace_needs_a_secret_of_its_own() -> None:
    with pytest.raises(InvalidConfiguration, match="may not use the operator's own AWS identity"):
        parse({}, {}, NAMESPACED)
    assert parse({}, SECRET, NAMESPACED).access_key is not None


@pytest.mark.parametrize("field", ["endpoint", "stsEndpoint"])
def test_a_namespace_cannot_send_requests_elsewhere(field: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"{field} is only for a ClusterDnsProvider"):
        parse({field: "http://attacker.example"}, SECRET, NAMESPACED)


def test_the_secret_is_not_in_the_representation() -> None:
    shown = repr(parse({}, SECRET | {"session-token": b"my-token"}))

    assert "very-secret" not in shown
    assert "my-token" not in shown


@pytest.mark.parametrize(
    ("settings", "credentials", "account"),
    [
        ({"roleArn": ROLE}, SECRET, "route53:123456789012"),
        ({"roleArn": ROLE}, {}, "route53:123456789012"),
        ({}, SECRET, "route53:AKIAEXAMPLE"),
        ({}, {}, "route53:ambient"),
    ],
)
def test_providers_of_one_account_share_a_budget(
    settings: Mapping[str, object], credentials: Mapping[str, bytes], account: str
) -> None:
    assert parse(settings, credentials).account == account
