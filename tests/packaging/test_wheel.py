"""The wheel as users install it: in an environment of the locked runtime dependencies and nothing else."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mailseal
from mailseal.providers import registry

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    pip(
        *("wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"),
        *("--wheel-dir", str(directory), str(ROOT)),
    )
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; its dependencies are links to what this one has installed.

    Links, since tests use no network: the distributions are those that `requirements/base.txt` names, so a
    module that only the tests' requirements bring is missing here as it would be for a user.
    """
    return installed(wheel, locked_distributions(), tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def small_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with what `pip install mailseal` brings: none of the extras."""
    return installed(wheel, required_distributions(), tmp_path_factory.mktemp("small-environment"))


def installed(wheel: Path, distributions: Iterable[importlib.metadata.Distribution], directory: Path) -> Path:
    """A virtual environment in `directory`. Files are linked one by one: some packages share a namespace."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    (site_packages,) = directory.glob("lib/python*/site-packages")
    for distribution in distributions:
        for file in distribution.files or []:
            if file.parts[0] == ".." or "__pycache__" in file.parts:
                continue
            link = site_packages / file
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(Path(str(distribution.locate_file(file))))
    pip("--python", str(directory), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return directory


def pip(*args: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pins_of(lock: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return [Requirement(line.rstrip("\\ ")) for line in lines if re.match(r"[a-z0-9]", line)]


def locked_distributions() -> list[importlib.metadata.Distribution]:
    return [
        importlib.metadata.distribution(pin.name)
        for pin in pins_of("base.txt")
        if pin.marker is None or pin.marker.evaluate()
    ]


def required_distributions() -> list[importlib.metadata.Distribution]:
    """What the project needs without extras, with all that those need in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [(Requirement(text), "") for text in project["dependencies"]]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if name in found and extras == {""}:
            continue
        found[name] = importlib.metadata.distribution(name)
        needs = [Requirement(text) for text in found[name].requires or []]
        waiting += [(need, each) for need in needs for each in extras]
    return list(found.values())


def test_the_command_tells_the_version_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    command = [str(environment / "bin" / "mailseal"), "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert mailseal.__version__ in done.stdout


def test_the_wheel_writes_a_report_with_its_templates(environment: Path, tmp_path: Path) -> None:
    result = (
        '{"schemaVersion": 1, "domain": "a.example", "checkedAt": "2026-11-24T10:00:00Z", "findings": []}'
    )
    command = [str(environment / "bin" / "mailseal"), "report", "--results", "-", "--output", "-"]
    done = subprocess.run(
        command, cwd=tmp_path, input=result, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "a.example" in done.stdout


@pytest.mark.parametrize("extra", sorted(registry._EXTRAS))
def test_without_an_extra_its_provider_says_what_to_install(small_environment: Path, extra: str) -> None:
    script = (
        "import sys\n"
        "from mailseal.providers.base import InvalidConfiguration\n"
        "from mailseal.providers.registry import open_provider\n"
        "from mailseal.providers.surroundings import UNRESTRICTED\n"
        "try:\n    open_provider(sys.argv[1], {}, {}, UNRESTRICTED)\n"
        "except InvalidConfiguration as error:\n    print(error)\n"
    )
    command = [str(small_environment / "bin" / "python"), "-c", script, extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"pip install 'mailseal[{extra}]'" in done.stdout


def test_every_command_works_without_the_extras(small_environment: Path, tmp_path: Path) -> None:
    for command in ("check", "plan", "apply", "operator", "provider", "report"):
        done = subprocess.run(
            [str(small_environment / "bin" / "mailseal"), command, "--help"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), command


def test_every_module_of_the_wheel_can_be_imported(environment: Path, wheel: Path, tmp_path: Path) -> None:
    """Run outside the source tree, from the installed files, with the runtime dependencies only."""
    names = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    assert "mailseal.records.names" in modules
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    modules = [module for module in modules if not module.endswith("__main__")]
    command = [str(environment / "bin" / "python"), "-c", script, *modules]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_locked_dependencies_satisfy_the_wheel(environment: Path) -> None:
    assert "No broken requirements found" in pip("--python", str(environment), "check")


def test_the_locks_are_up_to_date_with_the_project() -> None:
    """When this fails, `make lock` is due."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    extras = [text for name in registry._EXTRAS for text in optional[name]]
    wanted = {
        "base.txt": [*project["dependencies"], *extras],
        "dev.txt": [*project["dependencies"], *extras, *project["optional-dependencies"]["dev"]],
    }
    for lock, requirements in wanted.items():
        pinned = {pin.name: next(iter(pin.specifier)).version for pin in pins_of(lock)}
        unmet = [text for text in requirements if not is_met(Requirement(text), pinned)]
        assert unmet == [], lock


def is_met(requirement: Requirement, pinned: dict[str, str]) -> bool:
    version = pinned.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version)


def test_the_wheel_holds_the_package_its_types_and_its_licence_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "mailseal/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tops = {name.split("/")[0] for name in names}
    assert tops == {"mailseal", f"mailseal-{mailseal.__version__}.dist-info"}


def test_every_locked_dependency_has_a_hash_and_no_registry_is_named() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text, lock
        pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\n((?:    --hash[^\n]*\n)*)", text, re.MULTILINE)
        assert pins, lock
        assert all(pins), lock
