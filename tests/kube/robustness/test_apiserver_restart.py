"""The API server goes away in the middle of the work and comes back: the operator goes on where it was."""

from __future__ import annotations

import random

from mailseal.kube.objects import PLURALS
from support.cluster import Cluster
from support.fleet import Fleet
from support.kubehttp import ApiCallFailedError
from support.world import World

DOMAINS = 8
STEPS = 12
PATIENCE_SECONDS = 90.0


def test_work_goes_on_after_the_api_server_was_restarted_twice(controlplane, new_operator, new_world) -> None:
    """With a Lease that outlasts the restart, the operator need not end for it."""
    operator = new_operator("--lease-seconds", "120")
    with new_world(operator, Fleet.foreign_records(DOMAINS)) as world, operator:
        world.apply(world.tsig(), world.provider(deleteLimit={"percent": 100}))
        fleet = Fleet(world, random.Random(4))
        fleet.create_all(DOMAINS)
        restart(controlplane, world)
        for _ in range(STEPS):
            fleet.step()
        restart(controlplane, world)
        fleet.settle(PATIENCE_SECONDS)
        fleet.check_dns()
        assert operator.process is not None
        assert operator.process.poll() is None
        assert "Traceback" not in operator.log_text(), operator.log_text().partition("Traceback")[2][:4000]
        world.delete_all()


def restart(controlplane: Cluster, world: World) -> None:
    """Restart the API server; returns when it serves every kind, each of which takes a moment of its own."""
    controlplane.restart_apiserver()

    def serves_all() -> bool:
        try:
            return all(world.get(kind, "") is not None for kind in PLURALS)
        except ApiCallFailedError:
            return False

    world.wait(serves_all, "the API server serves every kind", PATIENCE_SECONDS)
