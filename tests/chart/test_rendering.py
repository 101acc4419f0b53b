"""What the chart renders: sound YAML for every choice of values, and nothing that a value did not ask for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

import mailseal
from support.chart import CHART, HelmFailedError, Manifest, helm, notes, render
from support.cluster import Cluster

VARIANTS = {
    "default": (),
    "namespaced": ("--set", "operator.watchNamespaces={alpha,beta}"),
    "monitored": ("--set", "serviceMonitor.enabled=true,serviceMonitor.labels.release=prometheus"),
    "alerting": (
        "--set",
        "serviceMonitor.enabled=true,prometheusRule.enabled=true,prometheusRule.labels.a=b",
    ),
    "isolated": (
        "--set",
        "networkPolicy.enabled=true,networkPolicy.metricsFrom[0].podSelector.matchLabels.a=b",
    ),
    "admitting": ("--set", "admissionPolicy.enabled=true"),
    "single": ("--set", "replicas=1,operator.leaderElection=false"),
    "scheduled": (
        "--set",
        "priorityClassName=system-cluster-critical,nodeSelector.a=b,tolerations[0].operator=Exists,"
        "image.pullSecrets[0].name=pull,podLabels.team=mail,podAnnotations.note=x,"
        "extraVolumes[0].name=zones,extraVolumeMounts[0].name=zones,extraVolumeMounts[0].mountPath=/zones",
    ),
}

every_variant = pytest.mark.parametrize("args", VARIANTS.values(), ids=VARIANTS.keys())


def one(manifests: Iterable[Manifest], kind: str) -> Manifest:
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


def operator_args(*args: str) -> list[str]:
    spec = one(render(*args), "Deployment")["spec"]["template"]["spec"]
    return list(spec["containers"][0]["args"])


@every_variant
def test_lint_finds_nothing(args: tuple[str, ...]) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), *args)


@every_variant
def test_the_api_server_accepts_every_manifest(controlplane: Cluster, args: tuple[str, ...]) -> None:
    """Strict validation: a misspelt or misplaced field is an error. Kinds of Prometheus are unknown there."""
    manifests = [
        item
        for item in render(*args, namespace="default")
        if item["apiVersion"] != "monitoring.coreos.com/v1"
    ]
    for namespace in ("alpha", "beta"):
        if controlplane.kubectl("get", "namespace", namespace, check=False).returncode != 0:
            controlplane.kubectl("create", "namespace", namespace)
    apply = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", "-")
    controlplane.kubectl(*apply, input=yaml.safe_dump_all(manifests))


@every_variant
def test_labels_select_the_pods_of_this_release_only(args: tuple[str, ...]) -> None:
    manifests = render(*args, release="other-mailseal")
    template = one(manifests, "Deployment")["spec"]["template"]
    selector = one(manifests, "Service")["spec"]["selector"]
    assert selector.items() <= template["metadata"]["labels"].items()
    assert selector["app.kubernetes.io/instance"] == "other-mailseal"
    assert one(manifests, "Deployment")["spec"]["selector"]["matchLabels"] == selector
    for constraint in template["spec"]["topologySpreadConstraints"]:
        assert constraint["labelSelector"]["matchLabels"] == selector


def test_optional_parts_are_off_by_default() -> None:
    assert {manifest["kind"] for manifest in render()} == {
        "ClusterRole",
        "ClusterRoleBinding",
        "Deployment",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
    }


def test_the_service_monitor_scrapes_the_metrics_service() -> None:
    manifests = render(*VARIANTS["monitored"])
    monitor, service = one(manifests, "ServiceMonitor"), one(manifests, "Service")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert monitor["spec"]["endpoints"][0]["path"] == "/metrics"


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ("prometheusRule.enabled=true", True),
        ("prometheusRule.enabled=true,prometheusRule.job=mail", False),
        ("prometheusRule.enabled=true,serviceMonitor.enabled=true", False),
        ("prometheusRule.enabled=false", False),
    ],
)
def test_the_notes_say_when_alerts_have_nothing_to_look_at(
    tmp_path: Path, settings: str, *, warned: bool
) -> None:
    shown = notes(tmp_path / "chart", "--set", settings)
    assert ("MailsealDown fires" in shown) is warned
    assert "rollout status deployment/mailseal\n" in shown


def test_the_network_policy_lets_in_nobody_unless_told() -> None:
    policy = one(render("--set", "networkPolicy.enabled=true"), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    assert egress_ports() == [53, 53, 443, 6443, 25, 443]


def test_the_network_policy_lets_checks_out_where_they_go_and_only_while_they_run() -> None:
    assert egress_ports("--set", "operator.checks.enabled=false") == [53, 53, 443, 6443]
    forwarded = "operator.checks.smtpPort=2525,operator.checks.httpsPort=8443"
    assert egress_ports("--set", forwarded) == [53, 53, 443, 6443, 2525, 8443]


def egress_ports(*args: str) -> list[int]:
    """The ports that the operator may connect to."""
    policy = one(render("--set", "networkPolicy.enabled=true", *args), "NetworkPolicy")["spec"]
    return [port["port"] for rule in policy["egress"] for port in rule["ports"]]


def test_one_replica_has_no_disruption_budget_that_would_block_a_drain() -> None:
    assert all(item["kind"] != "PodDisruptionBudget" for item in render("--set", "replicas=1"))
    assert one(render(), "PodDisruptionBudget")["spec"]["minAvailable"] == 1


def test_operator_settings_become_flags() -> None:
    assert operator_args() == [
        "operator",
        "--resync-seconds=600",
        "--heritage",
        "--leader-election",
        "--lease-namespace=$(POD_NAMESPACE)",
        "--lease-name=mailseal",
        "--listen=0.0.0.0:8080",
        "--log-format=json",
        "--checks",
        "--check-interval=6h",
        "--check-concurrency=16",
        "--check-smtp-port=25",
        "--check-https-port=443",
    ]
    settings = "operator.id=west,operator.resyncSeconds=90000,operator.heritage=false,operator.logFormat=text"
    with pytest.raises(HelmFailedError, match="resyncSeconds"):
        operator_args("--set", settings)
    settings = settings.replace("90000", "600") + ",operator.watchNamespaces={a,b},operator.extraArgs={--x}"
    settings += ",operator.checks.enabled=false"
    assert operator_args("--set", settings) == [
        "operator",
        "--operator-id=west",
        "--resync-seconds=600",
        "--no-heritage",
        "--leader-election",
        "--lease-namespace=$(POD_NAMESPACE)",
        "--lease-name=mailseal",
        "--listen=0.0.0.0:8080",
        "--log-format=text",
        "--watch-namespace=a",
        "--watch-namespace=b",
        "--no-checks",
        "--x",
    ]


def test_settings_of_the_checks_become_flags(tmp_path: Path) -> None:
    anchor = 'test. IN DS 1 13 2 "x"'
    checks = {
        "interval": "30m",
        "concurrency": 4,
        "allowPrivate": True,
        "smtpPort": 2525,
        "httpsPort": 8443,
        "heloName": "checks.zorg-voorbeeld.example",
        "trustAnchors": [anchor],
        "caFiles": ["/ca/own.pem"],
    }
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"operator": {"checks": checks}}))
    args = operator_args("--values", str(values))
    assert args[args.index("--checks") :] == [
        "--checks",
        "--check-interval=30m",
        "--check-concurrency=4",
        "--check-smtp-port=2525",
        "--check-https-port=8443",
        "--check-allow-private",
        "--check-helo-name=checks.zorg-voorbeeld.example",
        f"--trust-anchor={anchor}",
        "--check-ca-file=/ca/own.pem",
    ]


def test_the_operator_knows_every_flag_that_the_chart_passes() -> None:
    passed = operator_args(*VARIANTS["namespaced"]) + operator_args(*VARIANTS["single"])
    checks = "allowPrivate=true,operator.checks.heloName=x,operator.checks.trustAnchors={y}"
    passed += operator_args("--set", f"operator.checks.{checks},operator.checks.caFiles={{z}}")
    passed += operator_args("--set", "operator.checks.enabled=false")
    done = subprocess.run(
        [sys.executable, "-c", "from mailseal.cli import main; main()", "operator", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"},
    )
    flags = {arg.partition("=")[0] for arg in passed if arg.startswith("--")}
    assert {flag for flag in flags if flag not in done.stdout} == set()


def test_several_replicas_without_leader_election_are_refused() -> None:
    with pytest.raises(HelmFailedError, match="all replicas would write at once"):
        render("--set", "operator.leaderElection=false")


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("operator.ID=x", "additional properties 'ID' not allowed"),
        ("operator.id=no spaces", "operator.id"),
        ("replica=3", "additional properties 'replica' not allowed"),
        ("operator.logFormat=xml", "logFormat"),
        ("image.digest=latest", "digest"),
        ("prometheusRule.dkimKeyAge=1d", "additional properties 'dkimKeyAge' not allowed"),
    ],
)
def test_misspelt_and_impossible_values_are_refused(setting: str, complaint: str) -> None:
    with pytest.raises(HelmFailedError) as refused:
        render("--set", setting)
    assert complaint in str(refused.value).replace("/", ".")


def test_a_digest_wins_over_the_tag() -> None:
    digest = "sha256:" + "0" * 64
    container = one(render("--set", f"image.tag=x,image.digest={digest}"), "Deployment")
    image = container["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"mailseal@{digest}"


def test_the_chart_has_the_version_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (mailseal.__version__, mailseal.__version__)


def test_what_a_provider_of_a_namespace_may_do_is_said_in_values() -> None:
    assert not [arg for arg in operator_args() if "namespaced" in arg]
    values = (
        "providers.namespaced.ambientCredentials=true",
        "providers.namespaced.openNetworks={10.1.0.0/16,::1/128}",
        "providers.namespaced.closedNetworks={10.0.0.0/8}",
    )
    assert [arg for arg in operator_args("--set", ",".join(values)) if "namespaced" in arg] == [
        "--namespaced-ambient-credentials",
        "--namespaced-provider-network=10.1.0.0/16",
        "--namespaced-provider-network=::1/128",
        "--namespaced-provider-closed-network=10.0.0.0/8",
    ]
    with pytest.raises(HelmFailedError, match="openNetworks"):
        operator_args("--set", "providers.namespaced.openNetworks={everything}")


def test_the_admission_policy_is_there_when_it_is_asked_for() -> None:
    def kinds(*args: str) -> set[str]:
        return {manifest["kind"] for manifest in render(*args) if "Admission" in manifest["kind"]}

    assert kinds() == set()
    assert kinds("--set", "admissionPolicy.enabled=true") == {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
