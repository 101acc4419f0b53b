"""The settings of type octodns."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, FreeForm


class OctoDnsSettings(BackendSettings):
    """An installed provider of octoDNS."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose keys become settings of the octoDNS provider"
    cluster_only: ClassVar[str] = "type octodns names a class of the operator"

    provider: str = Field(
        alias="class",
        min_length=3,
        max_length=253,
        description="Class, such as octodns_hetzner.HetznerProvider.",
    )
    settings: FreeForm = Field(default_factory=dict, description="Settings of the class.")
