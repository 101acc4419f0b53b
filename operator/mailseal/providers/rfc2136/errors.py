"""Faults and answer codes of a name server as the errors of a provider. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import dns.rcode

from mailseal.dnsio.faults import (
    AnswerLost,
    BadAnswer,
    CertificateRejected,
    DnsFault,
    ErrorAnswer,
    NotAuthoritative,
    TsigRejected,
)
from mailseal.providers.base import (
    AuthenticationFailed,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    Raced,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType


class Unexplained(Refused):
    """An answer code that does not say whether the content, the sender or the zone is the matter."""

    def __init__(self, rcode: dns.rcode.Rcode, message: str) -> None:
        super().__init__(message)
        self.rcode = rcode


_RACED = {dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN}
_UNEXPLAINED = {dns.rcode.REFUSED, dns.rcode.SERVFAIL, dns.rcode.NOTAUTH}


def read_error(fault: DnsFault, zone: DnsName | None) -> ProviderError:
    """What a fault of a question means. `zone` is what the question was about, where that is known."""
    if isinstance(fault, CertificateRejected):
        return AuthenticationFailed(str(fault))
    if isinstance(fault, TsigRejected):
        return AuthenticationFailed(str(fault))
    if isinstance(fault, NotAuthoritative):
        return ZoneNotFound(str(fault))
    if isinstance(fault, ErrorAnswer) and fault.rcode == dns.rcode.NOTAUTH:
        return AuthenticationFailed(
            f"{fault}: it rejects the TSIG key; compare its name, algorithm and secret"
        )
    if isinstance(fault, ErrorAnswer) and fault.rcode == dns.rcode.REFUSED:
        subject = f"the zone {zone}" if zone is not None else "such a zone"
        return ZoneNotFound(
            f"{fault}: it does not serve {subject}, or its access list does not let us (key and address) ask"
        )
    return Unavailable(str(fault))


def lost_write(fault: DnsFault, zone: DnsName) -> ProviderError:
    """What a fault of an UPDATE means."""
    if isinstance(fault, TsigRejected | CertificateRejected):
        return AuthenticationFailed(str(fault))
    if isinstance(fault, AnswerLost | BadAnswer):
        return OutcomeUnknown(f"an update of {zone} was sent, and whether it was made is unknown: {fault}")
    return Unavailable(f"{zone} was not updated: {fault}")


def update_error(
    rcode: dns.rcode.Rcode, zone: DnsName, changes: Sequence[RRsetChange], server: str
) -> ProviderError | None:
    """What an answer code of an UPDATE means (RFC 2136 section 2.2); None for success."""
    if rcode == dns.rcode.NOERROR:
        return None
    code = dns.rcode.to_text(rcode)
    if rcode in _RACED:
        return Raced(f"{server} answers {code}: {_names(changes)} changed in {zone} since it was read")
    if rcode == dns.rcode.YXDOMAIN:
        cnames = [change for change in changes if change.key.rtype is RecordType.CNAME]
        return Refused(
            f"{_names(cnames)} in {zone}: the name holds other records, which allow no CNAME beside them"
        )
    if rcode == dns.rcode.NOTZONE:
        return ZoneNotFound(f"{server} answers {code}: {_names(changes)} do not lie in its zone {zone}")
    if rcode == dns.rcode.NOTIMP:
        return InvalidConfiguration(
            f"{server} answers {code}: it takes no dynamic updates of {zone}; where it is a secondary, name "
            "the primary, otherwise enable them there"
        )
    refusal = f"{server} answers {code} to a change of {_names(changes)} in {zone}"
    return Unexplained(rcode, refusal) if rcode in _UNEXPLAINED else Refused(refusal)


def empty_update_error(rcode: dns.rcode.Rcode, zone: DnsName, server: str) -> ProviderError | None:
    """What an answer code of an UPDATE that changes nothing means; None: updates are taken from us."""
    if rcode == dns.rcode.NOERROR:
        return None
    return Unexplained(rcode, f"{server} answers {dns.rcode.to_text(rcode)} to an empty update of {zone}")


def refused_content(
    rcode: dns.rcode.Rcode, zone: DnsName, changes: Sequence[RRsetChange], server: str
) -> ProviderError:
    """The server takes updates of the zone from us, but not this one."""
    return Refused(
        f"{server} answers {dns.rcode.to_text(rcode)} to a change of {_names(changes)} although it "
        f"takes other updates of {zone} from us: an update policy or a limit is in the way, as its log says"
    )


def refused_sender(
    rcode: dns.rcode.Rcode, zone: DnsName, signer: str | None, server: str, primary: DnsName
) -> ProviderError:
    """The server serves the zone, and takes no update of it from us at all.

    `primary` is the server that the zone's SOA names, which for a hidden primary is another one.
    """
    code = dns.rcode.to_text(rcode)
    if rcode == dns.rcode.SERVFAIL:
        return Unavailable(f"{server} answers {code} to every update of {zone}; its log says why")
    if signer is None:
        return AuthenticationFailed(
            f"{server} answers {code} to unsigned updates of {zone}: configure a TSIG key"
        )
    return AuthenticationFailed(
        f"{server} answers {code}: {signer} may not update {zone}, or this is a secondary: then "
        f"name its primary, which is {primary} as the zone's SOA says, or a hidden one"
    )


def _names(changes: Sequence[RRsetChange]) -> str:
    shown = ", ".join(str(change.key) for change in changes[:5])
    return f"{shown} and {len(changes) - 5} more" if len(changes) > 5 else shown
