"""Which domains to check: from arguments, lists, manifests and the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

from mailseal.checks.model import Examined
from mailseal.cli.checkmanifests import Unusable, examined_of, is_about_mail, merged
from mailseal.cli.exits import InvalidInput
from mailseal.cli.fromcluster import examined_in_cluster
from mailseal.cli.manifests import SUFFIXES, Manifest, manifests_in, read_manifests, read_text, shown_name
from mailseal.records.names import DnsName, InvalidName

_RESOURCE = re.compile(r"\A\s*[{\[]|^(?:apiVersion|kind)[ \t]*:", re.MULTILINE)
_NONE_GIVEN = "no domain is given: name some, or give lists or manifests of them with --file"
_NONE_IN_CLUSTER = "the cluster has no MailDomain, DkimKey or NtaRecord there that names a domain"
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_AROUND_HOST = re.compile(r"\A(?:[a-z]+://|mailto:)?(?:[^/@]*@)?|(?::[0-9]+)?(?:/.*)?\Z", re.IGNORECASE)
"""In a URL and in a mail address."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the domains to check stand."""

    domains: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    cluster: bool = False
    namespace: str = ""
    """Of the cluster; empty: all of them."""
    selectors: tuple[str, ...] = ()
    """Further DKIM selectors of every domain."""
    relay: str | None = None
    """The relay of every domain for which nothing else says one."""

    def read(self, in_cluster: Sequence[Examined] | None = None) -> tuple[Examined, ...]:
        """Every domain once, in order; `in_cluster` are those of the cluster where it was read already.

        Raises `InvalidInput` with all faults, and when there is no domain.
        """
        faults: list[str] = []
        relay = _name(self.relay, "--relay: ", faults) if self.relay else None
        for selector in self.selectors:
            _check_selector(selector, "", f"--selector {selector!r}: ", faults)
        if self.namespace and not self.cluster:
            faults.append("--namespace is about the cluster: give --kube with it")
        found = [*_named(self.domains, faults), *_in_files(self.files, faults)]
        if faults:
            raise InvalidInput(*faults)
        if self.cluster:
            found += examined_in_cluster(self.namespace) if in_cluster is None else in_cluster
        if not found:
            raise InvalidInput(_NONE_IN_CLUSTER if self.cluster else _NONE_GIVEN)
        return tuple(self._completed(each, relay) for each in merged(found))

    def _completed(self, found: Examined, relay: DnsName | None) -> Examined:
        selectors = tuple(dict.fromkeys((*found.selectors, *self.selectors)))
        return replace(found, selectors=selectors, relay=found.relay or relay)


def domain_named(text: str, place: str) -> DnsName:
    """The domain that an option names. Raises `InvalidInput` with `place` before the fault."""
    faults: list[str] = []
    name = _name(text, place, faults)
    if name is None:
        raise InvalidInput(*faults)
    return name


def _named(domains: Sequence[str], faults: list[str]) -> Iterator[Examined]:
    for text in domains:
        yield from _examined(text, (), "", faults)


def _in_files(files: Sequence[str], faults: list[str]) -> Iterator[Examined]:
    for file in files:
        if Path(file).is_dir():
            yield from _in_manifests(read_manifests([file], faults), faults)
            continue
        text = read_text(file, faults)
        if text is None:
            continue
        if Path(file).suffix in SUFFIXES or _RESOURCE.search(text):
            yield from _in_manifests(manifests_in(file, text, faults), faults)
        else:
            yield from _listed(shown_name(file), text, faults)


def _in_manifests(manifests: Iterable[Manifest], faults: list[str]) -> Iterator[Examined]:
    for manifest in manifests:
        if not is_about_mail(manifest.body):
            continue
        found = examined_of(manifest.body)
        if isinstance(found, Unusable):
            faults += [f"{manifest.source} ({found.resource}): {fault}" for fault in found.faults]
        else:
            yield from found


def _listed(file: str, text: str, faults: list[str]) -> Iterator[Examined]:
    """One domain a line, its selectors after it, remarks after `#`."""
    for number, line in enumerate(text.splitlines(), start=1):
        domain, *selectors = line.partition("#")[0].replace(",", " ").split() or ("",)
        if domain:
            yield from _examined(domain, selectors, f"{file}, line {number}: ", faults)


def _examined(text: str, selectors: Sequence[str], place: str, faults: list[str]) -> Iterator[Examined]:
    domain = _name(text, place, faults)
    if domain is None:
        return
    for selector in selectors:
        _check_selector(selector, f".{domain}", f"{place}selector {selector!r}: ", faults)
    yield Examined(domain, tuple(selectors))


def _check_selector(selector: str, below: str, place: str, faults: list[str]) -> None:
    """Add a fault unless a key record can stand at the selector (RFC 6376 section 3.6.2.1)."""
    alone, *rest = selector.lower().split("._domainkey")
    if rest:
        faults.append(f"{place}is more than the selector: give {alone!r} alone")
    else:
        _name(f"{selector}._domainkey{below}", place, faults)


def _name(text: str, place: str, faults: list[str]) -> DnsName | None:
    """The host-like name that `text` writes; None, and a fault, when it is none."""
    try:
        name = DnsName.parse(text)
    except InvalidName as error:
        faults.append(f"{place}{error}")
        return None
    if _is_address(name):
        faults.append(f"{place}{text!r} is an IP address and not a domain name")
        return None
    if not _NAME.fullmatch(name):
        faults.append(f"{place}{text!r} is not a domain name{_hint(text)}")
        return None
    return name


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _hint(text: str) -> str:
    """Which domain is meant, when `text` is a URL or a mail address."""
    host = _AROUND_HOST.sub("", text).lower()
    return f": give {host} alone" if host != text.lower() and _NAME.fullmatch(host) else ""
