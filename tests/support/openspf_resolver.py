"""Answers the look-ups of a case of the OpenSPF suite from the zone data that stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.PTR
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA

from mailseal.checks.answers import Answer, Presence, Security, Validation

_IN = dns.rdataclass.IN
_MAX_ALIASES = 10


class SuiteResolver:
    """The suite's rules: SPF entries are TXT records where a name has no TXT entry, and `TIMEOUT` ends the
    answers of a name for the types that it has no entry of. The records of a type keep their order."""

    def __init__(self, zonedata: Mapping[str, Any]) -> None:
        self._entries = {_name(text): entries for text, entries in zonedata.items()}

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        at = name
        for _ in range(_MAX_ALIASES):
            entries = self._entries.get(at)
            if entries is None:
                return Answer(name, rdtype, Presence.NO_NAME)
            found = tuple(_records(entries, dns.rdatatype.to_text(rdtype)))
            if found:
                return Answer(name, rdtype, Presence.FOUND, found)
            if "TIMEOUT" in entries:
                return Answer(name, rdtype, Presence.UNANSWERED, fault="time-out")
            alias = next((entry["CNAME"] for entry in entries if "CNAME" in entry), None)
            if alias is None:
                return Answer(name, rdtype, Presence.NO_DATA)
            at = _name(alias)
        return Answer(name, rdtype, Presence.UNANSWERED, fault="a loop of CNAMEs")

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        return Validation(Security.INSECURE)


def _records(entries: list[Any], kind: str) -> Iterator[dns.rdata.Rdata]:
    pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
    wanted = "SPF" if kind == "TXT" and all(found != "TXT" for found, _ in pairs) else kind
    for found, value in pairs:
        if found == wanted and value != "NONE":
            yield _record(kind, value)


def _record(kind: str, value: Any) -> dns.rdata.Rdata:
    match kind:
        case "TXT":
            strings = value if isinstance(value, list) else [str(value)]
            raw = [string.encode("latin-1") for string in strings] or [b""]
            parts = [part[at : at + 255] for part in raw for at in range(0, max(len(part), 1), 255)]
            return dns.rdtypes.ANY.TXT.TXT(_IN, dns.rdatatype.TXT, parts)
        case "A":
            return dns.rdtypes.IN.A.A(_IN, dns.rdatatype.A, value)
        case "AAAA":
            return dns.rdtypes.IN.AAAA.AAAA(_IN, dns.rdatatype.AAAA, value)
        case "MX":
            return dns.rdtypes.ANY.MX.MX(_IN, dns.rdatatype.MX, value[0], _name(value[1]))
        case "PTR":
            return dns.rdtypes.ANY.PTR.PTR(_IN, dns.rdatatype.PTR, _name(value))
    raise ValueError(f"the suite has no {kind} records")


def _name(text: str) -> dns.name.Name:
    stripped = text.removesuffix(".")
    return dns.name.Name([*(label.encode() for label in stripped.split(".") if stripped), b""])
