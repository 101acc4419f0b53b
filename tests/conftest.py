"""Fixtures for every layer: a real control plane, and the operator's identity in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import chart
from support import controlplane as control_planes
from support.cluster import Cluster

# A property is about what holds, not about how busy the machine is.
settings.register_profile("mailseal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mailseal")


@pytest.fixture(scope="session")
def controlplane(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A control plane for this test process alone; `install_crds` adds mailseal's kinds to it."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def report(message: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{message}", flush=True)

    with control_planes.running(report) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def operator_kubeconfig(controlplane: Cluster) -> Path:
    """A kubeconfig with the rights that the chart gives to the operator, and no others."""
    controlplane.install_crds()
    return chart.install(controlplane)
