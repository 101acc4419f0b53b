"""The operator's Pod and the restricted Pod Security Standard, judged by the API server's own admission."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from support.chart import Manifest, render
from support.cluster import Cluster

NAMESPACE = "restricted"


@pytest.fixture(scope="module")
def restricted(controlplane: Cluster) -> Cluster:
    """A control plane with a namespace that admits restricted Pods only."""
    controlplane.kubectl("create", "namespace", NAMESPACE)
    controlplane.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    return controlplane


@pytest.fixture
def pod() -> Manifest:
    (deployment,) = (item for item in render(namespace=NAMESPACE) if item["kind"] == "Deployment")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "operator", "namespace": NAMESPACE},
        "spec": copy.deepcopy(deployment["spec"]["template"]["spec"]),
    }


def admission(cluster: Cluster, pod: Manifest) -> str:
    """What the API server says to the Pod: empty when it is admitted."""
    create = ("create", "--dry-run=server", "--validate=strict", "--filename", "-")
    return cluster.kubectl(*create, input=yaml.safe_dump(pod), check=False).stderr


def test_the_pod_is_admitted_where_only_restricted_pods_are(restricted: Cluster, pod: Manifest) -> None:
    assert admission(restricted, pod) == ""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("securityContext", "runAsNonRoot"), False),
        (("securityContext", "seccompProfile", "type"), "Unconfined"),
        (("containers", 0, "securityContext", "allowPrivilegeEscalation"), True),
        (("containers", 0, "securityContext", "capabilities", "drop"), []),
    ],
)
def test_each_restriction_is_what_admits_it(
    restricted: Cluster, pod: Manifest, path: tuple[Any, ...], value: object
) -> None:
    """Loosened, the same Pod is refused, so the admission above is not an accident."""
    place: Any = pod["spec"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert 'violates PodSecurity "restricted' in admission(restricted, pod)


def test_beyond_the_standard_it_cannot_write_its_image_nor_be_root(pod: Manifest) -> None:
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert (pod["spec"]["securityContext"]["runAsUser"], pod["spec"]["securityContext"]["runAsGroup"]) == (
        65532,
        65532,
    )
    writable = [volume for volume in pod["spec"]["volumes"] if "emptyDir" in volume]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
    assert len(writable) == len(pod["spec"]["volumes"]) == 1
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod["spec"])


def test_the_token_is_mounted_because_the_pod_asks_for_it(pod: Manifest) -> None:
    (account,) = (item for item in render() if item["kind"] == "ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert pod["spec"]["automountServiceAccountToken"] is True
