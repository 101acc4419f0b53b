"""The messages that the documentation shows are those that the code gives."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mailseal
from support.documents import CodeBlock, page

SHORTEST_TEXT = 12
"""Characters that a text of the code has at least to be told from chance."""
SHARE_OF_TEXTS = 0.3
"""How much of a message stands in the code word for word; the rest is names, addresses and values."""
SHARE_OF_TEMPLATES = 0.6
"""How much of a message is made by one of the code's f-strings, or is one of its texts."""
MESSAGES = [block for block in page("docs/troubleshooting.md").blocks if block.language == "text"]


@functools.cache
def _texts() -> frozenset[str]:
    """The texts in the code, those between the placeholders of f-strings included."""
    texts = (
        node.value for node in _nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(text for text in texts if len(text) >= SHORTEST_TEXT)


@functools.cache
def _templates() -> tuple[re.Pattern[str], ...]:
    """What matches the texts in the code and what its f-strings make."""
    joined = (node.values for node in _nodes() if isinstance(node, ast.JoinedStr))
    made = ["".join(_pattern(part) for part in parts) for parts in joined if _length(parts) >= SHORTEST_TEXT]
    return tuple(re.compile(pattern) for pattern in [*made, *map(re.escape, _texts())])


def _nodes() -> Iterator[ast.AST]:
    for path in Path(mailseal.__file__).parent.rglob("*.py"):
        yield from ast.walk(ast.parse(path.read_text()))


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"


def _length(parts: list[ast.expr]) -> int:
    return sum(len(str(part.value)) for part in parts if isinstance(part, ast.Constant))


def _share(message: str, patterns: Iterator[re.Pattern[str]]) -> float:
    """How much of the message the patterns match together."""
    found = (match.span() for pattern in patterns for match in pattern.finditer(message))
    return len({position for span in found for position in range(*span)}) / len(message)


def test_there_are_messages() -> None:
    assert len(MESSAGES) >= 10


@pytest.mark.parametrize("block", MESSAGES, ids=str)
def test_a_shown_message_is_one_that_the_code_gives(block: CodeBlock) -> None:
    message = block.text.strip()
    assert _share(message, (re.compile(re.escape(text)) for text in _texts())) >= SHARE_OF_TEXTS
    assert _share(message, iter(_templates())) >= SHARE_OF_TEMPLATES


def test_a_message_that_the_code_does_not_give_is_noticed() -> None:
    message = "192.0.2.53 is not to be reached at present: Connection refused; kindly try again tomorrow"
    assert _share(message, iter(_templates())) < SHARE_OF_TEMPLATES
