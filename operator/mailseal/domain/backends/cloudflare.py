"""The settings of type cloudflare."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, UrlText, trusted_endpoint


class CloudflareSettings(BackendSettings):
    """The zones of a Cloudflare account."""

    credential_fields: ClassVar[str] = "whose key api-token holds an API token"

    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Cloudflare API"))
    timeout_seconds: int = Field(
        default=20, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
