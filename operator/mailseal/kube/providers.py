"""The DNS backends that DnsProvider and ClusterDnsProvider resources describe: opened, checked, reopened."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.domain.backends import SETTINGS
from mailseal.domain.provider import DnsProviderSpec
from mailseal.engine.backends import Backend, open_backend
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.api import Forbidden, KubeApi, NotFound
from mailseal.kube.conditions import Verdict
from mailseal.kube.lending import Lending
from mailseal.kube.objects import StoredObject
from mailseal.kube.providercalls import ProviderCallLog
from mailseal.providers.base import ProviderError, ZoneSurvey
from mailseal.providers.breaker import CircuitBreaker
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName

logger = logging.getLogger(__name__)

SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret
"""Its key `token` would go to whatever URL a provider names."""
ZONES_NAMED = 5
"""Zones that a message lists by name; the status lists all."""


@dataclass(frozen=True, slots=True)
class OpenProvider:
    """One backend, opened with the spec and the credentials that it has now."""

    key: ObjectKey
    uid: str
    spec: DnsProviderSpec
    credentials_version: str
    """The resourceVersion of the Secret, or empty without one."""
    backend: Backend


def may_publish(opened: OpenProvider, latest: StoredObject | None, namespace: str, domain: DnsName) -> bool:
    """May resources of `namespace` publish records of `domain` through the provider, now?

    What is open may be older than the resource in the cluster: both have to allow it.
    """
    spec = latest.spec if latest else None
    return (
        isinstance(spec, DnsProviderSpec)
        and spec.permits(namespace, domain)
        and opened.spec.permits(namespace, domain)
    )


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at the backend found."""

    verdict: Verdict
    zones: tuple[DnsName, ...] = ()
    reopened: bool = False
    """Settings or credentials are new since the last look."""


