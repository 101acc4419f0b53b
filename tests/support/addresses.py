"""Host names whose addresses a test decides, for code that asks the system's resolver."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest


def resolve_to(monkeypatch: pytest.MonkeyPatch, hosts: Mapping[str, Sequence[str]]) -> None:
    """Have `socket.getaddrinfo` answer these addresses, in this order; it stays as it is for other names.

    The mapping is read at each look-up, so that a test may change it.
    """
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        if host not in hosts:
            return list(real(host, port, *args, **options))
        return [_entry(address, port) for address in hosts[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def _entry(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
