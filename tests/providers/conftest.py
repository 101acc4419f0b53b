"""The backends of the conformance suite, each started once and only when a test wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.backends import HARNESSES, SERVER_HARNESSES, BindHarness, Harness, ServerHarness


class Backends:
    """Started harnesses by class."""

    def __init__(self) -> None:
        self._running: dict[type[Harness], Harness] = {}

    def get(self, kind: type[Harness]) -> Harness:
        if kind not in self._running:
            self._running[kind] = kind()
        return self._running[kind]

    def close(self) -> None:
        for harness in self._running.values():
            harness.close()


@pytest.fixture(scope="session")
def backends() -> Iterator[Backends]:
    running = Backends()
    yield running
    running.close()


@pytest.fixture(params=HARNESSES, ids=lambda kind: kind.name)
def harness(request: pytest.FixtureRequest, backends: Backends) -> Harness:
    """Every backend in turn."""
    return backends.get(request.param)


@pytest.fixture(params=SERVER_HARNESSES, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, backends: Backends) -> ServerHarness:
    """Every real name server in turn."""
    running = backends.get(request.param)
    assert isinstance(running, ServerHarness)
    return running


@pytest.fixture
def bind(backends: Backends) -> ServerHarness:
    """BIND."""
    running = backends.get(BindHarness)
    assert isinstance(running, ServerHarness)
    return running
