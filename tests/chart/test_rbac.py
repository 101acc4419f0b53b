"""The operator's rights: the whole list, and what the API server makes of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from support import chart
from support.chart import Manifest
from support.cluster import Cluster

RIGHTS_IN_A_NAMESPACE = {
    "mailseal.dev/maildomains": {"get", "list", "watch", "patch"},
    "mailseal.dev/dkimkeys": {"get", "list", "watch", "patch"},
    "mailseal.dev/ntarecords": {"get", "list", "watch", "patch"},
    "mailseal.dev/dnsproviders": {"get", "list", "watch", "patch"},
    "mailseal.dev/maildomains/status": {"patch"},
    "mailseal.dev/dkimkeys/status": {"patch"},
    "mailseal.dev/ntarecords/status": {"patch"},
    "mailseal.dev/dnsproviders/status": {"patch"},
    "mailseal.dev/dkimkeys/finalizers": {"update"},
    "/secrets": {"get", "list", "watch", "create", "patch"},
    "/configmaps": {"get", "create", "patch"},
    "/events": {"create"},
}
RIGHTS_IN_THE_CLUSTER = {
    "mailseal.dev/clusterdnsproviders": {"get", "list", "watch", "patch"},
    "mailseal.dev/clusterdnsproviders/status": {"patch"},
}
CLUSTER_ID = {"/namespaces/kube-system": {"get"}}
LATE_KINDS = {"apiextensions.k8s.io/customresourcedefinitions": {"list", "watch"}}
LEASE_RIGHTS = {
    "coordination.k8s.io/leases": {"create"},
    "coordination.k8s.io/leases/mailseal": {"get", "update"},
}


def rights_of(manifests: list[Manifest]) -> dict[str, dict[str, set[str]]]:
    """The verbs on each "group/resource" given to the operator, by namespace; "" is the whole cluster."""
    rules = {
        (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): item["rules"]
        for item in manifests
        if item["kind"] in {"Role", "ClusterRole"}
    }
    rights: dict[str, dict[str, set[str]]] = {}
    for binding in manifests:
        if binding["kind"] not in {"RoleBinding", "ClusterRoleBinding"}:
            continue
        namespace = binding["metadata"].get("namespace", "")
        granted = rights.setdefault(namespace, {})
        role = binding["roleRef"]
        for rule in rules[role["kind"], namespace if role["kind"] == "Role" else "", role["name"]]:
            names = rule.get("resourceNames", [])
            assert set(rule) - {"resourceNames"} == {"apiGroups", "resources", "verbs"}
            for group, resource in itertools.product(rule["apiGroups"], rule["resources"]):
                thing = "/".join([group, resource, *names])
                granted.setdefault(thing, set()).update(rule["verbs"])
    return rights


def test_cluster_wide_rights_are_exactly_these() -> None:
    assert rights_of(chart.render()) == {
        "": RIGHTS_IN_A_NAMESPACE | RIGHTS_IN_THE_CLUSTER | LATE_KINDS | CLUSTER_ID,
        chart.NAMESPACE: LEASE_RIGHTS,
    }


def test_with_an_id_of_its_own_the_operator_does_not_read_the_cluster_id() -> None:
    rights = rights_of(chart.render("--set", "operator.id=west"))
    assert rights[""] == RIGHTS_IN_A_NAMESPACE | RIGHTS_IN_THE_CLUSTER | LATE_KINDS


def test_namespaced_rights_are_exactly_these() -> None:
    """Secrets: those of the watched namespaces, and by name its own, which cluster providers refer to."""
    assert rights_of(chart.render("--set", "operator.watchNamespaces={alpha,beta}")) == {
        "": RIGHTS_IN_THE_CLUSTER | CLUSTER_ID,
        "alpha": RIGHTS_IN_A_NAMESPACE,
        "beta": RIGHTS_IN_A_NAMESPACE,
        "default": {"/events": {"create"}},
        chart.NAMESPACE: LEASE_RIGHTS | {"/secrets": {"get"}},
    }


def test_dns_endpoints_are_written_only_where_they_are_enabled() -> None:
    rights = {"externaldns.k8s.io/dnsendpoints": {"list", "create", "update"}}
    for mode, place in (("operator.watchNamespaces=null", ""), ("operator.watchNamespaces={alpha}", "alpha")):
        granted = rights_of(chart.render("--set", mode, "--set", "dnsEndpoints.enabled=true"))
        assert granted[place].items() >= rights.items()
        assert (
            not granted[place].keys() - rights_of(chart.render("--set", mode))[place].keys() - rights.keys()
        )


def test_watching_its_own_and_the_default_namespace_adds_up() -> None:
    rights = rights_of(chart.render("--set", f"operator.watchNamespaces={{default,{chart.NAMESPACE}}}"))
    assert rights["default"] == RIGHTS_IN_A_NAMESPACE
    assert rights[chart.NAMESPACE] == RIGHTS_IN_A_NAMESPACE | LEASE_RIGHTS


def test_an_operator_that_lives_in_default_has_its_credentials_and_events() -> None:
    rights = rights_of(chart.render("--set", "operator.watchNamespaces={alpha}", namespace="default"))
    assert rights["default"] == LEASE_RIGHTS | {"/secrets": {"get"}, "/events": {"create"}}


def test_without_leader_election_there_are_no_leases() -> None:
    rights = rights_of(chart.render("--set", "replicas=1,operator.leaderElection=false"))
    assert set(rights) == {""}


@pytest.mark.parametrize("mode", ["operator.watchNamespaces=null", "operator.watchNamespaces={alpha,beta}"])
def test_no_wildcard_no_delete_and_no_pods(mode: str) -> None:
    for granted in rights_of(chart.render("--set", mode)).values():
        assert not any("*" in resource or "pods" in resource for resource in granted)
        verbs = set[str]().union(*granted.values())
        assert verbs <= {"get", "list", "watch", "create", "update", "patch"}


@pytest.fixture(scope="module")
def namespaced_kubeconfig(controlplane: Cluster) -> Path:
    """A second installation, which looks after the namespace `tenant` only."""
    controlplane.install_crds()
    controlplane.kubectl("create", "namespace", "tenant")
    return chart.install(
        controlplane,
        *("--set", "operator.watchNamespaces={tenant},rbac.aggregateClusterRoles=false"),
        release="tenant-mailseal",
        namespace="tenant-operator",
    )


def can(cluster: Cluster, kubeconfig: Path, verb: str, resource: str, namespace: str) -> bool:
    name, _, subresource = resource.partition("/")
    where = ["--all-namespaces"] if namespace == "*" else ["--namespace", namespace]
    extra = [f"--subresource={subresource}"] if subresource else []
    asked = cluster.kubectl("auth", "can-i", verb, name, *where, *extra, check=False, kubeconfig=kubeconfig)
    answer = asked.stdout.strip()
    assert answer in {"yes", "no"}, asked.stderr
    return answer == "yes"


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "allowed"),
    [
        ("watch", "maildomains.mailseal.dev", "*", True),
        ("patch", "dkimkeys.mailseal.dev", "default", True),
        ("patch", "ntarecords.mailseal.dev/status", "default", True),
        ("update", "dkimkeys.mailseal.dev/finalizers", "default", True),
        ("list", "clusterdnsproviders.mailseal.dev", "*", True),
        ("create", "secrets", "default", True),
        ("patch", "secrets", "default", True),
        ("get", "configmaps", "default", True),
        ("create", "configmaps", "default", True),
        ("patch", "configmaps", "default", True),
        ("create", "events", "default", True),
        ("create", "leases.coordination.k8s.io", chart.NAMESPACE, True),
        ("watch", "customresourcedefinitions.apiextensions.k8s.io", "*", True),
        ("delete", "secrets", "default", False),
        ("update", "secrets", "default", False),
        ("create", "maildomains.mailseal.dev", "default", False),
        ("delete", "maildomains.mailseal.dev", "default", False),
        ("update", "maildomains.mailseal.dev/status", "default", False),
        ("list", "events", "default", False),
        ("update", "leases.coordination.k8s.io", chart.NAMESPACE, False),
        ("create", "leases.coordination.k8s.io", "default", False),
        ("get", "pods", chart.NAMESPACE, False),
        ("list", "configmaps", "default", False),
        ("watch", "configmaps", "*", False),
        ("update", "configmaps", "default", False),
        ("delete", "configmaps", "default", False),
        ("list", "namespaces", "*", False),
        ("patch", "events", "default", False),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io", "*", False),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io", "*", False),
    ],
)
def test_the_api_server_agrees(
    controlplane: Cluster,
    operator_kubeconfig: Path,
    verb: str,
    resource: str,
    namespace: str,
    *,
    allowed: bool,
) -> None:
    assert can(controlplane, operator_kubeconfig, verb, resource, namespace) is allowed


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "allowed"),
    [
        ("list", "maildomains.mailseal.dev", "tenant", True),
        ("list", "secrets", "tenant", True),
        ("get", "secrets", "tenant-operator", True),
        ("list", "clusterdnsproviders.mailseal.dev", "*", True),
        ("create", "events", "default", True),
        ("patch", "configmaps", "tenant", True),
        ("get", "configmaps", "tenant-operator", False),
        ("create", "configmaps", "default", False),
        ("list", "secrets", "tenant-operator", False),
        ("get", "secrets", "default", False),
        ("list", "secrets", "*", False),
        ("list", "maildomains.mailseal.dev", "default", False),
        ("list", "maildomains.mailseal.dev", "*", False),
    ],
)
def test_the_api_server_keeps_a_namespaced_operator_in_its_namespaces(
    controlplane: Cluster,
    namespaced_kubeconfig: Path,
    verb: str,
    resource: str,
    namespace: str,
    *,
    allowed: bool,
) -> None:
    assert can(controlplane, namespaced_kubeconfig, verb, resource, namespace) is allowed


def test_people_get_rights_on_the_resources_but_providers_are_for_admins() -> None:
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    roles = {
        item["metadata"]["name"].rpartition("-")[2]: item
        for item in chart.render()
        if item["kind"] == "ClusterRole" and f"{prefix}admin" in item["metadata"]["labels"]
    }
    assert set(roles) == {"view", "edit", "admin"}
    assert {verb for rule in roles["view"]["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    edited = {resource for rule in roles["edit"]["rules"] for resource in rule["resources"]}
    assert edited == {"maildomains", "dkimkeys", "ntarecords"}
    assert {resource for rule in roles["admin"]["rules"] for resource in rule["resources"]} == {
        "dnsproviders"
    }
