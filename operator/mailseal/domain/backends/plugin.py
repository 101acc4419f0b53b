"""The settings of type plugin."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, FreeForm


class PluginSettings(BackendSettings):
    """A provider of another package."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "that the plug-in reads"
    cluster_only: ClassVar[str] = "type plugin names code of the operator"

    name: str = Field(
        min_length=1, max_length=63, description="Name of its entry point in mailseal.providers."
    )
    settings: FreeForm = Field(default_factory=dict, description="Settings of the plug-in.")
