"""Replies of SMTP servers (RFC 5321 section 4.2), read in bounded space."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

MAX_LINE_BYTES: Final = 4096
"""Far over the 512 octets of RFC 5321 section 4.5.3.1.5."""
MAX_LINES: Final = 128
_LINE: Final = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<more>[ -])(?P<text>[^\r\n]*))?\r?\n")
_SHOWN_CHARACTERS: Final = 200


class NoReply(Exception):
    """What came is no reply of SMTP, or the connection ended before it was whole."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, of one or more lines."""

    code: int
    lines: tuple[str, ...]
    """The texts after the codes, with `?` for control characters and bytes outside ASCII."""

    @property
    def extensions(self) -> frozenset[str]:
        """The keywords of an answer to EHLO, in upper case (RFC 5321 section 4.1.1.1)."""
        words = (line.split(maxsplit=1) for line in self.lines[1:])
        return frozenset(parts[0].upper() for parts in words if parts)

    def __str__(self) -> str:
        return f"{self.code} {self.lines[0]}".rstrip()[:_SHOWN_CHARACTERS]


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """The next reply. Raises `NoReply`, and what the connection raises (`OSError`)."""
    lines: list[str] = []
    while len(lines) < MAX_LINES:
        match = _LINE.fullmatch(await _read_line(reader))
        if match is None:
            raise NoReply("what it says is no SMTP")
        lines.append(_printable(match["text"] or b""))
        if match["more"] != b"-":
            return Reply(int(match["code"]), tuple(lines))
    raise NoReply(f"a reply has more than {MAX_LINES} lines")


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise NoReply("it closed the connection within a line" if error.partial else "it closed") from error
    except asyncio.LimitOverrunError as error:
        raise NoReply(f"a line has more than {MAX_LINE_BYTES} bytes") from error


def _printable(text: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in text)
