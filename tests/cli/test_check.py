"""`mailseal check`: what it prints in each form and how it ends, with BIND in the place of the resolver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mailseal.checks.model import Language, Outcome
from mailseal.checks.registry import checks
from mailseal.checks.serialize import read_results
from mailseal.cli.check import exit_code
from mailseal.cli.checkoptions import FailOn
from mailseal.cli.exits import CheckExit
from support.commandline import Workspace
from support.mailzone import HOSTILE, PLAIN, READY, mail_zone
from support.servers.bind import BindServer

SUBJECTS = ("nta7516", "dmarc", "tls-rpt")
ONLY = tuple(part for subject in SUBJECTS for part in ("--subject", subject))
ESCAPES = {chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x202E)}


@pytest.fixture(scope="module")
def server() -> Iterator[BindServer]:
    """The zone of mail domains."""
    with mail_zone() as started:
        yield started


class Checking:
    """The command with BIND as its resolver, on subjects that DNS alone decides."""

    def __init__(self, workspace: Workspace, server: BindServer) -> None:
        self.workspace = workspace
        self._always = ("--resolver", server.endpoint, *ONLY)

    def run(self, *arguments: object) -> tuple[int, str]:
        """Exit code and standard output; standard error is empty."""
        result = self.workspace.run("check", *arguments, *self._always)
        assert result.stderr == ""
        return result.exit_code, result.stdout

    def value(self, *arguments: object, output: str = "json") -> Any:
        """The JSON that is printed."""
        return json.loads(self.run(*arguments, "--output", output)[1])


@pytest.fixture
def checking(workspace: Workspace, server: BindServer) -> Checking:
    return Checking(workspace, server)


def test_one_domain_is_shown_in_full(checking: Checking) -> None:
    """Each subject with all its findings; what is in order has no advice and no evidence."""
    code, text = checking.run(READY)

    lines = text.splitlines()
    assert code == 0
    assert lines[0] == "ready.example: ok"
    assert [line.strip() for line in lines if line.startswith("  ") and line[2] != " "] == list(SUBJECTS)
    assert "    ok      ready.example has one NTA 7516 record (nta7516.record)" in lines
    assert not any(line.strip().startswith((">", "|")) for line in lines)


def test_what_fails_comes_with_advice_and_evidence(checking: Checking) -> None:
    code, text = checking.run("expired.example")

    assert code == 1
    assert text.startswith("expired.example: FAIL\n")
    assert "    FAIL    The NTA 7516 record of expired.example ended on " in text
    assert "            > Renew the self-declaration" in text
    assert "            | v=NTA7516-1;" in text


def test_findings_are_told_in_dutch(checking: Checking) -> None:
    _, text = checking.run("expired.example", "--language", "nl")

    assert text.startswith("expired.example: FOUT\n")
    assert "    FOUT    Het NTA 7516-record van expired.example is op " in text


def test_several_domains_are_a_table(checking: Checking) -> None:
    """A row for each domain, a column for each subject, and a summary."""
    code, text = checking.run(READY, PLAIN, "bare.example")

    header, *rows, summary = text.splitlines()
    assert code == 1
    assert header.split() == ["DOMAIN", *SUBJECTS]
    assert {row.split()[0]: row.split()[1:] for row in rows} == {
        READY: ["ok", "ok", "ok"],
        PLAIN: ["ok", "FAIL", "warn"],
        "bare.example": ["FAIL", "FAIL", "warn"],
    }
    assert summary == "Checked domains: 3; 1 in order; 2 that fail"
    assert len({row.index(row.split()[1]) for row in (header, *rows)}) == 1


def test_several_domains_in_full(checking: Checking) -> None:
    _, text = checking.run(READY, PLAIN, "--details")

    assert "ready.example: ok\n" in text
    assert "plain.example: FAIL\n" in text
    assert "(dmarc.record)" in text


def test_quietly_only_what_is_not_in_order_is_shown(checking: Checking) -> None:
    _, table = checking.run(READY, PLAIN, "--quiet")
    _, details = checking.run(PLAIN, "--quiet")

    assert [line.split()[0] for line in table.splitlines()] == ["DOMAIN", PLAIN, "Checked"]
    assert "    ok" not in details
    assert "FAIL" in details


def test_json_is_read_back(checking: Checking) -> None:
    """The form that `mailseal report` reads."""
    code, text = checking.run(READY, PLAIN, "--selector", "s1", "--relay", "_spf.relay.example", "-o", "json")

    found = {checked.result.domain: checked for checked in read_results(text)}
    assert code == 1
    assert set(found) == {READY, PLAIN}
    assert found[READY].result.outcome is Outcome.PASS
    assert found[READY].result.examined.selectors == ("s1",)
    assert found[READY].result.examined.relay == "_spf.relay.example"
    value = json.loads(text)
    assert value["schemaVersion"] == 1
    assert value["generator"].startswith("mailseal ")


def test_json_lines_are_complete_each(checking: Checking) -> None:
    _, text = checking.run(READY, PLAIN, "-o", "jsonl")

    assert {json.loads(line)["domain"] for line in text.splitlines()} == {READY, PLAIN}
    assert len(list(read_results(text))) == 2


def test_junit_has_a_suite_for_each_domain(checking: Checking) -> None:
    code, text = checking.run(READY, PLAIN, "elsewhere.invalid", "-o", "junit")

    root = ET.fromstring(text)
    suites = {suite.get("name"): suite for suite in root}
    assert code == 1
    assert root.tag == "testsuites"
    assert set(suites) == {READY, PLAIN, "elsewhere.invalid"}
    assert _counts(suites[READY]) == {"failures": 0, "errors": 0, "skipped": 0}
    assert _counts(suites["elsewhere.invalid"])["errors"] == len(
        suites["elsewhere.invalid"].findall(".//error")
    )
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase")) > 0
        assert int(suite.get("failures", "")) == len(suite.findall(".//failure"))
    failed = suites[PLAIN].find(".//failure/..")
    assert failed is not None
    assert failed.get("classname") == "mailseal.dmarc"
    assert str(failed.get("name")).startswith("dmarc.record ")
    assert "DMARC" in (failed.findtext("failure") or "")
    assert suites[PLAIN].find(".//system-out") is not None


def _counts(suite: ET.Element) -> dict[str, int]:
    return {name: int(suite.get(name, "-1")) for name in ("failures", "errors", "skipped")}


def test_sarif_has_a_rule_for_each_check_and_a_result_for_each_finding(checking: Checking) -> None:
    """What SARIF 2.1.0 requires is there, and every result points at its rule."""
    value = checking.value(READY, PLAIN, "elsewhere.invalid", output="sarif")

    assert (value["version"], len(value["runs"])) == ("2.1.0", 1)
    driver, results = value["runs"][0]["tool"]["driver"], value["runs"][0]["results"]
    assert driver["name"] == "mailseal"
    assert [rule["id"] for rule in driver["rules"]] == list(checks())
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])
    for result in results:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].count("/") >= 1
    kinds = {(result["kind"], result["level"]) for result in results}
    assert {("pass", "none"), ("fail", "error"), ("fail", "warning"), ("open", "none")} <= kinds


@pytest.mark.parametrize("output", ["table", "json", "jsonl", "junit", "sarif"])
@pytest.mark.parametrize("language", list(Language))
def test_what_a_record_holds_never_drives_a_terminal(
    checking: Checking, output: str, language: Language
) -> None:
    """Escape sequences of a hostile domain are shown as text, in each form and also among several."""
    for arguments in ((HOSTILE,), (HOSTILE, READY), (HOSTILE, READY, "--details")):
        _, text = checking.run(*arguments, "-o", output, "--language", str(language))

        assert HOSTILE in text
        assert not ESCAPES & set(text)


@pytest.mark.parametrize(
    ("domains", "fail_on", "code"),
    [
        ((READY,), "warn", 0),
        ((PLAIN,), "fail", 1),
        ((PLAIN,), "never", 0),
        (("elsewhere.invalid",), "fail", 3),
        (("elsewhere.invalid",), "unknown", 1),
        (("elsewhere.invalid",), "never", 0),
        (("elsewhere.invalid", PLAIN), "fail", 1),
        (("elsewhere.invalid", READY), "fail", 3),
    ],
)
def test_exit_codes(checking: Checking, domains: tuple[str, ...], fail_on: str, code: int) -> None:
    """0 passed, 1 failed, 3 undecided; `--fail-on` moves the line."""
    assert checking.run(*domains, "--fail-on", fail_on)[0] == code


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (set(), (0, 0, 0, 0)),
        ({Outcome.PASS, Outcome.SKIP}, (0, 0, 0, 0)),
        ({Outcome.PASS, Outcome.WARN}, (0, 0, 1, 0)),
        ({Outcome.UNKNOWN}, (3, 1, 1, 0)),
        ({Outcome.UNKNOWN, Outcome.WARN}, (3, 1, 1, 0)),
        ({Outcome.FAIL}, (1, 1, 1, 0)),
        ({Outcome.FAIL, Outcome.UNKNOWN}, (1, 1, 1, 0)),
    ],
)
def test_all_exit_codes(seen: set[Outcome], codes: tuple[int, ...]) -> None:
    """For `--fail-on` fail, unknown, warn and never."""
    levels = (FailOn.FAIL, FailOn.UNKNOWN, FailOn.WARN, FailOn.NEVER)
    assert tuple(exit_code(seen, level) for level in levels) == tuple(CheckExit(code) for code in codes)


def test_a_name_that_does_not_exist_fails(checking: Checking) -> None:
    """It is told as such, and nobody is advised to publish records for it."""
    code, text = checking.run("no-such-name.example")

    assert code == 1
    assert "no-such-name.example does not exist in DNS" in text
    assert "Publish" not in text


def test_only_is_another_name_of_subject(workspace: Workspace, server: BindServer) -> None:
    result = workspace.run("check", READY, "--only", "tls-rpt", "--resolver", server.endpoint, "-o", "json")

    (checked,) = read_results(result.stdout)
    assert {finding.check.subject for finding in checked.result.findings} == {"tls-rpt"}
