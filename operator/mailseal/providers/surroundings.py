"""What the process that opens a provider lends to it, and what it forbids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from mailseal.providers.breaker import CircuitBreaker
from mailseal.providers.budget import Budgets
from mailseal.providers.reach import Reach


class CallLog(Protocol):
    """Told of every request that a provider sends to its backend."""

    def called(self, operation: str, took: timedelta, failure: str) -> None:
        """One request ended; `failure` is the reason of its `ProviderError`, or empty."""
        ...

    def budget_left(self, requests: float) -> None:
        """How many requests the account's budget admits at once from now."""
        ...


class NoLog:
    """Nobody is told."""

    def called(self, operation: str, took: timedelta, failure: str) -> None:
        """See `CallLog.called`."""

    def budget_left(self, requests: float) -> None:
        """See `CallLog.budget_left`."""


class Conflicted(Exception):
    """An object was changed since it was read, or exists already."""


class ObjectStore(Protocol):
    """Custom resources of a Kubernetes cluster, for backends that are reached through them.

    Objects are mappings as in JSON. Every method may raise a `ProviderError`.
    """

    async def list(self, namespace: str, label_selector: str) -> Sequence[Mapping[str, Any]]:
        """The objects that have the labels."""
        ...

    async def put(self, namespace: str, body: Mapping[str, Any]) -> None:
        """Create the object, or replace it where the body has `metadata.resourceVersion`.

        Raises `Conflicted`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a provider may use of the process that opens it.

    The default is that of the command line: who runs it may use all that is theirs.
    """

    name: str = "provider"
    """What messages and metrics call it, such as `DnsProvider zorg/zone`."""
    trusted: bool = True
    """Whoever describes the provider may name files, endpoints of cloud APIs, and classes to load.

    True for a ClusterDnsProvider and the command line, False for a DnsProvider of a namespace.
    """
    ambient_credentials: bool = True
    """Without credentials of its own the provider may use those of the process: environment, web identity,
    instance metadata."""
    namespace: str = ""
    """Namespace of the resource that describes the provider; empty for none."""
    reach: Reach = field(default_factory=Reach)
    """Addresses that it may connect to."""
    log: CallLog = field(default_factory=NoLog)
    budgets: Budgets = field(default_factory=Budgets)
    """Shared by all providers of the process, so that those with one account share its budget."""
    circuit: CircuitBreaker | None = None
    """Leaves a backend alone that does not answer; None: it is asked every time. The guard obeys it."""
    endpoints: ObjectStore | None = None
    """The cluster's DNSEndpoint resources of external-dns; None without a cluster."""


UNRESTRICTED: Final = Surroundings()
"""Those of somebody who opens a provider for themselves."""
