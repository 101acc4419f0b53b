"""What can go wrong between a question and a usable answer. Messages name the server and say what to do."""

from __future__ import annotations

from enum import StrEnum

import dns.rcode


class DnsFault(Exception):
    """The server gave no usable answer."""


class TimedOut(DnsFault):
    """No answer within the time-out; a question may be asked again."""


class Unreachable(DnsFault):
    """Nothing was sent: the name has no address, there is no route, or the connection was refused."""


class CertificateRejected(Unreachable):
    """The server did not prove over TLS that it is the one that was meant."""


class AnswerLost(DnsFault):
    """The message was sent over TCP, and the connection ended or the time ran out before the answer."""


class HungUp(AnswerLost):
    """The server closed the connection before its answer; a question may be asked again on a new one."""


class BadAnswer(DnsFault):
    """The answer is malformed, unsigned where it must be signed, or wrongly signed."""


class TsigProblem(StrEnum):
    """The TSIG errors of RFC 8945 section 5.2 by which a server rejects a signed message."""

    BADSIG = "BADSIG"
    BADKEY = "BADKEY"
    BADTIME = "BADTIME"
    BADTRUNC = "BADTRUNC"
    OTHER = "an unknown TSIG error"


class TsigRejected(DnsFault):
    """The server does not accept our signature."""

    def __init__(self, message: str, problem: TsigProblem) -> None:
        super().__init__(message)
        self.problem = problem


class ErrorAnswer(DnsFault):
    """The server answered with an error code."""

    def __init__(self, message: str, rcode: dns.rcode.Rcode) -> None:
        super().__init__(message)
        self.rcode = rcode


class NotAuthoritative(DnsFault):
    """The answer lacks the AA flag, or comes from another zone than the one that was asked (lame)."""


class Delegated(DnsFault):
    """The name lies below a zone cut: the zone that was asked does not hold it."""
