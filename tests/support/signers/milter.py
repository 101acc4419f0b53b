"""A mail server's side of the milter protocol, version 6: hands one message to a filter, as Postfix does.

The protocol is that of Sendmail's libmilter (include/libmilter/mfdef.h): packets of a length of four bytes, a
command byte and data.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_VERSION = 6
_ADD_HEADERS, _CHANGE_BODY, _CHANGE_HEADERS = 0x01, 0x02, 0x10
_KEEP_LEADING_SPACE = 0x100000
_NOT_SENT = {b"C": 0x1, b"H": 0x2, b"M": 0x4, b"R": 0x8, b"B": 0x10, b"L": 0x20, b"N": 0x40, b"T": 0x200}
"""By command: the filter does not want to hear it (`SMFIP_NO*`)."""
_NOT_ANSWERED = {
    b"L": 0x80,
    b"C": 0x1000,
    b"H": 0x2000,
    b"M": 0x4000,
    b"R": 0x8000,
    b"T": 0x10000,
    b"N": 0x40000,
    b"B": 0x80000,
}
"""By command: the filter does not answer it (`SMFIP_NR_*`)."""
_OFFERED = _KEEP_LEADING_SPACE | sum(_NOT_SENT.values()) | sum(_NOT_ANSWERED.values())
_BODY_CHUNK_BYTES = 65535
_FINAL = b"acdrtys"
_KEPT = b"ac"
_TIMEOUT_SECONDS = 20.0


class MilterRefused(Exception):
    """The filter did not let the message pass: it rejected it, or asked to try again later."""


@dataclass(slots=True)
class _Message:
    headers: list[tuple[bytes, bytes]]
    """Names, and values as they follow the colon, with the space."""
    body: bytes

    @classmethod
    def parse(cls, message: bytes) -> _Message:
        head, _, body = message.partition(b"\r\n\r\n")
        headers: list[tuple[bytes, bytes]] = []
        for line in head.split(b"\r\n"):
            if line[:1] in {b" ", b"\t"} and headers:
                name, value = headers.pop()
                headers.append((name, value + b"\r\n" + line))
            else:
                name, _, value = line.partition(b":")
                headers.append((name, value))
        return cls(headers, body)

    def to_bytes(self) -> bytes:
        lines = [name + b":" + value for name, value in self.headers]
        return b"\r\n".join([*lines, b"", self.body])


def pass_through(host: str, port: int, message: bytes, sender: str, recipient: str) -> bytes:
    """The message as the filter at `host`:`port` gives it back; lines end with CRLF.

    It comes from 127.0.0.1, in a session of its own. Raises `MilterRefused` when the filter does not let it
    pass, and `OSError` when the filter is not there.
    """
    with socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as connection:
        return _Session(connection).run(_Message.parse(message), sender, recipient)


class _Session:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._protocol = 0
        self._decision = b""

    def run(self, message: _Message, sender: str, recipient: str) -> bytes:
        self._negotiate()
        self._macros(b"C", j="mx.example.com", daemon_name="mx")
        self._macros(b"M", i="4Bq1Z25025")
        if all(self._goes_on(command, data) for command, data in self._steps(message, sender, recipient)):
            self._send(b"E", b"")
            for command, data in self._answers():
                self._change(message, command, data)
        self._send(b"Q", b"")
        return message.to_bytes()

    def _steps(self, message: _Message, sender: str, recipient: str) -> Iterator[tuple[bytes, bytes]]:
        yield b"C", b"localhost\x004" + struct.pack("!H", 25025) + b"127.0.0.1\x00"
        yield b"H", b"localhost\x00"
        yield b"M", f"<{sender}>".encode() + b"\x00"
        yield b"R", f"<{recipient}>".encode() + b"\x00"
        yield b"T", b""
        for name, value in message.headers:
            yield b"L", name + b"\x00" + self._outgoing(value) + b"\x00"
        yield b"N", b""
        for start in range(0, len(message.body), _BODY_CHUNK_BYTES):
            yield b"B", message.body[start : start + _BODY_CHUNK_BYTES]

    def _negotiate(self) -> None:
        actions = _ADD_HEADERS | _CHANGE_BODY | _CHANGE_HEADERS
        self._send(b"O", struct.pack("!III", _VERSION, actions, _OFFERED))
        command, data = self._receive()
        if command != b"O":
            raise MilterRefused(f"{command!r} instead of negotiation")
        _, _, self._protocol = struct.unpack("!III", data[:12])

    def _macros(self, of_command: bytes, **macros: str) -> None:
        pairs = (f"{name if len(name) == 1 else f'{{{name}}}'}\0{value}\0" for name, value in macros.items())
        self._send(b"D", of_command + "".join(pairs).encode())

    def _goes_on(self, command: bytes, data: bytes) -> bool:
        """False when the filter lets the message pass as it is and wants to see no more of it."""
        if self._protocol & _NOT_SENT[command]:
            return True
        self._send(command, data)
        if self._protocol & _NOT_ANSWERED[command]:
            return True
        for _ in self._answers():
            raise MilterRefused("a change before the end of the message")
        return self._decision != b"a"

    def _answers(self) -> Iterator[tuple[bytes, bytes]]:
        """The changes that the filter asks for, until it has decided."""
        while True:
            command, data = self._receive()
            if command in _FINAL:
                if command not in _KEPT:
                    raise MilterRefused(f"the filter answered {command + data!r}")
                self._decision = command
                return
            if command != b"p":
                yield command, data

    def _change(self, message: _Message, command: bytes, data: bytes) -> None:
        if command == b"h":
            message.headers.append(self._incoming(data))
        elif command == b"i":
            (index,) = struct.unpack("!I", data[:4])
            message.headers.insert(max(index - 1, 0), self._incoming(data[4:]))
        else:
            raise MilterRefused(f"the filter asks for a change {command!r} that no signer needs")

    def _outgoing(self, value: bytes) -> bytes:
        text = value if self._protocol & _KEEP_LEADING_SPACE else value.removeprefix(b" ")
        return text.replace(b"\r\n", b"\n")

    def _incoming(self, data: bytes) -> tuple[bytes, bytes]:
        name, value, _ = data.split(b"\x00", 2)
        lines = b"\r\n".join(value.splitlines())
        return name, lines if self._protocol & _KEEP_LEADING_SPACE else b" " + lines

    def _send(self, command: bytes, data: bytes) -> None:
        self._connection.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def _receive(self) -> tuple[bytes, bytes]:
        (length,) = struct.unpack("!I", self._exactly(4))
        packet = self._exactly(length)
        return packet[:1], packet[1:]

    def _exactly(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            piece = self._connection.recv(size - len(received))
            if not piece:
                raise MilterRefused("the filter closed the connection")
            received += piece
        return received
