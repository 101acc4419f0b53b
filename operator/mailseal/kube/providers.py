"""The DNS backends that DnsProvider and ClusterDnsProvider resources describe: opened, checked, reopened."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from mailseal.domain.backends import ProviderType
from mailseal.domain.provider import DnsProviderSpec
from mailseal.engine.backends import Backend, open_backend
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.api import Forbidden, KubeApi, NotFound
from mailseal.kube.conditions import Verdict
from mailseal.kube.objects import StoredObject
from mailseal.providers.base import ProviderError, ZoneSurvey
from mailseal.records.names import DnsName

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

    def __init__(self, api: KubeApi, operator_namespace: str, resolvers: tuple[str, ...] = ()) -> None:
        self._api = api
        self._resolvers = resolvers
        self._operator_namespace = operator_namespace
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
        if opened:
            await opened.backend.provider.close()

    async def close_all(self) -> None:
        """Close every backend."""
        for key in list(self._open):
            await self.close(key)

    async def _opened(self, resource: StoredObject) -> tuple[OpenProvider, bool]:
        spec = resource.spec
        if not isinstance(spec, DnsProviderSpec):
            raise _Unusable("InvalidSpec", resource.invalid)
        if spec.type is ProviderType.ZONEFILE and resource.key.namespace:
            raise _Unusable(
                "ProviderNotAllowed",
                "type zonefile names a directory of the operator, which one namespace must not: use a "
                "ClusterDnsProvider",
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
            backend = open_backend(spec, credentials, self._resolvers)
        except ProviderError as error:
            raise _Unusable(error.reason, str(error)) from None
        await self.close(resource.key)
        opened = OpenProvider(resource.key, resource.uid, spec, version, backend)
        self._open[resource.key] = opened
        return opened, True

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
