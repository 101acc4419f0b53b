"""Links in the documentation lead somewhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from support.documents import ROOT, Page, pages


@pytest.mark.parametrize("source", pages(), ids=str)
def test_every_relative_link_and_anchor_resolves(source: Page) -> None:
    dead = []
    for target in source.links:
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (source.path.parent / path).resolve() if path else source.path
        if not file.exists() or (anchor and anchor not in Page(file).anchors):
            dead.append(target)
    assert dead == []


def test_every_page_in_docs_is_reached_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in Page(ROOT / "README.md").links}
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} <= linked


def test_the_picture_is_well_formed_and_loads_nothing_from_elsewhere() -> None:
    text = (ROOT / "docs/images/demo.svg").read_text()
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "url(http" not in text
    assert "href=" not in text
