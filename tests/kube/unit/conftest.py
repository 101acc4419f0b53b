"""A cluster in memory for the tests that let the operator's loops run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailseal.providers.memory import MemoryBackend
from support.fakeoperator import FakeCluster
from support.planning_world import ZONE


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    """A cluster with a working provider of an empty zone."""
    MemoryBackend.forget("default")
    backend = MemoryBackend.named("default")
    backend.add_zone(ZONE)
    made = FakeCluster(backend)
    made.provider()
    yield made
    MemoryBackend.forget("default")
