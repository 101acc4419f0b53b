"""`make bench`: keys made, domains checked, N mail domains that become Ready and stay so, N keys that rotate.

Everything is real and on this machine: etcd, kube-apiserver, BIND and the operator with the chart's rights.
Times depend on the machine and share its processors; the counts do not.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from bench.checks import measure_checks
from bench.counts import CountingBind
from bench.keygeneration import measure_key_generation
from bench.phases import Cost, Meter, until_gone, until_ready
from bench.rotation import Rotation, rotate
from bench.tables import show_checks, show_domains, show_keys, show_rotation
from bench.workload import KINDS, NAMESPACE, Api, Workload
from support import chart, controlplane
from support.cluster import Cluster
from support.operators import OperatorProcess
from support.servers.process import TsigSecret

PARTS = ("keys", "checks", "domains", "rotation")
STEADY_SECONDS = 60.0
RESYNC_SECONDS = 60
CHANGED = 10
"""One in so many MailDomains is changed in the second phase."""


def main() -> None:
    """Run the parts that the arguments ask for and print a table for each."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append", help="one part instead of all")
    parser.add_argument("--check", type=int, default=1000, help="domains to check")
    parser.add_argument("--domains", type=int, default=300, help="mail domains, with three resources each")
    parser.add_argument("--rotate", type=int, default=1000, help="DkimKeys to rotate at once")
    parser.add_argument("--zones", choices=("one", "many", "both"), default="both")
    parser.add_argument("--algorithm", choices=("RSA", "Ed25519"), default="RSA")
    parser.add_argument("--steady-seconds", type=float, default=STEADY_SECONDS)
    arguments = parser.parse_args()
    parts = arguments.only or PARTS
    if "keys" in parts:
        show_keys(measure_key_generation())
    if "checks" in parts:
        show_checks(arguments.check, measure_checks(arguments.check))
    if "domains" in parts:
        _domains(arguments)
    if "rotation" in parts:
        rotation = Rotation(arguments.rotate, arguments.algorithm)
        with _world(rotation) as (cluster, bind, operator):
            show_rotation(rotation, asyncio.run(rotate(rotation, Meter(cluster, bind, operator))))


def _domains(arguments: argparse.Namespace) -> None:
    layouts = {"one": (False,), "many": (True,), "both": (False, True)}[arguments.zones]
    for many_zones in layouts:
        workload = Workload(arguments.domains, many_zones, arguments.algorithm)
        with _world(workload) as (cluster, bind, operator):
            costs = asyncio.run(_run(workload, Meter(cluster, bind, operator), arguments.steady_seconds))
        show_domains(workload, costs)


@contextmanager
def _world(workload: Workload | Rotation) -> Iterator[tuple[Cluster, CountingBind, OperatorProcess]]:
    key = TsigSecret("bench")
    with (
        tempfile.TemporaryDirectory(prefix="mailseal-bench-") as directory,
        controlplane.running() as cluster,
        CountingBind(workload.zones, keys=(key,)) as bind,
    ):
        cluster.install_crds()
        kubeconfig = chart.install(cluster)
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl(
            "apply", "--namespace", NAMESPACE, "--filename", "-", input=_provider(workload, bind, key)
        )
        log = Path(directory) / "operator.log"
        with OperatorProcess(kubeconfig, log, "--resync-seconds", str(RESYNC_SECONDS)) as operator:
            try:
                yield cluster, bind, operator
            except BaseException:
                Console(stderr=True).print(operator.log_text()[-5000:], markup=False)
                raise


def _provider(workload: Workload | Rotation, bind: CountingBind, key: TsigSecret) -> str:
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "zone"},
        "stringData": {"tsig-secret": key.secret},
    }
    provider: dict[str, Any] = {
        "apiVersion": "mailseal.dev/v1alpha1",
        "kind": "DnsProvider",
        "metadata": {"name": "zone"},
        "spec": {
            "type": "rfc2136",
            "rfc2136": {"server": bind.address, "port": bind.port, "tsigKeyName": key.name},
            "credentialsSecretRef": {"name": "zone"},
            "nameservers": [bind.endpoint],
            "deleteLimit": {"percent": 100},
            **({} if workload.many_zones else {"zones": list(workload.zones)}),
        },
    }
    return yaml.safe_dump_all([secret, provider])


async def _run(workload: Workload, meter: Meter, steady_seconds: float) -> list[Cost]:
    api = Api(meter.cluster)
    manifests = workload.manifests()
    await api.until_served()
    changed = [name.split(".", 1)[0] for name in workload.names()][::CHANGED]

    async def create() -> None:
        await asyncio.gather(api.create(manifests), until_ready(api, len(manifests)))

    async def change() -> None:
        await api.change_policy(changed)
        await until_ready(api, len(manifests))

    async def delete() -> None:
        await api.delete_all()
        await until_gone(api)

    return [
        await meter.measure("create", create, own_writes=len(manifests)),
        await meter.measure(f"change {len(changed)}", change, own_writes=len(changed)),
        await meter.measure(f"steady {steady_seconds:.0f} s", lambda: asyncio.sleep(steady_seconds)),
        await meter.measure("delete", delete, own_writes=KINDS),
    ]


if __name__ == "__main__":
    main()
