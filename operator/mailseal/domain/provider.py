"""DnsProvider and ClusterDnsProvider: the DNS backends and what mailseal may do there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends import SETTINGS, Credentials, ProviderType, types_with
from mailseal.domain.backends.azure import AzureSettings
from mailseal.domain.backends.base import IPV4
from mailseal.domain.backends.cloudflare import CloudflareSettings
from mailseal.domain.backends.dnsendpoint import DnsEndpointSettings
from mailseal.domain.backends.google import GoogleSettings
from mailseal.domain.backends.memory import MemorySettings
from mailseal.domain.backends.octodns import OctoDnsSettings
from mailseal.domain.backends.plugin import PluginSettings
from mailseal.domain.backends.powerdns import PowerDnsSettings
from mailseal.domain.backends.rfc2136 import Rfc2136Settings
from mailseal.domain.backends.route53 import Route53Settings
from mailseal.domain.backends.transip import TransIpSettings
from mailseal.domain.backends.webhook import WebhookSettings
from mailseal.domain.backends.zonefile import ZoneFileSettings
from mailseal.domain.checks import Check, matching
from mailseal.domain.common import LABEL, SUBDOMAIN, DomainText, Model, ObjectName
from mailseal.domain.lists import SET
from mailseal.records.names import DnsName

ANY_NAMESPACE = "*"

_PORT = r"(?::[0-9]{1,5})?"

NameserverText = Annotated[
    str,
    Field(min_length=1, max_length=262),
    matching(
        rf"(?:{SUBDOMAIN}|{IPV4}){_PORT}|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]{_PORT}",
        "write host, host:port, [IPv6] or [IPv6]:port, such as ns1.zorg-voorbeeld.example or "
        "[2001:db8::53]:53",
    ),
]
NamespacePattern = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(rf"\*|{LABEL}", 'write the name of a namespace, or "*" for all'),
]


AllowedDomains = Annotated[tuple[DomainText, ...], Field(min_length=1, max_length=40), SET]


class SyncPolicy(StrEnum):
    """What mailseal may do in the zones."""

    SYNC = "Sync"
    UPSERT_ONLY = "UpsertOnly"
    DRY_RUN = "DryRun"


class SecretRef(Model):
    """A Secret by name."""

    name: ObjectName = Field(description="Name of the Secret.")


class DeleteLimit(Model):
    """How much one plan may delete in a zone before somebody has to confirm it."""

    percent: int = Field(
        default=30,
        ge=0,
        le=100,
        description="Share of mailseal's own values in the zone, in percent, that one plan may delete.",
    )
    from_values: int = Field(
        default=10,
        ge=0,
        le=100_000,
        description="The limit counts only in zones that hold at least this many values of mailseal.",
    )


def _settings_match_type(kind: ProviderType) -> Check:
    return Check(
        f"has(self.{kind}) == (self.type == '{kind}')",
        f"give the settings {kind} when type is {kind}, and only then",
        lambda spec: (getattr(spec, kind) is not None) == (spec.type is kind),
        field=kind.value,
        message_expression=f"has(self.{kind}) "
        f"? 'remove {kind} or set type: {kind}, since type is ' + self.type "
        f": 'type: {kind} needs its settings in the field {kind}'",
    )


_WITHOUT_SECRET = types_with(Credentials.NONE)


def _has_its_secret(kind: ProviderType) -> Check:
    return Check(
        f"self.type != '{kind}' || has(self.credentialsSecretRef)",
        f"type: {kind} needs credentialsSecretRef: a Secret {SETTINGS[kind].credential_fields}",
        lambda spec: spec.type is not kind or spec.credentials_secret_ref is not None,
        field="credentialsSecretRef",
    )


class DnsProviderSpec(Model):
    """One DNS backend: how to reach it, which zones it serves, and what mailseal may do there."""

    checks: ClassVar[tuple[Check, ...]] = (
        *(_settings_match_type(kind) for kind in ProviderType),
        *(_has_its_secret(kind) for kind in types_with(Credentials.REQUIRED)),
        Check(
            f"!(self.type in {[str(kind) for kind in _WITHOUT_SECRET]}) || !has(self.credentialsSecretRef)",
            f"types {', '.join(_WITHOUT_SECRET)} take no credentials: remove credentialsSecretRef",
            lambda spec: spec.type not in _WITHOUT_SECRET or spec.credentials_secret_ref is None,
            field="credentialsSecretRef",
        ),
    )

    type: ProviderType = Field(
        description="Kind of backend: rfc2136 (dynamic updates to BIND, Knot, PowerDNS and others), route53, "
        "powerdns (its HTTP API), cloudflare, azure, google, transip, webhook (webhook providers of "
        "external-dns), dnsendpoint (resources that external-dns carries out), octodns (providers of "
        "octoDNS), plugin (providers of other packages), zonefile (zone files on disk) or memory (for trying "
        "out). The settings are in the field of that name."
    )
    credentials_secret_ref: SecretRef | None = Field(
        default=None,
        description="Secret with the credentials. For a DnsProvider in the same namespace; for a "
        "ClusterDnsProvider in the operator's namespace. Which keys it holds depends on the type.",
    )
    zones: Annotated[tuple[DomainText, ...], SET] = Field(
        default=(),
        max_length=200,
        description="Zones to use. Left out: the zone of each domain is found by asking the backend.",
    )
    nameservers: Annotated[tuple[NameserverText, ...], SET] = Field(
        default=(),
        max_length=20,
        description="Authoritative servers that must answer a record before it counts as published, as host, "
        "host:port or [IPv6]:port. Left out: the NS records of the zone.",
    )
    policy: SyncPolicy = Field(
        default=SyncPolicy.SYNC,
        description="Sync adds, changes and removes mailseal's own values; UpsertOnly never removes one; "
        "DryRun writes nothing and reports the plan.",
    )
    delete_limit: DeleteLimit = Field(
        default=DeleteLimit(),
        description="A plan that deletes more than this in a zone stops as PlanRefused, until the annotation "
        "mailseal.dev/confirm-plan carries the digest that the message names.",
    )
    rfc2136: Rfc2136Settings | None = Field(default=None, description="Settings for type rfc2136.")
    route53: Route53Settings | None = Field(default=None, description="Settings for type route53.")
    powerdns: PowerDnsSettings | None = Field(default=None, description="Settings for type powerdns.")
    cloudflare: CloudflareSettings | None = Field(default=None, description="Settings for type cloudflare.")
    azure: AzureSettings | None = Field(default=None, description="Settings for type azure.")
    google: GoogleSettings | None = Field(default=None, description="Settings for type google.")
    transip: TransIpSettings | None = Field(default=None, description="Settings for type transip.")
    webhook: WebhookSettings | None = Field(default=None, description="Settings for type webhook.")
    dnsendpoint: DnsEndpointSettings | None = Field(
        default=None, description="Settings for type dnsendpoint."
    )
    octodns: OctoDnsSettings | None = Field(default=None, description="Settings for type octodns.")
    plugin: PluginSettings | None = Field(default=None, description="Settings for type plugin.")
    zonefile: ZoneFileSettings | None = Field(default=None, description="Settings for type zonefile.")
    memory: MemorySettings | None = Field(
        default=None, description="Settings for type memory: an empty object, {}."
    )

    @property
    def backend_name(self) -> str:
        """What the provider's module is registered as: the type, or the name of the plug-in."""
        return self.plugin.name if self.plugin else str(self.type)

    @property
    def settings(self) -> Mapping[str, object]:
        """What the provider's module is opened with: the settings of its type in camelCase, and `zones`."""
        part: Model | None = getattr(self, self.type)
        values = part.model_dump(by_alias=True, mode="json", exclude_none=True) if part else {}
        own: Mapping[str, object] = self.plugin.settings if self.plugin else values
        asked = {"nameservers": list(self.nameservers)} if SETTINGS[self.type].asks_nameservers else {}
        return {**own, **asked, "zones": list(self.zones)}

    def permits(self, namespace: str, domain: DnsName) -> bool:
        """True when a resource in `namespace` may publish records of `domain` here.

        A DnsProvider leaves this to who may make resources in its own namespace.
        """
        return True

    def assigns(self, namespace: str, domain: DnsName) -> bool:
        """True when an administrator has given just this namespace just this domain, or one above it."""
        return False


