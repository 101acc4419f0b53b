"""The chart's alert rules, as promtool reads and tests them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from support import binaries, chart

CASES = Path(__file__).resolve().parent.parent / "chart" / "alerts.yaml"
"""Time series and the alerts that they lead to, in the form of `promtool test rules`."""


def rules(*args: str) -> dict[str, Any]:
    """The rendered rule groups; `args` are further helm arguments."""
    (found,) = (
        manifest
        for manifest in chart.render("--set", "prometheusRule.enabled=true", *args)
        if manifest["kind"] == "PrometheusRule"
    )
    return dict(found["spec"])


def alerts(*args: str) -> dict[str, dict[str, Any]]:
    """Every rule by the name of its alert."""
    return {rule["alert"]: rule for group in rules(*args)["groups"] for rule in group["rules"]}


def promtool(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the pinned promtool."""
    command = [str(binaries.find("promtool")), *args]
    return subprocess.run(command, text=True, capture_output=True, timeout=120, check=False)


def write_rules(directory: Path) -> Path:
    """The default rules in a file beside a copy of the cases, which refer to it. The file of the rules."""
    path = directory / "rules.yaml"
    path.write_text(yaml.safe_dump(rules(), width=1000))
    shutil.copy(CASES, directory)
    return path
