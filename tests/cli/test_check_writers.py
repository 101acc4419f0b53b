"""The forms of results with any finding in them: whole, valid, and never driving a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mailseal.checks.model import Language, Outcome, Subject
from mailseal.checks.registry import checks
from mailseal.checks.serialize import CheckedDomain, read_results
from mailseal.checks.spf.network_verdicts import UNKNOWN_PROVIDER
from mailseal.cli.checkformats import JsonLinesWriter, JsonWriter, ResultWriter, Write
from mailseal.cli.checkjunit import JunitWriter
from mailseal.cli.checksarif import SarifWriter
from mailseal.cli.checktext import TextWriter, looks_for
from mailseal.cli.printable import printable
from support.checkresults import NOW, result
from support.checkwords import results

RESULTS = st.lists(results(), max_size=3)
LANGUAGES = st.sampled_from(Language)


def written(make: Callable[[Write], ResultWriter], many: list[CheckedDomain]) -> str:
    """All that a writer prints."""
    lines: list[str] = []
    writer = make(lines.append)
    writer.begin()
    for checked in many:
        writer.add(checked)
    writer.end()
    return "\n".join(lines)


def shown(many: list[CheckedDomain], language: Language, *, details: bool, only_open: bool) -> str:
    """What the table or the details look like without a terminal."""
    console = Console(soft_wrap=True, highlight=False, width=80)
    names = [checked.result.domain for checked in many]
    looks = looks_for(names, tuple(Subject), language, details=details, only_open=only_open)

    def show(write: Write) -> ResultWriter:
        def print_lines(lines: object) -> None:
            with console.capture() as capture:
                for line in lines:  # type: ignore[attr-defined]
                    console.print(line)
            write(capture.get().removesuffix("\n"))

        return TextWriter(print_lines, looks)

    return written(show, many)


def is_plain(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


@given(RESULTS, LANGUAGES)
def test_json_and_json_lines_hold_the_same(many: list[CheckedDomain], language: Language) -> None:
    whole = written(lambda write: JsonWriter(write, language), many)
    lines = written(lambda write: JsonLinesWriter(write, language), many)

    assert list(read_results(whole)) == list(read_results(lines)) == many
    assert json.loads(whole)["results"] == [json.loads(line) for line in lines.splitlines()]
    assert is_plain(whole)
    assert is_plain(lines)


@given(RESULTS, LANGUAGES)
def test_junit_is_xml_whatever_a_finding_holds(many: list[CheckedDomain], language: Language) -> None:
    """A suite for each domain, a case for each finding, and none that XML cannot hold."""
    text = written(lambda write: JunitWriter(write, language), many)

    suites = list(ET.fromstring(text))
    assert [len(suite) for suite in suites] == [len(checked.result.findings) for checked in many]
    for suite, checked in zip(suites, many, strict=True):
        failed = [finding for finding in checked.result.findings if finding.outcome is Outcome.FAIL]
        assert suite.get("failures") == str(len(failed)) == str(len(suite.findall("*/failure")))
    assert is_plain(text)
    assert text.isascii()


@given(RESULTS, LANGUAGES)
def test_sarif_is_json_whatever_a_finding_holds(many: list[CheckedDomain], language: Language) -> None:
    value = json.loads(written(lambda write: SarifWriter(write, language), many))

    (run,) = value["runs"]
    found = [finding.check.id for checked in many for finding in checked.result.findings]
    assert [result["ruleId"] for result in run["results"]] == found
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(checks())


def test_sarif_makes_no_link_of_what_a_record_holds() -> None:
    """Code-scanning services would show the target of the link as advice of ours (SARIF section 3.11.6)."""
    provider = r"\[see](https://evil.example/)"
    check = UNKNOWN_PROVIDER.on("evil.example", provider=provider)
    checked = CheckedDomain(result(check), NOW)

    value = json.loads(written(lambda write: SarifWriter(write, Language.EN), [checked]))

    text = value["runs"][0]["results"][0]["message"]["text"]
    assert provider in check.says()
    assert r"\\\[see\](https://evil.example/)" in text
    assert re.search(r"(?<!\\)(?:\\\\)*[\[\]]", text) is None


@given(RESULTS, LANGUAGES, st.booleans(), st.booleans())
def test_text_shows_every_domain_and_drives_no_terminal(
    many: list[CheckedDomain], language: Language, details: bool, only_open: bool
) -> None:
    text = shown(many, language, details=details, only_open=only_open)

    assert is_plain(text)
    for checked in many:
        is_open = checked.result.outcome not in {Outcome.PASS, Outcome.SKIP}
        assert checked.result.domain in text or (only_open and not is_open)


@given(results())
def test_details_show_all_that_is_to_be_done(checked: CheckedDomain) -> None:
    """What is the case, the advice and the evidence of each finding that is not in order."""
    lines = shown([checked], Language.EN, details=True, only_open=False).splitlines()

    for finding in checked.result.findings:
        assert any(finding.check.id in line and printable(finding.says()) in line for line in lines)
        if finding.outcome in {Outcome.WARN, Outcome.UNKNOWN, Outcome.FAIL}:
            assert any(line.rstrip().endswith(f"> {printable(finding.advice())}".rstrip()) for line in lines)
            for evidence in finding.evidence:
                assert f"| {printable(evidence)}".rstrip() in "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "shown_text"),
    [
        ("plain één \u20ac", "plain één \u20ac"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc\x00", "a\\r\\nb\\tc\\x00"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_printable(text: str, shown_text: str) -> None:
    assert printable(text) == shown_text


@given(st.text())
def test_printable_leaves_nothing_that_does_not_show(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)
    assert printable(text) == text or not text.isprintable()


def test_a_run_without_results_is_whole_in_each_form() -> None:
    """As when every domain was cancelled: still JSON, XML and a summary."""
    assert json.loads(written(lambda write: JsonWriter(write, Language.EN), []))["results"] == []
    assert len(ET.fromstring(written(lambda write: JunitWriter(write, Language.EN), []))) == 0
    assert "Checked domains: 0" in shown([], Language.EN, details=False, only_open=False)
