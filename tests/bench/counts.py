"""What one run cost, counted where it arrives: at the API server, at BIND, and by the kernel."""

from __future__ import annotations

import json
import re
import ssl
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.cluster import Cluster
from support.servers.bind import BindServer
from support.servers.process import free_port

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SAMPLE = re.compile(r"apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>[0-9.e+]+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class CountingBind(BindServer):
    """BIND with its statistics channel open."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._statistics_port = free_port("127.0.0.1")

    def _configuration(self) -> str:
        channel = f"statistics-channels {{ inet 127.0.0.1 port {self._statistics_port}; }};"
        return f"{super()._configuration()}{channel}\n"

    def messages(self) -> Counter[str]:
        """Messages that have arrived so far, by opcode (QUERY, UPDATE, ...)."""
        url = f"http://127.0.0.1:{self._statistics_port}/json/v1/server"
        with urllib.request.urlopen(url, timeout=10) as response:
            return Counter(json.load(response)["opcodes"])


def api_writes(cluster: Cluster) -> Counter[str]:
    """Write requests that the API server has answered so far, by resource, without the Lease's renewals."""
    request = urllib.request.Request(
        f"{cluster.url}/metrics", headers={"Authorization": f"Bearer {cluster.admin_token}"}
    )
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    with urllib.request.urlopen(request, timeout=30, context=context) as response:
        text = response.read().decode()
    counts: Counter[str] = Counter()
    for sample in _SAMPLE.finditer(text):
        labels = dict(_LABEL.findall(sample["labels"]))
        if labels["verb"] in WRITES and labels["resource"] != "leases":
            counts[labels["resource"]] += int(float(sample["count"]))
    return counts


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a process, in bytes."""

    now_bytes: int
    peak_bytes: int


def memory_of(pid: int) -> Memory:
    """What the kernel says of a process' memory."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Memory(_bytes(fields["VmRSS"]), _bytes(fields["VmHWM"]))


def cpu_seconds_of(pid: int) -> float:
    """Processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    ticks_a_second = 100
    return (int(fields[11]) + int(fields[12])) / ticks_a_second


def _bytes(field: str) -> int:
    return int(field.split(maxsplit=1)[0]) * 1024
