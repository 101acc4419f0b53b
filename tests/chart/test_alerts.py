"""The alerts fire when something needs a person, and only then, as Prometheus itself evaluates them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

from mailseal.kube import metrics
from mailseal.kube.checkgauges import CheckCollector
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.store import Store
from support import chart
from support.alerts import CASES, alerts, promtool, write_rules
from support.chart import HelmFailedError


def test_prometheus_accepts_the_rules(tmp_path: Path) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", str(write_rules(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    write_rules(tmp_path)
    done = promtool("test", "rules", str(tmp_path / CASES.name))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_firing_and_not_firing() -> None:
    seen: dict[str, set[bool]] = {}
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        for tried in case["alert_rule_test"]:
            seen.setdefault(tried["alertname"], set()).add(bool(tried["exp_alerts"]))
    assert seen == {name: {True, False} for name in alerts()}


def test_the_alerts_use_metrics_that_the_operator_serves() -> None:
    assert metrics.LEADER in REGISTRY._collector_to_names
    served = {sample for metric in REGISTRY.collect() for sample in (metric.name, f"{metric.name}_total")}
    store = Store()
    for collector in (StatusCollector(store), CheckCollector(store, CheckMemory())):
        served |= {metric.name for metric in collector.collect()}
    for name, rule in alerts().items():
        used = set(re.findall(r"mailseal_\w+", rule["expr"]))
        assert used, name
        assert used <= served, name


def test_all_alerts_look_at_this_release_only() -> None:
    for name, rule in alerts("--set", "fullnameOverride=west").items():
        metrics_used = re.findall(r"mailseal_\w+(\{[^}]*\})?", rule["expr"])
        assert all('job="west-metrics"' in labels for labels in metrics_used), name
    for name, rule in alerts("--set", "prometheusRule.job=mail/scrape").items():
        assert 'job="mail/scrape"' in rule["expr"], name


def test_thresholds_are_values() -> None:
    settings = "prometheusRule.dkimKeyMaxAge=200d,prometheusRule.dkimKeyStuckAfter=90m"
    found = alerts("--set", f"{settings},prometheusRule.resourceNotReadyFor=2h")
    assert found["MailsealDkimKeyTooOld"]["expr"].endswith("> 17280000\n")
    assert found["MailsealDkimKeyStuck"]["expr"].count("5400") == 3
    assert found["MailsealResourceNotReady"]["for"] == "2h"


@pytest.mark.parametrize("value", ["1y", "400", "0d", "-1h", "1h30m"])
def test_a_threshold_that_is_no_duration_is_refused(value: str) -> None:
    with pytest.raises(HelmFailedError, match="dkimKeyMaxAge"):
        alerts("--set", f"prometheusRule.dkimKeyMaxAge={value}")


def test_nothing_is_told_of_checks_that_are_off() -> None:
    names = alerts("--set", "operator.checks.enabled=false").keys()
    assert alerts().keys() - names == {
        "MailsealCheckFailing",
        "MailsealChecksNotRunning",
        "MailsealMailServerCertificateExpiring",
    }


def test_labels_let_prometheus_select_the_rules() -> None:
    settings = "prometheusRule.enabled=true,prometheusRule.labels.release=prometheus"
    (rule,) = (found for found in chart.render("--set", settings) if found["kind"] == "PrometheusRule")
    assert rule["metadata"]["labels"]["release"] == "prometheus"
