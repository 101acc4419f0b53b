r"""Names and values as the Route 53 API writes them: text in which `\ooo` is an octet in octal. Pure.

Sources: "DNS domain name format" and "Supported DNS record types" of the Amazon Route 53 Developer Guide.
Names come back with every character escaped but a to z, 0 to 9, `-` and `_`. Values come back as somebody
wrote them (octodns-route53 pull request 144), so that two texts may mean the same: `"a;"` and `"a\;"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import dns.exception
import dns.name

from mailseal.dnsio.rdata import dns_name, wire_name
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType
from mailseal.records.txt import TxtData

_CHARACTER = re.compile(
    r"\\(?P<octal>[0-3][0-7]{2})|\\(?P<escaped>.)|(?P<dot>\.)|(?P<plain>[^\\])", re.DOTALL
)
_STRING = re.compile(r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>(?:[^\s"\\]|\\.)+)', re.DOTALL)
_BLANK = re.compile(r"\s*")
_MX = re.compile(r"\s*(?P<preference>[0-9]{1,5})\s+(?P<exchange>\S+)\s*")
_UNESCAPED_IN_NAMES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")


class UnreadableText(Exception):
    """The API's text is not a name or a value that DNS can hold."""


def name_of(text: str) -> DnsName:
    """The name that the API writes, with or without its final dot. Raises `UnreadableText`."""
    if text == ".":
        return DnsName("")
    if not text:
        raise UnreadableText("an empty text is not a domain name")
    labels = [bytearray()]
    for octets, is_dot in _characters(text):
        if is_dot:
            labels.append(bytearray())
        else:
            labels[-1] += octets
    if labels[-1]:
        labels.append(bytearray())
    try:
        return dns_name(dns.name.Name([bytes(label) for label in labels]))
    except dns.exception.DNSException as error:
        raise UnreadableText(f"{text!r} is not a domain name: {error}") from None


def text_of_name(name: DnsName) -> str:
    """The name for the API, with its final dot."""
    labels = wire_name(name).labels[:-1]
    return "".join(f"{_escaped_label(label)}." for label in labels) or "."


def value_of(rtype: RecordType, text: str) -> Rdata:
    """The value that the API writes. Raises `UnreadableText`."""
    try:
        if rtype is RecordType.TXT:
            return TxtData(tuple(_strings(text)))
        if rtype is RecordType.CNAME:
            return CnameData(name_of(text.strip()))
        found = _MX.fullmatch(text)
        if found is None:
            raise UnreadableText(f"{text!r} is not an MX value")
        return MxData(int(found["preference"]), name_of(found["exchange"]))
    except InvalidRecord as error:
        raise UnreadableText(str(error)) from None


def text_of(value: Rdata) -> str:
    """The value for the API, in the one form that mailseal writes."""
    if isinstance(value, TxtData):
        return " ".join(f'"{_escaped_string(string)}"' for string in value.strings)
    if isinstance(value, MxData):
        return f"{value.preference} {text_of_name(value.exchange)}"
    return text_of_name(value.target)


def _characters(text: str) -> Iterator[tuple[bytes, bool]]:
    """Each character's octets, and whether it is a dot that separates labels."""
    position = 0
    while position < len(text):
        found = _CHARACTER.match(text, position)
        if found is None:
            raise UnreadableText(f"{text!r} ends in a lone backslash")
        position = found.end()
        if found["octal"] is not None:
            yield bytes([int(found["octal"], 8)]), False
        elif found["dot"] is not None:
            yield b".", True
        else:
            character = found["escaped"] if found["escaped"] is not None else found["plain"]
            yield character.encode("utf-8", "surrogatepass"), False


def _strings(text: str) -> Iterator[bytes]:
    position = _end_of_blank(text, 0)
    while position < len(text):
        found = _STRING.match(text, position)
        if found is None:
            raise UnreadableText(f"the TXT value cannot be read from {text[position : position + 20]!r} on")
        inner = found["quoted"] if found["quoted"] is not None else found["bare"]
        yield b"".join(octets for octets, _ in _characters(inner))
        position = _end_of_blank(text, found.end())


def _end_of_blank(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found else start


def _escaped_label(label: bytes) -> str:
    return "".join(
        chr(octet) if octet in _UNESCAPED_IN_NAMES else f"\\{octet:03o}" for octet in label.lower()
    )


def _escaped_string(string: bytes) -> str:
    return "".join(_escaped_octet(octet) for octet in string)


def _escaped_octet(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"
