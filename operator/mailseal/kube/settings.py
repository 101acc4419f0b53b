"""How the operator runs: everything that the command line or the chart may set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from mailseal.checks.settings import CheckSettings
from mailseal.providers.reach import Network


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How the domains of resources are checked as the Internet sees them."""

    enabled: bool = True
    """Otherwise nothing is known of prerequisites, and what they enforce is not published."""
    interval: timedelta = timedelta(hours=6)
    """How often each domain is checked while all is in order and nothing changes."""
    domains_at_once: int = 16
    run: CheckSettings = field(default_factory=CheckSettings)
    """Its ways to the outside and its limits."""


@dataclass(frozen=True, slots=True)
class TenancySettings:
    """What a DnsProvider may do, which whoever works in a namespace can make."""

    ambient_credentials: bool = False
    """Without a Secret it may use the operator's own credentials at a cloud."""
    open_networks: tuple[Network, ...] = ()
    """Networks that it may connect to although they are closed to it otherwise."""
    closed_networks: tuple[Network, ...] = ()
    """Networks that it must not connect to, besides the operator's own and those of cloud metadata."""


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Settings of one operator process."""

    operator_id: str = ""
    """Marks the values of this operator in heritage records; empty: the first part of the cluster's own id
    (the uid of its `kube-system` namespace)."""
    heritage: bool = True
    """Publish `_mailseal.<domain>` records that tell which values are ours."""
    resync: timedelta = timedelta(minutes=10)
    """How often every record is looked up again to find drift."""
    verify_within: timedelta = timedelta(seconds=3)
    """How long one sync waits for all authoritative servers before it reports Propagating."""
    secret_poll: timedelta = timedelta(seconds=15)
    """How often a provider's Secret is looked at for new credentials."""
    stale_after: timedelta = timedelta(minutes=15)
    """How long a provider may be out of reach before resources that were Ready stop being so."""
    resolvers: tuple[str, ...] = ()
    """Resolvers, as address or address:port, for what other servers than the zone's own answer; empty: the
    system's."""
    watch_namespaces: tuple[str, ...] = ()
    """Namespaces to serve; empty: all."""
    leader_election: bool = True
    lease_namespace: str = "mailseal-system"
    lease_name: str = "mailseal"
    lease_duration: timedelta = timedelta(seconds=15)
    """How long a silent leader is believed in by the others."""
    identity: str = ""
    """Name of this process in the Lease, such as the pod's name; empty: the host's name and process id."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 8080
    """Port for /metrics, /healthz and /readyz."""
    zone_concurrency: int = 16
    """Zones that are synced at the same time."""
    object_concurrency: int = 16
    """Resources that are prepared (finalizer, Secret) at the same time."""
    provider_concurrency: int = 8
    """How many of each may be of one provider, so that a slow one leaves room for the others."""
    tenancy: TenancySettings = field(default_factory=TenancySettings)
    key_threads: int = 2
    """Threads that generate DKIM keys."""
    checks: WatchSettings = field(default_factory=WatchSettings)
