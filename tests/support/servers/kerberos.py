"""A KDC of MIT Kerberos with a realm of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from support.processes import bound_to_parent
from support.servers.process import START_SECONDS, STOP_SECONDS, ServerFailed, free_port, program, wait_until

REALM = "ZORG.EXAMPLE"


class KeyDistributionCentre:
    """`krb5kdc` on loopback. Use it as a context manager; clients need its `config_file` as KRB5_CONFIG."""

    def __init__(self) -> None:
        self.port = free_port("127.0.0.1")
        self.directory = Path(tempfile.mkdtemp(prefix="mailseal-kdc-"))
        self.config_file = self.directory / "krb5.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def keytab(self, principal: str) -> Path:
        """A file with new keys of a principal, which is made for it."""
        path = self.directory / f"{principal.replace('/', '-')}.keytab"
        self._run("kadmin.local", "-q", f"addprinc -randkey {principal}@{REALM}")
        self._run("kadmin.local", "-q", f"ktadd -k {path} {principal}@{REALM}")
        if not path.exists():
            raise ServerFailed(f"no keytab of {principal}")
        return path

    def pause(self) -> None:
        """Freeze it: nothing is answered."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and delete its files."""
        if self._process is not None:
            self.resume()
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> None:
        self.config_file.write_text(_CLIENT.format(realm=REALM, port=self.port))
        (self.directory / "kdc.conf").write_text(
            _SERVER.format(realm=REALM, port=self.port, directory=self.directory)
        )
        self._run("kdb5_util", "create", "-s", "-P", "master", "-r", REALM)
        log = self.directory / "kdc.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                bound_to_parent([program("krb5kdc"), "-n", "-P", str(self.directory / "pid")]),
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: b"starting" in log.read_bytes(), START_SECONDS, "the KDC started")

    def _run(self, command: str, *arguments: str) -> None:
        done = subprocess.run(
            [program(command), *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailed(f"{command} failed:\n{done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KRB5_CONFIG": str(self.config_file),
            "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
        }


_CLIENT = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  .zorg.example = {realm}
"""
_SERVER = """\
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {directory}/principals
    key_stash_file = {directory}/stash
    acl_file = {directory}/acl
  }}
"""
