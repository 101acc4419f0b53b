"""A zone at a vendor, with values of others, and a name server that answers from a thread what it holds."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey
from support.backends.base import Harness
from support.servers.harnessdns import harness_dns
from support.vendorlife import FOREIGN, text_of

_START_SECONDS = 10


class ServedZone:
    """For tests that have no event loop. A context manager."""

    def __init__(self, harness: Harness, name: DnsName) -> None:
        self.harness = harness
        self.name = name
        self.nameserver = ""
        """`address:port`."""
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"serves {name}", daemon=True)

    def texts(self, label: str = "") -> list[str]:
        """The joined TXT values that the vendor holds at or below the apex, sorted."""
        name = DnsName.parse(f"{label}.{self.name}".lstrip("."))
        held = self.harness.peek(self.name, RRsetKey(name, RecordType.TXT))
        return sorted(map(text_of, held.values if held else ()))

    def __enter__(self) -> Self:
        self.harness.add_zone(self.name, FOREIGN)
        self._thread.start()
        assert self._started.wait(_START_SECONDS), "the name server has not started"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with harness_dns(self.harness, self.name) as server:
            self.nameserver = f"{server.address}:{server.port}"
            self._started.set()
            await self._stop.wait()
