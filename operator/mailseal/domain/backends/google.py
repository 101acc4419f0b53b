"""The settings of type google."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import (
    BackendSettings,
    Credentials,
    TimeoutSeconds,
    UrlText,
    trusted_endpoint,
)
from mailseal.domain.checks import matching
from mailseal.domain.lists import SET

ProjectText = Annotated[
    str,
    Field(min_length=6, max_length=94),
    matching(
        r"(?:[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "write the id of the project, such as zorg-dns-123456, and not its name or number",
    ),
]
ManagedZoneText = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(
        r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
        "write the name of a managed zone, such as zorg-voorbeeld-nl, and not the domain",
    ),
]


class GoogleSettings(BackendSettings):
    """The public managed zones of a Google Cloud project."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose key credentials.json holds a service account key"

    project: ProjectText = Field(description="Id of the project.")
    managed_zones: Annotated[tuple[ManagedZoneText, ...], SET] = Field(
        default=(),
        max_length=200,
        description="Names of the managed zones to use, where the project has several of one domain. Left "
        "out: all public ones.",
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Cloud DNS API"))
    timeout_seconds: TimeoutSeconds = 20
