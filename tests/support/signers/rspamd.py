"""rspamd with its module dkim_signing, as a milter."""

from __future__ import annotations

import re
import signal
from typing import ClassVar

from support.servers.process import program, wait_until
from support.signers.milter import pass_through
from support.signers.process import ADDRESS, Daemon

MAP_CONFIGURATION = """\
use_esld = false;
try_fallback = false;
selector_map = "/etc/mailseal/keys/..data/rspamd-selectors.map";
path = "/etc/mailseal/keys/$selector.pem";
"""
"""local.d/dkim_signing.conf for one RSA signature. rspamd notices a change of the map by itself, if it is
named by way of `..data`: by its plain path, a link that never changes, rspamd 3.4 does not notice it."""

CONFIGURATION = """\
use_esld = false;
try_fallback = false;
.include(duplicate=merge) "/etc/mailseal/keys/rspamd-dkim_signing.conf"
"""
"""local.d/dkim_signing.conf for several signatures. rspamd has to be reloaded (SIGHUP) after a change."""

_PLUGINS = "/usr/share/rspamd/plugins"
_RELOADED = re.compile(r"rspamd_proxy process \d+ terminated normally")
_RELOAD_SECONDS = 30.0


class RspamdSigner(Daemon):
    """`rspamd` with the included configuration: as many signatures as keys."""

    implementation: ClassVar[str] = "rspamd"
    command: ClassVar[str] = "rspamd"
    configuration: ClassVar[str] = CONFIGURATION

    def sign(self, message: bytes) -> bytes:
        """The message as the milter gives it back."""
        return pass_through(ADDRESS, self.port, message, f"jan@{self.domain}", "piet@example.com")

    def reload(self) -> None:
        """Send SIGHUP and wait until the workers with the old configuration are replaced."""
        before = self._replaced_workers()
        self._signal(signal.SIGHUP)
        wait_until(lambda: self._replaced_workers() > before, _RELOAD_SECONDS, "rspamd has reloaded")

    def _replaced_workers(self) -> int:
        return len(_RELOADED.findall(self.log()))

    def _prepare(self) -> None:
        (self.directory / "dkim_signing.conf").write_text(self._localised(self.configuration))
        (self.directory / "rspamd.conf").write_text(self._process_configuration())

    def _process_configuration(self) -> str:
        return f"""\
options {{
  filters = "dkim";
  pidfile = "{self.directory}/rspamd.pid";
  temp_dir = "{self.directory}";
  dns {{ nameserver = ["{ADDRESS}:9"]; }}
}}
logging {{ type = "console"; level = "info"; }}
worker "rspamd_proxy" {{
  bind_socket = "{ADDRESS}:{self.port}";
  count = 1;
  milter = yes;
  timeout = 20s;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "{_PLUGINS}/dkim_signing.lua"; }}
dkim {{ }}
dkim_signing {{
  .include "{self.directory}/dkim_signing.conf"
}}
"""

    def _command(self) -> list[str]:
        variables = [f"--var={name}={self.directory}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
        configuration = str(self.directory / "rspamd.conf")
        return [program(self.command), "--no-fork", "--insecure", "--config", configuration, *variables]


class RspamdMapSigner(RspamdSigner):
    """`rspamd` with the selector map: one signature, and nothing to reload."""

    configuration: ClassVar[str] = MAP_CONFIGURATION

    def reload(self) -> None:
        """Nothing: rspamd looks at its maps by itself."""
