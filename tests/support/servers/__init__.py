"""Real name servers on loopback, for tests, `make demo` and `make bench`; nothing here needs pytest."""

from support.servers.bind import BindServer
from support.servers.knot import KnotServer
from support.servers.powerdns import PowerDnsServer
from support.servers.process import NameServer, ServerFailed, TsigSecret, wait_until

__all__ = [
    "BindServer",
    "KnotServer",
    "NameServer",
    "PowerDnsServer",
    "ServerFailed",
    "TsigSecret",
    "wait_until",
]
