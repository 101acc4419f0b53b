"""The system's name resolution, off the threads that everything else shares.

`loop.getaddrinfo` runs in the event loop's default executor, which has few threads: some names whose servers
never answer would fill it, and planning, metrics and files would wait for them. Here each name that is being
looked up has a thread of its own, and all who ask for it share that.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

AddressInfo: TypeAlias = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]
]
_Question: TypeAlias = tuple[str, int, int]
_Found: TypeAlias = "asyncio.Future[list[AddressInfo]]"

LOOKUPS: Final = 256
"""Names that are looked up at the same time."""
_pending: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Question, _Found]] = WeakKeyDictionary()


async def address_infos(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[AddressInfo]:
    """What `socket.getaddrinfo` finds for stream sockets. It may take as long as the system's resolver takes.

    Who gives up ends only its own wait. Raises `OSError` where there is no address, and when too many other
    names are being looked up, and `UnicodeError` for a host that is no name.
    """
    pending = _pending.setdefault(asyncio.get_running_loop(), {})
    question = (host, port, int(family))
    if question not in pending:
        if len(pending) >= LOOKUPS:
            raise OSError(f"{LOOKUPS} other names are being looked up")
        _start(pending, question)
    return await asyncio.shield(pending[question])


def _start(pending: dict[_Question, _Found], question: _Question) -> None:
    loop = asyncio.get_running_loop()
    found = pending[question] = loop.create_future()
    found.add_done_callback(_noticed)

    def deliver(infos: list[AddressInfo], error: Exception | None) -> None:
        del pending[question]
        if error is None:
            found.set_result(infos)
        else:
            found.set_exception(error)

    def look_up() -> None:
        infos: list[AddressInfo] = []
        failure: Exception | None = None
        try:
            infos = _ask_system(question)
        except (OSError, UnicodeError) as error:
            failure = error
        with suppress(RuntimeError):  # The event loop has ended meanwhile.
            loop.call_soon_threadsafe(deliver, infos, failure)

    threading.Thread(target=look_up, name=f"look-up of {question[0]}", daemon=True).start()


def _ask_system(question: _Question) -> list[AddressInfo]:
    host, port, family = question
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    return [entry for entry in found if isinstance(entry[4][0], str)]  # type: ignore[misc]


def _noticed(found: _Found) -> None:
    """Nobody may be left to take the error: then it is no news."""
    if not found.cancelled():
        found.exception()
