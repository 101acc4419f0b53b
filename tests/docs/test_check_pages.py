"""The pages on checks and the report name every check, option and exit code."""

from __future__ import annotations

import re

import pytest
import typer

from mailseal.checks.registry import checks
from mailseal.cli.app import app
from mailseal.cli.exits import CheckExit
from support.documents import page

CHECKS = page("docs/checks.md")


def test_the_table_of_checks_is_that_of_the_registry() -> None:
    rows = [
        f"| `{check.id}` | {check.title.en} | {check.reference} | {', '.join(check.criteria)} |"
        for check in checks().values()
        if not check.id.endswith(".run")
    ]
    section = CHECKS.text.partition("\n## All checks\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*$", section, re.MULTILINE) == rows


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("docs/checks.md", ("check",)),
        ("docs/nta7516.md", ("nta", "lookup")),
        ("docs/report.md", ("report",)),
        ("docs/cli.md", ("provider", "test")),
    ],
)
def test_the_page_has_every_option_of_its_command(path: str, words: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        command = command.get_command(None, word)  # type: ignore[attr-defined]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    rows = [cells for cells in page(path).text.splitlines() if cells.startswith("| `--")]
    assert options <= set(re.findall(r"`(--[\w-]+)`", "\n".join(rows)))


def test_the_exit_codes_of_checks_are_all_told() -> None:
    told = re.findall(r"^\| `(\d+)` \|", CHECKS.text, re.MULTILINE)
    assert {int(code) for code in told} == set(CheckExit)
