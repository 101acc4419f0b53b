"""The generated CRDs as texts: up to date, structural, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailseal.domain import crds
from mailseal.domain.specs import KINDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("directory", ["crds", "charts/mailseal/crds"])
def test_the_files_are_what_the_models_say(directory: str) -> None:
    """Otherwise run `python -m mailseal.domain.crds crds charts/mailseal/crds`."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / directory).glob("*.yaml")}
    assert files == crds.manifests()


def test_writes_one_file_per_kind_into_each_directory(tmp_path: Path) -> None:
    assert crds.main([str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    for directory in ("a", "b"):
        written = [yaml.safe_load(path.read_text()) for path in (tmp_path / directory).iterdir()]
        assert {crd["spec"]["names"]["kind"] for crd in written} == set(KINDS)


def test_says_how_to_call_it_without_a_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert crds.main([]) == 2
    assert "DIRECTORY" in capsys.readouterr().err


def spec_schema(kind: str) -> dict[str, Any]:
    schema = crds.crd_of(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec: dict[str, Any] = schema["properties"]["spec"]
    return spec


def nodes(schema: dict[str, Any], path: str = "spec") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node of a schema with its path."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from nodes(schema[keyword], f"{path}[]")


@pytest.mark.parametrize("kind", KINDS)
def test_every_node_is_structural(kind: str) -> None:
    for path, node in nodes(spec_schema(kind)):
        assert node["type"] in {"object", "array", "string", "integer", "boolean"}, path
        assert not {"$ref", "$defs", "title", "anyOf", "allOf", "const", "nullable"} & node.keys(), path


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_users_write_is_bounded(kind: str) -> None:
    """The API server refuses CEL whose cost has no bound."""
    bounds = {"string": "maxLength", "array": "maxItems", "integer": "maximum"}
    for path, node in nodes(spec_schema(kind)):
        if "enum" in node or "format" in node:
            continue
        if "additionalProperties" in node:
            assert "maxProperties" in node, path
        elif node["type"] in bounds:
            assert bounds[node["type"]] in node, path


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_says_how_it_merges(kind: str) -> None:
    for path, node in nodes(spec_schema(kind)):
        if node["type"] == "array":
            assert node["x-kubernetes-list-type"] in {"atomic", "map", "set"}, path


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_tells_the_user_what_to_write(kind: str) -> None:
    for path, node in nodes(spec_schema(kind)):
        for rule in node.get("x-kubernetes-validations", ()):
            assert len(rule["message"]) > 30, path
            assert "\n" not in rule["message"], path


def test_short_names_differ_and_all_kinds_share_a_category() -> None:
    names = [crds.crd_of(kind)["spec"]["names"] for kind in KINDS]
    assert sorted(name["shortNames"][0] for name in names) == ["cdnsp", "dk", "dnsp", "md", "nta"]
    assert {tuple(name["categories"]) for name in names} == {("mailseal",)}
