"""A UDP proxy in front of a name server that keeps each answer back for a while, as a long way would.

It is a process of its own, so that it does not share the interpreter with what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.processes import bound_to_parent, end

_IDS = 65536
_SUPPORT = Path(__file__).resolve().parents[2]


@contextmanager
def delayed(address: str, port: int, delay_seconds: float) -> Iterator[int]:
    """The port on 127.0.0.1 at which the server at `address` and `port` answers later by `delay_seconds`."""
    command = [sys.executable, "-m", __name__, address, str(port), str(delay_seconds)]
    process = subprocess.Popen(
        bound_to_parent(command), cwd=_SUPPORT, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": "."}
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        end(process)


class _Upstream(asyncio.DatagramProtocol):
    """Asks the server under identifiers of its own and sends its answers back after the delay."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._next = 0
        self._askers: dict[int, tuple[asyncio.DatagramTransport, tuple[str, int], bytes]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def forward(self, query: bytes, client: asyncio.DatagramTransport, address: tuple[str, int]) -> None:
        self._next = (self._next + 1) % _IDS
        self._askers[self._next] = (client, address, query[:2])
        if self._transport is not None:
            self._transport.sendto(self._next.to_bytes(2, "big") + query[2:])

    def datagram_received(self, data: bytes, addr: Any) -> None:
        del addr
        asker = self._askers.pop(int.from_bytes(data[:2], "big"), None)
        if asker is not None:
            client, address, identifier = asker
            answer = identifier + data[2:]
            asyncio.get_running_loop().call_later(self._delay_seconds, client.sendto, answer, address)


class _Clients(asyncio.DatagramProtocol):
    """Takes the queries."""

    def __init__(self, upstream: _Upstream) -> None:
        self._upstream = upstream
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if len(data) > 2:
            self._upstream.forward(data, self._transport, addr)


async def _serve(address: str, port: int, delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    upstream = _Upstream(delay_seconds)
    await loop.create_datagram_endpoint(lambda: upstream, remote_addr=(address, port))
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Clients(upstream), local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("delay_seconds", type=float)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.address, arguments.port, arguments.delay_seconds))


if __name__ == "__main__":
    _main()
