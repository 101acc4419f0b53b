"""The Grafana dashboard asks for metrics that the operator serves, in expressions that can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY

from mailseal.kube import metrics
from mailseal.kube.checkgauges import CheckCollector
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.store import Store
from support import chart
from support.alerts import promtool

GRID_COLUMNS = 24
OF_GRAFANA = {"$__rate_interval": "5m", "$job": ".*", "$namespace": ".*"}
"""Its variables, as it may fill them in."""


def config_map(*args: str) -> dict[str, Any]:
    rendered = chart.render("--set", "grafanaDashboard.enabled=true", *args)
    (found,) = (item for item in rendered if item["metadata"]["name"].endswith("-dashboard"))
    return dict(found)


def dashboard() -> dict[str, Any]:
    return dict(json.loads(config_map()["data"]["mailseal.json"]))


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression with the title of its panel."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def served() -> set[str]:
    """The names of all samples that a scrape may bring."""
    assert metrics.LEADER in REGISTRY._collector_to_names
    store = Store()
    gauges = [*StatusCollector(store).collect(), *CheckCollector(store, CheckMemory()).collect()]
    names = {metric.name for metric in gauges}
    for metric in REGISTRY.collect():
        names |= {metric.name, f"{metric.name}_total"}
        if metric.type == "histogram":
            names.add(f"{metric.name}_bucket")
    return names


def test_the_sidecar_of_grafana_finds_it() -> None:
    found = config_map("--set", "grafanaDashboard.namespace=monitoring")
    assert found["kind"] == "ConfigMap"
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["namespace"] == "monitoring"
    assert all(not item["metadata"]["name"].endswith("-dashboard") for item in chart.render())


def test_its_expressions_ask_for_metrics_that_the_operator_serves() -> None:
    names = served()
    for title, expression in expressions():
        used = set(re.findall(r"mailseal_\w+", expression))
        assert used, title
        assert used <= names, title


def test_its_variables_ask_for_metrics_that_the_operator_serves() -> None:
    queries = [found.get("definition", "") for found in dashboard()["templating"]["list"]]
    used = {name for query in queries for name in re.findall(r"mailseal_\w+", query)}
    assert used
    assert used <= served()


def test_prometheus_can_read_its_expressions(tmp_path: Path) -> None:
    rules = []
    for number, (_, expression) in enumerate(expressions()):
        for variable, value in OF_GRAFANA.items():
            expression = expression.replace(variable, value)  # noqa: PLW2901 - filled in step by step
        assert "$" not in expression
        rules.append({"record": f"panel:{number}", "expr": expression})
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", "--lint=none", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_series_is_chosen_by_the_variables() -> None:
    for title, expression in expressions():
        for labels in re.findall(r"mailseal_\w+(\{[^}]*\})?", expression):
            assert 'job=~"$job"' in labels, title


def test_its_panels_have_their_own_ids_and_places() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + line)
            for column in range(place["w"])
            for line in range(place["h"])
        }
        assert place["x"] + place["w"] <= GRID_COLUMNS, panel["title"]
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
