"""What the demo plays on: an API server, a name server and the operator, each a process on loopback."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from demo.screen import Screen
from support import chart, controlplane
from support.cluster import Cluster
from support.operators import OperatorProcess
from support.servers.bind import BindServer
from support.servers.process import TsigSecret, program

ZONE = "zorg-voorbeeld.example"
NAMESPACE = "zorg"
RESYNC_SECONDS = 5
"""How often the operator looks for drift here, so that nobody has to wait for it."""
FOREIGN_RECORDS = """\
@ IN TXT "MS=ms52384712"
@ IN TXT "google-site-verification=rXOxyZounnZasA8Z7oaD3c14Jd" "jS9aKSWvsR1EbUSIQ"
"""
"""Site verifications that other people put into the zone; one of them is split in two strings."""
RELAY_ZONE = "zorgmail.nl"
RELAY_RECORDS = """\
_spf IN TXT "v=spf1 ip4:192.0.2.128/25 -all"
relay IN A 192.0.2.129
"""
"""Stands for the zone of the provider of NTA 7516 mail, whose servers the SPF record includes."""
_SOON = {
    "rotation": {"propagationTime": "2s", "retireAfter": "2s"},
    "revocation": {"keepFor": "1s"},
    "ttlSeconds": 60,
}
"""How a DKIM key is replaced here, where no mail is under way; the defaults are days."""
_QUICKSTART = Path(__file__).resolve().parents[1] / "quickstart.yaml"
_TOOL_SECONDS = 20
_LOG_TAIL_CHARACTERS = 3000

Process = TypeVar("Process")


class DemoFailedError(Exception):
    """A step did not end as it should; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The running processes, and the tools to look at them with."""

    cluster: Cluster
    bind: BindServer
    screen: Screen
    manifest: Path
    """The quickstart, filled in for this name server."""

    def kubectl(self, *arguments: str, quiet: bool = False) -> str:
        """Run kubectl as administrator in the demo's namespace and show it, unless `quiet`."""
        command = (*arguments, "--namespace", NAMESPACE)
        done = self.cluster.kubectl(*command)
        if not quiet:
            self._show(["kubectl", *command], done.stdout)
        return done.stdout

    def resources(self) -> list[dict[str, Any]]:
        """All resources of mailseal in the demo's namespace."""
        return list(self.cluster.get("mailseal", "--namespace", NAMESPACE)["items"])

    def dig(self, *arguments: str, quiet: bool = False) -> str:
        """Ask the name server and show what it answers, unless `quiet`."""
        command = ["dig", f"@{self.bind.address}", "-p", str(self.bind.port), *arguments]
        answer = _run(command)
        if not quiet:
            self._show(command, answer)
        return answer

    def mailseal(self, *arguments: str) -> str:
        """Run the command line with the name server as its resolver, and show it."""
        command = ["mailseal", *arguments, "--resolver", self.bind.endpoint]
        answer = _run([sys.executable, "-m", *command])
        self._show(command, answer)
        return answer

    def nsupdate(self, *lines: str) -> None:
        """Change the zone behind mailseal's back."""
        key_file = self.cluster.workspace / "zone.key"
        key_file.touch(mode=0o600)
        key_file.write_text(_key_statement(self.bind.keys[0]))
        typed = [f"server {self.bind.address} {self.bind.port}", *lines, "send"]
        command = ["nsupdate", "-k", str(key_file)]
        self.screen.command(["nsupdate", "-k", key_file.name], typed)
        _run(command, "\n".join([*typed, ""]))

    def zone(self) -> list[str]:
        """All records of the zone but the SOA, whose serial counts changes."""
        lines = self.dig("+noall", "+answer", "+onesoa", ZONE, "AXFR", quiet=True).splitlines()
        return sorted(line for line in lines if "\tSOA\t" not in line)

    def _show(self, command: list[str], output: str) -> None:
        """Files are shown without the temporary directory that they are in."""
        place = f"{self.cluster.workspace}/"
        self.screen.command([argument.replace(place, "") for argument in command])
        self.screen.output(output)


@contextmanager
def set_up(screen: Screen) -> Iterator[Stage]:
    """Start everything, and end it by its process ids when the block ends, however it ends."""
    key = TsigSecret()
    with ExitStack() as running:

        def start(name: str, process: AbstractContextManager[Process]) -> Process:
            before = time.monotonic()
            with screen.waiting(f"Starting {name}"):
                started = running.enter_context(process)
            screen.say(f"{name}: ready after {time.monotonic() - before:.1f} s")
            return started

        cluster = start("etcd and kube-apiserver", controlplane.running(screen.say))
        server = BindServer(
            {ZONE: FOREIGN_RECORDS, RELAY_ZONE: RELAY_RECORDS}, keys=(key,), negative_caching_seconds=1
        )
        bind = start("BIND", server)
        kubeconfig = _install(screen, cluster)
        log = cluster.workspace / "operator.log"
        flags = ("--resync-seconds", str(RESYNC_SECONDS))
        operator = start("mailseal operator", OperatorProcess(kubeconfig, log, *flags))
        manifest = cluster.workspace / "quickstart.yaml"
        manifest.write_text(_filled_in(bind, key))
        try:
            yield Stage(cluster, bind, screen, manifest)
        except Exception:
            screen.failure(f"The end of the operator's log:\n{operator.log_text()[-_LOG_TAIL_CHARACTERS:]}")
            raise


def _install(screen: Screen, cluster: Cluster) -> Path:
    """Install the CRDs and the chart; returns a kubeconfig of its ServiceAccount."""
    with screen.waiting("Installing the CRDs and the chart"):
        cluster.install_crds()
        kubeconfig = chart.install(cluster)
        cluster.kubectl("create", "namespace", NAMESPACE)
    screen.say("CRDs and chart: installed; the operator gets the rights of the chart's ServiceAccount")
    return kubeconfig


def _filled_in(bind: BindServer, key: TsigSecret) -> str:
    """The quickstart for this name server; its DKIM key is soon replaced.

    Its NTA record asks for no checks: they look at what the Internet sees, where this zone does not exist.
    """
    manifests = list(yaml.safe_load_all(_QUICKSTART.read_text()))
    for manifest in manifests:
        if manifest["kind"] == "Secret":
            manifest["stringData"]["tsig-secret"] = key.secret
        elif manifest["kind"] == "DnsProvider":
            spec = manifest["spec"]
            spec["rfc2136"] |= {"server": bind.address, "port": bind.port, "tsigKeyName": key.name}
            spec["nameservers"] = [bind.endpoint]
        elif manifest["kind"] == "DkimKey":
            manifest["spec"] |= _SOON
        elif manifest["kind"] == "NtaRecord":
            manifest["spec"]["prerequisites"] = []
    return yaml.safe_dump_all(manifests, sort_keys=False)


def _key_statement(key: TsigSecret) -> str:
    return f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};\n'


def _run(command: Sequence[str], typed: str | None = None) -> str:
    """What a tool prints. Raises `DemoFailedError` when it fails."""
    done = subprocess.run(
        [program(command[0]), *command[1:]],
        input=typed,
        text=True,
        capture_output=True,
        timeout=_TOOL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise DemoFailedError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
