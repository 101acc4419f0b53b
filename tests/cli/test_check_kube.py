"""`mailseal check --kube`: the domains of a real cluster, read only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailseal.cli.checkmanifests import KINDS
from mailseal.kube import reading
from mailseal.kube.reading import ClusterUnreadable, read_resources
from support.cluster import Cluster
from support.commandline import Workspace, resource
from support.servers.process import free_port

NAMESPACE = "check-command"
OTHER = "check-command-other"
REFUSED = "127.0.0.1:1"
"""A resolver that is not there: what is checked does not matter here."""


@pytest.fixture(scope="module")
def cluster(controlplane: Cluster) -> Iterator[Cluster]:
    """A control plane with resources in two namespaces; no operator works on them."""
    controlplane.install_crds()
    spec: dict[str, Any] = {"providerRef": {"name": "none"}}
    nta = {"provider": "zorgmail", "relay": "_spf.zorgmail.nl"}
    external = {"externalSelectors": [{"selector": "google"}]}
    documents = [
        resource("MailDomain", "a", {**spec, "domain": "a.example", "dkim": external}, NAMESPACE),
        resource("DkimKey", "a", {**spec, "domain": "a.example"}, NAMESPACE),
        resource("NtaRecord", "all", {**spec, "domains": ["b.example", "a.example"], **nta}, NAMESPACE),
        resource("MailDomain", "c", {**spec, "domain": "c.example", "parked": True}, OTHER),
    ]
    for namespace in (NAMESPACE, OTHER):
        controlplane.kubectl("create", "namespace", namespace)
    try:
        for document in documents:
            controlplane.kubectl("apply", "-f", "-", input=json.dumps(document))
        status = json.dumps({"status": {"signingSelectors": ["ms20261101-abcde"]}})
        controlplane.kubectl(
            "patch", "dkimkey", "a", "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", status
        )
        yield controlplane
    finally:
        controlplane.kubectl("delete", "namespace", NAMESPACE, OTHER, "--wait=false")
        for namespace in (NAMESPACE, OTHER):
            controlplane.kubectl("delete", "maildomains,dkimkeys,ntarecords", "--all", "-n", namespace)


@pytest.fixture
def kubeconfig(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The administrator's."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    return cluster.kubeconfig


def examined(workspace: Workspace, *arguments: str) -> dict[str, dict[str, Any]]:
    """What was checked, by domain."""
    result = workspace.process(
        "check", "--kube", *arguments, "--only", "nta7516", "--resolver", REFUSED, "-o", "json"
    )
    assert (result.returncode, result.stderr) == (3, "")
    return {found["domain"]: found for found in json.loads(result.stdout)["results"]}


@pytest.mark.usefixtures("kubeconfig")
def test_the_domains_of_all_namespaces_with_what_the_resources_say_of_them(workspace: Workspace) -> None:
    """Selectors of MailDomains and DkimKeys and the relay of NtaRecords come together."""
    found = examined(workspace)

    assert {"a.example", "b.example", "c.example"} <= set(found)
    assert found["a.example"]["selectors"] == ["google", "ms20261101-abcde"]
    assert found["a.example"]["relay"] == "_spf.zorgmail.nl"
    assert found["c.example"]["selectors"] == []


@pytest.mark.usefixtures("kubeconfig")
def test_one_namespace_and_further_domains(workspace: Workspace) -> None:
    assert set(examined(workspace, "--namespace", OTHER)) == {"c.example"}
    assert set(examined(workspace, "--namespace", OTHER, "d.example")) == {"c.example", "d.example"}


@pytest.mark.usefixtures("kubeconfig")
def test_a_namespace_without_domains(workspace: Workspace) -> None:
    result = workspace.process("check", "--kube", "--namespace", "no-such-namespace")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: the cluster has no MailDomain, DkimKey or NtaRecord there")


@pytest.mark.usefixtures("kubeconfig")
async def test_long_lists_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost or read twice between them."""
    whole = [body["metadata"]["uid"] async for body in read_resources(KINDS)]
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)

    pages = [body["metadata"]["uid"] async for body in read_resources(KINDS)]

    assert pages == whole
    assert len(set(whole)) == len(whole) >= 4


@pytest.mark.usefixtures("kubeconfig")
async def test_nothing_is_written(cluster: Cluster) -> None:
    """The resources have the versions that they had."""

    def versions() -> list[str]:
        kinds = ",".join(reading.PLURALS[kind] for kind in KINDS)
        items = cluster.get(kinds, "-n", NAMESPACE)["items"]
        return [item["metadata"]["resourceVersion"] for item in items]

    before = versions()
    assert [body async for body in read_resources(KINDS, NAMESPACE)]
    assert versions() == before


def test_a_cluster_that_cannot_be_read_is_told(
    workspace: Workspace, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rights, nobody there, no configuration: one line and exit code 2, and no traceback."""
    cluster.kubectl("create", "serviceaccount", "nobody", "-n", NAMESPACE)
    powerless = cluster.kubeconfig_for(cluster.token_for("nobody", NAMESPACE))
    gone = workspace.directory / "gone.json"
    gone.write_text(powerless.read_text().replace(cluster.url, f"https://127.0.0.1:{free_port('127.0.0.1')}"))
    for config, fault in (
        (powerless, "/apis/mailseal.dev/v1alpha1/maildomains: the API server answered 403 Forbidden"),
        (gone, "the API server cannot be reached"),
        (
            workspace.directory / "missing",
            f"no Kubernetes configuration to use in {workspace.directory / 'missing'} (",
        ),
    ):
        monkeypatch.setenv("KUBECONFIG", str(config))
        result = workspace.process("check", "--kube")

        assert (result.returncode, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("error: ")
        assert fault in result.stderr


@pytest.mark.usefixtures("kubeconfig")
async def test_an_unknown_namespace_holds_nothing() -> None:
    assert [body async for body in read_resources(KINDS, "no-such-namespace")] == []


@pytest.mark.parametrize(
    "text",
    [
        "clusters: [",
        "",
        "7",
        "[]",
        "clusters: 7",
        "current-context: x",
        "clusters: [{}]\ncurrent-context: x",
        "\x00",
    ],
)
async def test_a_damaged_configuration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    broken = tmp_path / "config"
    broken.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(broken))

    with pytest.raises(ClusterUnreadable, match="no Kubernetes configuration"):
        _ = [body async for body in read_resources(KINDS)]
