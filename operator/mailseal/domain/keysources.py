"""Where the keys of a DkimKey come from, and where they are published, when it is not the usual way."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import DomainText, Model, ObjectName, ProviderRef
from mailseal.domain.selectors import SelectorText


class ImportedKey(Model):
    """An existing private key to take over at its selector."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "!(self.selector in ['rsa', 'ed25519'])",
            "the Secret uses the names rsa.pem and ed25519.pem for the keys that sign: leave it out and "
            "let a new one take its place",
            lambda entry: entry.selector not in {"rsa", "ed25519"},
            field="selector",
        ),
    )

    selector: SelectorText = Field(description="The selector under which the key is published, or shall be.")
    secret_name: ObjectName = Field(description="The Secret in the same namespace that holds the key.")
    secret_key: Annotated[
        str,
        Field(min_length=1, max_length=253),
        matching("[A-Za-z0-9._-]+", "write a key of the Secret's data, such as mail2024.private"),
    ] = Field(description="The key of the Secret's data under which the unencrypted PEM stands.")


class Delegation(Model):
    """Another domain that holds the public keys; the mail domain itself points there."""

    domain: DomainText = Field(
        description="Domain below which the keys are published: the name <selector>._domainkey.<domain> of "
        "the mail domain becomes a CNAME to <selector>._domainkey.<delegation.domain>. It cannot be "
        "changed, added or removed later."
    )
    provider_ref: ProviderRef = Field(
        description="Which DnsProvider or ClusterDnsProvider serves the zone that holds delegation.domain."
    )