class _Unusable(Exception):
    """The provider cannot be opened; carries the verdict."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.verdict = Verdict(False, reason, message, stalled=True)


class ProviderPool:
    """Holds one opened backend per provider resource."""

    def __init__(
        self,
        api: KubeApi,
        operator_namespace: str,
        resolvers: tuple[str, ...] = (),
        lending: Lending | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._api = api
        self._resolvers = resolvers
        self._operator_namespace = operator_namespace
        self._lending = lending or Lending()
        self.on_suspicion: Callable[[ObjectKey], None] = lambda provider: None
        """Called when so many calls to a backend failed that it should be asked for its zones."""
        self._logs: dict[ObjectKey, ProviderCallLog] = {}
        self._open: dict[ObjectKey, OpenProvider] = {}
        self._checks: dict[ObjectKey, tuple[float, Check]] = {}
        self._unusable: dict[ObjectKey, str] = {}

    def get(self, key: ObjectKey) -> OpenProvider | None:
        """The opened backend, or None while it cannot be opened."""
        return self._open.get(key)

    def obstacle(self, key: ObjectKey) -> str | None:
        """Why the backend cannot be opened, for people; None where it can, or was not tried yet."""
        return self._unusable.get(key)

    async def check(self, resource: StoredObject, fresh_within: timedelta) -> Check:
        """Open the backend where its spec or its Secret is new, and ask it for its zones.

        A good answer counts for `fresh_within`, so that looking for a new Secret asks nobody else.
        Raises `ApiError` when the Secret cannot be read for now; what is open then stays open.
        """
        try:
            opened, reopened = await self._opened(resource)
        except _Unusable as error:
            await self.close(resource.key)
            self._unusable[resource.key] = error.verdict.message
            return Check(error.verdict, reopened=True)
        known = self._checks.get(resource.key)
        now = asyncio.get_running_loop().time()
        if known and not reopened and known[0] > now - fresh_within.total_seconds():
            return known[1]
        check = await self._survey(opened, reopened)
        self._checks.pop(resource.key, None)
        if check.verdict.ready:
            self._checks[resource.key] = (now, replace(check, reopened=False))
        return check

    async def _survey(self, opened: OpenProvider, reopened: bool) -> Check:
        try:
            survey = await opened.backend.provider.survey()
        except ProviderError as error:
            metrics.PROVIDER_ERRORS.labels(str(opened.key), error.reason).inc()
            return Check(_fault(error), reopened=reopened)
        return Check(_verdict_on(survey), survey.served, reopened)

    def doubt(self, key: ObjectKey) -> None:
        """Have the backend asked anew at the next check: somebody had trouble with it."""
        self._checks.pop(key, None)

    async def close(self, key: ObjectKey) -> None:
        """Close the backend and forget it."""
        self._checks.pop(key, None)
        self._unusable.pop(key, None)
        opened = self._open.pop(key, None)
        if opened is None:
            return
        try:
            await opened.backend.provider.close()
        except ProviderError as error:
            logger.warning("%s: closing failed: %s", key, error)

    async def forget(self, key: ObjectKey) -> None:
        """The provider does not exist any more: close the backend, and let no metric tell of it."""
        await self.close(key)
        log = self._logs.pop(key, None)
        if log:
            log.forget()

    async def close_all(self) -> None:
        """Close every backend."""
        for key in list(self._open):
            await self.close(key)

    async def _opened(self, resource: StoredObject) -> tuple[OpenProvider, bool]:
        spec = resource.spec
        if not isinstance(spec, DnsProviderSpec):
            raise _Unusable("InvalidSpec", resource.invalid)
        forbidden = SETTINGS[spec.type].cluster_only if resource.key.namespace else ""
        if forbidden:
            raise _Unusable(
                "ProviderNotAllowed", f"{forbidden}, which one namespace must not: use a ClusterDnsProvider"
            )
        known = self._open.get(resource.key)
        if known and known.uid == resource.uid and resource.deleting:
            return known, False  # What depends on it is cleaned up with what it had: its Secret may be gone.
        version, credentials = await self._credentials(resource, spec)
        if (
            known
            and known.uid == resource.uid
            and known.spec == spec
            and known.credentials_version == version
        ):
            return known, False
        try:
            surroundings = self._surroundings(resource.key)
            backend = open_backend(spec, credentials, self._resolvers, surroundings)
        except ProviderError as error:
            raise _Unusable(error.reason, str(error)) from None
        await self.close(resource.key)
        opened = OpenProvider(resource.key, resource.uid, spec, version, backend)
        self._open[resource.key] = opened
        return opened, True

    def _surroundings(self, key: ObjectKey) -> Surroundings:
        """Those of one opening: new settings or credentials begin with a closed circuit."""
        log = self._logs.setdefault(key, ProviderCallLog(key))
        circuit = CircuitBreaker(
            on_suspicion=lambda: self.on_suspicion(key), on_change=log.circuit_open, moment=self._clock
        )
        log.circuit_open(False)
        return self._lending.surroundings(key, log, circuit)

    async def _credentials(
        self, resource: StoredObject, spec: DnsProviderSpec
    ) -> tuple[str, dict[str, bytes]]:
        ref = spec.credentials_secret_ref
        if ref is None:
            return "", {}
        namespace = resource.key.namespace or self._operator_namespace
        try:
            secret = await self._api.get_secret(namespace, ref.name)
        except NotFound:
            raise _Unusable(
                "SecretNotFound", f"Secret {namespace}/{ref.name} does not exist: create it"
            ) from None
        except Forbidden as error:
            raise _Unusable("SecretForbidden", f"{error}; see the chart's watchNamespaces") from None
        return _decoded(secret, f"{namespace}/{ref.name}")


def _decoded(secret: Mapping[str, Any], name: str) -> tuple[str, dict[str, bytes]]:
    if secret.get("type") == SERVICE_ACCOUNT_TOKEN:
        raise _Unusable(
            "SecretInvalid", f"Secret {name} is the token of a ServiceAccount, which no DNS backend may get"
        )
    data: Mapping[str, str] = secret.get("data") or {}
    try:
        credentials = {key: base64.b64decode(value) for key, value in data.items()}
    except binascii.Error:
        raise _Unusable("SecretInvalid", f"Secret {name} holds a value that is not base64") from None
    return str(secret["metadata"]["resourceVersion"]), credentials


def _verdict_on(survey: ZoneSurvey) -> Verdict:
    if survey.faults:
        return _fault(
            next(iter(survey.faults.values())), "; ".join(str(error) for error in survey.faults.values())
        )
    if not survey.served:
        return Verdict(True, "Ready", "the backend answers; zones are found when a domain needs them")
    return Verdict(True, "Ready", f"authenticated; serves {_named(survey.served)}")


def _fault(error: ProviderError, message: str = "") -> Verdict:
    return Verdict(False, error.reason, message or str(error), stalled=not error.retryable)


def _named(zones: tuple[DnsName, ...]) -> str:
    more = len(zones) - ZONES_NAMED
    return ", ".join(zones[:ZONES_NAMED]) + (f" and {more} more" if more > 0 else "")
