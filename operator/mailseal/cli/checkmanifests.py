"""From MailDomains, DkimKeys and NtaRecords to the domains that they are about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailseal.checks.model import Examined
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.specs import InvalidSpec, Spec, parse_spec
from mailseal.engine.examining import SIGNING_STATES, joined, said_by
from mailseal.records.names import DnsName

KINDS = ("MailDomain", "DkimKey", "NtaRecord")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A resource that does not say which domains it is about, and why."""

    resource: str
    faults: tuple[str, ...]


def is_about_mail(body: Mapping[str, Any]) -> bool:
    """True for the kinds that name domains to check."""
    return body.get("kind") in KINDS


def examined_of(body: Mapping[str, Any]) -> tuple[Examined, ...] | Unusable:
    """The domains of one resource, as a manifest or the API server has it, with what it says of them.

    The selectors of a DkimKey stand in its status, and those that it imports in its spec.
    """
    kind = str(body["kind"])
    try:
        spec = parse_spec(kind, _mapping(body.get("spec")))
    except InvalidSpec as error:
        meta = _mapping(body.get("metadata"))
        return Unusable(f"{kind} {meta.get('namespace') or 'default'}/{meta.get('name')}", error.faults)
    return tuple(_examined(spec, _mapping(body.get("status"))))


def merged(found: Iterable[Examined]) -> tuple[Examined, ...]:
    """Each domain once, in the order in which they come, with all that is said of it and the first relay."""
    domains: dict[DnsName, Examined] = {}
    for examined in found:
        known = domains.get(examined.domain)
        domains[examined.domain] = joined(known, examined) if known else examined
    return tuple(domains.values())


def _examined(spec: Spec, status: Mapping[str, Any]) -> Iterator[Examined]:
    match spec:
        case MailDomainSpec():
            yield said_by(spec, spec.domain_name)
        case DkimKeySpec():
            yield Examined(spec.domain_name, tuple(dict.fromkeys(_selectors(spec, status))))
        case NtaRecordSpec():
            yield from (said_by(spec, domain) for domain in spec.all_domains)


def _selectors(spec: DkimKeySpec, status: Mapping[str, Any]) -> Iterator[str]:
    """Those that mail is signed with now or was lately; before there is a status, those that are imported."""
    keys = [key for key in _list(status.get("keys")) if _mapping(key).get("state") in SIGNING_STATES]
    found = [*_list(status.get("signingSelectors")), *(_mapping(key).get("selector") for key in keys)]
    yield from (text for text in found if isinstance(text, str))
    if not found:
        yield from (entry.selector for entry in spec.imports)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
