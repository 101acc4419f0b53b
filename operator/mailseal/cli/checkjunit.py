"""Results as JUnit XML, which pipelines show as tests: a suite for each domain, a case for each finding."""

from __future__ import annotations

from datetime import UTC
from typing import Final
from xml.etree import ElementTree as ET

from mailseal.checks.model import Finding, Language, Outcome
from mailseal.checks.serialize import CheckedDomain
from mailseal.cli.checkformats import Write
from mailseal.cli.printable import printable

_ELEMENTS: Final = {Outcome.FAIL: "failure", Outcome.UNKNOWN: "error", Outcome.SKIP: "skipped"}
"""What a case holds that does not pass. A warning passes, and says so in its output."""
_COUNTED: Final = {Outcome.FAIL: "failures", Outcome.UNKNOWN: "errors", Outcome.SKIP: "skipped"}


class JunitWriter:
    """One `testsuites` element, printed suite by suite."""

    def __init__(self, write: Write, language: Language) -> None:
        self._write = write
        self._language = language

    def begin(self) -> None:
        """See `ResultWriter`."""
        self._write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mailseal check">')

    def add(self, checked: CheckedDomain) -> None:
        """See `ResultWriter`."""
        findings = checked.result.findings
        suite = ET.Element("testsuite", name=printable(checked.result.domain), tests=str(len(findings)))
        for outcome, plural in _COUNTED.items():
            suite.set(plural, str(sum(finding.outcome is outcome for finding in findings)))
        suite.set("timestamp", checked.checked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        suite.extend(self._case(finding) for finding in findings)
        ET.indent(suite)
        self._write(ET.tostring(suite, encoding="us-ascii").decode("ascii"))

    def end(self) -> None:
        """See `ResultWriter`."""
        self._write("</testsuites>")

    def _case(self, finding: Finding) -> ET.Element:
        says = printable(finding.says(self._language))
        name = f"{finding.check.id} {printable(finding.target)}"
        case = ET.Element("testcase", classname=f"mailseal.{finding.check.subject}", name=name)
        if finding.outcome in _ELEMENTS:
            inner = ET.SubElement(case, _ELEMENTS[finding.outcome], message=says)
            if finding.outcome is not Outcome.SKIP:
                inner.set("type", finding.verdict.id)
                inner.text = self._details(finding)
        elif finding.outcome is Outcome.WARN:
            ET.SubElement(case, "system-out").text = f"{says}\n{self._details(finding)}"
        return case

    def _details(self, finding: Finding) -> str:
        lines = (finding.advice(self._language), *finding.evidence, finding.check.reference)
        return "\n".join(printable(line) for line in lines if line)
