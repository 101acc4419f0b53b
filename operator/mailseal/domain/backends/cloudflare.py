"""The settings of type cloudflare."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, TimeoutSeconds, UrlText, trusted_endpoint
from mailseal.domain.checks import matching


class CloudflareSettings(BackendSettings):
    """The zones of a Cloudflare account."""

    credential_fields: ClassVar[str] = "whose key api-token holds an API token"

    account_id: (
        Annotated[
            str,
            Field(min_length=32, max_length=32),
            matching(
                r"[0-9a-f]{32}",
                "write the account's identifier of 32 hexadecimal digits, as the dashboard has it",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="Account whose zones to use. Left out: all accounts that the token reaches.",
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Cloudflare API"))
    timeout_seconds: TimeoutSeconds = 20
