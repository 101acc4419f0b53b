"""One zone of a running name server as a test sees it: what is answered, and what somebody else changes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.update
import dns.zone
from dns.rdtypes.txtbase import TXTBase

from support.servers.process import NameServer, ServerFailed

Strings = tuple[bytes, ...]
"""One TXT value as its character-strings, with their boundaries."""
_ANSWER_SECONDS = 5


class DnsZone:
    """A zone on a name server. Names are relative to the zone, `@` being its apex."""

    def __init__(self, server: NameServer, name: str) -> None:
        self.server = server
        self.name = name

    def strings(self, name: str) -> frozenset[Strings]:
        """The TXT values that the server answers at `name` now, byte for byte."""
        rrset = self.server.query(self._absolute(name), "TXT")
        return frozenset(rdata.strings for rdata in rrset or () if isinstance(rdata, TXTBase))

    def txt(self, name: str, prefix: str = "") -> list[str]:
        """The TXT values at `name`, each joined to one text, that begin with `prefix`; sorted."""
        joined = (b"".join(value).decode("latin-1") for value in self.strings(name))
        return sorted(text for text in joined if text.startswith(prefix))

    def ttl_seconds(self, name: str) -> int:
        """The TTL of the TXT RRset at `name`."""
        rrset = self.server.query(self._absolute(name), "TXT")
        assert rrset is not None, f"{name} has no TXT record"
        return rrset.ttl

    def content(self) -> dict[tuple[str, str], frozenset[bytes]]:
        """Every RRset of the zone but the SOA as wire-format values, by name and type, from a transfer."""
        zone = dns.zone.Zone(self.name)
        address, port = self.server.address, self.server.port
        dns.query.inbound_xfr(address, zone, port=port, timeout=_ANSWER_SECONDS)
        return {
            (str(name), dns.rdatatype.to_text(rdataset.rdtype)): frozenset(
                rdata.to_wire(origin=zone.origin) or b"" for rdata in rdataset
            )
            for name, rdataset in zone.iterate_rdatasets()
            if rdataset.rdtype != dns.rdatatype.SOA
        }

    @property
    def serial(self) -> int:
        """The serial in the SOA: it moves with every write."""
        return self.server.serial(self.name)

    def add(self, name: str, *values: str, rtype: str = "TXT", ttl_seconds: int = 3600) -> None:
        """Add `values` (presentation form) beside what stands at `name`."""
        message = self._update()
        for value in values:
            message.add(self._name(name), ttl_seconds, rtype, value)
        self._send(message)

    def replace(self, name: str, text: str, ttl_seconds: int = 3600) -> None:
        """Make `text` the only TXT value at `name`, in one update."""
        quoted = " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
        message = self._update()
        message.replace(self._name(name), ttl_seconds, "TXT", quoted)
        self._send(message)

    def delete(self, name: str, *values: str, rtype: str = "TXT") -> None:
        """Delete `values` (presentation form) at `name`; with none given, the whole RRset."""
        message = self._update()
        for value in values:
            message.delete(self._name(name), rtype, value)
        if not values:
            message.delete(self._name(name), rtype)
        self._send(message)

    @contextmanager
    def watched(self, name: str, prefix: str) -> Iterator[set[tuple[str, ...]]]:
        """Ask for the TXT values at `name` all the time meanwhile; collects what was answered.

        Each element is one answer: the texts that begin with `prefix`.
        """
        seen: set[tuple[str, ...]] = set()
        stop = threading.Event()

        def look() -> None:
            while not stop.is_set():
                seen.add(tuple(self.txt(name, prefix)))

        watcher = threading.Thread(target=look, name=f"watches {name}")
        watcher.start()
        try:
            yield seen
        finally:
            stop.set()
            watcher.join()

    def _absolute(self, name: str) -> str:
        return self.name if name == "@" else f"{name}.{self.name}"

    def _name(self, name: str) -> dns.name.Name:
        return dns.name.from_text(self._absolute(name))

    def _update(self) -> dns.update.UpdateMessage:
        message = dns.update.UpdateMessage(self.name)
        for key in self.server.keys[:1]:
            secret = base64.b64decode(key.secret)
            message.use_tsig({dns.name.from_text(key.name): secret}, algorithm=key.algorithm)
        return message

    def _send(self, message: dns.update.UpdateMessage) -> None:
        response = dns.query.tcp(message, self.server.address, timeout=_ANSWER_SECONDS, port=self.server.port)
        if response.rcode() != dns.rcode.NOERROR:
            code = dns.rcode.to_text(response.rcode())
            raise ServerFailed(f"{code} to an update of {self.name}:\n{self.server.log_tail()}")
