"""Results as SARIF 2.1.0 (OASIS), which code-scanning services show beside other findings."""

from __future__ import annotations

from typing import Any, Final

from mailseal import __version__
from mailseal.checks.model import Check, Finding, Language, Outcome
from mailseal.checks.registry import checks
from mailseal.checks.serialize import CheckedDomain
from mailseal.cli.checkformats import ListWriter, Write

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS: Final = {
    Outcome.PASS: ("pass", "none"),
    Outcome.SKIP: ("notApplicable", "none"),
    Outcome.WARN: ("fail", "warning"),
    Outcome.UNKNOWN: ("open", "none"),
    Outcome.FAIL: ("fail", "error"),
}
"""Kind and level of a result (sections 3.27.9 and 3.27.10): any kind but `fail` has the level `none`."""
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]"})


class SarifWriter:
    """One log with one run; a result for each finding, also for those that pass."""

    def __init__(self, write: Write, language: Language) -> None:
        rules = [_rule(check, language) for check in checks().values()]
        driver = {"name": "mailseal", "version": __version__, "semanticVersion": __version__, "rules": rules}
        self._run = {"tool": {"driver": driver}, "language": str(language)}
        self._write = write
        self._list = ListWriter(write)
        self._rules = {rule["id"]: index for index, rule in enumerate(rules)}
        self._language = language

    def begin(self) -> None:
        """See `ResultWriter`."""
        self._write(f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [')
        self._list.begin(self._run)

    def add(self, checked: CheckedDomain) -> None:
        """See `ResultWriter`."""
        for finding in checked.result.findings:
            self._list.add(self._result(str(checked.result.domain), finding))

    def end(self) -> None:
        """See `ResultWriter`."""
        self._list.end()
        self._write("]}")

    def _result(self, domain: str, finding: Finding) -> dict[str, Any]:
        kind, level = _KINDS[finding.outcome]
        advice = finding.advice(self._language)
        text = finding.says(self._language)
        locations = [{"logicalLocations": [_location(domain, finding.target)]}]
        return {
            "ruleId": finding.check.id,
            **_index(self._rules.get(finding.check.id)),
            "kind": kind,
            "level": level,
            "message": {"text": _plain(f"{text}. {advice}" if advice else text)},
            "locations": locations,
            "partialFingerprints": {"mailsealFinding/v1": f"{domain}/{finding.target}/{finding.check.id}"},
            "properties": {"verdict": finding.verdict.code, "evidence": list(finding.evidence)},
        }


def _plain(text: str) -> str:
    """A message in which nothing is a link, whatever a record holds (section 3.11.6)."""
    return text.translate(_ESCAPES)


def _index(index: int | None) -> dict[str, int]:
    return {} if index is None else {"ruleIndex": index}


def _location(domain: str, target: str) -> dict[str, str]:
    return {"name": target, "fullyQualifiedName": f"{domain}/{target}", "kind": "resource"}


def _rule(check: Check, language: Language) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(part.capitalize() for part in check.id.replace(".", "-").split("-")),
        "shortDescription": {"text": check.title.told(language)},
        "help": {"text": check.reference},
        "properties": {"tags": [str(check.subject), *(f"NTA 7516 {one}" for one in check.criteria)]},
    }
