"""The settings and the Secret of the route53 provider, checked once when it is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.settings import endpoint_setting, secret_text, text_setting, timeout_setting
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

ACCESS_KEY_ID: Final = "access-key-id"
SECRET_ACCESS_KEY: Final = "secret-access-key"  # noqa: S105 - the name of the Secret's key
SESSION_TOKEN: Final = "session-token"  # noqa: S105 - the name of the Secret's key
DEFAULT_REGION: Final = "us-east-1"
DEFAULT_INSYNC_SECONDS: Final = 10
LONGEST_INSYNC_SECONDS: Final = 60
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/[\w+=,.@/-]+")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+")
_ZONE_ID = re.compile(r"(?:/hostedzone/)?(?P<id>[A-Z0-9]{1,32})")


class ZoneType(StrEnum):
    """Which of two hosted zones of one name is meant."""

    PUBLIC = "Public"
    PRIVATE = "Private"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """Credentials of the Secret."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role to assume."""

    arn: str
    external_id: str | None

    @property
    def account(self) -> str:
        """The AWS account that the role is of."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True)
class Route53Settings:
    """Who asks, which hosted zones are meant, and how long to wait."""

    access_key: AccessKey | None
    """None: the credentials of the process."""
    role: Role | None
    zones: tuple[DnsName, ...]
    zone_type: ZoneType
    hosted_zone_ids: tuple[str, ...]
    """The only hosted zones to use, whatever their type; none: those that are found by name."""
    region: str
    endpoint: str | None
    sts_endpoint: str | None
    timeout: timedelta
    insync_within: timedelta

    @property
    def account(self) -> str:
        """Whose requests share a budget: the role's account, the access key, or the process's identity."""
        if self.role:
            return f"route53:{self.role.account}"
        return f"route53:{self.access_key.key_id if self.access_key else 'ambient'}"

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Route53Settings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        return cls(
            access_key=_access_key(credentials, surroundings),
            role=_role(settings),
            zones=parse_zones(settings.get("zones")),
            zone_type=_zone_type(settings),
            hosted_zone_ids=_hosted_zone_ids(settings),
            region=_matching(settings, "region", _REGION, "eu-west-1") or DEFAULT_REGION,
            endpoint=endpoint_setting(settings, surroundings),
            sts_endpoint=endpoint_setting(settings, surroundings, "stsEndpoint"),
            timeout=timeout_setting(settings),
            insync_within=_insync_within(settings),
        )


def _access_key(credentials: Mapping[str, bytes], surroundings: Surroundings) -> AccessKey | None:
    if credentials:
        token = secret_text(credentials, SESSION_TOKEN) if SESSION_TOKEN in credentials else None
        return AccessKey(
            secret_text(credentials, ACCESS_KEY_ID), secret_text(credentials, SECRET_ACCESS_KEY), token
        )
    if surroundings.ambient_credentials:
        return None
    raise InvalidConfiguration(
        f"{surroundings.name} may not use the operator's own AWS identity: give a Secret with "
        f"{ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} in credentialsSecretRef"
    )


def _role(settings: Mapping[str, object]) -> Role | None:
    arn = _matching(settings, "roleArn", _ROLE, "arn:aws:iam::123456789012:role/mailseal")
    external_id = text_setting(settings, "externalId") if settings.get("externalId") is not None else None
    if arn is None and external_id is not None:
        raise InvalidConfiguration("externalId is for assuming a role: give roleArn too")
    return Role(arn, external_id) if arn else None


def _zone_type(settings: Mapping[str, object]) -> ZoneType:
    try:
        return ZoneType(text_setting(settings, "zoneType", ZoneType.PUBLIC))
    except ValueError:
        raise InvalidConfiguration(f"zoneType must be one of {', '.join(ZoneType)}") from None


def _hosted_zone_ids(settings: Mapping[str, object]) -> tuple[str, ...]:
    value = settings.get("hostedZoneIds") or ()
    if not isinstance(value, list | tuple):
        raise InvalidConfiguration("hostedZoneIds must be a list of ids such as Z0123456789ABCDEFGHIJ")
    found = [_ZONE_ID.fullmatch(str(each)) for each in value]
    if not all(found):
        raise InvalidConfiguration("hostedZoneIds must be ids such as Z0123456789ABCDEFGHIJ")
    return tuple(dict.fromkeys(each["id"] for each in found if each))


def _matching(
    settings: Mapping[str, object], field: str, pattern: re.Pattern[str], example: str
) -> str | None:
    if settings.get(field) is None:
        return None
    value = text_setting(settings, field)
    if not pattern.fullmatch(value):
        raise InvalidConfiguration(f"{field} must be like {example}, not {value!r}")
    return value


def _insync_within(settings: Mapping[str, object]) -> timedelta:
    value = settings.get("insyncSeconds", DEFAULT_INSYNC_SECONDS)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_INSYNC_SECONDS:
        raise InvalidConfiguration(
            f"insyncSeconds must be a whole number from 0 to {LONGEST_INSYNC_SECONDS}, not {value!r}"
        )
    return timedelta(seconds=value)
