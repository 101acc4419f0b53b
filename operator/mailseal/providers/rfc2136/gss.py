"""Updates signed by GSS-TSIG (RFC 3645): a Kerberos context with the server, made by TKEY (RFC 2930)."""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TKEY
import dns.tsig
import dns.update

from mailseal.dnsio.faults import DnsFault, ErrorAnswer, Unreachable
from mailseal.providers.base import AuthenticationFailed, InvalidConfiguration, ProviderError, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.rfc2136.counted import CountedSession
from mailseal.providers.rfc2136.errors import read_error

Result = TypeVar("Result")
Keyring: TypeAlias = Callable[[dns.message.Message, dns.name.Name], dns.tsig.Key | None]

_TKEY: Final[Callable[..., dns.rdtypes.ANY.TKEY.TKEY]] = dns.rdtypes.ANY.TKEY.TKEY
_GSSAPI_MODE: Final = 3
"""RFC 2930 section 2.5."""
_KEY_SECONDS: Final = 3600
"""How long the server may keep what it agreed upon; one update needs it for a moment."""
_ROUNDS: Final = 4
"""TKEY exchanges for one context; Kerberos needs one, SPNEGO two."""
_KDC_UNREACHABLE: Final = -1765328228
"""KRB5_KDC_UNREACH of MIT Kerberos."""


@dataclass(frozen=True, slots=True)
class KerberosLogin:
    """As whom to sign, and for which server."""

    principal: str
    server_name: str
    """Host name in the server's principal, which is DNS/<host name>."""
    keytab: bytes = field(repr=False)


class GssSigner:
    """Signs updates with a context of their own each, which nobody else uses afterwards.

    The keytab is handed to Kerberos in memory, tickets stay in a cache of this provider alone.
    """

    def __init__(self, login: KerberosLogin, calls: Calls, server: str, timeout_seconds: float) -> None:
        self._login = login
        self._calls = calls
        self._server = server
        self._timeout_seconds = timeout_seconds
        self._tickets = f"MEMORY:mailseal-{secrets.token_hex(16)}".encode()
        self._gssapi = _library()

    async def sign(self, session: CountedSession, message: dns.update.UpdateMessage) -> None:
        """Agree with the server on a key and have `message` signed with it.

        Raises `AuthenticationFailed` and `Unavailable`, of Kerberos or of the server, and `DnsFault`s.
        """
        context, token = await self._in_thread(self._begin)
        key_name = dns.name.from_text(f"{secrets.token_hex(16)}.mailseal.")
        key = dns.tsig.Key(key_name, context, dns.tsig.GSS_TSIG)
        for _ in range(_ROUNDS):
            answered = await self._exchange(session, key, context, token)
            if not context.complete:
                token = bytes(await self._in_thread(partial(context.step, answered)) or b"")
            if context.complete:
                message.use_tsig(key)
                return
        raise AuthenticationFailed(f"{self._server} does not come to an end with TKEY in {_ROUNDS} rounds")

    async def _exchange(
        self, session: CountedSession, key: dns.tsig.Key, context: Any, token: bytes
    ) -> bytes:
        query = _tkey_query(key, token)
        query.keyring = self._keyring(key, context)
        try:
            response = await session.negotiate(query)
        except ErrorAnswer as fault:
            raise self._rejected(dns.rcode.to_text(fault.rcode)) from None
        except Unreachable:
            raise
        except DnsFault as fault:  # whatever is lost here, no update is
            raise read_error(fault, None) from None
        answer = _tkey_in(response)
        if answer is None:
            raise self._rejected("no TKEY")
        if answer.error != dns.rcode.NOERROR:
            raise self._rejected(f"TKEY error {answer.error} (RFC 2930 section 2.6)")
        return answer.key

    def _rejected(self, answer: str) -> AuthenticationFailed:
        return AuthenticationFailed(
            f"{self._server} answers {answer} to the Kerberos ticket of {self._login.principal}: check that "
            f"it has a keytab of DNS/{self._login.server_name} and takes GSS-TSIG"
        )

    def _keyring(self, key: dns.tsig.Key, context: Any) -> Keyring:
        """Completes the context before the last answer of TKEY is verified, which is signed with it."""

        def key_of(message: dns.message.Message, name: dns.name.Name) -> dns.tsig.Key | None:
            if name != key.name:
                return None
            answer = _tkey_in(message)
            if answer is not None and not context.complete:
                self._complete(context, answer.key)
            return key

        return key_of

    def _complete(self, context: Any, token: bytes) -> None:
        try:
            context.step(token)
        except self._gssapi.exceptions.GSSError:
            raise dns.tsig.BadSignature from None

    def _begin(self) -> tuple[Any, bytes]:
        """The first token for the server, with tickets from the KDC. Blocks."""
        api, login = self._gssapi, self._login
        with _in_memory(login.keytab) as path:
            me = api.Name(login.principal, api.NameType.kerberos_principal)
            store = {b"client_keytab": f"FILE:{path}".encode(), b"ccache": self._tickets}
            credentials = api.Credentials(name=me, usage="initiate", store=store)
            server = api.Name(f"DNS@{login.server_name}", api.NameType.hostbased_service)
            context = api.SecurityContext(name=server, creds=credentials, usage="initiate")
            return context, context.step()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._calls.in_thread(work)
        except TimeoutError:
            limit = f"{self._timeout_seconds:g} s"
            raise Unavailable(f"Kerberos gives {self._login.principal} no ticket within {limit}") from None
        except self._gssapi.exceptions.GSSError as error:
            raise self._meaning(error) from None

    def _meaning(self, error: Any) -> ProviderError:
        text = f"Kerberos gives {self._login.principal} no ticket for DNS/{self._login.server_name}"
        if error.min_code % 2**32 == _KDC_UNREACHABLE % 2**32:
            return Unavailable(f"{text}: no KDC of its realm can be reached")
        return AuthenticationFailed(
            f"{text}: {error.gen_message()}; check gssPrincipal, gssServerName and the Secret's keytab"
        )


