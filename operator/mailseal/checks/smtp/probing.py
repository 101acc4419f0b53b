"""What one address of a mail server shows, by a few sessions one after another."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from mailseal.checks.smtp.certificates import Certificate, UnreadableCertificate, read_certificate
from mailseal.checks.smtp.contexts import Contexts, negotiated_version
from mailseal.checks.smtp.model import AddressObservation, Contact, StartTls, TlsVersion
from mailseal.checks.smtp.session import (
    ContactLost,
    Limits,
    NotSecured,
    Session,
    open_session,
    shown_chain,
)
from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class Target:
    """Where to look, and how."""

    host: DnsName
    address: str
    port: int
    helo_name: str
    limits: Limits


async def observe_address(target: Target, contexts: Contexts) -> AddressObservation:
    """Look at an address that may be reached. Raises nothing that a server could cause.

    At most one connection is open at a time: one lets the server choose and verifies its chain (a second one
    follows when that fails), and one for each other version of TLS.
    """
    seen = await _attempt(target, contexts.trusting)
    if seen.distrust:
        again = await _attempt(target, contexts.open)
        if again.contact is not Contact.ANSWERED:
            return replace(seen, fault=again.fault, undecided=frozenset(TlsVersion))
        seen = replace(again, distrust=seen.distrust)
    if seen.negotiated is None:
        return seen
    return await _with_versions(seen, seen.negotiated, target, contexts)


async def _with_versions(
    seen: AddressObservation, negotiated: TlsVersion, target: Target, contexts: Contexts
) -> AddressObservation:
    offered, undecided = {negotiated}, set[TlsVersion]()
    for version in (each for each in reversed(TlsVersion) if each is not negotiated):
        tried = await _attempt(target, contexts.only[version])
        if tried.starttls is StartTls.WORKS:
            offered.add(version)
        elif tried.starttls is not StartTls.FAILED:
            undecided.add(version)
    return replace(seen, offered=frozenset(offered), undecided=frozenset(undecided))


async def _attempt(target: Target, context: ssl.SSLContext) -> AddressObservation:
    """One session, as far as it gets."""
    seen = AddressObservation(target.address, Contact.TIMED_OUT)
    if target.limits.are_over:
        return replace(seen, fault="there was no time left to look")
    try:
        session = await open_session(target.address, target.port, target.limits)
    except ContactLost as lost:
        return replace(seen, contact=lost.contact, fault=str(lost))
    try:
        return await _talk(session, target, context, seen)
    finally:
        await session.close()


async def _talk(
    session: Session, target: Target, context: ssl.SSLContext, seen: AddressObservation
) -> AddressObservation:
    try:
        seen = replace(seen, greeting=await session.greeting())
        extensions = await session.extensions(target.helo_name)
    except ContactLost as lost:
        return replace(seen, contact=lost.contact, fault=str(lost))
    seen = replace(seen, contact=Contact.ANSWERED)
    if "STARTTLS" not in extensions:
        return replace(seen, starttls=StartTls.NOT_OFFERED)
    try:
        tls = await session.start_tls(context, target.host)
    except NotSecured as error:
        if error.is_distrust:
            return replace(seen, distrust=str(error))
        return replace(seen, starttls=error.starttls, fault=str(error))
    version = negotiated_version(tls)
    return replace(seen, starttls=StartTls.WORKS, negotiated=version, chain=_read(shown_chain(tls)))


def _read(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """The certificates up to the first that cannot be read; of those above the server's own no names."""
    certificates: list[Certificate] = []
    with suppress(UnreadableCertificate):
        for der in chain:
            read = read_certificate(der)
            certificates.append(replace(read, names=()) if certificates else read)
    return tuple(certificates)
