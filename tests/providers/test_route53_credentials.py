"""Whose credentials the route53 provider uses: those of its Secret and nobody else's, unless it may."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailseal.providers.base import AuthenticationFailed, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.route53.identity import Identity, role_session
from mailseal.providers.route53.sessions import blind_session, route53_client, sts_client
from mailseal.providers.route53.settings import Route53Settings
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey
from support.backends.base import Unhurried
from support.backends.route53 import Route53Harness
from support.servers.faultproxy import Fault, FaultProxy, Kind, Request

ZONE = DnsName("zorg.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
ROLE = "arn:aws:iam::123456789012:role/mailseal"
SECRET = {"access-key-id": b"AKIAMAILSEALTESTS000", "secret-access-key": b"of-the-secret"}
AMBIENT_KEY = "AKIAOFTHEOPERATOR000"


@pytest.fixture
def harness() -> Iterator[Route53Harness]:
    running = Route53Harness()
    running.aws.add_zone(ZONE)
    running.aws.account.keys.clear()  # all keys are known here: the tests look at who asked
    yield running
    running.close()


@pytest.fixture
def metadata() -> Iterator[FaultProxy]:
    """An instance metadata service that has no credentials, and remembers who asked."""
    with FaultProxy(("127.0.0.1", 9)) as service:
        service.add(Fault(Kind.ANSWER, 404, times=1_000))
        yield service


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, metadata: FaultProxy) -> pytest.MonkeyPatch:
    """A process full of AWS settings, none of them meant for a tenant."""
    blind_session.cache_clear()
    (tmp_path / "config").write_text(
        "[profile operator]\nregion = eu-west-3\nendpoint_url = http://127.0.0.1:9\n"
    )
    (tmp_path / "credentials").write_text(
        "[operator]\naws_access_key_id = AKIAOFTHEFILE0000000\naws_secret_access_key = of-the-file\n"
    )
    for name, value in {
        "AWS_ACCESS_KEY_ID": AMBIENT_KEY,
        "AWS_SECRET_ACCESS_KEY": "of-the-operator",
        "AWS_SESSION_TOKEN": "token-of-the-operator",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_PROFILE": "operator",
        "AWS_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
        "AWS_CA_BUNDLE": "/nowhere/ca.pem",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def signers(harness: Route53Harness) -> set[str]:
    """The access keys that signed what arrived."""
    headers = [request.headers.get("Authorization", "") for request in harness.aws.proxy.requests]
    return {header.partition("Credential=")[2].partition("/")[0] for header in headers}


def form(request: Request) -> dict[str, str]:
    """The fields of a request to STS."""
    return dict(urllib.parse.parse_qsl(request.body.decode()))


def assumptions(harness: Route53Harness) -> list[dict[str, str]]:
    """The requests to STS."""
    return [form(request) for request in harness.aws.proxy.requests if request.path == "/"]


def parsed(credentials: dict[str, bytes], **settings: object) -> Route53Settings:
    return Route53Settings.parse(settings, credentials, UNRESTRICTED)


class TestSecret:
    async def test_only_the_secret_is_used_whatever_the_process_has(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch, metadata: FaultProxy
    ) -> None:
        provider = harness.open_with(credentials=SECRET, zones=[ZONE])

        assert await provider.read(ZONE, [KEY]) == {}

        assert signers(harness) == {"AKIAMAILSEALTESTS000"}
        assert all("X-Amz-Security-Token" not in each.headers for each in harness.aws.proxy.requests)
        assert metadata.requests == []

    async def test_a_profile_that_is_missing_is_no_matter(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("AWS_PROFILE", "nobody")
        environment.setenv("AWS_CONFIG_FILE", "/proc/self/mem")

        assert await harness.open_with(credentials=SECRET).zone_of(ZONE) == ZONE

    async def test_a_session_token_is_sent_along(self, harness: Route53Harness) -> None:
        await harness.open_with(credentials=SECRET | {"session-token": b"my-token"}).zone_of(ZONE)

        assert {each.headers["X-Amz-Security-Token"] for each in harness.aws.proxy.requests} == {"my-token"}

    def test_the_environment_leads_no_request_elsewhere(self, environment: pytest.MonkeyPatch) -> None:
        settings = parsed(SECRET)
        route53, sts = route53_client(settings, settings.access_key), sts_client(settings)

        assert route53.meta.endpoint_url == "https://route53.amazonaws.com"
        assert sts.meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"

    def test_the_environment_leads_ambient_requests_nowhere_else_either(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        environment.delenv("AWS_CA_BUNDLE")

        assert route53_client(parsed({}), None).meta.endpoint_url == "https://route53.amazonaws.com"

    def test_the_region_chooses_the_partition(self) -> None:
        settings = parsed(SECRET, region="cn-north-1")

        endpoint = route53_client(settings, settings.access_key).meta.endpoint_url

        assert endpoint.endswith(".amazonaws.com.cn")

    def test_a_call_is_one_request_whatever_the_environment_says(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        settings = parsed(SECRET)

        retries = route53_client(settings, settings.access_key).meta.config.retries

        assert retries is not None
        assert retries["total_max_attempts"] == 1


class TestRole:
    async def test_a_role_is_assumed_with_the_secret_and_asks_from_then_on(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch, metadata: FaultProxy
    ) -> None:
        provider = harness.open_with(credentials=SECRET, roleArn=ROLE, externalId="zorg", zones=[ZONE])

        await provider.read(ZONE, [KEY])
        await provider.read(ZONE, [KEY])

        assert [(each["Action"], each["RoleArn"], each["ExternalId"]) for each in assumptions(harness)] == [
            ("AssumeRole", ROLE, "zorg")
        ]
        assert AMBIENT_KEY not in signers(harness)
        asked = [each for each in harness.aws.proxy.requests if each.path != "/"]
        assert all("Credential=ASIA" in each.headers["Authorization"] for each in asked)
        assert all(each.headers["X-Amz-Security-Token"] for each in asked)
        assert metadata.requests == []

    async def test_the_credentials_of_a_role_are_renewed_five_minutes_before_they_expire(
        self, harness: Route53Harness
    ) -> None:
        now = [datetime.now(UTC)]
        settings = parsed(SECRET, roleArn=ROLE, endpoint=harness.aws.url, stsEndpoint=harness.aws.url)
        identity = Identity(settings, Calls(UNRESTRICTED), lambda: now[0])
        first = await identity.client()

        now[0] += timedelta(minutes=54)
        assert await identity.client() is first
        now[0] += timedelta(minutes=2)
        assert await identity.client() is not first

        assert len(assumptions(harness)) == 2

    async def test_credentials_that_aws_no_longer_takes_are_replaced_at_the_next_call(
        self, harness: Route53Harness
    ) -> None:
        provider = harness.open_with(credentials=SECRET, roleArn=ROLE, zones=[ZONE])
        await provider.read(ZONE, [KEY])
        harness.aws.account.denied.add("ListResourceRecordSets")
        with pytest.raises(AuthenticationFailed):
            await provider.read(ZONE, [KEY])
        harness.aws.account.denied.clear()

        await provider.read(ZONE, [KEY])

        assert len(assumptions(harness)) == 2

    async def test_a_role_that_may_not_be_assumed_is_named_with_advice(self, harness: Route53Harness) -> None:
        body = (
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not "
            "authorized to perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
        harness.aws.proxy.add(Fault(Kind.ANSWER, 403, body.encode(), {"Content-Type": "text/xml"}))

        with pytest.raises(AuthenticationFailed, match="trust policy must name who asks") as caught:
            await harness.open_with(credentials=SECRET, roleArn=ROLE).zone_of(ZONE)

        assert ROLE in str(caught.value)
        assert "of-the-secret" not in str(caught.value)

    @pytest.mark.parametrize("answer", [{}, {"Credentials": None}, {"Credentials": {"AccessKeyId": "A"}}])
    def test_an_answer_without_credentials_is_no_answer(self, answer: dict[str, object]) -> None:
        with pytest.raises(Unavailable, match="holds no credentials"):
            role_session(answer)


class TestAmbient:
    async def test_the_environment_is_used_where_it_may_be(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_CA_BUNDLE", "AWS_PROFILE"):
            environment.delenv(name)

        assert await harness.open_with(credentials={}).zone_of(ZONE) == ZONE

        assert signers(harness) == {AMBIENT_KEY}

    async def test_a_web_identity_is_exchanged_at_sts(
        self, harness: Route53Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "token").write_text("a-token-of-the-service-account")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))

        assert await harness.open_with(credentials={}).zone_of(ZONE) == ZONE

        (exchange,) = assumptions(harness)
        assert exchange["Action"] == "AssumeRoleWithWebIdentity"
        assert exchange["WebIdentityToken"] == "a-token-of-the-service-account"
        assert exchange["RoleArn"] == ROLE

    async def test_a_role_is_assumed_with_the_ambient_identity(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_CA_BUNDLE", "AWS_PROFILE"):
            environment.delenv(name)

        assert await harness.open_with(credentials={}, roleArn=ROLE).zone_of(ZONE) == ZONE

        first, *rest = harness.aws.proxy.requests
        assert f"Credential={AMBIENT_KEY}/" in first.headers["Authorization"]
        assert all(f"Credential={AMBIENT_KEY}/" not in each.headers["Authorization"] for each in rest)

    async def test_without_any_identity_the_error_says_what_to_give(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch, metadata: FaultProxy
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CA_BUNDLE"):
            environment.delenv(name)
        surroundings = Surroundings(budgets=Unhurried())

        with pytest.raises(AuthenticationFailed, match="no usable AWS credentials"):
            await harness.open_with(credentials={}, surroundings=surroundings).zone_of(ZONE)

        assert metadata.requests  # an ambient identity is looked for there: the trap of the tests above works
        assert harness.aws.proxy.requests == []

    async def test_a_profile_that_is_missing_is_an_error_of_the_credentials(
        self, harness: Route53Harness, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("AWS_PROFILE", "nobody")

        with pytest.raises(AuthenticationFailed, match="ProfileNotFound"):
            await harness.open_with(credentials={}).zone_of(ZONE)
