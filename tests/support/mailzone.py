"""A zone of mail domains, good and bad, for the commands that check; and a resolver that never answers."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from mailseal.records.months import Month
from mailseal.records.nta7516 import DUTCH_TIME
from support.servers.bind import BindServer

ZONE = "example"
READY = f"ready.{ZONE}"
PLAIN = f"plain.{ZONE}"
"""Ready, without `ntamx`."""
BARE = f"bare.{ZONE}"
"""It exists, and has no record of mail but an MX."""
HOSTILE = f"hostile.{ZONE}"
"""Its records drive terminals."""


def this_month() -> Month:
    """The month in the Netherlands now."""
    return Month.of(datetime.now(UTC).astimezone(DUTCH_TIME).date())


def nta_text(start: int, end: int, tail: str = "") -> str:
    """An NTA record whose months are so many after this one."""
    first, last = this_month().plus(start), this_month().plus(end)
    return f"v=NTA7516-1;startdate={first};enddate={last};provider=zorgmail{tail}"


def records(bulk: int = 0) -> str:
    """The zone, with so many further domains `d0.example` and on, each of which is ready."""
    lines = [
        f'ready TXT "{nta_text(-6, 30, ";ntamx=20 second.mail.example;ntamx=10 first.mail.example")}"',
        'ready TXT "v=spf1 ip4:192.0.2.1 -all"',
        'ready TXT "site-verification=1"',
        "ready MX 10 first.mail.example.",
        '_dmarc.ready TXT "v=DMARC1; p=reject; rua=mailto:dmarc@ready.example"',
        '_smtp._tls.ready TXT "v=TLSRPTv1; rua=mailto:tls@ready.example"',
        f'plain TXT "{nta_text(0, 12)}"',
        "plain MX 20 backup.mail.example.",
        "plain MX 10 first.mail.example.",
        "bare MX 10 first.mail.example.",
        f'expired TXT "{nta_text(-40, -4)}"',
        f'future TXT "{nta_text(1, 30)}"',
        f'double TXT "{nta_text(0, 30)}"',
        f'double TXT "{nta_text(0, 12)}"',
        'dialect TXT "v=NTA7516;version:2019-06;expire:2019-10;provider:smartlockr;ntamx:mx.mail.de"',
        'hostile TXT "v=spf1 \\027[31mRED\\007 \\226\\128\\174 -all"',
        'hostile TXT "v=NTA7516-1;startdate=\\027]0;TITLE\\007;enddate=2026-01;provider=a"',
        '_dmarc.hostile TXT "v=DMARC1; p=none; \\027[2J=1; rua=mailto:\\027[31m@x.example"',
        "first.mail A 192.0.2.1",
    ]
    lines += [f'd{number} TXT "{nta_text(-1, 30)}"' for number in range(bulk)]
    return "\n".join(lines)


@contextmanager
def mail_zone(bulk: int = 0) -> Iterator[BindServer]:
    """BIND with the zone. What is not in it is refused, as by a resolver that does not serve us."""
    with BindServer({ZONE: records(bulk)}) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Silence:
    """A resolver to which questions come and that never answers."""

    endpoint: str
    """`address:port`."""
    _udp: socket.socket

    def wait_for_question(self, seconds: float = 20) -> None:
        """Return as soon as somebody has asked. Raises `TimeoutError`."""
        if not select.select([self._udp], [], [], seconds)[0]:
            raise TimeoutError(f"nobody asked within {seconds:g} s")


@contextmanager
def silent_resolver() -> Iterator[Silence]:
    """A resolver that is there and silent, on both transports."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(128)
        port = tcp.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", port))
            yield Silence(f"127.0.0.1:{port}", udp)