class ClusterDnsProviderSpec(DnsProviderSpec):
    """A DNS backend that several namespaces share, and what each of them may use it for."""

    checks: ClassVar[tuple[Check, ...]] = (
        *DnsProviderSpec.checks,
        Check(
            "!has(self.allowedDomains) || '*' in self.allowedNamespaces || "
            "self.allowedDomains.all(name, name in self.allowedNamespaces)",
            "allowedDomains has a namespace that allowedNamespaces does not admit: add it there or remove "
            "it here",
            lambda spec: spec.admits_all or set(spec.allowed_domains) <= set(spec.allowed_namespaces),
            field="allowedDomains",
        ),
    )

    allowed_namespaces: Annotated[tuple[NamespacePattern, ...], SET] = Field(
        min_length=1,
        max_length=100,
        description='Namespaces whose resources may refer to this provider; "*" for all.',
    )
    allowed_domains: dict[str, AllowedDomains] = Field(
        default_factory=dict,
        max_length=100,
        description="Per namespace the domains that it may use, each with everything below it. The entry "
        '"*" is for namespaces without one of their own; with neither, a namespace may use every domain in '
        "the zones.",
    )

    @property
    def admits_all(self) -> bool:
        """True when every namespace may refer to it."""
        return ANY_NAMESPACE in self.allowed_namespaces

    def permits(self, namespace: str, domain: DnsName) -> bool:
        """True when a resource in `namespace` may publish records of `domain` here."""
        if not self.admits_all and namespace not in self.allowed_namespaces:
            return False
        allowed = self.allowed_domains.get(namespace, self.allowed_domains.get(ANY_NAMESPACE))
        return allowed is None or any(domain.is_within(DnsName.parse(parent)) for parent in allowed)

    def assigns(self, namespace: str, domain: DnsName) -> bool:
        """True when `allowedDomains` has an entry for the namespace itself that covers the domain."""
        return namespace in self.allowed_domains and self.permits(namespace, domain)
