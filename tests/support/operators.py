"""The operator as a process of its own, with the rights of the chart's ServiceAccount."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from support.processes import bound_to_parent, end
from support.servers.process import free_port, wait_until

START_SECONDS = 30
_WRONG_CLOCK = Path(__file__).parent / "wrongclock"


class TimeMachine:
    """The time as an operator and its API server have it, wherever a test moves it to."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._ahead = timedelta(0)
        self.travel(timedelta(0))

    @property
    def now(self) -> datetime:
        """The time that the operator has."""
        return datetime.now(UTC) + self._ahead

    def travel(self, span: timedelta) -> None:
        """Go that much further ahead."""
        self._ahead += span
        moved = self.file.with_suffix(".new")
        moved.write_text(str(self._ahead.total_seconds()))
        moved.replace(self.file)


class OperatorProcess:
    """`mailseal operator`, started, stopped and killed like a pod.

    It checks domains only where the test says whom to ask: no test asks a resolver of the Internet. A
    DnsProvider may connect to this machine, where the servers of the tests are.
    """

    def __init__(self, kubeconfig: Path, log: Path, *flags: str, namespace: str = "mailseal-system") -> None:
        self.log = log
        self._port = free_port("127.0.0.1")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MAILSEAL_")},
            "KUBECONFIG": str(kubeconfig),
            "POD_NAMESPACE": namespace,
            "PYTHONPATH": str(Path(__file__).parents[2] / "operator"),
        }
        self._command = [
            *(sys.executable, "-m", "mailseal", "operator", "--listen", f"127.0.0.1:{self._port}"),
            *("--lease-seconds", "7"),
            *("--namespaced-provider-network", "127.0.0.0/8", "--namespaced-provider-network", "::1/128"),
        ]
        self._flags = flags
        self.process: subprocess.Popen[bytes] | None = None
        self.clock_ahead = timedelta(0)
        """How wrong its clock is from its next start on."""
        self.time_machine: TimeMachine | None = None
        """Moves its clock, and with it the API server's as it sees it, from its next start on."""

    def set_flags(self, *flags: str) -> None:
        """Replace the further flags, from the next start on."""
        self._flags = flags

    def start(self) -> Self:
        """Start the process and wait until it reports ready."""
        checks = () if "--checks" in self._flags else ("--no-checks",)
        command = [*self._command, *checks, *self._flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                bound_to_parent(command), env=self._environment | self._clock(), stdout=log, stderr=log
            )
        try:
            wait_until(self._ready_or_dead, START_SECONDS, "the operator's /readyz")
        except BaseException:
            self.stop()
            raise
        if self.process.poll() is not None:
            raise AssertionError(f"the operator ended with {self.process.returncode}:\n{self.log_text()}")
        return self

    def stop(self) -> None:
        """End the process as Kubernetes does: SIGTERM, and SIGKILL after a while."""
        if self.process:
            end(self.process)

    def kill(self) -> None:
        """End the process with no chance to clean up."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Stop the process in its tracks, until `thaw`."""
        if self.process:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        if self.process:
            self.process.send_signal(signal.SIGCONT)

    def log_text(self) -> str:
        """What the process has logged so far, all its starts together."""
        return self.log.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of one of the process' pages; status 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, /, **labels: str) -> float:
        """The sum of the samples of that name that have these labels."""
        _, text = self.get("/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def _clock(self) -> dict[str, str]:
        if not self.clock_ahead and self.time_machine is None:
            return {}
        path = os.pathsep.join((str(_WRONG_CLOCK), self._environment["PYTHONPATH"]))
        machine = {"TEST_TIME_MACHINE": str(self.time_machine.file)} if self.time_machine else {}
        ahead = str(self.clock_ahead.total_seconds())
        return {"PYTHONPATH": path, "TEST_CLOCK_AHEAD_SECONDS": ahead, **machine}

    def _ready_or_dead(self) -> bool:
        return (self.process is not None and self.process.poll() is not None) or self.get("/readyz")[0] == 200

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
