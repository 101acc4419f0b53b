from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.taglist import (
    Tag,
    check_unknown_tags,
    parse_tag_list,
    print_tag_list,
    unknown_tags,
)
from support.parsing import assert_stable_or_fault
from support.record_strategies import tag_names, tag_values

tag_lists = st.dictionaries(tag_names, st.just("") | tag_values, min_size=1, max_size=5).map(
    lambda tags: tuple(tags.items())
)


class TagList:
    """A tag list as a value, for what all parsers owe."""

    def __init__(self, text: str) -> None:
        self.tags = unknown_tags(parse_tag_list(text), ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TagList) and other.tags == self.tags

    def __hash__(self) -> int:
        return hash(self.tags)

    def to_text(self) -> str:
        return print_tag_list(self.tags)


white_space = st.sampled_from(["", " ", "\t ", "\r\n ", " \r\n\t"])


@given(tag_lists)
def test_a_printed_list_is_read_as_it_was(tags: tuple[tuple[str, str], ...]) -> None:
    assert unknown_tags(parse_tag_list(print_tag_list(tags)), ()) == tags


@given(tag_lists, st.lists(white_space, min_size=4, max_size=4), st.booleans())
def test_folding_white_space_around_names_and_values_means_nothing(
    tags: tuple[tuple[str, str], ...], blanks: list[str], final: bool
) -> None:
    before, after_name, before_value, after = blanks
    text = ";".join(f"{before}{name}{after_name}={before_value}{value}{after}" for name, value in tags)
    assert unknown_tags(parse_tag_list(text + ";" * final), ()) == tags


@given(tag_lists)
def test_positions_point_at_names_and_values(tags: tuple[tuple[str, str], ...]) -> None:
    text = print_tag_list(tags)
    for tag in parse_tag_list(text):
        assert text[tag.position :].startswith(tag.name)
        assert text[tag.value_position :].startswith(tag.value)


@given(st.text(max_size=40))
def test_any_text_is_a_list_or_a_syntax_error_within_it(text: str) -> None:
    assert_stable_or_fault(TagList, text)


@pytest.mark.parametrize(
    ("text", "tag", "position"),
    [
        ("", ";", 0),
        ("v=DKIM1;; p=", ";", 8),
        ("v=DKIM1; p", "p", 9),
        ("v=DKIM1; 1p=x", "1p=x", 9),
        ("v=DKIM1; =x", "=x", 9),
        ("v=DKIM1; p=a; p=b", "p", 14),
        ("v=DKIM1; p=a; p=a", "p", 14),
        ("v=DKIM1; n=caf\xe9", "n", 14),
        ("v=DKIM1; n=a\x00", "n", 12),
        ("v=DKIM1; n=a\nb", "n", 11),
        ("v=DKIM1; n=a\r\nb", "n", 11),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, tag: str, position: int) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        parse_tag_list(text)
    assert (caught.value.tag, caught.value.position) == (tag, position)
    assert repr(tag) in str(caught.value)
    assert f"at position {position}:" in str(caught.value)


def test_names_are_case_sensitive() -> None:
    assert [tag.name for tag in parse_tag_list("p=a; P=b")] == ["p", "P"]


def test_blanks_inside_a_value_stay() -> None:
    assert parse_tag_list("n= a  b ") == (Tag("n", "a  b", 0, 3),)


@pytest.mark.parametrize(
    "unknown",
    [[("a", "1"), ("a", "2")], [("p", "1")], [("1", "x")], [("a", "x;y")], [("a", " x")], [("a", "ö")]],
)
def test_tags_that_no_list_can_hold_are_refused(unknown: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRecord):
        check_unknown_tags(unknown, ("p",))
