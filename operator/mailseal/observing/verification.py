"""Whether what all servers answer is what was published. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mailseal.observing.nameserver import Nameserver
from mailseal.records.rrset import RecordType, RRset, RRsetKey

ExpectedValue: TypeAlias = tuple[RRsetKey, bytes]
"""An RRset and the identity of one value in it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What one server answers with authority; a key in neither mapping has no set there."""

    rrsets: Mapping[RRsetKey, RRset]
    faults: Mapping[RRsetKey, str] = field(default_factory=dict)
    """Keys without a usable answer, and what came instead."""


@dataclass(frozen=True, slots=True)
class ServerFailure:
    """The server did not answer at all."""

    problem: str


Answers: TypeAlias = Answered | ServerFailure


@dataclass(frozen=True, slots=True, order=True)
class Lag:
    """One server that does not answer one value as expected. `server` and `problem` read as one sentence."""

    server: str
    key: RRsetKey
    identity: bytes
    """Which value of the RRset it is about."""
    problem: str
    silent: bool = False
    """Nothing is known of what the server holds: it gave no answer, or none that can be used."""

    @property
    def value(self) -> ExpectedValue:
        """The value that was expected, or expected to be gone."""
        return self.key, self.identity


def verify(
    present: Collection[ExpectedValue],
    absent: Collection[ExpectedValue],
    answers: Mapping[Nameserver, Answers],
) -> tuple[Lag, ...]:
    """What is not answered as expected, sorted; empty when every server answers all of it.

    Without any server nothing is proven, so that everything expected lags.
    """
    if not answers:
        return silence("the zone", "has no known authoritative server to ask", (*present, *absent))
    lags: list[Lag] = []
    for server, answer in answers.items():
        if isinstance(answer, ServerFailure):
            lags += silence(server.label, answer.problem, (*present, *absent))
        else:
            lags += _lags_of(server.label, answer, present, absent)
    return tuple(sorted(set(lags)))


def silence(server: str, problem: str, expected: Collection[ExpectedValue]) -> tuple[Lag, ...]:
    """The lags of a server that tells nothing, sorted."""
    return tuple(Lag(server, key, identity, problem, silent=True) for key, identity in sorted(set(expected)))


def _lags_of(
    server: str, answered: Answered, present: Collection[ExpectedValue], absent: Collection[ExpectedValue]
) -> Iterator[Lag]:
    for key, identity in (*present, *absent):
        if key in answered.faults:
            yield Lag(server, key, identity, answered.faults[key], silent=True)
    for key, identity in present:
        if key not in answered.faults and not _holds(answered, key, identity):
            yield Lag(server, key, identity, _missing(answered, key))
    for key, identity in absent:
        if key not in answered.faults and _holds(answered, key, identity):
            yield Lag(server, key, identity, "still answers a removed value")


def _holds(answered: Answered, key: RRsetKey, identity: bytes) -> bool:
    rrset = answered.rrsets.get(key)
    return rrset is not None and identity in rrset.identities


def _missing(answered: Answered, key: RRsetKey) -> str:
    alias = answered.rrsets.get(RRsetKey(key.name, RecordType.CNAME))
    if alias is not None and key.rtype is not RecordType.CNAME:
        return f"answers a CNAME to {alias.values[0].to_text()} instead"
    return (
        "does not answer the new value yet"
        if key in answered.rrsets
        else "answers that there is no such record"
    )
