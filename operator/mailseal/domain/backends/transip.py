"""The settings of type transip."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, TimeoutSeconds, UrlText, trusted_endpoint
from mailseal.domain.checks import matching


class TransIpSettings(BackendSettings):
    """The domains of a TransIP account."""

    credential_fields: ClassVar[str] = "whose key private-key holds the private key of the API in PEM"

    login: Annotated[
        str,
        Field(min_length=1, max_length=63),
        matching(r"[A-Za-z0-9_.@-]+", "write the name with which you sign in to TransIP"),
    ] = Field(description="Name of the account.")
    whitelisted_only: bool = Field(
        default=False,
        description="Use tokens that TransIP takes from the account's whitelisted addresses only. Needed "
        "where the key pair was made for those only.",
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the TransIP API"))
    timeout_seconds: TimeoutSeconds = 20
