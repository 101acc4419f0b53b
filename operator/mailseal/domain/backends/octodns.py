"""The settings of type octodns."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, FreeForm
from mailseal.domain.checks import matching


class TextFormat(StrEnum):
    """How a provider of octoDNS writes TXT values."""

    RAW = "raw"
    ZONE_FILE = "zonefile"
    RDATA = "rdata"


SecretKeyText = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(r"[-._A-Za-z0-9]+", "write a key of the Secret, such as api-token"),
]


class OctoDnsSettings(BackendSettings):
    """An installed provider of octoDNS."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose keys secretSettings names"
    cluster_only: ClassVar[str] = "type octodns names a class of the operator"

    provider: Annotated[
        str,
        matching(
            r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+",
            "write a module and a class, such as octodns_hetzner.HetznerProvider",
        ),
    ] = Field(
        alias="class",
        min_length=3,
        max_length=253,
        description="Class, such as octodns_hetzner.HetznerProvider, of an installed package octodns-….",
    )
    settings: FreeForm = Field(
        default_factory=dict, description="Settings of the class, as its own documentation names them."
    )
    secret_settings: dict[str, SecretKeyText] = Field(
        default_factory=dict,
        max_length=20,
        description="Settings of the class that are in the Secret, each with its key there, such as "
        "token: api-token.",
    )
    text_format: TextFormat | None = Field(
        default=None,
        description="How the class writes TXT values: raw hands them on but for semicolons, zonefile escapes "
        "them as zone files do, rdata has octoDNS write zone file text. Left out: zonefile for "
        "octodns_powerdns, rdata for octodns_bind, raw for all others.",
    )
    timeout_seconds: int = Field(
        default=60, ge=1, le=300, description="How long to wait for one read or write, in seconds (1 to 300)."
    )
