"""Who the azure provider is: its settings, its Secret, and what of the process it may not use."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from mailseal.providers.azure.credential import open_credential
from mailseal.providers.azure.provider import AzureProvider
from mailseal.providers.azure.settings import HOSTS, AzureSettings, Cloud
from mailseal.providers.base import AuthenticationFailed, InvalidConfiguration, Unavailable
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.azure import CREDENTIALS, SETTINGS, AzureHarness
from support.certificates import ServerCertificate, issue_server_certificate
from support.servers.azuredns import TOKEN
from support.servers.vendorapi import Reply, Request, VendorServer, cut, instead

TENANT = Surroundings(name="DnsProvider zorg/azure", trusted=False, ambient_credentials=False)
"""What a DnsProvider of a namespace gets."""
OPERATORS_OWN = {
    "AZURE_TENANT_ID": "99999999-9999-9999-9999-999999999999",
    "AZURE_CLIENT_ID": "88888888-8888-8888-8888-888888888888",
    "AZURE_CLIENT_SECRET": "the-operators-own-secret",
    "AZURE_USERNAME": "operator",
    "AZURE_PASSWORD": "the-operators-own-password",
    "AZURE_FEDERATED_TOKEN_FILE": "/var/run/secrets/azure/tokens/azure-identity-token",
    "AZURE_AUTHORITY_HOST": "https://login.attacker.example",
    "AZURE_CLOUD": "AzureChinaCloud",
    "IDENTITY_ENDPOINT": "http://169.254.169.254/token",
    "IDENTITY_HEADER": "x",
    "MSI_ENDPOINT": "http://169.254.169.254/token",
}


@pytest.fixture
def operators_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an operator that has an identity of its own."""
    for name, value in OPERATORS_OWN.items():
        monkeypatch.setenv(name, value)


def parse(credentials: dict[str, bytes], surroundings: Surroundings, **settings: Any) -> AzureSettings:
    return AzureSettings.parse({**SETTINGS, **settings}, credentials, surroundings)


@pytest.mark.parametrize(
    ("settings", "credentials", "words"),
    [
        ({"subscriptionId": None}, CREDENTIALS, "subscriptionId is missing"),
        ({"subscriptionId": "../../tenants"}, CREDENTIALS, "subscriptionId"),
        ({"resourceGroup": None}, CREDENTIALS, "resourceGroup is missing"),
        ({"resourceGroup": "a/../b"}, CREDENTIALS, "resourceGroup"),
        ({"resourceGroup": ".."}, CREDENTIALS, "resourceGroup"),
        ({"tenantId": "evil.example/x?"}, CREDENTIALS, "tenantId"),
        ({"tenantId": None}, CREDENTIALS, "tenantId and clientId are needed beside a Secret"),
        ({"clientId": None}, CREDENTIALS, "tenantId and clientId are needed beside a Secret"),
        ({"clientId": 7}, CREDENTIALS, "clientId"),
        ({"cloud": "Moon"}, CREDENTIALS, "cloud must be one of Public, Government, China"),
        ({"timeoutSeconds": 0}, CREDENTIALS, "timeoutSeconds"),
        ({"endpoint": "ftp://x"}, CREDENTIALS, "endpoint"),
        ({"zones": ["a..b"]}, CREDENTIALS, "zones"),
        ({}, {"password": b"x"}, "'client-secret'"),
        ({}, {"client-secret": b" "}, "'client-secret'"),
        ({}, {"client-secret": b"\xff"}, "'client-secret'"),
    ],
)
def test_wrong_settings_are_named(
    settings: dict[str, Any], credentials: dict[str, bytes], words: str
) -> None:
    given = {field: value for field, value in {**SETTINGS, **settings}.items() if value is not None}

    with pytest.raises(InvalidConfiguration, match=words):
        AzureProvider.from_settings(given, credentials)


@pytest.mark.usefixtures("operators_own")
class TestTenant:
    """Attacks from a namespace."""

    def test_it_needs_a_secret_although_the_operator_has_an_identity(self) -> None:
        with pytest.raises(InvalidConfiguration, match="credentialsSecretRef is needed"):
            AzureProvider.from_settings(SETTINGS, {}, TENANT)

    def test_it_cannot_have_the_token_sent_elsewhere(self) -> None:
        with pytest.raises(InvalidConfiguration, match="ClusterDnsProvider"):
            AzureProvider.from_settings(
                {**SETTINGS, "endpoint": "http://169.254.169.254"}, CREDENTIALS, TENANT
            )

    def test_its_secret_goes_to_microsoft_whatever_the_environment_says(self) -> None:
        credential = open_credential(parse(CREDENTIALS, TENANT))

        assert isinstance(credential, ClientSecretCredential)
        client = credential._client
        assert client._authority == "https://login.microsoftonline.com"
        assert (client._tenant_id, client._client_id) == (SETTINGS["tenantId"], SETTINGS["clientId"])

    def test_its_requests_go_to_the_public_cloud_whatever_the_environment_says(self) -> None:
        provider = AzureProvider.from_settings(SETTINGS, CREDENTIALS, TENANT)

        assert provider._api._client._client._base_url == "https://management.azure.com"


