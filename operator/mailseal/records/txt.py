"""TXT data: character-strings of at most 255 bytes, joined to one value (RFC 1035 3.3.14, RFC 7208 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailseal.records.errors import InvalidRecord

MAX_STRING_BYTES = 255
_QUOTED = re.compile(rb'"(?P<quoted>(?:[^"\\]|\\[0-9]{3}|\\[^0-9])*)"', re.DOTALL)
_BARE = re.compile(rb"(?P<bare>(?:[^ \t\r\n\"\\;()]|\\[0-9]{3}|\\[^0-9])+)", re.DOTALL)
_STRING = re.compile(_QUOTED.pattern + rb"|" + _BARE.pattern, re.DOTALL)
_BLANK = re.compile(rb"[ \t]*")
_SPECIALS = b'\\"'
_ESCAPE = re.compile(rb"\\(?:(?P<decimal>[0-9]{3})|(?P<character>.))", re.DOTALL)


class InvalidTxt(InvalidRecord):
    """The text or the bytes are not valid TXT data."""


@dataclass(frozen=True, slots=True)
class TxtData:
    """One TXT value with its character-strings exactly as they stand on the wire.

    Two values with other string boundaries are not equal (`==` is wire identity, which compare-and-swap
    needs) but have the same `identity`, since providers split again.
    """

    strings: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.strings:
            raise InvalidTxt("TXT data needs at least one character-string")
        for position, string in enumerate(self.strings):
            if len(string) > MAX_STRING_BYTES:
                size = f"{len(string)} bytes, over {MAX_STRING_BYTES}"
                raise InvalidTxt(f"character-string {position + 1} has {size}")

    @classmethod
    def of(cls, value: bytes | str) -> TxtData:
        """The TXT data of a value of any length, split at 255 bytes. Text is encoded as UTF-8."""
        raw = value.encode() if isinstance(value, str) else value
        starts = range(0, len(raw), MAX_STRING_BYTES)
        return cls(tuple(raw[start : start + MAX_STRING_BYTES] for start in starts) or (b"",))

    @classmethod
    def parse(cls, text: str) -> TxtData:
        r"""The TXT data that presentation form writes, as in a zone file (RFC 1035 section 5.1).

        Character-strings are quoted, or bare words without blanks, quotes, `;` and parentheses. `\DDD` is the
        byte with that decimal number, a backslash before any other character is that character. Characters
        outside ASCII stand for their UTF-8 bytes. Raises `InvalidTxt`.
        """
        return cls(tuple(_unescape(string) for string in _strings(text.encode("utf-8", "surrogatepass"))))

    @property
    def joined(self) -> bytes:
        """All character-strings joined without a space: the value that SPF, DKIM and DMARC read."""
        return b"".join(self.strings)

    @property
    def identity(self) -> bytes:
        """What two equal values share: the joined bytes."""
        return self.joined

    @property
    def text(self) -> str:
        """The joined value with one character for each byte (Latin-1), for the parsers of this package.

        A position that a `RecordSyntaxError` names is thus a byte offset, and bytes outside ASCII are errors
        that a parser reports in place.
        """
        return self.joined.decode("latin-1")

    @property
    def display(self) -> str:
        r"""The joined value for people: printable ASCII as it is, other bytes as `\DDD`, `\` doubled."""
        return _escape(self.joined, b"\\")

    def to_text(self) -> str:
        """The presentation form: each character-string in quotes, pure ASCII, one line."""
        return " ".join(f'"{_escape(string, _SPECIALS)}"' for string in self.strings)


def _strings(text: bytes) -> Iterator[bytes]:
    """The character-strings of presentation form, still escaped."""
    position = 0
    while position < len(text):
        blank = _BLANK.match(text, position)
        start = blank.end() if blank else position
        if start == len(text):
            return
        found = _STRING.match(text, start)
        if found is None:
            raise InvalidTxt(
                f"the TXT data cannot be read from byte {start} on: {text[start : start + 20]!r}"
            )
        yield found["quoted"] if found["quoted"] is not None else found["bare"]
        position = found.end()


def _unescape(string: bytes) -> bytes:
    return _ESCAPE.sub(_unescaped, string)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found["decimal"] is None:
        return found["character"]
    number = int(found["decimal"])
    if number > 255:
        raise InvalidTxt(f"\\{number} is not a byte: the highest is \\255")
    return bytes([number])


def _escape(raw: bytes, specials: bytes) -> str:
    return "".join(_escaped(byte, specials) for byte in raw)


def _escaped(byte: int, specials: bytes) -> str:
    if byte in specials:
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03d}"
