"""The Dockerfile's structure; no image is built: that needs a container engine, which the tests do not."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def final_stage() -> dict[str, str]:
    last = max(number for number, (name, _) in enumerate(instructions()) if name == "FROM")
    return dict(instructions()[last:])


def sources_of(stage_instructions: list[Instruction]) -> list[str]:
    """What is copied out of the build context."""
    copies = [shlex.split(rest) for name, rest in stage_instructions if name in {"COPY", "ADD"}]
    return [source for words in copies if not words[0].startswith("--from=") for source in words[:-1]]


def in_build_context(path: str) -> bool:
    """Whether .dockerignore lets the path through; its last matching line decides."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    passes = True
    for line in lines:
        pattern = line.removeprefix("!").rstrip("/")
        parents = [path.rstrip("/"), *(str(parent) for parent in Path(path).parents)]
        if any(fnmatch(parent, pattern) for parent in parents if parent != "."):
            passes = line.startswith("!")
    return passes


def test_everything_copied_exists_and_is_in_the_build_context() -> None:
    sources = sources_of(instructions())
    assert "operator/" in sources
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    assert {source for source in sources if not in_build_context(source)} == set()
    assert not in_build_context("tests/conftest.py")


def test_every_file_that_the_wheel_is_built_from_is_copied() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'^readme = "(.+)"|^license-files = \["(.+)"\]', text, re.MULTILINE)
    needed = {name for pair in named for name in pair if name}
    assert needed == {"README.md", "LICENSE"}
    assert needed <= set(sources_of(instructions()))


def test_dependencies_are_installed_with_hashes_only() -> None:
    installs = [
        command
        for name, rest in instructions()
        if name == "RUN"
        for command in rest.split("&&")
        if "pip install" in command
    ]
    assert len(installs) == 3
    assert all("--require-hashes" in command or "--no-deps --no-index" in command for command in installs)


def test_the_base_image_is_named_without_a_registry() -> None:
    images = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", images[0])


def test_it_runs_the_operator_as_the_user_that_the_chart_names() -> None:
    stage = final_stage()
    assert json.loads(stage["ENTRYPOINT"]) == ["mailseal"]
    assert json.loads(stage["CMD"]) == ["operator"]
    chart = (ROOT / "charts" / "mailseal" / "templates" / "deployment.yaml").read_text()
    (uid,) = re.findall(r"runAsUser: (\d+)", chart)
    (port,) = re.findall(r"containerPort: (\d+)", chart)
    assert stage["USER"] == f"{uid}:{uid}"
    assert stage["EXPOSE"] == port
