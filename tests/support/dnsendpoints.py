"""external-dns that carries out the DNSEndpoint resources of one namespace."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from support import binaries
from support.cluster import Cluster
from support.servers.externaldns import ExternalDns

CRD = "config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml"


def install_crd(cluster: Cluster) -> None:
    """Apply the CRD that the pinned external-dns has in its Go module."""
    program = binaries.PROGRAMS["external-dns"]
    module = f"{program.version_module}@{program.version}"
    done = subprocess.run(
        ["go", "mod", "download", "-json", module], cwd=program.directory, capture_output=True, check=True
    )
    cluster.kubectl("apply", "--server-side", "--filename", str(Path(json.loads(done.stdout)["Dir"]) / CRD))
    cluster.kubectl("wait", "--for=condition=established", "crd/dnsendpoints.externaldns.k8s.io")


def controller(cluster: Cluster, namespace: str, domain: str, *provider: str) -> ExternalDns:
    """external-dns with the registry and the record types that mailseal's documentation asks for."""
    return ExternalDns(
        f"--kubeconfig={cluster.kubeconfig}",
        "--source=crd",
        f"--namespace={namespace}",
        f"--domain-filter={domain}",
        "--registry=txt",
        "--txt-owner-id=mailseal-tests",
        "--txt-prefix=%{record_type}-owner.",
        "--managed-record-types=TXT",
        "--managed-record-types=CNAME",
        "--policy=sync",
        "--interval=1s",
        *provider,
    )
