"""The settings of type route53."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, UrlText, trusted_endpoint


class Route53Settings(BackendSettings):
    """The hosted zones of an AWS account."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose keys access-key-id and secret-access-key hold the access key"

    role_arn: str | None = Field(
        default=None, min_length=20, max_length=2048, description="IAM role to assume with the credentials."
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Route 53 API"))
    timeout_seconds: int = Field(
        default=20, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
