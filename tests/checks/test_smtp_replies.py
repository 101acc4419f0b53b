"""Replies of SMTP servers, whatever bytes they send."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.smtp.replies import MAX_LINE_BYTES, MAX_LINES, NoReply, Reply, read_reply


async def read(data: bytes) -> Reply:
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    return await read_reply(reader)


@pytest.mark.parametrize(
    ("data", "code", "lines"),
    [
        (b"220 mx ESMTP\r\n", 220, ("mx ESMTP",)),
        (b"220 mx\n", 220, ("mx",)),
        (b"220\r\n", 220, ("",)),
        (b"220 \r\n", 220, ("",)),
        (b"250-mx\r\n250-\r\n250 STARTTLS\r\n", 250, ("mx", "", "STARTTLS")),
        (b"250-mx\r\n250\r\n", 250, ("mx", "")),
        (b"250 a\r\n250 b\r\n", 250, ("a",)),
        (b"220 \x1b[1m\xc3\xa9\t\r\n", 220, ("?[1m???",)),
    ],
)
async def test_replies(data: bytes, code: int, lines: tuple[str, ...]) -> None:
    assert await read(data) == Reply(code, lines)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it closed"),
        (b"220 mx", "within a line"),
        (b"250-mx\r\n", "it closed"),
        (b"mx\r\n", "no SMTP"),
        (b"22 mx\r\n", "no SMTP"),
        (b"2200 mx\r\n", "no SMTP"),
        (b"120 mx\r\n", "no SMTP"),
        (b"620 mx\r\n", "no SMTP"),
        (b"220_mx\r\n", "no SMTP"),
        (b" 220 mx\r\n", "no SMTP"),
        (b"220 a\rb\r\n", "no SMTP"),
        (b"\xb2\xb2\xb0 mx\r\n", "no SMTP"),
        (b"250-mx\r\n" * MAX_LINES, "lines"),
        (b"2" * (MAX_LINE_BYTES + 2), "bytes"),
        (b"250 " + b"x" * MAX_LINE_BYTES + b"\r\n", "bytes"),
    ],
)
async def test_what_is_no_reply(data: bytes, why: str) -> None:
    with pytest.raises(NoReply, match=re.escape(why)):
        await read(data)


def test_extensions() -> None:
    """The first line is the greeting; keywords are the first words, in any case."""
    reply = Reply(250, ("STARTTLS", "size 1000", "", "StartTLS", "AUTH PLAIN LOGIN"))
    assert reply.extensions == {"SIZE", "STARTTLS", "AUTH"}
    assert Reply(250, ("STARTTLS",)).extensions == frozenset()


@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"250-", b"220 ", b"\r\n", b"\n"]))))
def test_any_bytes_are_a_reply_or_none(parts: list[bytes]) -> None:
    """What is kept of them can be shown to people."""
    try:
        reply = asyncio.run(read(b"".join(parts)))
    except NoReply:
        return
    assert 200 <= reply.code <= 599
    assert str(reply).isascii()
    assert str(reply).isprintable()
    assert all(line.isprintable() for line in reply.lines)