@pytest.mark.parametrize("cloud", list(Cloud))
def test_each_cloud_has_its_own_hosts(cloud: Cloud) -> None:
    settings = parse(CREDENTIALS, TENANT, cloud=str(cloud))

    assert settings.resource_manager == HOSTS[cloud].resource_manager
    assert open_credential(settings)._client._authority == HOSTS[cloud].authority


def test_workload_identity_is_used_where_the_pod_has_one_and_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token")

    assert isinstance(open_credential(parse({}, Surroundings())), WorkloadIdentityCredential)
    monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
    with pytest.raises(InvalidConfiguration, match="AZURE_CLIENT_ID"):
        open_credential(parse({}, Surroundings(), tenantId=None, clientId=None))


def test_managed_identity_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)

    assert isinstance(open_credential(parse({}, Surroundings())), ManagedIdentityCredential)


def test_providers_share_a_budget_only_with_the_same_secret() -> None:
    one, same = parse(CREDENTIALS, TENANT), parse(CREDENTIALS, TENANT, resourceGroup="other")
    claimed = parse({"client-secret": b"guessed"}, TENANT)

    assert one.account == same.account
    assert one.account != claimed.account
    assert "secret" not in one.account


def test_the_secret_is_never_shown() -> None:
    assert "a~client~secret" not in repr(parse(CREDENTIALS, TENANT))


class Entra:
    """The token endpoint of Microsoft Entra for one app registration.

    As in learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
    """

    def __init__(self, certificate: ServerCertificate) -> None:
        self.ca_file = str(certificate.ca_file)
        self.secret = "a~client~secret"
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate.cert_file, certificate.key_file)
        self.server = VendorServer(self._answer, tls)

    def provider(self, harness: AzureHarness) -> AzureProvider:
        """A provider that gets its tokens here."""
        settings = parse(CREDENTIALS, harness.surroundings, endpoint=harness.server.api.url)
        transport = AioHttpTransport(connection_verify=self.ca_file)
        credential = open_credential(settings, authority=self.server.url, transport=transport)
        return AzureProvider(settings, credential, harness.surroundings)

    def _answer(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if request.path != f"/{SETTINGS['tenantId']}/oauth2/v2.0/token":
            return Reply(
                400, {"error": "invalid_request", "error_description": "AADSTS90002: no such tenant"}
            )
        if form["scope"] != "https://management.azure.com/.default":
            return Reply(400, {"error": "invalid_scope", "error_description": "AADSTS70011: no such scope"})
        if (form["client_id"], form["client_secret"]) != (SETTINGS["clientId"], self.secret):
            text = f"AADSTS7000215: Invalid client secret provided: {form['client_secret']}"
            return Reply(401, {"error": "invalid_client", "error_description": text})
        return Reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN})


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[Entra]:
    running = Entra(issue_server_certificate(tmp_path, "127.0.0.1"))
    yield running
    running.server.close()


@pytest.fixture
def azure() -> Iterator[AzureHarness]:
    harness = AzureHarness()
    yield harness
    harness.close()


async def test_a_token_is_got_once_with_the_secret_and_used(azure: AzureHarness, entra: Entra) -> None:
    zone = azure.new_zone()
    provider = entra.provider(azure)

    assert await provider.zone_of(zone) == zone
    assert await provider.read(zone, [RRsetKey(zone, RecordType.TXT)]) == {}

    assert len(entra.server.requests) == 1
    await provider.close()


async def test_a_secret_that_is_not_accepted_is_told_by_its_code_and_not_shown(
    azure: AzureHarness, entra: Entra, caplog: pytest.LogCaptureFixture
) -> None:
    entra.secret = "another"
    provider = entra.provider(azure)

    with pytest.raises(AuthenticationFailed, match="AADSTS7000215") as caught:
        await provider.zone_of(DnsName("a.example"))

    assert "a~client~secret" not in f"{caught.value} {caplog.text}"
    assert azure.server.api.requests == []
    await provider.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (instead(400, {"error": "unauthorized_client"}), AuthenticationFailed),
        (instead(500, b"<html>"), Unavailable),
        (instead(200, b"nonsense"), Unavailable),
        (instead(200, {"token_type": "Bearer"}), AuthenticationFailed),
        (cut, Unavailable),
    ],
    ids=["400", "500", "nonsense", "no token", "cut"],
)
async def test_a_token_endpoint_that_fails_is_an_error_of_the_provider(
    azure: AzureHarness, entra: Entra, fault: Any, kind: Any
) -> None:
    entra.server.faults.append(fault)
    provider = entra.provider(azure)

    with pytest.raises(kind):
        await provider.apply(DnsName("a.example"), [_creation(DnsName("a.example"))])

    assert azure.server.api.requests == []
    await provider.close()


async def test_a_pod_without_any_identity_is_told(
    azure: AzureHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "missing"))
    settings = parse({}, azure.surroundings, endpoint=azure.server.api.url)
    provider = AzureProvider(settings, open_credential(settings), azure.surroundings)

    with pytest.raises((AuthenticationFailed, Unavailable)):
        await provider.zone_of(DnsName("a.example"))
    await provider.close()


def _creation(zone: DnsName) -> RRsetChange:
    key = RRsetKey(zone, RecordType.TXT)
    return RRsetChange(key, None, RRset(key, 300, (TxtData.of("v=spf1 -all"),)))
