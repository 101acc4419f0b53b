"""`mailseal report`: from result files, a real cluster, or checks made now, to one HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from mailseal.checks.model import Language
from mailseal.checks.serialize import SCHEMA_VERSION, result_value
from support.cluster import Cluster
from support.commandline import Workspace
from support.reportsample import DOMAINS, sample_bodies, sample_results

NAMESPACE = "report-command"
REFUSED = "127.0.0.1:1"
"""A resolver that is not there."""


@pytest.fixture
def results(workspace: Workspace) -> Path:
    """What `mailseal check --output json` writes of the sample."""
    path = workspace.directory / "results.json"
    values = [result_value(one, Language.EN) for one in sample_results()]
    path.write_text(json.dumps({"schemaVersion": SCHEMA_VERSION, "results": values}))
    return path


def text_of(path: Path) -> str:
    """What the page shows, roughly."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8"))).split())


def test_results_become_a_report_in_dutch(workspace: Workspace, results: Path) -> None:
    done = workspace.process("report", "--results", results, "--organisation", "Zorggroep Voorbeeld")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "note: the report is in report.html\n"
    text = text_of(workspace.directory / "report.html")
    assert "Bewijsrapport NTA 7516 Zorggroep Voorbeeld" in text
    assert "resultaten van mailseal check" in text
    for one in sample_results():
        for finding in one.result.findings:
            assert " ".join(finding.says(Language.NL).split()) in text


def test_json_lines_in_english_on_standard_output(workspace: Workspace) -> None:
    """So that a pipeline needs no file."""
    lines = "\n".join(json.dumps(result_value(one)) for one in sample_results())
    done = workspace.process("report", "--results", "-", "--output", "-", "--language", "en", stdin=lines)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('<!doctype html>\n<html lang="en">')
    assert done.stdout.endswith("</html>\n")
    assert not (workspace.directory / "report.html").exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "there are no results in the files"),
        ("{", "not the JSON of mailseal check"),
        ('{"domain": "a.example"}', "a.example"),
    ],
)
def test_results_that_cannot_be_read_are_told_in_one_line(
    workspace: Workspace, content: str, fault: str
) -> None:
    (workspace.directory / "results.json").write_text(content)
    done = workspace.process("report", "--results", "results.json")

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert fault in done.stderr
    assert not (workspace.directory / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "no domain is given"),
        (("not..a..name",), "is not a domain name"),
        (("--results", "results.json", "a.example"), "--results has its own domains"),
        (("--results", "missing.json"), "missing.json"),
        (("--results", "results.json", "--output", "no/such/directory/report.html"), "No such file"),
    ],
)
@pytest.mark.usefixtures("results")
def test_wrong_use_is_told_in_one_line(workspace: Workspace, arguments: tuple[str, ...], fault: str) -> None:
    done = workspace.process("report", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert fault in done.stderr


def test_a_report_that_cannot_be_finished_leaves_the_old_one(workspace: Workspace, results: Path) -> None:
    """The directory holds no half-written file either."""
    occupied = workspace.directory / "report.html"
    occupied.mkdir()
    (occupied / "kept").touch()
    before = sorted(workspace.directory.rglob("*"))

    assert workspace.process("report", "--results", results).returncode == 2
    assert sorted(workspace.directory.rglob("*")) == before


def test_checks_made_now_are_told_although_nobody_answers(workspace: Workspace) -> None:
    """A domain of which nothing is known has its section; a failing report is a report all the same."""
    done = workspace.process("report", "a.example", "--resolver", REFUSED, "--language", "en", "--quiet")

    assert done.returncode == 0, done.stderr
    text = text_of(workspace.directory / "report.html")
    assert "Source live checks" in text
    assert "In order: 0 of 1 domains." in text
    assert "No usable answer came for the TXT records of a.example" in text


@pytest.fixture(scope="module")
def cluster(controlplane: Cluster) -> Iterator[Cluster]:
    """A control plane with the resources of the sample; no operator works on them."""
    controlplane.install_crds()
    controlplane.kubectl("create", "namespace", NAMESPACE)
    try:
        for body in sample_bodies():
            named = {**body, "metadata": {**body["metadata"], "namespace": NAMESPACE}}
            controlplane.kubectl("apply", "-f", "-", input=json.dumps(named))
            status = json.dumps({"status": body["status"]})
            place = (body["kind"].lower(), body["metadata"]["name"], "-n", NAMESPACE)
            controlplane.kubectl("patch", *place, "--subresource=status", "--type=merge", "-p", status)
        yield controlplane
    finally:
        controlplane.kubectl("delete", "dkimkeys,ntarecords", "--all", "-n", NAMESPACE)
        controlplane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_a_cluster_adds_keys_declarations_and_reviews(
    workspace: Workspace, results: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    done = workspace.process(
        *("report", "--kube", "--namespace", NAMESPACE, "--results", results, "--language", "en")
    )

    assert done.returncode == 0, done.stderr
    text = text_of(workspace.directory / "report.html")
    assert "RSA, 2048 bits in use" in text
    assert "QMS 7516-groep signed on 30 October 2026" in text
    assert "5d" * 32 in text
    assert "not filled in" in text


def test_a_cluster_alone_is_checked_now(
    workspace: Workspace, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    options = ("--kube", "--namespace", NAMESPACE, "--resolver", REFUSED, "--language", "en")
    done = workspace.process("report", *options)

    assert done.returncode == 0, done.stderr
    text = text_of(workspace.directory / "report.html")
    assert "live checks and the resources of a Kubernetes cluster" in text
    assert all(domain in text for domain in DOMAINS if domain != DOMAINS[4])


def test_a_cluster_that_cannot_be_read_is_told_in_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(workspace.directory / "missing"))
    done = workspace.process("report", "--kube")

    assert (done.returncode, done.stdout) == (2, "")
    assert "no Kubernetes configuration" in done.stderr
    assert len(done.stderr.splitlines()) == 1
