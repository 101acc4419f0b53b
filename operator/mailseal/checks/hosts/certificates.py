"""What the certificates of a mail server deserve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from mailseal.checks.hosts import tls_verdicts as say
from mailseal.checks.model import Finding, Subject
from mailseal.checks.smtp import AddressObservation, Certificate
from mailseal.records.names import DnsName

RENEWED_BEFORE: Final = timedelta(days=21)
"""Public authorities advise to renew 30 days before the end; what has a week less is late."""
_LATE_SHARE: Final = 4
"""Certificates of a few weeks are renewed later; late is their last quarter."""
_SHOWN_CHARACTERS: Final = 200
_SHOWN_NAMES: Final = 10


def judge_certificates(
    subject: Subject, host: DnsName, secured: Sequence[AddressObservation], now: datetime
) -> Iterator[Finding]:
    """All that is to be said of the certificates at these addresses of `host`, of each certificate once.

    The value `not_after` of each finding says in ISO 8601 when the certificate ends.
    """
    for seen in {each.certificate.der if each.certificate else b"": each for each in secured}.values():
        if seen.certificate is None:
            yield say.NO_CERTIFICATE[subject].on(host, (seen.address,))
        else:
            yield from _judge(subject, host, seen.certificate, seen.distrust, now)


def _judge(
    subject: Subject, host: DnsName, certificate: Certificate, distrust: str, now: datetime
) -> Iterator[Finding]:
    evidence = (*told(certificate), *((printable(distrust),) if distrust else ()))
    values = {
        "not_after": certificate.not_after.isoformat(),
        "until": told_time(certificate.not_after),
        "since": told_time(certificate.not_before),
        "names": listed(certificate.names) or listed(certificate.common_names),
    }
    problems = []
    if now > certificate.not_after:
        problems.append(say.EXPIRED)
    elif now < certificate.not_before:
        problems.append(say.NOT_YET_VALID)
    elif distrust:
        problems.append(say.UNTRUSTED)
    if not certificate.names_host(host):
        problems.append(say.WRONG_NAME)
    if now <= certificate.not_after and is_late(certificate, now):
        problems.append(say.ENDS_SOON)
    for verdict in problems or [say.GOOD_CERTIFICATE]:
        yield verdict[subject].on(host, evidence, **values)


def is_late(certificate: Certificate, now: datetime) -> bool:
    """True when a certificate should have been replaced by `now`."""
    lifetime = certificate.not_after - certificate.not_before
    return certificate.not_after - now < min(RENEWED_BEFORE, lifetime / _LATE_SHARE)


def told(certificate: Certificate) -> Iterator[str]:
    """The certificate for people."""
    yield f"names: {listed(certificate.names) or 'none'}"
    yield f"subject: {printable(certificate.subject) or 'empty'}"
    yield f"issuer: {printable(certificate.issuer) or 'empty'}"
    yield f"valid from {told_time(certificate.not_before)} until {told_time(certificate.not_after)}"


def told_time(time: datetime) -> str:
    """A time for people."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def listed(names: Sequence[str]) -> str:
    """The first names."""
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(printable(name) for name in names[:_SHOWN_NAMES]) + more


def printable(text: str) -> str:
    """A text out of a certificate without what could disturb a terminal, and not too long."""
    return "".join(each if each.isprintable() else "?" for each in text[:_SHOWN_CHARACTERS])
