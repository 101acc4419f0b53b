"""How the pinned programs are found and built."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support import binaries

TESTS = Path(__file__).resolve().parent.parent
MAIN = """
package main

import "fmt"

var version string

func main() { fmt.Print(version) }
"""


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache and assets directory of this test's own, with nothing remembered from other tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setattr(binaries, "find", binaries.find.__wrapped__)
    return tmp_path


@pytest.fixture
def tiny(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> binaries.GoProgram:
    """A Go program that builds in a second and prints the version that the linker gave it."""
    module = own_cache / "module"
    module.mkdir()
    (module / "go.mod").write_text(
        "module example.test/tiny\n\ngo 1.24\n\nrequire example.test/pinned v1.2.3\n"
    )
    (module / "go.sum").write_text("")
    (module / "main.go").write_text(MAIN)
    program = binaries.GoProgram("tiny", module, ".", "example.test/pinned", ("main.version",))
    monkeypatch.setitem(binaries.PROGRAMS, "tiny", program)
    return program


def test_a_missing_program_is_built_once_with_its_pinned_version(tiny: binaries.GoProgram) -> None:
    reports: list[str] = []
    path = binaries.find("tiny", reports.append)
    assert subprocess.run([path], capture_output=True, text=True, check=True).stdout == "v1.2.3"
    assert reports[0].startswith("tiny v1.2.3: building")
    assert reports[-1].startswith("tiny v1.2.3: built in")

    assert binaries.find("tiny", reports.append) == path
    assert sum(": building with Go" in report for report in reports) == 1


def test_changed_pins_are_not_met_by_the_old_program(tiny: binaries.GoProgram) -> None:
    before = tiny.cached
    (tiny.directory / "go.sum").write_text("changed\n")
    assert tiny.cached != before


def test_a_change_of_what_is_left_out_is_not_met_by_the_old_program(tiny: binaries.GoProgram) -> None:
    assert replace(tiny, build_tags=("small",)).cached != tiny.cached


def test_a_program_is_built_under_its_build_constraints(
    tiny: binaries.GoProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged = '//go:build small\n\npackage main\n\nfunc init() { version += " without the rest" }\n'
    (tiny.directory / "small.go").write_text(tagged)
    monkeypatch.setitem(binaries.PROGRAMS, "tiny", replace(tiny, build_tags=("small",)))
    path = binaries.find("tiny", list[str]().append)
    assert (
        subprocess.run([path], capture_output=True, text=True, check=True).stdout == "v1.2.3 without the rest"
    )


def test_a_failed_build_shows_what_the_compiler_said_and_leaves_nothing(tiny: binaries.GoProgram) -> None:
    (tiny.directory / "main.go").write_text("package main\n\nfunc main() { missing() }\n")
    with pytest.raises(binaries.BinaryUnavailableError, match="undefined: missing"):
        binaries.find("tiny", list[str]().append)
    assert [path.name for path in tiny.cached.parent.iterdir()] == ["tiny.lock"]


def test_without_go_the_message_says_what_to_install(
    tiny: binaries.GoProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(binaries.BinaryUnavailableError, match=r"Install Go .* or set KUBEBUILDER_ASSETS"):
        binaries.find("tiny", list[str]().append)


def test_kubebuilder_assets_come_first(
    tiny: binaries.GoProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    (tmp_path / "tiny").touch()
    assert binaries.find("tiny") == tmp_path / "tiny"


def test_two_processes_do_not_build_at_once(tiny: binaries.GoProgram) -> None:
    """The second one waits for the lock and takes what the first has built."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from support import binaries\n"
        "pinned = 'example.test/pinned'\n"
        "tiny = binaries.GoProgram('tiny', Path(sys.argv[1]), '.', pinned, ('main.version',))\n"
        "binaries.PROGRAMS['tiny'] = tiny\n"
        "binaries.find('tiny')\n"
    )
    command = [sys.executable, "-c", script, str(tiny.directory)]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with binaries._locked(tiny.cached.with_suffix(".lock"), "tiny", list[str]().append):
        waiting = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        assert waiting.stderr is not None
        assert "waiting for another process" in waiting.stderr.readline()
        tiny.cached.write_text("built by the first")
    with waiting, waiting.stderr:
        assert waiting.stderr.read() == ""
    assert waiting.returncode == 0
    assert tiny.cached.read_text() == "built by the first"


def test_every_program_has_a_pinned_version() -> None:
    versions = {name: program.version for name, program in binaries.PROGRAMS.items()}
    assert versions["kube-apiserver"] == versions["kubectl"]
    assert all(version.startswith("v") for version in versions.values())
