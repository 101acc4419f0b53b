"""The settings of each DNS backend: the part of a provider's spec that is named like its type."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from mailseal.domain.backends.azure import AzureSettings
from mailseal.domain.backends.base import BackendSettings, Credentials
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


class ProviderType(StrEnum):
    """The DNS backends."""

    RFC2136 = "rfc2136"
    ROUTE53 = "route53"
    POWERDNS = "powerdns"
    CLOUDFLARE = "cloudflare"
    AZURE = "azure"
    GOOGLE = "google"
    TRANSIP = "transip"
    WEBHOOK = "webhook"
    DNSENDPOINT = "dnsendpoint"
    OCTODNS = "octodns"
    PLUGIN = "plugin"
    ZONEFILE = "zonefile"
    MEMORY = "memory"


SETTINGS: Final[Mapping[ProviderType, type[BackendSettings]]] = {
    ProviderType.RFC2136: Rfc2136Settings,
    ProviderType.ROUTE53: Route53Settings,
    ProviderType.POWERDNS: PowerDnsSettings,
    ProviderType.CLOUDFLARE: CloudflareSettings,
    ProviderType.AZURE: AzureSettings,
    ProviderType.GOOGLE: GoogleSettings,
    ProviderType.TRANSIP: TransIpSettings,
    ProviderType.WEBHOOK: WebhookSettings,
    ProviderType.DNSENDPOINT: DnsEndpointSettings,
    ProviderType.OCTODNS: OctoDnsSettings,
    ProviderType.PLUGIN: PluginSettings,
    ProviderType.ZONEFILE: ZoneFileSettings,
    ProviderType.MEMORY: MemorySettings,
}


def types_with(credentials: Credentials) -> tuple[ProviderType, ...]:
    """The types whose Secret is of this need."""
    return tuple(kind for kind, settings in SETTINGS.items() if settings.credentials is credentials)


__all__ = ["SETTINGS", "BackendSettings", "Credentials", "ProviderType", "types_with"]
