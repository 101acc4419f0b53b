"""Sessions of the AWS SDK: one that knows only what it is given, and one that uses all of the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.configprovider import (
    BOTOCORE_DEFAUT_SESSION_VARIABLES,
    ConfigValueStore,
    ConstantProvider,
)
from botocore.credentials import CredentialResolver
from botocore.session import Session

from mailseal.providers.route53.settings import AccessKey, Route53Settings

if TYPE_CHECKING:
    from mypy_boto3_route53.client import Route53Client

_CONNECT_SECONDS: Final = 5
_CONNECTIONS: Final = 4
_MAKING: Final = threading.Lock()
"""A session of the SDK makes one client at a time."""
_OWN_ENDPOINTS: Final[dict[str, Any]] = {"ignore_configured_endpoint_urls": True}
"""AWS_ENDPOINT_URL and its kin lead nowhere. A mapping, since the SDK's type stubs lack the argument."""


class BlindSession(Session):
    """Sees no environment variable, no file and no metadata service: it has defaults, and no credentials.

    Clients are made with credentials given one by one.
    """

    def __init__(self) -> None:
        super().__init__()
        defaults: dict[str, Any] = {
            name: ConstantProvider(default)
            for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
        }
        self.register_component("config_store", ConfigValueStore(mapping=defaults))
        self.register_component("credential_provider", CredentialResolver(providers=[]))

    @property
    def full_config(self) -> dict[str, Any]:
        """An empty configuration instead of what the files of the process say."""
        return {"profiles": {}}


class AmbientSession(Session):
    """Finds credentials as every AWS program does: environment, web identity (IRSA), files, metadata.

    With `sts_endpoint` a web identity is exchanged there.
    """

    def __init__(self, region: str, sts_endpoint: str | None) -> None:
        super().__init__()
        self._sts_endpoint = sts_endpoint
        self.set_default_client_config(Config(**_OWN_ENDPOINTS))
        if self.get_config_variable("region") is None:
            self.set_config_variable("region", region)

    def create_client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """See `Session.create_client`."""
        if service_name == "sts" and self._sts_endpoint and kwargs.get("endpoint_url") is None:
            kwargs["endpoint_url"] = self._sts_endpoint
        return super().create_client(service_name, *args, **kwargs)


def route53_client(settings: Route53Settings, key: AccessKey | None) -> Route53Client:
    """A client of Route 53 with `key`, or with those of the process. Blocks: it reads the SDK's data."""
    with _session(settings, key) as session:
        return session.client("route53", endpoint_url=settings.endpoint, **_options(settings, key))


def sts_client(settings: Route53Settings) -> Any:
    """A client of STS with the Secret's credentials, or with those of the process. Blocks likewise."""
    key = settings.access_key
    options = {"endpoint_url": settings.sts_endpoint, **_options(settings, key)}
    with _session(settings, key) as session:
        return session.client("sts", **options)


@cache
def blind_session() -> boto3.Session:
    """The one blind session of the process: it knows nobody, and its data takes 9 MB."""
    return boto3.Session(botocore_session=BlindSession())


@contextmanager
def _session(settings: Route53Settings, key: AccessKey | None) -> Iterator[boto3.Session]:
    """The session to make a client with; only the shared one, which waits for nothing, is locked."""
    if key is None:
        yield boto3.Session(botocore_session=AmbientSession(settings.region, settings.sts_endpoint))
        return
    with _MAKING:
        yield blind_session()


def _options(settings: Route53Settings, key: AccessKey | None) -> dict[str, Any]:
    options: dict[str, Any] = {"region_name": settings.region, "config": _config(settings)}
    if key is not None:
        options |= {
            "aws_access_key_id": key.key_id,
            "aws_secret_access_key": key.secret,
            "aws_session_token": key.session_token,
        }
    return options


def _config(settings: Route53Settings) -> Config:
    """One request for each call: repeating it is up to `Calls`, which paces and counts."""
    return Config(
        connect_timeout=min(_CONNECT_SECONDS, settings.timeout.total_seconds()),
        read_timeout=settings.timeout.total_seconds(),
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 1},
        **_OWN_ENDPOINTS,
        user_agent_extra="mailseal",
    )
