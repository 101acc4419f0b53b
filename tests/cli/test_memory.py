"""The memory provider: records that live as long as the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailseal.providers.base import Unavailable
from mailseal.providers.memory import MemoryBackend
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.commandline import DOMAIN, Workspace, mail_domain, resource

PROVIDER = resource("DnsProvider", "zone", {"type": "memory", "memory": {}, "zones": [DOMAIN]})
APEX = RRsetKey(DnsName(DOMAIN), RecordType.TXT)


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    """The backend that the provider opens."""
    MemoryBackend.forget("default")
    yield MemoryBackend.named("default")
    MemoryBackend.forget("default")


def test_apply_and_plan_in_one_process(workspace: Workspace, backend: MemoryBackend) -> None:
    """The same core as with any other backend."""
    file = workspace.write(PROVIDER, mail_domain())

    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0
    assert workspace.run("plan", "-f", file, "--expect-no-changes").exit_code == 0
    assert backend.rrsets(DnsName(DOMAIN))[APEX].values == (TxtData.of("v=spf1 mx -all"),)


def test_a_change_by_somebody_else_while_we_write(workspace: Workspace, backend: MemoryBackend) -> None:
    """apply reads and plans again, and loses nobody's value."""
    foreign = RRset(APEX, 300, (TxtData.of("somebody else"),))
    backend.faults.before_apply.append(lambda held: held.put(foreign))

    result = workspace.run("apply", "-f", workspace.write(PROVIDER, mail_domain()), "--yes")

    assert result.exit_code == 0
    assert backend.rrsets(DnsName(DOMAIN))[APEX].identities == {b"somebody else", b"v=spf1 mx -all"}


def test_a_backend_that_fails_while_we_write(workspace: Workspace, backend: MemoryBackend) -> None:
    """The failure is on standard error, the resource pending, the exit code 1."""
    file = workspace.write(PROVIDER, mail_domain())

    def fail(held: MemoryBackend) -> None:
        raise Unavailable("the server went away")

    backend.faults.before_apply.append(fail)
    result = workspace.run("apply", "-f", file, "--yes")

    assert result.exit_code == 1
    assert f"error: zone {DOMAIN} at DnsProvider default/zone: the server went away" in result.stderr
    assert "MailDomain default/main  Pending" in result.stdout
