"""The documentation as the tests read it: pages, code blocks, links and anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block with where it stands, for the names of tests."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """The text without code blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> Iterator[CodeBlock]:
        """The code blocks in order."""
        for found in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start()) + 1
            yield CodeBlock(str(self), line, found["language"], found["text"])

    @property
    def links(self) -> Iterator[str]:
        """The targets of all links and pictures."""
        for found in _LINK.finditer(_CODE.sub("", self.prose)):
            yield found["target"]

    @property
    def anchors(self) -> frozenset[str]:
        """What a link to a heading may name, as Git hosts derive it."""
        return frozenset(_slug(found["text"]) for found in _HEADING.finditer(self.prose))

    def first_cells(self, heading: str) -> frozenset[str]:
        """The code in the first column of the table below `heading`."""
        _, _, below = f"\n{self.text}".partition(f"\n{heading}\n")
        rows = re.findall(r"^\| `([^`]+)` \|", below.partition("\n#")[0], re.MULTILINE)
        assert rows, f"{self} has no table below {heading!r}"
        assert len(rows) == len(set(rows)), f"{self}: {heading!r} has a row twice"
        return frozenset(rows)

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


def pages() -> list[Page]:
    """README, changelog and everything in docs/."""
    return [
        Page(path) for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md")))
    ]


def page(name: str) -> Page:
    """One of `pages`, by its path from the root."""
    return Page(ROOT / name)


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
