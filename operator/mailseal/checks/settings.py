"""How a run of checks behaves: its servers, limits and trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Settings of a run. The ports are others than the standard's only where servers are forwarded."""

    resolvers: tuple[str, ...] = ()
    """Recursive resolvers, as address or address:port; empty: the system's. Their AD bit is not trusted."""
    trust_anchors: tuple[str, ...] = ()
    """DS or DNSKEY records in presentation form, such as `. IN DS 20326 8 2 E06D...`; empty: IANA's."""
    certificate_authorities: tuple[str, ...] = ()
    """PEM files of certificate authorities to trust besides the system's."""
    allow_private: bool = False
    """Connect to addresses that the Internet does not route (private, loopback, link-local) as well."""
    smtp_port: int = 25
    https_port: int = 443
    helo_name: str = ""
    """What we call ourselves in EHLO; empty: the host's name."""
    domains_at_once: int = 64
    hosts_at_once: int = 32
    """Mail servers that are connected to at the same time, besides those that are slow to answer."""
    query_within: timedelta = timedelta(seconds=5)
    connect_within: timedelta = timedelta(seconds=10)
    domain_within: timedelta = timedelta(seconds=60)
    """How long the checks of one domain take at most; what has not come by then is unknown."""
