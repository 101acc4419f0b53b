"""What the operator lends to the providers of a cluster, and what it forbids those of a namespace."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mailseal.dnsio.endpoint import is_address
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.settings import TenancySettings
from mailseal.providers.breaker import CircuitBreaker
from mailseal.providers.budget import Budgets
from mailseal.providers.reach import ITSELF, METADATA, Network, Reach
from mailseal.providers.surroundings import CallLog, ObjectStore, Surroundings

API_SERVER_VARIABLE: Final = "KUBERNETES_SERVICE_HOST"
"""Where a Pod finds the address of the API server."""
POD_ADDRESSES_VARIABLE: Final = "POD_IPS"
"""Where the operator finds its own addresses, with commas between them: the chart sets it."""


@dataclass(frozen=True, slots=True)
class Lending:
    """Makes the surroundings of each provider.

    A ClusterDnsProvider is made by an administrator of the cluster and may use all that the operator has. A
    DnsProvider is made by whoever works in a namespace: it gets no files, no credentials of the operator
    unless the settings say so, and reaches neither the operator's own machine, nor the services that clouds
    keep for their machines, nor the API server, which would take its requests for the operator's. Its budgets
    are its namespace's: who only names another's account must not use up what that may send.
    """

    tenancy: TenancySettings = field(default_factory=TenancySettings)
    environment: Mapping[str, str] = field(default_factory=dict)
    endpoints: ObjectStore | None = None
    _budgets: dict[str, Budgets] = field(default_factory=dict)
    """By namespace; those of the operator's own accounts are under the empty name."""

    def surroundings(self, provider: ObjectKey, log: CallLog, circuit: CircuitBreaker) -> Surroundings:
        """What the provider may use."""
        is_shared = not provider.namespace
        return Surroundings(
            name=str(provider),
            trusted=is_shared,
            ambient_credentials=is_shared or self.tenancy.ambient_credentials,
            namespace=provider.namespace,
            reach=Reach() if is_shared else self._reach(),
            log=log,
            budgets=self._budgets_of(provider.namespace),
            circuit=circuit,
            endpoints=self.endpoints,
        )

    def _budgets_of(self, namespace: str) -> Budgets:
        shares = not namespace or self.tenancy.ambient_credentials
        return self._budgets.setdefault("" if shares else namespace, Budgets())

    def _reach(self) -> Reach:
        closed = (*METADATA, *ITSELF, *self.tenancy.closed_networks, *self._api_server(), *self._own_pod())
        return Reach(closed, self.tenancy.open_networks)

    def _api_server(self) -> tuple[Network, ...]:
        try:
            return (ipaddress.ip_network(self.environment[API_SERVER_VARIABLE]),)
        except (KeyError, ValueError):
            return ()

    def _own_pod(self) -> tuple[Network, ...]:
        listed = self.environment.get(POD_ADDRESSES_VARIABLE, "").split(",")
        return tuple(ipaddress.ip_network(address) for address in listed if is_address(address))
