"""Operators that a test starts, kills and freezes itself, and worlds for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.kubehttp import KubeHttp
from support.operators import OperatorProcess
from support.world import World

PATIENCE_SECONDS = 90.0
OPERATOR_ID = "robust"

NewOperator = Callable[..., OperatorProcess]
"""Makes an operator that is not started yet, with further flags."""
NewWorld = Callable[..., World]
"""Makes a world that an operator serves, with what its zone holds at first."""


@pytest.fixture(scope="session")
def api(controlplane: Cluster) -> Iterator[KubeHttp]:
    """The Kubernetes API as administrator."""
    with KubeHttp(controlplane) as http:
        yield http


@pytest.fixture
def new_operator(operator_kubeconfig: Path, tmp_path: Path) -> Iterator[NewOperator]:
    """Operators that end with the test, however it ends."""
    with ExitStack() as stack:

        def make(*flags: str, name: str = "operator") -> OperatorProcess:
            log = tmp_path / f"{name}.log"
            log.touch()
            usual = ("--operator-id", OPERATOR_ID, "--resync-seconds", "5", "--verify-seconds", "1")
            made = OperatorProcess(operator_kubeconfig, log, *usual, "--verbose", *flags)
            stack.callback(made.kill)
            return made

        yield make


@pytest.fixture
def new_world(controlplane: Cluster, api: KubeHttp) -> NewWorld:
    """Worlds that wait long, since their operators come and go."""

    def make(operator: OperatorProcess, records: str = "") -> World:
        return World(controlplane, api, operator, records)

    return make
