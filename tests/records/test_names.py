from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.names import DnsName, InvalidName
from support.record_strategies import labels, names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.NL.", "example.nl"),
        (" example.nl ", "example.nl"),
        ("zörg.nl", "xn--zrg-sna.nl"),
        ("ZÖRG.nl", "xn--zrg-sna.nl"),
        ("_dmarc.zörg.nl", "_dmarc.xn--zrg-sna.nl"),
        ("sel._domainkey.example.nl", "sel._domainkey.example.nl"),
        (".", ""),
        (r"a\.b.nl", r"a\.b.nl"),
        (r"\097.nl", "a.nl"),
    ],
)
def test_a_name_has_one_form(text: str, expected: str) -> None:
    assert DnsName.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["a..nl", ".nl", "@", "x" * 64 + ".nl", ".".join(["x" * 63] * 4), "ö" * 63 + ".nl"]
)
def test_what_dns_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        DnsName.parse(text)


@given(names)
def test_parsing_a_name_again_changes_nothing(name: DnsName) -> None:
    assert DnsName.parse(name) == DnsName.parse(name.fqdn) == name


@given(st.text(max_size=30))
def test_any_text_is_a_stable_name_or_refused(text: str) -> None:
    try:
        name = DnsName.parse(text)
    except InvalidName:
        return
    assert DnsName.parse(name) == name


@given(names, labels)
def test_a_child_is_within_its_parent_and_relative_to_it(parent: DnsName, label: str) -> None:
    child = parent.child(label)
    assert child.is_within(parent)
    assert not parent.is_within(child)
    assert parent.child(child.relative_to(parent)) == child
    assert child.ancestors() == (child, *parent.ancestors())


def test_a_name_is_within_itself_and_the_root() -> None:
    name = DnsName.parse("example.nl")
    assert name.is_within(name)
    assert name.is_within(DnsName.parse("."))
    assert name.relative_to(name) == "@"
    assert name.relative_to(DnsName("")) == "example.nl"
    assert name.child("@") == name


@pytest.mark.parametrize("name", ["notexample.nl", r"x\.example.nl", "nl"])
def test_a_name_that_merely_ends_alike_is_not_within(name: str) -> None:
    other = DnsName.parse(name)
    assert not other.is_within(DnsName.parse("example.nl"))
    with pytest.raises(InvalidName):
        other.relative_to(DnsName.parse("example.nl"))


def test_the_root_has_no_labels_and_no_ancestors() -> None:
    root = DnsName.parse(".")
    assert root.labels == ()
    assert root.ancestors() == ()
    assert root.fqdn == "."


def test_the_ancestors_go_up_to_the_top_level() -> None:
    assert DnsName.parse("a.b.nl").ancestors() == ("a.b.nl", "b.nl", "nl")
