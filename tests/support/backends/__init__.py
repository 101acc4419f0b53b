"""Backends that the provider conformance suite runs on. A new one joins by a harness in HARNESSES."""

from __future__ import annotations

from support.backends.azure import AzureHarness
from support.backends.base import Harness
from support.backends.cloudflare import CloudflareHarness
from support.backends.dnsendpoint import DnsEndpointHarness
from support.backends.google import GoogleHarness
from support.backends.memory import MemoryHarness
from support.backends.nameservers import (
    BindHarness,
    BindTlsHarness,
    KnotHarness,
    PowerDnsHarness,
    ServerHarness,
)
from support.backends.octodns import OctoDnsBindHarness, OctoDnsHarness
from support.backends.powerdnsapi import PowerDnsApiHarness
from support.backends.route53 import Route53Harness
from support.backends.transip import TransIpHarness
from support.backends.webhook import WebhookHarness
from support.backends.zonefile import ZoneFileHarness

HARNESSES: tuple[type[Harness], ...] = (
    MemoryHarness,
    ZoneFileHarness,
    BindHarness,
    KnotHarness,
    PowerDnsHarness,
    BindTlsHarness,
    PowerDnsApiHarness,
    OctoDnsHarness,
    OctoDnsBindHarness,
    CloudflareHarness,
    AzureHarness,
    GoogleHarness,
    Route53Harness,
    TransIpHarness,
    WebhookHarness,
    DnsEndpointHarness,
)
SERVER_HARNESSES: tuple[type[ServerHarness], ...] = (
    BindHarness,
    KnotHarness,
    PowerDnsHarness,
    BindTlsHarness,
)
SLOW_HARNESSES: tuple[type[Harness], ...] = (
    OctoDnsHarness,
    OctoDnsBindHarness,
    Route53Harness,
    WebhookHarness,
)
"""Their cases have a file of their own, so that two workers share the load."""

__all__ = ["HARNESSES", "SERVER_HARNESSES", "SLOW_HARNESSES", "BindHarness", "Harness", "ServerHarness"]
