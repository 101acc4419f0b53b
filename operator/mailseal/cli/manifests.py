"""Reading manifests: files and directories of YAML or JSON documents."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailseal.cli.yamltext import UnreadableYaml, documents

STANDARD_INPUT = "-"
SUFFIXES = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a manifest stands."""

    file: str
    document: int = 1
    """Its number in the file, from 1."""
    item: int = 0
    """Its number in a List, from 1; 0 outside of one."""

    def __str__(self) -> str:
        return f"{self.file}, document {self.document}" + (f", item {self.item}" if self.item else "")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One resource as it stands in a file."""

    source: Source
    body: Mapping[str, Any]


def read_manifests(paths: Sequence[str], faults: list[str]) -> list[Manifest]:
    """The manifests of all files and directories in the order given; what is wrong goes to `faults`.

    A directory stands for its `.yaml`, `.yml` and `.json` files in the order of their names, without those
    in directories below and hidden ones, as with kubectl. `-` is standard input.
    """
    manifests: list[Manifest] = []
    for path in paths:
        for file in _files(path, faults):
            manifests += read_file(file, faults)
    return manifests


def read_file(file: str, faults: list[str]) -> list[Manifest]:
    """The manifests of one file; what is wrong with it goes to `faults`."""
    text = read_text(file, faults)
    return [] if text is None else manifests_in(file, text, faults)


def read_text(file: str, faults: list[str]) -> str | None:
    """The text of one file, which is UTF-8 with or without a mark; None, and a fault, when it is none."""
    try:
        data = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        faults.append(f"{file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        faults.append(f"{file}: is not UTF-8 text")
    return None


def manifests_in(file: str, text: str, faults: list[str]) -> list[Manifest]:
    """The manifests in the text of a file; what is wrong with it goes to `faults`."""
    return list(_parsed(shown_name(file), text, faults))


def shown_name(file: str) -> str:
    """The file as messages name it."""
    return "standard input" if file == STANDARD_INPUT else file


def _files(path: str, faults: list[str]) -> list[str]:
    if path == STANDARD_INPUT or not Path(path).is_dir():
        return [path]
    try:
        found = sorted(Path(path).iterdir())
    except OSError as error:
        faults.append(f"{path}: cannot be listed: {error.strerror}")
        return []
    files = [str(file) for file in found if file.suffix in SUFFIXES and not file.name.startswith(".")]
    if not files:
        faults.append(f"{path}: the directory has no .yaml, .yml or .json file")
    return files


def _parsed(file: str, text: str, faults: list[str]) -> Iterator[Manifest]:
    number = 0
    try:
        for number, document in enumerate(documents(text), start=1):
            if document is not None:
                yield from _resources(Source(file, number), document, faults)
    except UnreadableYaml as error:
        faults.append(f"{Source(file, number + 1)}: is not valid YAML: {error}")


def _resources(source: Source, document: Any, faults: list[str]) -> Iterator[Manifest]:
    """The document, or the items of a List as `kubectl get --output yaml` writes it."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        faults.append(f"{source}: is not a Kubernetes resource: it has no kind")
    elif document["kind"] == "List" and isinstance(document.get("items"), list):
        yield from _items(source, document["items"], faults)
    else:
        yield Manifest(source, document)


def _items(source: Source, items: Iterable[Any], faults: list[str]) -> Iterator[Manifest]:
    for number, item in enumerate(items, start=1):
        yield from _resources(Source(source.file, source.document, number), item, faults)
