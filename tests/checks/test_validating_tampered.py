"""Whatever becomes of a response on its way, no answer that differs from the zone's is ever called secure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import TypeAlias, cast

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.checks.answers import Answer, Presence, Security
from mailseal.checks.resolving import CachingResolver
from mailseal.checks.upstream import Upstreams, make_question
from mailseal.checks.validating import trust_anchors
from mailseal.dnsio.faults import BadAnswer, TimedOut
from mailseal.dnsio.messages import read_response
from support.signedinternet import Denial, SignedInternet, SignedZone

Question: TypeAlias = tuple[dns.name.Name, dns.rdatatype.RdataType]
Tamper: TypeAlias = Callable[[bytes], bytes]

RECORDS = """
@ TXT "v=spf1 mx -all"
@ MX 10 mx
mx A 127.0.0.1
other A 127.0.0.2
_25._tcp.mx TLSA 3 1 1 00000000000000000000000000000000000000000000000000000000000000ff
www CNAME mx
*.wild A 127.0.0.3
held.wild TXT "nothing but this"
deep.ent A 127.0.0.4
"""
ZONES = {
    "good.nl": SignedZone(RECORDS),
    "nsec3.nl": SignedZone(RECORDS, denial=Denial.NSEC3),
    "optout.nl": SignedZone(RECORDS, denial=Denial.OPT_OUT),
    "plain.nl": SignedZone(RECORDS, algorithm=None),
    "plain.good.nl": SignedZone(RECORDS, algorithm=None),
}
NAMES = ("", "mx.", "other.", "_25._tcp.mx.", "www.", "absent.", "x.wild.", "held.wild.", "wild.", "ent.")
TYPES = ("A", "TXT", "MX", "TLSA")


def questions() -> list[Question]:
    """What mail asks for in each zone, and what validation needs besides."""
    asked = [(f"{name}{zone}", rdtype) for name, zone, rdtype in product(NAMES, ZONES, TYPES)]
    asked += [(f"{name}{zone}", "DS") for name, zone in product(NAMES, ZONES)]
    asked += [(zone, rdtype) for zone in (".", "nl", *ZONES) for rdtype in ("DS", "DNSKEY")]
    return [(dns.name.from_text(name), dns.rdatatype.from_text(rdtype)) for name, rdtype in asked]


class Recorded:
    """Stands for the resolvers: what they answered once, one of it tampered with."""

    def __init__(self, wires: dict[Question, bytes], victim: Question | None, tamper: Tamper) -> None:
        self._wires = wires
        self._victim = victim
        self._tamper = tamper

    async def exchange(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """As the channel reads it, which drops what does not answer the question."""
        query = make_question(name, rdtype)
        if (name, rdtype) not in self._wires:
            raise TimedOut("nobody has recorded this")
        wire = self._wires[name, rdtype]
        if (name, rdtype) == self._victim:
            wire = self._tamper(wire)
        try:
            return read_response(query.id.to_bytes(2, "big") + wire[2:], query, "the test")
        except BadAnswer:
            raise TimedOut("only garbage came") from None


class Recording:
    """All responses of a small Internet, and what is true in it."""

    def __init__(self, internet: SignedInternet) -> None:
        address, port = internet.authority.split(":")
        self.anchors = trust_anchors(internet.trust_anchors)
        self.wires = {
            question: dns.query.tcp(make_question(*question), address, timeout=5, port=int(port)).to_wire()
            for question in questions()
        }
        self.truth = {question: self.judge(question, None, bytes) for question in self.wires}

    def judge(self, question: Question, victim: Question | None, tamper: Tamper) -> tuple[Answer, Security]:
        """The answer, and what it is worth, when the response to `victim` is tampered with."""
        return asyncio.run(self._judge(question, Recorded(self.wires, victim, tamper)))

    async def _judge(self, question: Question, recorded: Recorded) -> tuple[Answer, Security]:
        resolver = CachingResolver(cast("Upstreams", recorded), self.anchors, datetime.now(UTC))
        validation = await resolver.validate(*question)
        return await resolver.ask(*question), validation.security


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with SignedInternet(ZONES) as internet:
        yield Recording(internet)


def flip(at: int, mask: int) -> Tamper:
    return lambda wire: bytes(
        byte ^ mask if index == 2 + at % (len(wire) - 2) else byte for index, byte in enumerate(wire)
    )


def changed(change: Callable[[dns.message.Message], None]) -> Tamper:
    def tamper(wire: bytes) -> bytes:
        message = dns.message.from_wire(wire)
        change(message)
        return message.to_wire(max_size=65535)

    return tamper


def drop(section: int, at: int) -> Tamper:
    def change(message: dns.message.Message) -> None:
        rrsets = message.sections[section]
        if rrsets:
            del rrsets[at % len(rrsets)]

    return changed(change)


def swap_code() -> Tamper:
    def change(message: dns.message.Message) -> None:
        denied = message.rcode() == dns.rcode.NXDOMAIN
        message.set_rcode(dns.rcode.NOERROR if denied else dns.rcode.NXDOMAIN)

    return changed(change)


def replay(other: bytes, sections: frozenset[int], owner: bool) -> Tamper:
    """Put sections of another genuine response in, perhaps with the owner that was asked for."""

    def change(message: dns.message.Message) -> None:
        genuine = dns.message.from_wire(other)
        name = message.question[0].name
        for section in sections:
            message.sections[section] = genuine.sections[section]
        if owner and genuine.question:
            for rrset in message.sections[1]:
                if rrset.name == genuine.question[0].name:
                    rrset.name = name

    return changed(change)


def replace_data(text: str) -> Tamper:
    def change(message: dns.message.Message) -> None:
        for rrset in message.answer:
            if rrset.rdtype == dns.rdatatype.A:
                rrset.items = dns.rrset.from_text(rrset.name, 3600, "IN", "A", text).items

    return changed(change)


@settings(max_examples=600)
@given(data=st.data())
def test_no_false_answer_is_secure(recording: Recording, data: st.DataObject) -> None:
    """Bits flip, records vanish, codes change, and genuine responses are replayed for other questions."""
    everything = list(recording.wires)
    question = data.draw(st.sampled_from(everything), label="question")
    chain = [other for other in everything if other[1] in {dns.rdatatype.DS, dns.rdatatype.DNSKEY}]
    victim = data.draw(st.one_of(st.just(question), st.sampled_from(chain)), label="victim")
    tampers = data.draw(
        st.lists(
            st.one_of(
                st.builds(flip, st.integers(0, 2000), st.integers(1, 255)),
                st.builds(drop, st.sampled_from((1, 2)), st.integers(0, 12)),
                st.builds(swap_code),
                st.builds(
                    replay,
                    st.sampled_from(list(recording.wires.values())),
                    st.frozensets(st.sampled_from((1, 2)), min_size=1),
                    st.booleans(),
                ),
                st.builds(replace_data, st.sampled_from(("127.0.0.2", "192.0.2.1"))),
            ),
            min_size=1,
            max_size=3,
        ),
        label="tampers",
    )

    def tamper(wire: bytes) -> bytes:
        for step in tampers:
            try:
                wire = step(wire)
            except dns.exception.DNSException:
                continue
        return wire

    answer, security = recording.judge(question, victim, tamper)
    true_answer, _ = recording.truth[question]
    if security is Security.SECURE:
        assert answer.presence is true_answer.presence
        assert set(answer.rdatas) == set(true_answer.rdatas)
        assert answer.aliases == true_answer.aliases


def test_the_truth_is_secure_in_signed_zones(recording: Recording) -> None:
    """Otherwise the property above would hold for a validator that calls nothing secure."""
    secure = [question for question, (_, security) in recording.truth.items() if security is Security.SECURE]
    unknown = [
        question
        for question, (answer, _) in recording.truth.items()
        if answer.presence is Presence.UNANSWERED
    ]
    assert len(secure) > len(recording.truth) / 2
    assert not unknown


@pytest.mark.parametrize("zone", ["good.nl", "nsec3.nl"])
def test_a_wildcard_does_not_stand_for_a_name_that_exists(recording: Recording, zone: str) -> None:
    """`held.wild` exists without an address, so an address made for it from `*.wild` is a forgery."""
    held, made = (dns.name.from_text(f"{name}.wild.{zone}") for name in ("held", "x"))
    question = (held, dns.rdatatype.A)
    forged = replay(recording.wires[made, dns.rdatatype.A], frozenset({1, 2}), owner=True)
    answer, security = recording.judge(question, question, forged)
    assert answer.presence is Presence.FOUND
    assert security is Security.BOGUS
