"""The settings of type webhook."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials, TimeoutSeconds, UrlText


class TxtForm(StrEnum):
    """What the targets of a TXT endpoint are."""

    QUOTED = "quoted"
    PLAIN = "plain"
    STRINGS = "strings"


class WebhookSettings(BackendSettings):
    """A webhook provider of external-dns."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose key token holds a bearer token"

    url: UrlText = Field(description="Base URL of the webhook, such as http://webhook.dns.svc:8888.")
    txt_form: TxtForm = Field(
        default=TxtForm.QUOTED,
        description="How the webhook writes TXT values: quoted as in a zone file, plain as whole texts, or "
        "strings as external-dns lists them with --webhook-server --provider=rfc2136.",
    )
    timeout_seconds: TimeoutSeconds = 20
