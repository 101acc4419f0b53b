"""What readers copy from the documentation works."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailseal.domain.common import API_VERSION
from mailseal.domain.specs import KINDS, parse_spec
from support import chart
from support.cluster import Cluster
from support.documents import CodeBlock, page, pages
from support.iampolicies import BY_ID, BY_NAME
from support.manifests import REMOVED, manifest, spec_of
from support.servers.process import program

BLOCKS = [block for found in pages() for block in found.blocks if block.language == "yaml"]
MANIFESTS = [block for block in BLOCKS if "\napiVersion:" in f"\n{block.text}"]
FRAGMENTS = [block for block in BLOCKS if block.text.startswith("spec:")]
"""Parts of specs, which stand for the rest of a resource."""
VALUES = [block for block in BLOCKS if block.text.startswith("operator:")]


def _documents(block: CodeBlock) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(block.text) if document]


def test_every_yaml_block_is_of_a_kind_that_is_checked() -> None:
    rules = [block for block in BLOCKS if block.text.startswith("groups:")]
    assert {*MANIFESTS, *FRAGMENTS, *VALUES, *rules} == set(BLOCKS)
    assert MANIFESTS
    assert VALUES
    assert rules


@pytest.mark.parametrize("block", MANIFESTS, ids=str)
def test_specs_are_valid(block: CodeBlock) -> None:
    for document in _documents(block):
        if document["apiVersion"] == API_VERSION:
            parse_spec(document["kind"], document["spec"])


@pytest.mark.parametrize("block", MANIFESTS, ids=str)
def test_the_api_server_takes_manifests(block: CodeBlock, controlplane: Cluster) -> None:
    controlplane.install_crds()
    done = controlplane.kubectl("apply", "--dry-run=server", "--filename", "-", input=block.text)
    assert done.stdout.count("server dry run") == len(_documents(block))


def _kind_of(fragment: dict[str, Any]) -> str:
    """The one kind that has all fields of the fragment."""
    (found,) = (
        kind
        for kind, models in KINDS.items()
        if fragment.keys() <= {field.alias for field in models.spec.model_fields.values()}
    )
    return found


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_the_api_server_takes_parts_of_specs(block: CodeBlock, controlplane: Cluster) -> None:
    controlplane.install_crds()
    fragment = yaml.safe_load(block.text)["spec"]
    kind = _kind_of(fragment)
    spec = spec_of(kind, fragment | ({"domain": REMOVED} if "domains" in fragment else {}))
    parse_spec(kind, spec)
    text = manifest(kind, "fragment", spec)
    assert "created" in controlplane.kubectl("create", "--dry-run=server", "-f", "-", input=text).stdout


@pytest.mark.parametrize("block", VALUES, ids=str)
def test_the_chart_takes_values(block: CodeBlock, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(block.text)
    kinds = [manifest["kind"] for manifest in chart.render("--values", str(values))]
    assert "Deployment" in kinds


def test_bind_takes_the_snippet(tmp_path: Path) -> None:
    file = tmp_path / "named.conf"
    file.write_text(_snippet("key "))
    _check(program("named-checkconf"), str(file))


def test_knot_takes_the_snippet(tmp_path: Path) -> None:
    file = tmp_path / "knot.conf"
    file.write_text(_snippet("key:"))
    _check(program("knotc"), "--config", str(file), "conf-check")


def _snippet(start: str) -> str:
    (found,) = (block for block in page("docs/nameservers.md").blocks if block.text.startswith(start))
    return found.text


def _check(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_policies_of_route53_are_those_that_are_tested() -> None:
    shown = [json.loads(block.text) for block in page("docs/clouds.md").blocks if block.language == "json"]
    assert shown == [BY_NAME, BY_ID]
