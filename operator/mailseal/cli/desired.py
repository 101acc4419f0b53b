"""What the command line is asked for: the resources of the files with everything that they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from mailseal.checks.settings import CheckSettings
from mailseal.cli.exits import InvalidInput
from mailseal.cli.keys import KeyRing, read_key_ring
from mailseal.cli.manifests import read_manifests
from mailseal.cli.resources import ProviderResource, RecordResource, Resources, check_references, resources_of
from mailseal.cli.secretfiles import SecretFiles, decoded_data_of
from mailseal.domain.common import DeletionPolicy
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.engine.backends import Backend, open_backend
from mailseal.engine.objectkey import ObjectKey
from mailseal.planning.heritage import Heritage, InvalidOperatorId
from mailseal.planning.keylife.wanted import released_selectors, wanted_records
from mailseal.planning.model import Claim
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.surroundings import UNRESTRICTED
from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class Request:
    """The options that all commands share."""

    paths: tuple[str, ...]
    operator_id: str
    secrets_dir: Path | None
    operator_namespace: str
    """Where the Secrets of ClusterDnsProviders are."""
    deleting: bool = False
    confirmed_plans: frozenset[str] = frozenset()
    checks: CheckSettings = field(default_factory=CheckSettings)
    """How the prerequisites of NTA 7516 records are checked."""


@dataclass(frozen=True, slots=True)
class Desired:
    """Valid resources, ready to be planned for."""

    request: Request
    records: tuple[RecordResource, ...]
    providers: Mapping[ObjectKey, ProviderResource]
    """Those that a record resource refers to."""
    backends: Mapping[ObjectKey, Backend]
    secrets: SecretFiles
    key_rings: Mapping[ObjectKey, KeyRing]
    skipped_kinds: tuple[str, ...]
    findings: Mapping[DnsName, tuple[PrerequisiteFinding, ...]] = field(default_factory=dict)
    """What the checks said of domains whose NTA 7516 record waits for them."""

    def claim_of(self, resource: RecordResource) -> Claim:
        """What planning decides on. What is published is known from the heritage in DNS alone."""
        ring = self.key_rings.get(resource.key)
        released = released_selectors(ring.life, ring.spec) if ring else frozenset[str]()
        return Claim(
            owner=resource.owner,
            spec=resource.spec,
            deleting=self.request.deleting and ring is None,
            dkim_keys=wanted_records(ring.life, ring.spec) if ring else (),
            dkim_released=released,
            dkim_outlived=frozenset() if self.request.deleting else released,
            awaits_switch=ring is not None and ring.life.coming is not None,
            dkim_works=self._dkim_works(resource.spec.domain_name),
            nta_prerequisites=self.findings.get(resource.spec.domain_name, ()),
        )

    def _dkim_works(self, domain: DnsName) -> bool:
        """True when a key signs for the domain as far as the files tell.

        Selectors that others run are taken at their word: only the operator watches them.
        """
        for resource in self.records:
            if resource.spec.domain_name == domain:
                ring = self.key_rings.get(resource.key)
                if ring and ring.life.active and ring.life.active.selectors <= ring.held:
                    return True
                if isinstance(resource.spec, MailDomainSpec) and resource.spec.dkim:
                    return True
        return False

    def with_key_rings(self, rings: Mapping[ObjectKey, KeyRing]) -> Desired:
        """The same with some key rings replaced."""
        return replace(self, key_rings={**self.key_rings, **rings})

    def with_findings(self, findings: Mapping[DnsName, tuple[PrerequisiteFinding, ...]]) -> Desired:
        """The same with what the checks said of domains."""
        return replace(self, findings=findings)


def load(request: Request) -> Desired:
    """Read and check everything that needs no network. Raises `InvalidInput` with all that is wrong."""
    faults: list[str] = []
    _check_operator_id(request.operator_id, faults)
    resources = resources_of(read_manifests(request.paths, faults), faults)
    if not faults:
        check_references(resources, faults)
    if not faults and not resources.records:
        faults.append(f"{', '.join(request.paths)}: there is no MailDomain, DkimKey or NtaRecord")
    if faults:
        raise InvalidInput(*faults)
    return _completed(request, resources)


def _completed(request: Request, resources: Resources) -> Desired:
    faults: list[str] = []
    secrets = SecretFiles(resources.secrets, request.secrets_dir)
    needed = {resource.provider_key for resource in resources.records}
    providers = {key: provider for key, provider in resources.providers.items() if key in needed}
    backends: dict[ObjectKey, Backend] = {}
    rings: dict[ObjectKey, KeyRing] = {}
    for key, provider in providers.items():
        try:
            backends[key] = _opened(provider, secrets, request.operator_namespace)
        except InvalidInput as error:
            faults += error.faults
    for resource in resources.records:
        if isinstance(resource.spec, DkimKeySpec) and resource.spec.delegation:
            faults.append(
                f"{resource}: spec.delegation: only the operator publishes keys at another domain: apply "
                "this DkimKey to a cluster"
            )
        elif isinstance(resource.spec, DkimKeySpec) and not _is_orphaned(request, resource.spec):
            try:
                rings[resource.key] = read_key_ring(
                    resource, resource.spec, secrets, datetime.now(UTC), deleting=request.deleting
                )
            except InvalidInput as error:
                faults += error.faults
    faults += _shared_secrets(rings.values())
    if faults:
        raise InvalidInput(*faults)
    return Desired(request, resources.records, providers, backends, secrets, rings, resources.skipped_kinds)


def _is_orphaned(request: Request, spec: DkimKeySpec) -> bool:
    return request.deleting and spec.deletion_policy is DeletionPolicy.ORPHAN


def credentials_of(
    provider: ProviderResource, secrets: SecretFiles, operator_namespace: str
) -> Mapping[str, bytes]:
    """The data of the Secret that the provider refers to, if any. Raises `InvalidInput` without it."""
    ref = provider.spec.credentials_secret_ref
    if ref is None:
        return {}
    namespace = provider.key.namespace or operator_namespace
    secret = secrets.find(namespace, ref.name)
    if secret is None:
        raise InvalidInput(
            f"{provider}: spec.credentialsSecretRef: Secret {namespace}/{ref.name} is not in the files: "
            "add its manifest"
        )
    return decoded_data_of(secret)


def _opened(provider: ProviderResource, secrets: SecretFiles, operator_namespace: str) -> Backend:
    credentials = credentials_of(provider, secrets, operator_namespace)
    try:
        surroundings = replace(UNRESTRICTED, name=str(provider))
        return open_backend(provider.spec, credentials, surroundings=surroundings)
    except InvalidConfiguration as error:
        raise InvalidInput(f"{provider}: {error}") from None


def _shared_secrets(rings: Iterable[KeyRing]) -> list[str]:
    """A Secret belongs to one DkimKey; where two would make the same one, each has to be told."""
    users: dict[ObjectKey, list[str]] = {}
    for ring in rings:
        users.setdefault(ring.secret_key, []).append(str(ring.dkim_key))
    return [
        f"{' and '.join(names)} have the same {secret}: give each a spec.secret.name of its own"
        for secret, names in users.items()
        if len(names) > 1
    ]


def _check_operator_id(operator_id: str, faults: list[str]) -> None:
    try:
        Heritage(DnsName(""), operator_id, frozenset())
    except InvalidOperatorId as error:
        faults.append(f"--operator-id: {error}")
