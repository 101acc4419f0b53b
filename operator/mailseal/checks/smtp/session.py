"""One SMTP session with one address: connect, greeting, EHLO, STARTTLS, QUIT. No mail is ever sent."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mailseal.checks.smtp.model import Contact, StartTls
from mailseal.checks.smtp.replies import MAX_LINE_BYTES, NoReply, Reply, read_reply

_CHUNK_BYTES: Final = 16 * 1024
_MAX_CERTIFICATES: Final = 10
_DER: Final = 2
"""`_ssl.ENCODING_DER`."""
_HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")


class ContactLost(Exception):
    """The session got no further."""

    def __init__(self, contact: Contact, fault: str) -> None:
        super().__init__(fault)
        self.contact = contact


class NotSecured(Exception):
    """No TLS session came of it. The text is for people."""

    def __init__(self, starttls: StartTls, fault: str, *, is_distrust: bool = False) -> None:
        super().__init__(fault)
        self.starttls = starttls
        self.is_distrust = is_distrust
        """True when only the verification of the chain failed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things take at most."""

    step_seconds: float
    """Connecting, one reply, one handshake."""
    deadline: float
    """When everything ends, by the clock of the event loop."""

    def step(self) -> asyncio.Timeout:
        """A time-out for one step."""
        return asyncio.timeout_at(min(self.deadline, asyncio.get_running_loop().time() + self.step_seconds))

    @property
    def are_over(self) -> bool:
        """True when no time is left."""
        return asyncio.get_running_loop().time() >= self.deadline


class Session:
    """A connection over which SMTP is spoken. `open_session` makes it; close it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._tls: ssl.SSLObject | None = None
        self._outgoing = ssl.MemoryBIO()

    async def greeting(self) -> str:
        """The first line that the server says. Raises `ContactLost` unless it is 220."""
        reply = await self._reply()
        if reply.code != 220:
            raise ContactLost(Contact.TURNED_AWAY, f"it greets with {reply}")
        return str(reply)

    async def extensions(self, helo_name: str) -> frozenset[str]:
        """The answer to EHLO, or nothing where only HELO is known. Raises `ContactLost`."""
        name = helo_name or _literal(self._writer.get_extra_info("sockname"))
        reply = await self._command(f"EHLO {name}")
        if reply.code == 250:
            return reply.extensions
        if reply.code >= 500:
            reply = await self._command(f"HELO {name}")
            if reply.code == 250:
                return frozenset()
        raise ContactLost(Contact.TURNED_AWAY, f"it answers {reply} to EHLO")

    async def start_tls(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """The TLS session after STARTTLS, with `host` as server name. Raises `NotSecured`."""
        try:
            reply = await self._command("STARTTLS")
        except ContactLost as lost:
            raise NotSecured(StartTls.TURNED_DOWN, f"after STARTTLS: {lost}") from lost
        if reply.code != 220:
            raise NotSecured(StartTls.TURNED_DOWN, f"it answers {reply} to STARTTLS")
        try:
            async with self._limits.step():
                self._tls = await self._handshake(context, host)
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message or error.reason
            raise NotSecured(StartTls.FAILED, str(reason), is_distrust=True) from error
        except ssl.SSLError as error:
            raise NotSecured(StartTls.FAILED, f"the handshake failed: {_reason(error)}") from error
        except TimeoutError as error:
            raise NotSecured(StartTls.STALLED, "the handshake did not end in time") from error
        except OSError as error:
            raise NotSecured(StartTls.FAILED, f"the connection broke: {_strerror(error)}") from error
        return self._tls

    async def close(self) -> None:
        """Say QUIT and close, without waiting for the answer."""
        with suppress(OSError, ssl.SSLError):
            if self._tls is None:
                self._writer.write(b"QUIT\r\n")
            else:
                self._tls.write(b"QUIT\r\n")
                self._writer.write(self._outgoing.read())
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()  # it does not read, and would keep the connection open
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()  # at once, since nothing is left to be sent

    async def _command(self, line: str) -> Reply:
        self._writer.write(f"{line}\r\n".encode("ascii", "replace"))
        return await self._reply()

    async def _reply(self) -> Reply:
        try:
            async with self._limits.step():
                return await read_reply(self._reader)
        except NoReply as error:
            raise ContactLost(Contact.NO_SMTP, str(error)) from error
        except TimeoutError as error:
            raise ContactLost(Contact.SILENT, "no whole answer came in time") from error
        except OSError as error:
            raise ContactLost(Contact.NO_SMTP, f"the connection broke: {_strerror(error)}") from error

    async def _handshake(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """Whatever follows the reply to STARTTLS goes into TLS, so that injected plain text breaks it.

        The arithmetic is done in a thread: with the largest Diffie-Hellman group it takes almost a second.
        """
        incoming, outgoing = ssl.MemoryBIO(), self._outgoing
        server_name = host if _HOST_NAME.fullmatch(host) else None
        tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
        while True:
            try:
                await asyncio.to_thread(tls.do_handshake)
            except ssl.SSLWantReadError:
                self._writer.write(outgoing.read())
            except ssl.SSLError:
                self._writer.write(outgoing.read())
                raise
            else:
                self._writer.write(outgoing.read())
                return tls
            data = await self._reader.read(_CHUNK_BYTES)
            if not data:
                raise ssl.SSLEOFError("it closed the connection")
            incoming.write(data)


async def open_session(address: str, port: int, limits: Limits) -> Session:
    """Connect to an address, which must be one that may be reached. Raises `ContactLost`."""
    try:
        async with limits.step():
            reader, writer = await asyncio.open_connection(address, port, limit=MAX_LINE_BYTES)
    except TimeoutError as error:
        raise ContactLost(Contact.TIMED_OUT, "no answer to the connection in time") from error
    except (ConnectionRefusedError, ConnectionResetError) as error:
        raise ContactLost(Contact.REFUSED, "the connection is refused") from error
    except OSError as error:
        raise ContactLost(Contact.UNROUTABLE, f"there is no way to it: {_strerror(error)}") from error
    return Session(reader, writer, limits)


def shown_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates in DER that the server sent, its own first.

    `SSLObject.get_unverified_chain` is public from Python 3.13 on; before, only the object below has it.
    """
    public: Any = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return tuple(public())[:_MAX_CERTIFICATES]
    below: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    chain = below.get_unverified_chain() or ()
    return tuple(certificate.public_bytes(_DER) for certificate in chain[:_MAX_CERTIFICATES])


def _literal(local: Any) -> str:
    """Our address as a client without a name gives it (RFC 5321 section 4.1.3)."""
    address = str(local[0]) if local else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _reason(error: ssl.SSLError) -> str:
    reason = getattr(error, "reason", None) or (error.args[-1] if error.args else type(error).__name__)
    return str(reason).replace("_", " ").lower()


def _strerror(error: OSError) -> str:
    return error.strerror or type(error).__name__
