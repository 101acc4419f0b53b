"""The settings and the Secret of the google provider, checked once when it is opened."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.settings import endpoint_setting, required_text, timeout_setting
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

SECRET_KEY: Final = "credentials.json"  # noqa: S105 - the name of the Secret's key
API: Final = "https://dns.googleapis.com"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens come from
_TOKEN_URIS: Final = frozenset({TOKEN_URI, "https://accounts.google.com/o/oauth2/token"})
"""The second one stands in keys that were made before 2019; both give the same tokens."""
_PROJECT: Final = r"(?:[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_MANAGED_ZONE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ServiceAccountKey:
    """What is used of a service account key: the rest of its file is left alone."""

    client_email: str
    private_key: str = field(repr=False)
    private_key_id: str
    token_uri: str

    @classmethod
    def parse(cls, text: bytes, *, trusted: bool) -> ServiceAccountKey:
        """The key in the JSON text that Google lets users download.

        Only keys of service accounts: the other kinds of credential files name files, programs and addresses
        that the library would read, run and call. The address that gets the signed request is Google's,
        unless `trusted`. Raises `InvalidConfiguration`, which never shows the text.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise InvalidConfiguration(f"{SECRET_KEY} in the Secret is no JSON object")
        if content.get("type") != "service_account":
            raise InvalidConfiguration(
                f"{SECRET_KEY} in the Secret must be the key of a service account (type service_account): "
                "other kinds of credentials can name files, programs and addresses"
            )
        return cls(
            client_email=_member(content, "client_email"),
            private_key=_member(content, "private_key"),
            private_key_id=_member(content, "private_key_id"),
            token_uri=_token_uri(content, trusted=trusted),
        )


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """Where the zones are and who asks for them."""

    project: str
    managed_zones: frozenset[str]
    """Names of the managed zones to use; empty for all."""
    key: ServiceAccountKey | None
    """None: the identity of the process is used."""
    endpoint: str
    timeout: timedelta
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> GoogleSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        key = None
        if credentials:
            if SECRET_KEY not in credentials:
                raise InvalidConfiguration(f"the Secret of credentialsSecretRef has no key {SECRET_KEY!r}")
            key = ServiceAccountKey.parse(credentials[SECRET_KEY], trusted=surroundings.trusted)
        elif not surroundings.ambient_credentials:
            raise InvalidConfiguration(
                f"credentialsSecretRef is needed: a Secret with {SECRET_KEY}, the key of a service account, "
                "since this provider must not use the operator's own identity"
            )
        return cls(
            project=required_text(
                settings, "project", _PROJECT, "write the id of the project, such as zorg-dns-123456"
            ),
            managed_zones=_managed_zones(settings.get("managedZones")),
            key=key,
            endpoint=endpoint_setting(settings, surroundings) or API,
            timeout=timeout_setting(settings),
            zones=parse_zones(settings.get("zones")),
        )

    @property
    def account(self) -> str:
        """What shares a budget: Cloud DNS counts per project and user.

        The key is part of it, so that nobody uses up the budget of an account that is not theirs.
        """
        who = (self.key.client_email, self.key.private_key) if self.key is not None else ()
        return f"google:{hashlib.sha256(repr((self.project, who)).encode()).hexdigest()[:16]}"


def _member(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidConfiguration(f"{SECRET_KEY} in the Secret has no {name}: download the key again")
    return value


def _token_uri(content: Mapping[str, object], *, trusted: bool) -> str:
    value = content.get("token_uri", TOKEN_URI)
    if isinstance(value, str) and value in _TOKEN_URIS:
        return TOKEN_URI
    if not trusted or not isinstance(value, str):
        raise InvalidConfiguration(
            f"token_uri in {SECRET_KEY} must be {TOKEN_URI}; only a ClusterDnsProvider may name another one"
        )
    return value


def _managed_zones(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise InvalidConfiguration("managedZones must be a list of names of managed zones")
    names = [str(name) for name in value]
    for name in names:
        if _MANAGED_ZONE.fullmatch(name) is None:
            raise InvalidConfiguration(f"managedZones: {name[:80]!r} is no name of a managed zone")
    return frozenset(names)
