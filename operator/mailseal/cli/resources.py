"""From manifests to resources: typed specs, Secrets, and the references between them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailseal.cli.manifests import Manifest, Source
from mailseal.domain.common import API_VERSION, SUBDOMAIN
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.provider import DnsProviderSpec
from mailseal.domain.specs import KINDS, InvalidSpec, parse_spec
from mailseal.engine.objectkey import ObjectKey, provider_of
from mailseal.engine.safety import CONFIRM_ANNOTATION
from mailseal.planning.model import Owner, Spec

DEFAULT_NAMESPACE = "default"
SECRET = "Secret"  # noqa: S105 - a kind
_CLUSTER_SCOPED = frozenset({"ClusterDnsProvider"})
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(SUBDOMAIN)


@dataclass(frozen=True, slots=True)
class RecordResource:
    """A MailDomain, DkimKey or NtaRecord."""

    key: ObjectKey
    spec: Spec
    source: Source
    position: int
    """Its place among all resources of the files, from 0."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    """Which of its domains this is about, for an NtaRecord that has several."""

    @property
    def owner(self) -> Owner:
        """The resource as planning knows it: of two that want one name, the first in the files is older."""
        created = _FIRST + timedelta(seconds=self.position)
        return Owner(self.key.kind, self.key.namespace, self.key.name, "", created, self.part)

    @property
    def provider_key(self) -> ObjectKey:
        """The provider that it refers to."""
        return provider_of(self.spec, self.key.namespace)

    def __str__(self) -> str:
        return f"{self.source} ({self.key})"


@dataclass(frozen=True, slots=True)
class ProviderResource:
    """A DnsProvider or ClusterDnsProvider."""

    key: ObjectKey
    spec: DnsProviderSpec
    source: Source
    confirmed_plans: frozenset[str]
    """The digests in its annotation."""

    def __str__(self) -> str:
        return f"{self.source} ({self.key})"


@dataclass(frozen=True, slots=True)
class SecretManifest:
    """A Secret; its content is not shown."""

    key: ObjectKey
    source: Source
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resources:
    """All that the files hold."""

    records: tuple[RecordResource, ...]
    providers: Mapping[ObjectKey, ProviderResource]
    secrets: Mapping[ObjectKey, SecretManifest]
    skipped_kinds: tuple[str, ...]
    """The kind of each document that is not for mailseal."""


@dataclass(slots=True)
class _Sorter:
    """Takes manifests one by one."""

    faults: list[str]
    records: list[RecordResource] = field(default_factory=list)
    providers: dict[ObjectKey, ProviderResource] = field(default_factory=dict)
    secrets: dict[ObjectKey, SecretManifest] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    seen: dict[ObjectKey, Source] = field(default_factory=dict)

    def take(self, manifest: Manifest) -> None:
        """File one manifest where it belongs."""
        kind, version = manifest.body["kind"], manifest.body.get("apiVersion")
        if kind == SECRET and version == "v1":
            self._take_secret(manifest)
        elif kind in KINDS and version == API_VERSION:
            self._take_resource(manifest)
        elif kind in KINDS and str(version).partition("/")[0] == API_VERSION.partition("/")[0]:
            self.faults.append(f"{manifest.source}: apiVersion: write {API_VERSION}")
        else:
            self.skipped.append(kind)

    def _take_secret(self, manifest: Manifest) -> None:
        key = self._key(manifest)
        if key:
            self.secrets[key] = SecretManifest(key, manifest.source, manifest.body)

    def _take_resource(self, manifest: Manifest) -> None:
        key = self._key(manifest)
        if key is None:
            return
        try:
            spec = parse_spec(key.kind, _mapping(manifest.body.get("spec")))
        except InvalidSpec as error:
            self.faults += [f"{manifest.source} ({key}): {fault}" for fault in error.faults]
            return
        if isinstance(spec, DnsProviderSpec):
            self.providers[key] = ProviderResource(key, spec, manifest.source, _confirmed(manifest))
        else:
            annotations = _mapping(_mapping(manifest.body.get("metadata")).get("annotations"))
            whole = RecordResource(key, spec, manifest.source, len(self.records), annotations)
            self.records += _at_each_domain(whole)

    def _key(self, manifest: Manifest) -> ObjectKey | None:
        """The resource's key; None when it has none or one that was seen, which is a fault."""
        kind, meta = manifest.body["kind"], _mapping(manifest.body.get("metadata"))
        name = meta.get("name")
        namespace = "" if kind in _CLUSTER_SCOPED else meta.get("namespace") or DEFAULT_NAMESPACE
        for field_name, value in (("name", name), ("namespace", namespace or DEFAULT_NAMESPACE)):
            if not isinstance(value, str) or not _NAME.fullmatch(value):
                self.faults.append(
                    f"{manifest.source} ({kind}): metadata.{field_name}: write the name of a Kubernetes "
                    "object: lower-case letters, digits, - and ."
                )
                return None
        key = ObjectKey(kind, str(namespace), str(name))
        return key if self._is_new(key, manifest.source) and self._has_texts(key, manifest) else None

    def _is_new(self, key: ObjectKey, source: Source) -> bool:
        if key in self.seen:
            self.faults.append(f"{source} ({key}): stands already in {self.seen[key]}; keep one")
            return False
        self.seen[key] = source
        return True

    def _has_texts(self, key: ObjectKey, manifest: Manifest) -> bool:
        """Whether annotations and labels are what Kubernetes takes."""
        meta = _mapping(manifest.body.get("metadata"))
        faulty = [name for name in ("annotations", "labels") if not _are_texts(meta.get(name))]
        self.faults += [
            f"{manifest.source} ({key}): metadata.{name}: takes text values only: put numbers in quotes"
            for name in faulty
        ]
        return not faulty


def resources_of(manifests: Iterable[Manifest], faults: list[str]) -> Resources:
    """The resources in `manifests`; what is wrong with them goes to `faults`."""
    sorter = _Sorter(faults)
    for manifest in manifests:
        sorter.take(manifest)
    return Resources(tuple(sorter.records), sorter.providers, sorter.secrets, tuple(sorter.skipped))


def check_references(resources: Resources, faults: list[str]) -> None:
    """Add to `faults` every resource whose provider is not in the files or does not allow it."""
    for resource in resources.records:
        provider = resources.providers.get(resource.provider_key)
        if provider is None:
            faults.append(
                f"{resource}: spec.providerRef: {resource.provider_key} is not in the files: "
                "add its manifest or change the reference"
            )
        elif not provider.spec.permits(resource.key.namespace, resource.spec.domain_name):
            faults.append(
                f"{resource}: {provider.key} does not allow namespace {resource.key.namespace} to publish "
                f"records of {resource.spec.domain}: see its allowedNamespaces and allowedDomains"
            )


def _at_each_domain(whole: RecordResource) -> Iterator[RecordResource]:
    """The resource as each domain sees it that it has a record at."""
    spec = whole.spec
    if not isinstance(spec, NtaRecordSpec) or spec.domains is None:
        yield whole
        return
    for offset, domain in enumerate(spec.all_domains):
        position = whole.position + offset
        yield replace(whole, spec=spec.at(domain), part=str(domain), position=position)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _are_texts(value: Any) -> bool:
    """True for a mapping of text to text, and for none."""
    if value is None:
        return True
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _confirmed(manifest: Manifest) -> frozenset[str]:
    annotations = _mapping(_mapping(manifest.body.get("metadata")).get("annotations"))
    return frozenset(str(annotations.get(CONFIRM_ANNOTATION, "")).replace(",", " ").split())
