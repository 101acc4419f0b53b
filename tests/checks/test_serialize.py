"""Results to JSON and back."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.hitches import failed_on, timed_out_on
from mailseal.checks.model import DomainResult, Examined, Finding, Language, Subject
from mailseal.checks.serialize import (
    CheckedDomain,
    UnreadableResults,
    read_result,
    read_results,
    result_value,
)
from mailseal.records.names import DnsName
from support.checkwords import TEXTS, results

NOW = datetime(2026, 11, 24, 12, 30, 15, 250000, tzinfo=UTC)
DOMAIN = DnsName("zorg-voorbeeld.example")


def checked(*findings: Finding, domain: DnsName = DOMAIN) -> CheckedDomain:
    """A result of today."""
    return CheckedDomain(
        DomainResult(
            Examined(domain, ("s1",), DnsName("_spf.relay.example"), (DnsName("relay.example"),)), findings
        ),
        NOW,
    )


def value_of(*findings: Finding) -> dict[str, Any]:
    """What stands in a file after writing and reading as JSON."""
    return dict(json.loads(json.dumps(result_value(checked(*findings)))))


@given(results(), st.sampled_from(Language))
def test_what_is_written_is_read_back(result: CheckedDomain, language: Language) -> None:
    """Nothing is lost, and text that no terminal should get stays out of the file as such."""
    text = json.dumps(result_value(result, language))

    assert read_result(json.loads(text)) == result
    assert text.isascii()


@given(st.lists(results(), max_size=4), st.sampled_from([" ", "\n", "\r\n\n"]))
def test_json_lines_and_a_list_are_read_alike(many: list[CheckedDomain], gap: str) -> None:
    values = [result_value(one) for one in many]
    lines = gap.join(json.dumps(value) for value in values)

    assert list(read_results(f"{gap}{lines}{gap}")) == many
    assert list(read_results(json.dumps({"schemaVersion": 1, "results": values}, indent=2))) == many


def test_the_message_is_told_in_the_language_asked_for() -> None:
    finding = timed_out_on(Subject.MX, DOMAIN, 60)
    english, dutch = (result_value(checked(finding), language)["findings"][0] for language in Language)

    assert english["message"].startswith("zorg-voorbeeld.example: the checks were not done within 60 seconds")
    assert dutch["message"].startswith("zorg-voorbeeld.example: de controles waren niet binnen 60 seconden")
    assert english["advice"] != dutch["advice"]


def test_the_form_is_stable() -> None:
    """Programs of others rely on it."""
    assert result_value(checked(failed_on(Subject.SPF, DOMAIN, KeyError("x")))) == {
        "schemaVersion": 1,
        "domain": "zorg-voorbeeld.example",
        "checkedAt": "2026-11-24T12:30:15.250000Z",
        "selectors": ["s1"],
        "relay": "_spf.relay.example",
        "ntamx": ["relay.example"],
        "outcome": "unknown",
        "findings": [
            {
                "check": "spf.run",
                "verdict": "failed",
                "outcome": "unknown",
                "target": "zorg-voorbeeld.example",
                "values": {"error": "KeyError"},
                "evidence": [],
                "message": "zorg-voorbeeld.example: the checks failed through an error in mailseal "
                "(KeyError), so that nothing is known",
                "advice": "Report this error of mailseal with what its log says",
            }
        ],
    }


def test_what_a_later_version_adds_is_skipped() -> None:
    value = value_of(timed_out_on(Subject.MX, DOMAIN, 60))
    value["colour"] = "red"
    value["findings"][0]["colour"] = "red"

    assert read_result(value) == checked(timed_out_on(Subject.MX, DOMAIN, 60))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"schemaVersion": 2}, "schemaVersion: Input should be 1"),
        ({"schemaVersion": "1"}, "schemaVersion: Input should be 1"),
        ({"domain": None}, "domain: Input should be a valid string"),
        ({"domain": "a..b"}, "is not a domain name"),
        ({"domain": "x" * 5000}, "domain: String should have at most"),
        ({"relay": "a..b"}, "is not a domain name"),
        ({"checkedAt": "yesterday"}, "checkedAt: Input should be a valid datetime"),
        ({"checkedAt": "2026-11-24T12:00:00"}, "checkedAt: Input should have timezone info"),
        ({"findings": {}}, "findings: Input should be a valid"),
        ({"findings": [7]}, "findings.0: "),
        ({"findings": [{"check": "spf.run", "verdict": "failed"}]}, "findings.0.target: Field required"),
        (
            {"findings": [{"check": "spf.run", "verdict": "no-such", "target": "x"}]},
            "does not know the finding 'spf.run/no-such'",
        ),
        (
            {"findings": [{"check": "spf.run", "verdict": "failed", "target": "x", "values": {}}]},
            "spf.run/failed lacks a value for error",
        ),
        (
            {"findings": [{"check": "spf.run", "verdict": "failed", "target": "x", "values": {"error": 1}}]},
            "findings.0.values.error: Input should be a valid string",
        ),
    ],
)
def test_a_damaged_result_says_where(change: Mapping[str, Any], fault: str) -> None:
    value = value_of() | change

    with pytest.raises(UnreadableResults) as error:
        read_result(value)

    assert fault in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "nonsense",
        "[" * 100_000,
        '{"results": [',
        '"a"',
        "7",
        "null",
        "[]",
        '{"results": [1]}',
        "NaN",
        "9" * 5000,
    ],
)
def test_what_is_no_result_at_all(text: str) -> None:
    """Damaged or foreign JSON, or none: one typed error."""
    with pytest.raises(UnreadableResults):
        list(read_results(text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | TEXTS,
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["schemaVersion", "domain", "checkedAt", "findings", "results"]), inner
            )
        ),
    )
)
def test_foreign_json_raises_the_typed_error_only(value: object) -> None:
    try:
        list(read_results(json.dumps(value)))
    except UnreadableResults:
        return
    assert isinstance(value, dict)
    assert value["results"] == []


@given(st.text(string.printable))
def test_foreign_text_raises_the_typed_error_only(text: str) -> None:
    try:
        list(read_results(text))
    except UnreadableResults:
        return
    assert not text.strip()


def test_no_results_are_read_from_nothing() -> None:
    assert list(read_results(" \n")) == []


def test_a_finding_of_another_language_is_the_same() -> None:
    """What is read back can be told in both languages."""
    dutch = result_value(checked(timed_out_on(Subject.MX, DOMAIN, 60)), Language.NL)

    (finding,) = read_result(dutch).result.findings

    assert finding == timed_out_on(Subject.MX, DOMAIN, 60)
    assert "were not done" in finding.says(Language.EN)
