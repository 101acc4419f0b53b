"""The tables of the documentation name everything that the code can say, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from prometheus_client import REGISTRY, Metric

import mailseal
from mailseal.domain.backends import ProviderType
from mailseal.domain.common import ProviderKind
from mailseal.domain.crds import NAMING
from mailseal.domain.specs import KINDS
from mailseal.domain.status import SelectorState
from mailseal.kube import conditions, metrics
from mailseal.kube.checkgauges import CheckCollector
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.store import Store
from mailseal.planning.keylife.model import KeyState
from mailseal.planning.model import RecordState
from mailseal.planning.reasons import Reason
from mailseal.providers.base import ProviderError
from mailseal.providers.registry import capabilities_of, provider_types
from support.documents import page

PACKAGE = Path(mailseal.__file__).parent
CAMEL_CASE = re.compile(r"(?:[A-Z][a-z]+){2,}")
NO_REASONS = {
    *KINDS,
    *ProviderKind,
    *("BearerToken", "ConfigMap", "KeyTable", "SigningTable"),
    *("ExternalSelectors", "KeyTrouble"),
}
"""Words in CamelCase that stand in the code of `engine` and `kube` and are no reasons."""
SINGLE_WORDS = {"Published", "Ready", "Pending", "Renewed"}
"""Reasons of one hump, which cannot be told from other words in the code."""


def _words(part: str) -> Iterator[str]:
    """Every text in CamelCase that stands in the code of a package, `__all__` left out."""
    for path in (PACKAGE / part).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if path.name == "__init__.py":
                continue
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and CAMEL_CASE.fullmatch(node.value)
            ):
                yield node.value


def _load_providers() -> None:
    """Have the errors of every provider defined."""
    for kind in set(provider_types()) & set(ProviderType):
        capabilities_of(kind)


def _subclasses(kind: type[ProviderError]) -> Iterator[type[ProviderError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _subclasses(child)


def test_every_reason_is_in_the_table() -> None:
    _load_providers()
    in_code = (
        {*_words("kube"), *_words("engine")} - NO_REASONS
        | set(Reason)
        | {f"Key{state}" for state in KeyState}
        | {f"Selector{state}" for state in SelectorState}
        | {error.reason for error in _subclasses(ProviderError) if error.__module__.startswith("mailseal.")}
        | set(conditions._DEFAULT_REASONS.values())
        | SINGLE_WORDS
    )
    assert page("docs/resources.md").first_cells("## Reasons") == in_code


def test_every_state_is_in_the_table() -> None:
    assert page("docs/resources.md").first_cells("## States of a record") == set(RecordState)


def test_every_kind_is_in_the_table() -> None:
    assert page("docs/resources.md").first_cells("# Resources") == set(KINDS)
    text = page("docs/resources.md").text
    assert all(f"| `{kind}` | `{naming.short_name}` |" in text for kind, naming in NAMING.items())


def test_every_provider_is_in_the_table() -> None:
    linked = re.findall(r"^\| \[`(\w+)`\]\(", page("docs/providers.md").text, re.MULTILINE)
    assert sorted(linked) == sorted(ProviderType)
    assert set(provider_types()) >= set(ProviderType) - {ProviderType.PLUGIN}


def _name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else str(metric.name)


def _served() -> set[str]:
    assert metrics.LEADER in REGISTRY._collector_to_names
    counted = (metric for metric in REGISTRY.collect() if metric.name.startswith("mailseal_"))
    collectors = (StatusCollector(Store()), CheckCollector(Store(), CheckMemory()))
    told = (metric for collector in collectors for metric in collector.collect())
    return {_name(metric) for metric in (*counted, *told)}


def test_every_metric_is_in_the_table() -> None:
    assert page("docs/operations.md").first_cells("## Metrics") == _served()


def test_alerts_use_metrics_that_exist() -> None:
    (rules,) = (block for block in page("docs/operations.md").blocks if block.text.startswith("groups:"))
    alerts = yaml.safe_load(rules.text)["groups"][0]["rules"]
    assert alerts
    for alert in alerts:
        used = set(re.findall(r"mailseal_\w+", alert["expr"]))
        assert used, alert
        assert used <= _served(), alert
