"""The pinned programs that the tests run: etcd, kube-apiserver, kubectl, helm, promtool and external-dns.

A program is taken from the directory in KUBEBUILDER_ASSETS when it is there, else from the user's cache, else
it is built once with Go into that cache. `go.mod` and `go.sum` in `tests/controlplane/` pin every source, and
the digest of these and of our own Go source names the cache's directory: a changed pin is never met by
an old binary.

    python -m support.binaries [PROGRAM ...]    # find or build, and print the paths
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.processes import bound_to_parent, end

Report = Callable[[str], None]

_MODULES = Path(__file__).resolve().parent.parent / "controlplane"
_PROGRESS_SECONDS = 15
_LOG_TAIL_LINES = 20


class BinaryUnavailableError(Exception):
    """A program is neither installed nor can it be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A command of a released Go module, pinned by the `go.mod` in `directory`."""

    name: str
    directory: Path
    package: str
    version_module: str
    """The module whose pinned version the program reports as its own."""
    version_variables: tuple[str, ...] = ()
    """The Go string variables that the linker sets to that version."""
    build_tags: tuple[str, ...] = ()
    """The build constraints to satisfy; they leave out what the tests do not use."""

    @property
    def version(self) -> str:
        """The pinned version with its leading `v`, read from `go.mod`."""
        text = (self.directory / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.version_module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BinaryUnavailableError(f"{self.directory / 'go.mod'} does not pin {self.version_module}")
        return found[1]

    @property
    def cached(self) -> Path:
        """Where the built program is, or would be, in the user's cache."""
        pins = b"".join((self.directory / name).read_bytes() for name in ("go.mod", "go.sum"))
        pins += b"".join(source.read_bytes() for source in sorted(self.directory.glob("*.go")))
        pins += ",".join(self.build_tags).encode()
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "mailseal" / "bin" / hashlib.sha256(pins).hexdigest()[:16] / self.name


_KUBERNETES = _MODULES / "build"
_KUBERNETES_VERSION = ("k8s.io/component-base/version.gitVersion",)

PROGRAMS = {
    program.name: program
    for program in (
        GoProgram("etcd", _KUBERNETES, "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"),
        GoProgram(
            "kube-apiserver",
            _KUBERNETES,
            "k8s.io/kubernetes/cmd/kube-apiserver",
            "k8s.io/kubernetes",
            _KUBERNETES_VERSION,
        ),
        GoProgram(
            "kubectl",
            _KUBERNETES,
            "k8s.io/kubernetes/cmd/kubectl",
            "k8s.io/kubernetes",
            (*_KUBERNETES_VERSION, "k8s.io/client-go/pkg/version.gitVersion"),
        ),
        GoProgram(
            "helm",
            _MODULES / "helm",
            "helm.sh/helm/v3/cmd/helm",
            "helm.sh/helm/v3",
            ("helm.sh/helm/v3/internal/version.version",),
        ),
        GoProgram(
            "promtool",
            _MODULES / "promtool",
            "github.com/prometheus/prometheus/cmd/promtool",
            "github.com/prometheus/prometheus",
            ("github.com/prometheus/common/version.Version",),
            # No client library of any cloud: they find targets, and are most of what there is to compile.
            build_tags=("remove_all_sd",),
        ),
        GoProgram(
            "external-dns",
            _MODULES / "externaldns",
            ".",
            "sigs.k8s.io/external-dns",
            ("sigs.k8s.io/external-dns/pkg/apis/externaldns.Version",),
        ),
    )
}


def to_stderr(message: str) -> None:
    """Report progress to people, apart from what a program prints as its result."""
    print(message, file=sys.stderr, flush=True)


@functools.cache
def find(name: str, report: Report = to_stderr) -> Path:
    """The path of the program, built first where it is in no cache.

    Raises `BinaryUnavailableError` when it has to be built and cannot be.
    """
    program = PROGRAMS[name]
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and (installed := Path(assets) / name).is_file():
        return installed.absolute()
    if not program.cached.is_file():
        with _locked(program.cached.with_suffix(".lock"), name, report):
            if not program.cached.is_file():
                _build(program, report)
    return program.cached


@contextmanager
def _locked(path: Path, name: str, report: Report) -> Iterator[None]:
    """Hold the build lock of one program; the kernel releases it when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"{name}: waiting for another process that is building it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(program: GoProgram, report: Report) -> None:
    """Build into a temporary name beside the target and rename: a half-written program is never seen."""
    go = shutil.which("go")
    if go is None:
        raise BinaryUnavailableError(
            f"{program.name} {program.version} has to be built, but there is no `go` command. Install Go 1.26"
            " or newer, or set KUBEBUILDER_ASSETS to a directory that holds etcd, kube-apiserver and kubectl."
        )
    report(f"{program.name} {program.version}: building with Go, once; the first build takes some minutes")
    flags = " ".join(["-s", "-w", *(f"-X {name}={program.version}" for name in program.version_variables)])
    with tempfile.TemporaryDirectory(dir=program.cached.parent, prefix=f"{program.name}-") as workspace:
        built = Path(workspace) / program.name
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(built)]
        if program.build_tags:
            command += ["-tags", ",".join(program.build_tags)]
        _run_build([*command, program.package], program, Path(workspace) / "log", report)
        built.replace(program.cached)


def _run_build(command: list[str], program: GoProgram, log: Path, report: Report) -> None:
    started = time.monotonic()
    with log.open("wb") as output:
        build = subprocess.Popen(
            bound_to_parent(command),
            cwd=program.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not _ended(build, _PROGRESS_SECONDS):
            report(f"{program.name} {program.version}: still building, {time.monotonic() - started:.0f} s")
    finally:
        end(build)
    if build.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        raise BinaryUnavailableError(
            f"Building {program.name} {program.version} in {program.directory} failed:\n{tail}"
        )
    report(f"{program.name} {program.version}: built in {time.monotonic() - started:.0f} s")


def _ended(process: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def main(names: list[str]) -> int:
    """Find or build the named programs, by default all. Returns the exit status."""
    unknown = sorted(set(names) - set(PROGRAMS))
    if unknown:
        to_stderr(f"Unknown program: {', '.join(unknown)}. Known are {', '.join(PROGRAMS)}.")
        return 2
    try:
        for name in names or PROGRAMS:
            print(find(name))
    except BinaryUnavailableError as unavailable:
        to_stderr(str(unavailable))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
