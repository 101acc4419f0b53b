"""How webhooks write TXT values: what is written is read back, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.webhook.protocol import parse_domain_filter, parse_endpoints
from mailseal.providers.webhook.txtforms import Plain, Quoted, Strings
from mailseal.records.names import DnsName
from mailseal.records.txt import InvalidTxt, TxtData

ANY_STRINGS = st.lists(st.binary(max_size=255), min_size=1, max_size=4)
FIELD = st.sampled_from(["dnsName", "targets", "recordType", "recordTTL", "setIdentifier"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELD, inner, max_size=5),
    max_leaves=12,
)


@given(ANY_STRINGS)
def test_quoted_values_come_back_with_their_strings(strings: list[bytes]) -> None:
    value = TxtData(tuple(strings))

    target = Quoted().write(value)

    assert target.isascii()
    assert Quoted().read([target]) == ((value, target),)


@given(st.text(min_size=1).filter(str.strip))
def test_plain_values_come_back_as_the_same_text(text: str) -> None:
    value = TxtData.of(text.encode("utf-8", "replace"))

    assert [found for found, _ in Plain().read([Plain().write(value)])] == [value]


@given(st.lists(st.binary(min_size=1, max_size=700), max_size=4))
def test_values_listed_string_by_string_are_joined_again(values: list[bytes]) -> None:
    """As long as they do not end with a full string: then nothing shows where one ends."""
    ours = [TxtData.of(value if len(value) % 255 else value + b"x") for value in values]
    listed = [TxtData((string,)).to_text()[1:-1] for value in ours for string in value.strings]

    assert [found for found, _ in Strings().read(listed)] == ours


@pytest.mark.parametrize(
    ("form", "target"), [(Quoted(), '"'), (Quoted(), '"\\999"'), (Strings(), "\\"), (Strings(), 'a"b')]
)
def test_a_target_that_cannot_be_read_is_an_invalid_value(form: Quoted | Strings, target: str) -> None:
    with pytest.raises(InvalidTxt):
        form.read([target])


def test_an_empty_value_of_somebody_else_is_read_string_by_string() -> None:
    assert [value for value, _ in Strings().read(["a", "", "b"])] == [
        TxtData.of("a"),
        TxtData.of(""),
        TxtData.of("b"),
    ]


@pytest.mark.parametrize("value", [TxtData((b"",)), TxtData((b"", b""))])
def test_an_empty_value_is_refused_where_no_target_can_be_empty(value: TxtData) -> None:
    for form in (Plain(), Strings()):
        with pytest.raises(InvalidTxt):
            form.write(value)


@given(st.lists(st.dictionaries(FIELD, JSON, max_size=5), max_size=5))
def test_any_list_of_objects_is_read_and_names_are_ours(bodies: list[dict[str, object]]) -> None:
    assert all(isinstance(each.name, DnsName) for each in parse_endpoints(bodies))


@pytest.mark.parametrize(
    ("body", "admitted", "left_out"),
    [
        ({}, ["a.example"], []),
        ({"include": ["a.example"]}, ["a.example", "sub.a.example"], ["b.example", "xa.example"]),
        ({"include": [".a.example"]}, ["a.example"], ["b.example"]),
        ({"include": ["a.example"], "exclude": ["b.a.example"]}, ["a.example"], ["b.a.example"]),
        ({"regexInclude": "(a+)+$"}, ["anything.example"], []),
        ({"include": "a.example", "exclude": 7}, ["anything.example"], []),
    ],
)
def test_a_domain_filter_says_which_zones_are_served(
    body: dict[str, object], admitted: list[str], left_out: list[str]
) -> None:
    found = parse_domain_filter(body)

    assert all(found.admits(DnsName(zone)) for zone in admitted)
    assert not any(found.admits(DnsName(zone)) for zone in left_out)
