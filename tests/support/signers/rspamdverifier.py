"""rspamd as a verifier."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import ClassVar

from support.servers.process import program
from support.signers.process import ADDRESS, Daemon

_RESULTS = {"R_DKIM_ALLOW": True, "R_DKIM_REJECT": False, "R_DKIM_PERMFAIL": False, "R_DKIM_TEMPFAIL": False}


class RspamdVerifier(Daemon):
    """`rspamd` with its filter dkim, asked over HTTP."""

    implementation: ClassVar[str] = "rspamd"
    command: ClassVar[str] = "rspamd"

    def __init__(self, name_server: tuple[str, int]) -> None:
        super().__init__()
        self._name_server = name_server

    def verdicts(self, messages: Sequence[bytes]) -> list[dict[str, bool]]:
        """Of each message, by selector: whether its signature verifies."""
        return [self._verdicts(message) for message in messages]

    def _verdicts(self, message: bytes) -> dict[str, bool]:
        request = urllib.request.Request(f"http://{ADDRESS}:{self.port}/checkv2", data=message)
        with urllib.request.urlopen(request, timeout=20) as response:
            symbols = json.load(response)["symbols"]
        return {
            option.rpartition(":s=")[2]: passed
            for symbol, passed in _RESULTS.items()
            for option in symbols.get(symbol, {}).get("options", ())
        }

    def _prepare(self) -> None:
        server, port = self._name_server
        (self.directory / "rspamd.conf").write_text(f"""\
options {{
  filters = "dkim";
  pidfile = "{self.directory}/rspamd.pid";
  temp_dir = "{self.directory}";
  dns {{ nameserver = ["{server}:{port}"]; timeout = 2s; retransmits = 3; }}
}}
logging {{ type = "console"; level = "info"; }}
worker "normal" {{ bind_socket = "{ADDRESS}:{self.port}"; count = 1; }}
dkim {{ check_local = true; check_authed = true; }}
""")

    def _command(self) -> list[str]:
        variables = [f"--var={name}={self.directory}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
        configuration = str(self.directory / "rspamd.conf")
        return [program(self.command), "--no-fork", "--insecure", "--config", configuration, *variables]
