"""The settings of type google."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, UrlText, trusted_endpoint


class GoogleSettings(BackendSettings):
    """The managed zones of a Google Cloud project."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose key credentials.json holds a service account key"

    project: str = Field(min_length=6, max_length=63, description="Id of the project.")
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Cloud DNS API"))
    timeout_seconds: int = Field(
        default=20, ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60)."
    )
