"""The API server goes away in the middle of the work and comes back: the operator goes on where it was."""

from __future__ import annotations

import random

from support.fleet import Fleet

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
        controlplane.restart_apiserver()
        for _ in range(STEPS):
            fleet.step()
        controlplane.restart_apiserver()
        fleet.settle(PATIENCE_SECONDS)
        fleet.check_dns()
        assert operator.process is not None
        assert operator.process.poll() is None
        assert "Traceback" not in operator.log_text(), operator.log_text().partition("Traceback")[2][:4000]
        world.delete_all()
