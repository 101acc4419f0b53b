"""The tables of docs/providers.md say what the providers declare."""

from __future__ import annotations

import pytest

from mailseal.conformance.declared import BEGIN, END, declared, replaced, tables
from mailseal.domain.backends import ProviderType
from mailseal.providers.base import Ability, Capabilities, Costs, InvalidConfiguration
from mailseal.providers.registry import capabilities_of
from support.documents import page

TWO = Capabilities(2, {Ability.NULL_MX: "A | B."}, Costs(1, 2, 0, 3, 1))


def test_the_page_has_what_the_code_declares() -> None:
    """Otherwise run `python -m mailseal.conformance.declared docs/providers.md`."""
    text = page("docs/providers.md").text
    assert replaced(text, tables(declared())) == text


def test_every_type_of_resources_is_declared() -> None:
    assert set(declared()) == {str(kind) for kind in ProviderType} - {"plugin"}


@pytest.mark.parametrize("name", declared())
def test_what_is_declared_is_a_sentence(name: str) -> None:
    sentences = capabilities_of(name).cannot.values()
    assert all(sentence.endswith(".") and len(sentence) > 10 for sentence in sentences)
    assert not any("  " in sentence or "\n" in sentence for sentence in sentences)


def test_an_unknown_type_declares_nothing() -> None:
    with pytest.raises(InvalidConfiguration, match="there is no provider type 'nobody'"):
        capabilities_of("nobody")


def test_tables_have_a_row_for_each_type_and_each_thing_it_cannot() -> None:
    found = tables({"two": TWO, "files": Capabilities(5)}).splitlines()
    assert found[2:4] == ["| `two` | 2 | 1 | 2 | 0 | 3 | 1 | 3 |", "| `files` | 5 | - | - | - | - | - | - |"]
    assert found[-1] == "| `two` | null MX | A &#124; B. |"


def test_a_page_without_marks_is_told() -> None:
    with pytest.raises(ValueError, match="has no marks"):
        replaced("# Providers", "table")
    assert replaced(f"a {BEGIN} old {END} b", "new") == f"a {BEGIN}\n\nnew\n\n{END} b"
