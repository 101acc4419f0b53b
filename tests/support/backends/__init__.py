"""Backends that the provider conformance suite runs on. A new one joins by a harness in HARNESSES."""

from __future__ import annotations

from support.backends.base import Harness
from support.backends.memory import MemoryHarness
from support.backends.nameservers import BindHarness, KnotHarness, PowerDnsHarness, ServerHarness
from support.backends.zonefile import ZoneFileHarness

HARNESSES: tuple[type[Harness], ...] = (
    MemoryHarness,
    ZoneFileHarness,
    BindHarness,
    KnotHarness,
    PowerDnsHarness,
)
SERVER_HARNESSES: tuple[type[ServerHarness], ...] = (BindHarness, KnotHarness, PowerDnsHarness)


def able_to(ability: str) -> list[type[Harness]]:
    """The backends that do not declare that they cannot."""
    return [kind for kind in HARNESSES if ability not in kind.cannot]


__all__ = ["HARNESSES", "SERVER_HARNESSES", "BindHarness", "Harness", "ServerHarness", "able_to"]
