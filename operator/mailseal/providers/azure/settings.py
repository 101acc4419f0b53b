"""The settings and the Secret of the azure provider, checked once when it is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.settings import (
    endpoint_setting,
    optional_text,
    required_text,
    secret_text,
    timeout_setting,
)
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

SECRET_KEY: Final = "client-secret"  # noqa: S105 - the name of the Secret's key
_GUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DOMAIN: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
_GUID_ADVICE: Final = "write the id as the Azure portal shows it: 11111111-2222-3333-4444-555555555555"
_TENANT_ADVICE: Final = "write the id of the tenant as the Azure portal shows it, or one of its domains"
_GROUP: Final = r"[\w().-]{0,89}[\w()-]"


class Cloud(StrEnum):
    """The clouds of Azure, which share nothing."""

    PUBLIC = "Public"
    GOVERNMENT = "Government"
    CHINA = "China"


@dataclass(frozen=True, slots=True)
class CloudHosts:
    """Where a cloud is (learn.microsoft.com, "Azure Government" and "Azure China developer guide")."""

    resource_manager: str
    authority: str


HOSTS: Final[Mapping[Cloud, CloudHosts]] = {
    Cloud.PUBLIC: CloudHosts("https://management.azure.com", "https://login.microsoftonline.com"),
    Cloud.GOVERNMENT: CloudHosts("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
    Cloud.CHINA: CloudHosts("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
}


@dataclass(frozen=True, slots=True)
class AzureSettings:
    """Where the zones are and who asks for them."""

    subscription_id: str
    resource_group: str
    cloud: Cloud
    tenant_id: str | None
    client_id: str | None
    client_secret: str | None = field(repr=False)
    """None: the identity of the process is used."""
    endpoint: str | None
    timeout: timedelta
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> AzureSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        parsed = cls(
            subscription_id=required_text(settings, "subscriptionId", _GUID, _GUID_ADVICE).lower(),
            resource_group=required_text(
                settings, "resourceGroup", _GROUP, "write the name of the zones' resource group"
            ),
            cloud=_cloud(settings),
            tenant_id=optional_text(settings, "tenantId", f"{_GUID}|{_DOMAIN}", _TENANT_ADVICE),
            client_id=optional_text(settings, "clientId", _GUID, _GUID_ADVICE),
            client_secret=secret_text(credentials, SECRET_KEY) if credentials else None,
            endpoint=endpoint_setting(settings, surroundings),
            timeout=timeout_setting(settings),
            zones=parse_zones(settings.get("zones")),
        )
        parsed._check_identity(surroundings)
        return parsed

    @property
    def hosts(self) -> CloudHosts:
        """The addresses of the cloud."""
        return HOSTS[self.cloud]

    @property
    def resource_manager(self) -> str:
        """The base URL of Azure Resource Manager."""
        return self.endpoint or self.hosts.resource_manager

    @property
    def account(self) -> str:
        """What shares a budget: Resource Manager counts per subscription and identity.

        The secret is part of it, so that nobody uses up the budget of an identity that is not theirs.
        """
        parts = (self.subscription_id, self.tenant_id, self.client_id, self.client_secret)
        return f"azure:{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"

    def _check_identity(self, surroundings: Surroundings) -> None:
        if self.client_secret is not None:
            if self.tenant_id is None or self.client_id is None:
                raise InvalidConfiguration(
                    "tenantId and clientId are needed beside a Secret: those of the app registration"
                )
        elif not surroundings.ambient_credentials:
            raise InvalidConfiguration(
                f"credentialsSecretRef is needed: a Secret with {SECRET_KEY}, the secret of an app "
                "registration, since this provider must not use the operator's own identity"
            )


def _cloud(settings: Mapping[str, object]) -> Cloud:
    value = settings.get("cloud", Cloud.PUBLIC)
    try:
        return Cloud(str(value))
    except ValueError:
        raise InvalidConfiguration(f"cloud must be one of {', '.join(Cloud)}") from None
