"""What the specs share: their base classes, the checked kinds of text, and the policies."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mailseal.domain.checks import VALIDATIONS, Check, matching, require
from mailseal.records.names import DnsName

GROUP = "mailseal.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""One label of letters, digits and hyphens (RFC 1123 section 2.1)."""
TOP_LABEL = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""The last label of a host name, which is never a number (RFC 1123 section 2.1)."""
HOST = rf"(?:{LABEL}\.)+{TOP_LABEL}"
SUBDOMAIN = rf"{LABEL}(?:\.{LABEL})*"

DomainText = Annotated[
    str,
    Field(min_length=3, max_length=253),
    matching(
        HOST,
        "write a domain of two labels or more in lower case, without final dot or underscore; "
        "write an internationalised name as A-labels (xn--...)",
    ),
]
HostText = Annotated[
    str,
    Field(min_length=3, max_length=253),
    matching(
        HOST, "write a full host name in lower case, without final dot, such as mx1.zorg-voorbeeld.example"
    ),
]
ObjectName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(SUBDOMAIN, "write the name of a Kubernetes object: lower-case letters, digits, - and ."),
]


class Model(BaseModel):
    """Base of every part of a resource: immutable, camelCase outside, checked by `checks`."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    checks: ClassVar[tuple[Check, ...]] = ()
    """Rules that span several fields."""

    @model_validator(mode="after")
    def _passes_checks(self) -> Self:
        require(self.checks, self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        if cls.checks:
            schema[VALIDATIONS] = [check.to_validation() for check in cls.checks]
        return schema


class ProviderKind(StrEnum):
    """The kinds of resource that describe a DNS backend."""

    DNS_PROVIDER = "DnsProvider"
    CLUSTER_DNS_PROVIDER = "ClusterDnsProvider"


class DeletionPolicy(StrEnum):
    """What becomes of the values in DNS when the resource goes."""

    DELETE = "Delete"
    ORPHAN = "Orphan"


class Adoption(StrEnum):
    """Which record that mailseal did not write it may take over."""

    EQUAL = "Equal"
    REPLACE = "Replace"


class ProviderRef(Model):
    """The DNS backend that serves the zone of a domain."""

    name: ObjectName = Field(
        description="Name of the DnsProvider in the same namespace, or of the ClusterDnsProvider."
    )
    kind: ProviderKind = Field(
        default=ProviderKind.DNS_PROVIDER,
        description="DnsProvider (same namespace) or ClusterDnsProvider (shared, if it allows this "
        "namespace).",
    )


DOMAIN_STAYS = Check(
    "self == oldSelf",
    "domain cannot change, since its records would be left behind: "
    "make a new resource for the other domain and delete this one",
    message_expression="'domain cannot change from ' + oldSelf + ' to ' + self + ', since the "
    "records of ' + oldSelf + ' would be left behind: make a new resource for the other domain and "
    "delete this one'",
)


class RecordOwnerSpec(Model):
    """What every resource has that owns records of one mail domain."""

    domain: Annotated[DomainText, DOMAIN_STAYS] = Field(
        description="Mail domain, the part after the @, such as zorg-voorbeeld.example. Lower case, without "
        "final dot; an internationalised name as A-labels (xn--...). It cannot be changed."
    )
    provider_ref: ProviderRef = Field(
        description="Which DnsProvider or ClusterDnsProvider serves the zone that holds the domain."
    )
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.DELETE,
        description="What happens in DNS when this resource is deleted. Delete removes exactly the values "
        "that mailseal published for it; Orphan leaves them and forgets them.",
    )
    adoption: Adoption = Field(
        default=Adoption.EQUAL,
        description="What to do with a record of the same kind that somebody else published. Equal takes it "
        "over only when it already says the same, otherwise reports a conflict that shows what was found; "
        "Replace overwrites it.",
    )
    ttl_seconds: int = Field(
        default=3600,
        ge=60,
        le=86400,
        description="Time to live of the records in seconds (60 to 86400). A record set that also holds "
        "values of somebody else keeps the TTL it has.",
    )

    @cached_property
    def domain_name(self) -> DnsName:
        """The domain as a name to compare and to put in records."""
        return DnsName.parse(self.domain)
