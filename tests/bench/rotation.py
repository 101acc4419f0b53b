"""N DkimKeys that rotate at once, by annotation: what each transition costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.phases import Cost, Meter, until
from bench.workload import NAMESPACE, ROOT, Api

REQUEST = "mailseal.dev/rotate"
TRANSITIONS = "mailseal_dkim_transitions_total"
QUICK = {
    "rotation": {"retireAfter": "0s", "propagationTime": "1s"},
    "revocation": {"method": "Delete"},
    "ttlSeconds": 60,
}
"""DNS alone is waited for: the zone's negative caching before the switch, the old record's TTL at the end."""


@dataclass(frozen=True, slots=True)
class RotationCost:
    """One phase of the rotation, and the transitions of key sets in it."""

    cost: Cost
    transitions: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many DkimKeys rotate, in one zone, and the algorithm of their keys."""

    domains: int
    algorithm: str
    many_zones: bool = False

    @property
    def zones(self) -> tuple[str, ...]:
        """The one zone."""
        return (ROOT,)

    def names(self) -> Iterator[str]:
        """The names of the resources."""
        return (f"d{number:04}" for number in range(self.domains))

    def manifests(self) -> list[dict[str, Any]]:
        """The DkimKeys."""
        common = {"providerRef": {"name": "zone"}, "keys": [{"algorithm": self.algorithm}], **QUICK}
        return [
            {
                "apiVersion": "mailseal.dev/v1alpha1",
                "kind": "DkimKey",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {"domain": f"{name}.{ROOT}", **common},
            }
            for name in self.names()
        ]


async def rotate(rotation: Rotation, meter: Meter) -> list[RotationCost]:
    """Create the keys, have all of them replaced, and wait until nothing is left of the old ones."""
    api = Api(meter.cluster)
    manifests = rotation.manifests()
    await api.until_served()

    async def create() -> None:
        await api.create(manifests)
        await until(lambda: _all_sign_with(api, wanted=1, of=rotation.domains), "all sign with first keys")

    async def switch() -> None:
        await api.annotate("dkimkeys", list(rotation.names()), {REQUEST: "bench"})
        await until(lambda: _all_sign_with(api, wanted=2, of=rotation.domains), "all sign with new keys")

    async def retire() -> None:
        await until(lambda: _have_one_set(api, rotation.domains), "old keys are gone")

    own = len(manifests)
    return [
        await _measured(meter, "first keys sign", create, own),
        await _measured(meter, "new keys sign", switch, own),
        await _measured(meter, "old keys gone", retire, 0),
    ]


async def _measured(meter: Meter, phase: str, work: Any, own_writes: int) -> RotationCost:
    before = meter.operator.metric(TRANSITIONS)
    cost = await meter.measure(phase, work, own_writes)
    return RotationCost(cost, int(meter.operator.metric(TRANSITIONS) - before))


async def _all_sign_with(api: Api, *, wanted: int, of: int) -> bool:
    statuses = await api.statuses("dkimkeys")
    return sum(_signing_set(status) == wanted for status in statuses) == of


async def _have_one_set(api: Api, of: int) -> bool:
    statuses = await api.statuses("dkimkeys")
    return sum(len({key["set"] for key in status.get("keys", ())}) == 1 for status in statuses) == of


def _signing_set(status: dict[str, Any]) -> int | None:
    """The number of the key set that signs."""
    signing = (key["set"] for key in status.get("keys", ()) if key["state"] == "Active")
    return next(signing, None)
