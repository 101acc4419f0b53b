"""The settings of type azure."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, UrlText, trusted_endpoint


class AzureSettings(BackendSettings):
    """The DNS zones of an Azure resource group."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose key client-secret holds the secret of the app registration"

    subscription_id: str = Field(min_length=36, max_length=36, description="Id of the subscription.")
    resource_group: str = Field(min_length=1, max_length=90, description="Resource group of the zones.")
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("Azure Resource Manager"))
    timeout_seconds: int = Field(
        default=20, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
