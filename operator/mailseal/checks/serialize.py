"""Results as JSON values, and read back from there without loss.

The form is for programs of others as well: `schemaVersion` changes when a reader of today would go wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from mailseal.checks.model import DomainResult, Examined, Finding, Language, Verdict, placeholders
from mailseal.checks.registry import verdicts
from mailseal.records.names import DnsName, InvalidName

SCHEMA_VERSION = 1
TARGET = "target"
_INK = re.compile(r"\S")


class UnreadableResults(ValueError):
    """The text does not hold results of `mailseal check`; the message says where and why."""


@dataclass(frozen=True, slots=True)
class CheckedDomain:
    """A result and when it came about."""

    result: DomainResult
    checked_at: datetime
    """When the run began; has a time zone."""


def result_value(checked: CheckedDomain, language: Language = Language.EN) -> dict[str, Any]:
    """The JSON value of one result. Messages and advice are in `language`; readers of ours ignore them."""
    examined = checked.result.examined
    return {
        "schemaVersion": SCHEMA_VERSION,
        "domain": str(examined.domain),
        "checkedAt": checked.checked_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "selectors": list(examined.selectors),
        "relay": None if examined.relay is None else str(examined.relay),
        "ntamx": [str(host) for host in examined.ntamx],
        "outcome": str(checked.result.outcome),
        "findings": [_finding_value(finding, language) for finding in checked.result.findings],
    }


def _finding_value(finding: Finding, language: Language) -> dict[str, Any]:
    return {
        "check": finding.check.id,
        "verdict": finding.verdict.code,
        "outcome": str(finding.outcome),
        "target": finding.target,
        "values": {name: text for name, text in finding.values.items() if name != TARGET},
        "evidence": list(finding.evidence),
        "message": finding.says(language),
        "advice": finding.advice(language),
    }


class _Model(BaseModel):
    """What others add is left alone."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", strict=True, frozen=True)


class _FindingModel(_Model):
    check: str
    verdict: str
    target: str
    values: dict[str, str] = {}
    evidence: list[str] = []


class _ResultModel(_Model):
    schema_version: Literal[1]
    domain: Annotated[str, Field(max_length=1100)]
    checked_at: Annotated[AwareDatetime, Field(strict=False)]
    selectors: list[str] = []
    relay: str | None = None
    ntamx: list[str] = []
    findings: list[_FindingModel]


def read_result(value: object) -> CheckedDomain:
    """The result that `result_value` wrote. Raises `UnreadableResults`."""
    where = (
        f"the result of {value['domain']!r}" if isinstance(value, dict) and "domain" in value else "a result"
    )
    try:
        model = _ResultModel.model_validate(value)
    except ValidationError as error:
        raise UnreadableResults(f"{where}: {_first_fault(error)}") from None
    try:
        relay = None if model.relay is None else DnsName.parse(model.relay)
        ntamx = tuple(DnsName.parse(host) for host in model.ntamx)
        examined = Examined(DnsName.parse(model.domain), tuple(model.selectors), relay, ntamx)
    except InvalidName as error:
        raise UnreadableResults(f"{where}: {error}") from None
    findings = tuple(_read_finding(finding, where) for finding in model.findings)
    return CheckedDomain(DomainResult(examined, findings), model.checked_at)


def read_results(text: str) -> Iterator[CheckedDomain]:
    """The results in the JSON or JSON Lines of `mailseal check`, one by one. Raises `UnreadableResults`."""
    for value in _documents(text):
        if isinstance(value, dict) and isinstance(value.get("results"), list):
            yield from map(read_result, value["results"])
        else:
            yield read_result(value)


def _documents(text: str) -> Iterator[object]:
    """The JSON values in `text`, which stand one after the other."""
    decoder = json.JSONDecoder()
    at = 0
    while start := _INK.search(text, at):
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError) as error:
            raise UnreadableResults(f"not the JSON of mailseal check: {error}") from None
        yield value


def _where(value: object) -> str:
    domain = value.get("domain") if isinstance(value, dict) else None
    return f"the result of {domain[:253]!r}" if isinstance(domain, str) else "a result"


def _read_finding(model: _FindingModel, where: str) -> Finding:
    name = f"{model.check}/{model.verdict}"
    verdict = verdicts().get(name)
    if verdict is None:
        raise UnreadableResults(
            f"{where}: this version of mailseal does not know the finding {name!r}: read the results with "
            "the version that wrote them, or check again"
        )
    values = {TARGET: model.target, **_needed(verdict, model.values, where)}
    return Finding(verdict, model.target, values, tuple(model.evidence))


def _needed(verdict: Verdict, values: Mapping[str, str], where: str) -> Mapping[str, str]:
    missing = (placeholders(verdict.says.en) | placeholders(verdict.advice.en)) - values.keys() - {TARGET}
    if missing:
        raise UnreadableResults(f"{where}: {verdict.id} lacks a value for {', '.join(sorted(missing))}")
    return values


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
