"""The backends of the conformance suite, each started once and only when a test wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.backends import SERVER_HARNESSES, BindHarness, ServerHarness
from support.backends.running import RunningBackends


@pytest.fixture(scope="session")
def backends() -> Iterator[RunningBackends]:
    running = RunningBackends()
    yield running
    running.close()


@pytest.fixture(params=SERVER_HARNESSES, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, backends: RunningBackends) -> ServerHarness:
    """Every real name server in turn."""
    running = backends.get(request.param)
    assert isinstance(running, ServerHarness)
    return running


@pytest.fixture
def bind(backends: RunningBackends) -> ServerHarness:
    """BIND."""
    running = backends.get(BindHarness)
    assert isinstance(running, ServerHarness)
    return running
