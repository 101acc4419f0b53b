"""The operator under test and the small worlds that it works in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from support.cluster import Cluster
from support.kubehttp import KubeHttp
from support.operators import OperatorProcess
from support.sharedprovider import SharedProvider
from support.world import World

RESYNC_SECONDS = 5
VERIFY_SECONDS = 1


class NewWorld(Protocol):
    """Makes worlds, to be used as context managers."""

    def __call__(self, records: str = "") -> World: ...


@pytest.fixture(scope="session")
def api(controlplane: Cluster) -> Iterator[KubeHttp]:
    """The Kubernetes API as administrator."""
    with KubeHttp(controlplane) as http:
        yield http


@pytest.fixture(scope="module")
def operator(
    operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """One operator for the tests of a file, that comes back to its zones every few seconds.

    Not for longer: the next file on this control plane may have operators of its own, or restart the server.
    """
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    log.touch()
    flags = ("--resync-seconds", str(RESYNC_SECONDS), "--verify-seconds", str(VERIFY_SECONDS), "--verbose")
    with OperatorProcess(operator_kubeconfig, log, *flags) as process:
        yield process


@pytest.fixture(scope="module")
def new_world(controlplane: Cluster, api: KubeHttp, operator: OperatorProcess) -> NewWorld:
    """Worlds with zone contents of their own."""

    def make(records: str = "") -> World:
        return World(controlplane, api, operator, records)

    return make


@pytest.fixture
def world(new_world: NewWorld) -> Iterator[World]:
    """A world whose zone holds nothing yet, with a working provider."""
    with new_world() as made:
        made.apply(made.tsig(), made.provider())
        yield made


@pytest.fixture
def shared(new_world: NewWorld) -> Iterator[SharedProvider]:
    """A world whose zone is behind a ClusterDnsProvider that is still to be applied."""
    with new_world() as made, SharedProvider(made) as provider:
        yield provider
