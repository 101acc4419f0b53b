"""The DKIM part of a MailDomain: selectors that a vendor runs, beside the keys that mailseal makes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import TOP_LABEL, Model
from mailseal.domain.lists import map_by
from mailseal.domain.selectors import SelectorText
from mailseal.records.dkim import DkimRecord

_TARGET_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
TargetText = Annotated[
    str,
    Field(min_length=3, max_length=253),
    matching(
        rf"(?:{_TARGET_LABEL}\.)+{TOP_LABEL}",
        "write the full name that the vendor tells you, in lower case, without final dot, such as "
        "selector1-zorg-voorbeeld._domainkey.contoso.onmicrosoft.com",
    ),
]


def _reads_as_key_record(text: str) -> str:
    DkimRecord.parse(text)
    return text


KeyRecordText = Annotated[
    str,
    Field(max_length=4096),
    matching(
        "(?:[ -~]*;)?[ ]*p[ ]*=[ -~]*",
        "write the whole key record in one line, such as v=DKIM1; k=rsa; p=MIIBIjANBg...",
    ),
    AfterValidator(_reads_as_key_record),
]


class ExternalSelector(Model):
    """A selector whose private key somebody else holds."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "!(has(self.cname) && has(self.txt))",
            "cname and txt exclude each other: keep the one that the vendor tells you to publish",
            lambda entry: entry.cname is None or entry.txt is None,
            field="txt",
        ),
    )

    selector: SelectorText = Field(
        description="The selector, such as selector1: its record is at <selector>._domainkey.<domain>."
    )
    cname: TargetText | None = Field(
        default=None,
        description="Publish a CNAME to this name, where the vendor publishes the key and may replace it.",
    )
    txt: KeyRecordText | None = Field(
        default=None,
        description="Publish this key record as the vendor gives it (RFC 6376 section 3.6.1). Without cname "
        "and txt, mailseal publishes nothing and only watches the selector.",
    )

    @property
    def record(self) -> DkimRecord | None:
        """The key record to publish, if any."""
        return DkimRecord.parse(self.txt) if self.txt else None


class DkimSpec(Model):
    """DKIM selectors of the domain that others run (RFC 6376)."""

    external_selectors: Annotated[tuple[ExternalSelector, ...], map_by("selector")] = Field(
        min_length=1,
        max_length=20,
        description="Selectors whose private keys others hold. Each is watched: one that is gone, revoked, "
        "weak or changed is reported. A name is published only where cname or txt says so.",
    )
