"""The examples of docs/cli.md print what it says, and its tables name every option and exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from mailseal.cli.app import app
from mailseal.cli.exits import Exit
from support.commandline import environment
from support.documents import page
from support.servers.process import zone_text

PAGE = page("docs/cli.md")
ZONE = "zorg-voorbeeld.example"
ZONES = "/srv/zones"
"""The directory of zone files on the page; each run has one of its own in its place."""
_FILE = re.compile(r"# (?P<path>mail/[\w.-]+)\n")
_DIFFERS = (
    (re.compile(r"\bms\d{8}-[a-z2-7]{5}\b"), "SELECTOR"),
    (re.compile(r"\bp=MII[A-Za-z0-9+/.=]+"), "p=KEY"),
    (re.compile(r"\bSELECTOR\._domainkey:TXT:[0-9a-f]{12}"), "SELECTOR._domainkey:TXT:HASH"),
    (re.compile(r"--confirm-plan [0-9a-f]{12}"), "--confirm-plan DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
)
"""What is new in every run."""


@dataclass(frozen=True, slots=True)
class Example:
    """One command on the page and what it prints there."""

    command: str
    output: str


def _blocks(language: str) -> Iterator[str]:
    return (block.text for block in PAGE.blocks if block.language == language)


def examples() -> list[Example]:
    """All commands in `console` blocks, in order."""
    found = []
    for block in _blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Example(command, output))
    return found


def comparable(text: str) -> str:
    """The text without what differs from run to run, such as selectors and keys."""
    for pattern, name in _DIFFERS:
        text = pattern.sub(name, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@dataclass(frozen=True, slots=True)
class Shell:
    """A directory with the manifests of the page, zone files, and `mailseal` in the search path."""

    directory: Path

    def prepare(self) -> None:
        """Write all files."""
        (self.directory / "zones").mkdir()
        (self.directory / "zones" / f"{ZONE}.zone").write_text(zone_text(ZONE))
        (self.directory / "mail").mkdir()
        for text in _blocks("yaml"):
            named = _FILE.match(text)
            if named:
                (self.directory / named["path"]).write_text(text.replace(ZONES, self._zones))
        program = self.directory / "bin" / "mailseal"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mailseal "$@"\n')
        program.chmod(0o755)

    def run(self, command: str) -> str:
        """What the command prints, errors included, with the page's directory names."""
        variables = environment()
        variables["PATH"] = f"{self.directory / 'bin'}:{variables['PATH']}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout.replace(self._zones, ZONES)

    @property
    def _zones(self) -> str:
        return str(self.directory / "zones")


def test_every_example_prints_what_the_page_says(tmp_path: Path) -> None:
    """In the order of the page, in one directory, as a reader would follow it."""
    shell = Shell(tmp_path)
    shell.prepare()
    commands = examples()
    assert {"plan", "apply", "status"} <= {example.command.split()[1] for example in commands}
    for example in commands:
        printed = shell.run(example.command)
        assert comparable(printed) == comparable(example.output), example.command


@pytest.mark.parametrize("command", ["plan", "apply", "status"])
def test_the_table_of_options_names_every_option(command: str) -> None:
    group = typer.main.get_command(app)
    described = group.get_command(None, command).params  # type: ignore[attr-defined]
    options = {max(parameter.opts, key=len) for parameter in described}
    assert _options(command) == options


def test_the_table_of_exit_codes_is_whole() -> None:
    section = PAGE.text.partition("\n## Exit codes\n")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| `(\d)` \|", section, re.MULTILINE)} == set(Exit)


def _options(command: str) -> set[str]:
    """The options that the table marks as taken by `command`."""
    section = PAGE.text.partition("\n## Options\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(--[\w-]+)[^|]*\| ([^|]*) \|", section, re.MULTILINE)
    return {option for option, commands in rows if command in commands or commands == "all"}