def _tkey_in(message: dns.message.Message) -> dns.rdtypes.ANY.TKEY.TKEY | None:
    found = (rdata for rrset in message.answer for rdata in rrset)
    return next((rdata for rdata in found if isinstance(rdata, dns.rdtypes.ANY.TKEY.TKEY)), None)


def _tkey_query(key: dns.tsig.Key, token: bytes) -> dns.message.QueryMessage:
    """RFC 3645 section 3.1.2: the token in a TKEY of the additional section."""
    now = int(time.time())
    query = dns.message.make_query(key.name, dns.rdatatype.TKEY, dns.rdataclass.ANY, flags=0)
    tkey = _TKEY(
        dns.rdataclass.ANY,
        dns.rdatatype.TKEY,
        dns.tsig.GSS_TSIG,
        now,
        now + _KEY_SECONDS,
        _GSSAPI_MODE,
        dns.rcode.NOERROR,
        token,
        b"",
    )
    section = query.find_rrset(
        query.additional, key.name, dns.rdataclass.ANY, dns.rdatatype.TKEY, create=True
    )
    section.add(tkey)
    return query


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A path at which this process alone reads `content`, while in use; nothing is written to a disk."""
    descriptor = os.memfd_create("mailseal-keytab")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _library() -> Any:
    if not hasattr(os, "memfd_create"):
        raise InvalidConfiguration("tsigAlgorithm: gss-tsig works on Linux only")
    try:
        return importlib.import_module("gssapi")
    except ImportError as error:
        raise InvalidConfiguration(
            f"tsigAlgorithm: gss-tsig needs a library that is not installed here ({error.name or 'gssapi'}): "
            "pip install 'mailseal[gss]'"
        ) from None
