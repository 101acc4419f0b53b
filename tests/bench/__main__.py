"""`make bench`: what it costs to bring N mail domains to Ready and to keep them there.

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
from rich.table import Table

from bench.counts import CountingBind
from bench.phases import Cost, Meter, until_gone, until_ready
from bench.workload import NAMESPACE, Api, Workload
from support import chart, controlplane
from support.cluster import Cluster
from support.operators import OperatorProcess
from support.servers.process import TsigSecret

STEADY_SECONDS = 60.0
RESYNC_SECONDS = 60
KINDS = 3
CHANGED = 10
"""One in so many MailDomains is changed in the second phase."""


def main() -> None:
    """Run the workloads that the arguments ask for and print a table for each."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--domains", type=int, default=300, help="mail domains, with three resources each")
    parser.add_argument("--zones", choices=("one", "many", "both"), default="both")
    parser.add_argument("--algorithm", choices=("RSA", "Ed25519"), default="RSA")
    parser.add_argument("--steady-seconds", type=float, default=STEADY_SECONDS)
    arguments = parser.parse_args()
    layouts = {"one": (False,), "many": (True,), "both": (False, True)}[arguments.zones]
    for many_zones in layouts:
        workload = Workload(arguments.domains, many_zones, arguments.algorithm)
        with _world(workload) as (cluster, bind, operator):
            costs = asyncio.run(_run(workload, Meter(cluster, bind, operator), arguments.steady_seconds))
        _show(workload, costs)


@contextmanager
def _world(workload: Workload) -> Iterator[tuple[Cluster, CountingBind, OperatorProcess]]:
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


def _provider(workload: Workload, bind: CountingBind, key: TsigSecret) -> str:
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


def _show(workload: Workload, costs: list[Cost]) -> None:
    layout = "a zone for each" if workload.many_zones else "one zone"
    table = Table(
        title=f"{workload.domains} mail domains, {KINDS} resources each, {layout}, {workload.algorithm}"
    )
    table.add_column("phase")
    for heading in ("seconds", "API writes", "DNS updates", "DNS queries", "CPU s", "MB now", "MB peak"):
        table.add_column(heading, justify="right")
    for cost in costs:
        table.add_row(
            cost.phase,
            f"{cost.seconds:.1f}",
            str(sum(cost.api_writes.values())),
            str(cost.dns_messages["UPDATE"]),
            str(cost.dns_messages["QUERY"]),
            f"{cost.cpu_seconds:.1f}",
            f"{cost.memory_bytes / 1e6:.0f}",
            f"{cost.peak_memory_bytes / 1e6:.0f}",
        )
    console = Console(width=110)
    console.print(table)
    for cost in costs:
        console.print(f"{cost.phase}: {dict(sorted(cost.api_writes.items()))}", markup=False)


if __name__ == "__main__":
    main()
