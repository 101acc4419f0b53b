"""Unbound as a validating resolver."""

from __future__ import annotations

from support.servers.process import NameServer, ServerFailed


class UnboundServer(NameServer):
    """`unbound`, which asks the one server at `upstream` (`address:port`) for everything and validates.

    `trust_anchors` are DS records in presentation form. `options` stand in the `server:` block, one a line.
    """

    binaries = ("unbound",)

    def __init__(
        self,
        upstream: str,
        trust_anchors: tuple[str, ...],
        *,
        address: str = "127.0.0.1",
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__((), address, None)
        self._upstream = upstream.replace(":", "@")
        self._trust_anchors = trust_anchors
        self._options = options

    def add_zone(self, zone: str, records: str = "") -> None:
        """Raises `ServerFailed`: a resolver serves no zone of its own."""
        raise ServerFailed(f"a resolver cannot serve {zone} with {records!r}")

    def _command(self) -> list[str]:
        return ["unbound", "-d", "-c", "unbound.conf"]

    def _prepare(self) -> None:
        (self.directory / "unbound.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        lines = [
            'username: ""',
            'chroot: ""',
            f'directory: "{self.directory}"',
            'pidfile: ""',
            "use-syslog: no",
            'logfile: ""',
            "verbosity: 1",
            "val-log-level: 2",
            "num-threads: 1",
            f"interface: {self.address}@{self.port}",
            "access-control: 127.0.0.0/8 allow",
            "do-ip6: no",
            "do-not-query-localhost: no",
            "qname-minimisation: no",
            "harden-below-nxdomain: no",
            "aggressive-nsec: no",
            'module-config: "validator iterator"',
            'local-zone: "test." nodefault',
            'local-zone: "invalid." nodefault',
            *(f'trust-anchor: "{anchor}"' for anchor in self._trust_anchors),
            *self._options,
        ]
        forward = ["forward-zone:", '    name: "."', f"    forward-addr: {self._upstream}"]
        return "\n".join(["server:", *(f"    {line}" for line in lines), *forward, ""])
