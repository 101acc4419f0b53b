"""What the observation of a mail server deserves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from mailseal.checks.hosts import reaching_verdicts as reaching
from mailseal.checks.hosts import tls_verdicts as tls
from mailseal.checks.hosts.both import Verdicts
from mailseal.checks.hosts.certificates import judge_certificates
from mailseal.checks.model import Finding, Subject
from mailseal.checks.smtp import (
    AddressObservation,
    Contact,
    HostObservation,
    Lookup,
    StartTls,
    TlsVersion,
)

_NEEDED: Final = frozenset({TlsVersion.TLS_1_2, TlsVersion.TLS_1_3})
"""RFC 8996 withdraws those before, and NTA 7516 asks for these."""
_UNREACHED: Final[Sequence[tuple[Contact, Verdicts]]] = (
    (Contact.TURNED_AWAY, reaching.TURNED_AWAY),
    (Contact.SILENT, reaching.SILENT),
    (Contact.TIMED_OUT, reaching.TIMED_OUT),
    (Contact.NO_SMTP, reaching.NO_SMTP),
    (Contact.REFUSED, reaching.REFUSED),
    (Contact.UNROUTABLE, reaching.TIMED_OUT),
    (Contact.FORBIDDEN, reaching.NOT_ROUTED),
)
"""What decides when no address answers: first what may be different another time or from elsewhere."""
_BROKEN: Final = frozenset({StartTls.TURNED_DOWN, StartTls.FAILED, StartTls.STALLED})
_OUR_OWN: Final = frozenset({Contact.UNROUTABLE})
"""What says more about this machine, such as that it has no IPv6, than about the server."""


def judge_host(subject: Subject, seen: HostObservation, now: datetime) -> Iterator[Finding]:
    """What one host deserves under `subject`, as far as it could be looked at.

    A host whose port could not be reached from here is unknown; one that refuses fails.
    """
    yield from _resolving(subject, seen)
    if not seen.addresses:
        return
    yield from _reaching(subject, seen)
    answering = seen.answering
    if not answering:
        return
    yield _starttls(subject, seen, answering)
    secured = [address for address in answering if address.starttls is StartTls.WORKS]
    if not secured:
        return
    yield _versions(subject, seen, secured)
    yield from judge_certificates(subject, seen.host, secured, now)


def _resolving(subject: Subject, seen: HostObservation) -> Iterator[Finding]:
    host = seen.host
    if seen.aliases:
        chain = tuple(f"CNAME {alias}" for alias in seen.aliases)
        yield reaching.ALIAS[subject].on(host, chain, alias=seen.aliases[-1])
    if seen.lookup is Lookup.UNANSWERED:
        yield reaching.UNRESOLVED[subject].on(host, name=host, fault=seen.fault)
    elif seen.lookup is Lookup.NONE:
        yield reaching.NO_ADDRESS[subject].on(host)
    elif not seen.aliases:
        yield reaching.RESOLVED[subject].on(host, tuple(each.address for each in seen.addresses))


def _reaching(subject: Subject, seen: HostObservation) -> Iterator[Finding]:
    evidence = tuple(_told_contact(each) for each in seen.addresses)
    if not seen.answering:
        contacts = {each.contact for each in seen.addresses}
        verdict = next(verdicts for contact, verdicts in _UNREACHED if contact in contacts)
        yield verdict[subject].on(seen.host, evidence)
        return
    silent = [each for each in seen.addresses if each.contact not in _OUR_OWN | {Contact.ANSWERED}]
    if silent:
        addresses = ", ".join(each.address for each in silent)
        yield reaching.PARTLY[subject].on(seen.host, evidence, silent=addresses)
    else:
        yield reaching.ANSWERS[subject].on(seen.host, evidence)


def _starttls(subject: Subject, seen: HostObservation, answering: Sequence[AddressObservation]) -> Finding:
    evidence = tuple(
        f"{each.address}: STARTTLS {each.starttls}{f' ({each.fault})' if each.fault else ''}"
        for each in answering
    )
    found = {each.starttls for each in answering}
    if StartTls.NOT_OFFERED in found:
        return tls.NOT_OFFERED[subject].on(seen.host, evidence)
    if found & _BROKEN:
        return tls.BROKEN[subject].on(seen.host, evidence)
    verdict = tls.NOT_SEEN if StartTls.UNKNOWN in found else tls.ENCRYPTS
    return verdict[subject].on(seen.host, evidence)


def _versions(subject: Subject, seen: HostObservation, secured: Sequence[AddressObservation]) -> Finding:
    evidence = tuple(_told_versions(each) for each in secured)
    lacking = [each for each in secured if not each.offered & _NEEDED]
    undecided = [each for each in lacking if each.undecided & _NEEDED]
    if len(lacking) > len(undecided):
        decides, verdict = lacking, tls.OLD_TLS_ONLY
    elif undecided:
        decides, verdict = undecided, tls.TLS_UNDECIDED
    else:
        outdated = [each for each in secured if each.offered - _NEEDED]
        decides, verdict = outdated or list(secured), tls.OLD_TLS_TOO if outdated else tls.CURRENT_TLS
    offered = frozenset[TlsVersion]().union(*(each.offered for each in decides))
    shown = offered - _NEEDED if verdict is tls.OLD_TLS_TOO else offered
    return verdict[subject].on(seen.host, evidence, versions=_listed(shown))


def _told_contact(seen: AddressObservation) -> str:
    """Of a greeting only the code and the name: what follows is another each time."""
    if seen.contact is not Contact.ANSWERED:
        return f"{seen.address}: {seen.fault}"
    return f"{seen.address}: {' '.join(seen.greeting.split()[:2])}"


def _told_versions(seen: AddressObservation) -> str:
    undecided = f"; not known of {_listed(seen.undecided)}" if seen.undecided else ""
    return f"{seen.address}: {_listed(seen.offered)}{undecided}"


def _listed(versions: frozenset[TlsVersion]) -> str:
    return ", ".join(version for version in TlsVersion if version in versions)
