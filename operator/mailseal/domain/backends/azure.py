"""The settings of type azure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import (
    BackendSettings,
    Credentials,
    TimeoutSeconds,
    UrlText,
    trusted_endpoint,
)
from mailseal.domain.checks import Check, matching
from mailseal.domain.common import SUBDOMAIN

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

GuidText = Annotated[
    str,
    Field(min_length=36, max_length=36),
    matching(_GUID, "write the id as the Azure portal shows it: 11111111-2222-3333-4444-555555555555"),
]
TenantText = Annotated[
    str,
    Field(min_length=4, max_length=253),
    matching(
        rf"{_GUID}|{SUBDOMAIN}",
        "write the id of the tenant as the Azure portal shows it, or one of its domains such as "
        "contoso.onmicrosoft.com",
    ),
]
ResourceGroupText = Annotated[
    str,
    Field(min_length=1, max_length=90),
    matching(
        r"[A-Za-z0-9_().-]*[A-Za-z0-9_()-]",
        "write the name of the zones' resource group: letters, digits, _ ( ) - and . but not at its end",
    ),
]


class AzureCloud(StrEnum):
    """The clouds of Azure."""

    PUBLIC = "Public"
    GOVERNMENT = "Government"
    CHINA = "China"


class AzureSettings(BackendSettings):
    """The public DNS zones of an Azure resource group."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose key client-secret holds the secret of the app registration"
    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "!has(self.tenantId) || has(self.clientId)",
            "tenantId is that of an app registration or identity: give its clientId too, or remove tenantId",
            lambda settings: settings.tenant_id is None or settings.client_id is not None,
            field="tenantId",
        ),
    )

    subscription_id: GuidText = Field(description="Id of the subscription.")
    resource_group: ResourceGroupText = Field(description="Resource group of the zones.")
    tenant_id: TenantText | None = Field(
        default=None,
        description="Tenant of the app registration: its id or one of its domains. Needed with a Secret; "
        "without one, that of the operator's workload identity counts.",
    )
    client_id: GuidText | None = Field(
        default=None,
        description="Application (client) id of the app registration. Needed with a Secret; without one, it "
        "picks one of the identities that the operator has.",
    )
    cloud: AzureCloud = Field(
        default=AzureCloud.PUBLIC, description="Which of the clouds of Azure holds the subscription."
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("Azure Resource Manager"))
    timeout_seconds: TimeoutSeconds = 20
