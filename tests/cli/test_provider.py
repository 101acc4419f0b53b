"""`mailseal provider test`: the conformance suite on somebody's zone, from the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from mailseal.providers.memory import MemoryBackend
from mailseal.records.names import DnsName
from support.commandline import DOMAIN, Workspace, environment, resource, secret
from support.processes import end
from support.servers import BindServer, PowerDnsServer, TsigSecret

KEY = TsigSecret()
API_KEY = "of the HTTP API"
READER = TsigSecret(name="reader")


IN_MEMORY = resource("DnsProvider", "trial", {"type": "memory", "memory": {}, "zones": [DOMAIN]})


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    """What stands behind the provider in memory."""
    MemoryBackend.forget("default")
    yield MemoryBackend.named("default")
    MemoryBackend.forget("default")


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    """A primary with a zone."""
    with BindServer((DOMAIN,), keys=(KEY,)) as server:
        yield server


@pytest.fixture(scope="module")
def powerdns() -> Iterator[PowerDnsServer]:
    with PowerDnsServer({DOMAIN: ""}, keys=(KEY,), api_key=API_KEY) as server:
        yield server


def on_server(
    server: BindServer | PowerDnsServer, key: TsigSecret = KEY, **spec: Any
) -> list[dict[str, Any]]:
    """The provider `zone` on a server, with its Secret."""
    settings = {
        "server": server.address,
        "port": server.port,
        "tsigKeyName": key.name,
        "timeoutSeconds": 5,
    }
    reference = {"credentialsSecretRef": {"name": "tsig"}}
    return [
        resource("DnsProvider", "zone", {"type": "rfc2136", "rfc2136": settings, **reference, **spec}),
        secret("tsig", {"tsig-secret": key.secret}),
    ]


def test_a_zone_in_files_conforms_and_is_left_as_it_was(workspace: Workspace) -> None:
    file = workspace.write(workspace.provider())

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    assert result.exit_code == 0
    assert "passed     values.length-4000" in result.stdout
    assert "failed" not in result.stdout
    assert workspace.names() == set()


def test_bind_conforms_and_its_costs_are_counted(workspace: Workspace, bind: BindServer) -> None:
    file = workspace.write(*on_server(bind))

    code, report = workspace.run_json("provider", "test", "-f", file, "--zone", DOMAIN, "--yes", "--quick")

    assert code == 0, [case for case in report["cases"] if case["verdict"] != "passed"]
    assert report["conforms"] is True
    assert report["provider"] == "DnsProvider default/zone"
    assert report["reservedName"].endswith(f".{DOMAIN}")
    costs = {each["operation"]: each for case in report["cases"] for each in case["costs"]}
    assert costs["create 1"]["stated"] == sum(costs["create 1"]["requests"].values())
    assert bind.query(f"{report['reservedName']}.", "TXT") is None


def test_powerdns_conforms(workspace: Workspace, powerdns: PowerDnsServer) -> None:
    file = workspace.write(*on_server(powerdns))

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes", "--quick")

    assert result.exit_code == 0, result.stdout
    assert "OPERATION" in result.stdout


def on_api(server: PowerDnsServer, key: str) -> list[dict[str, Any]]:
    """The provider `zone` on the HTTP API of a server, with its Secret."""
    spec = {
        "type": "powerdns",
        "powerdns": {"url": server.api_url},
        "credentialsSecretRef": {"name": "api"},
        "zones": [DOMAIN],
    }
    return [resource("DnsProvider", "zone", spec), secret("api", {"api-key": key})]


def test_the_api_of_powerdns_conforms_and_what_it_lacks_is_told(
    workspace: Workspace, powerdns: PowerDnsServer
) -> None:
    file = workspace.write(*on_api(powerdns, API_KEY))

    code, report = workspace.run_json("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    verdicts = {case["id"]: (case["verdict"], case["found"]) for case in report["cases"]}
    assert code == 0, verdicts
    verdict, declared = verdicts["races.concurrent"]
    assert verdict == "not able"
    assert "read just before a write" in declared


def test_a_wrong_api_key_is_told_before_any_case(workspace: Workspace, powerdns: PowerDnsServer) -> None:
    file = workspace.write(*on_api(powerdns, "guessed key"))

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    assert result.exit_code == 2
    assert "the credentials are not accepted" in result.stderr
    assert "guessed key" not in result.stderr


def test_a_wrong_key_is_told_before_any_case(workspace: Workspace, bind: BindServer) -> None:
    file = workspace.write(*on_server(bind, TsigSecret()))

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    assert result.exit_code == 2
    assert "the credentials are not accepted" in result.stderr
    assert KEY.secret not in result.stderr
    assert result.stdout == ""


def test_a_zone_that_is_not_there_is_told(workspace: Workspace, bind: BindServer) -> None:
    file = workspace.write(*on_server(bind))

    result = workspace.run("provider", "test", "-f", file, "--zone", "elsewhere.example", "--yes")

    assert result.exit_code == 2
    assert "elsewhere.example is not a zone of this provider" in result.stderr


def test_a_key_that_may_only_read_is_told(workspace: Workspace) -> None:
    with BindServer((DOMAIN,), keys=(KEY, READER)) as server:
        server.restrict(f'update-policy {{ grant "{KEY.name}" zonesub ANY; }};')
        file = workspace.write(*on_server(server, READER))

        result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    assert result.exit_code == 2
    assert f"{DOMAIN} can be read but not written with these credentials" in result.stderr
    assert result.stdout == ""


def test_a_server_that_does_not_answer_leaves_it_open(workspace: Workspace) -> None:
    server = BindServer((DOMAIN,), keys=(KEY,))
    file = workspace.write(*on_server(server))  # never started

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")
    server.close()

    assert result.exit_code == 3
    assert f"{DOMAIN} cannot be looked up" in result.stderr


@pytest.mark.parametrize("answer", ["", "n\n"], ids=["no answer", "no"])
def test_nothing_is_written_without_a_yes(workspace: Workspace, answer: str) -> None:
    file = workspace.write(workspace.provider())
    before = (workspace.directory / "zones" / f"{DOMAIN}.zone").read_bytes()

    done = workspace.process("provider", "test", "-f", file, "--zone", DOMAIN, stdin=answer)

    assert done.returncode == 2
    assert "at and below _mailseal-test-" in done.stderr
    assert "not confirmed, nothing was written" in done.stderr
    assert (workspace.directory / "zones" / f"{DOMAIN}.zone").read_bytes() == before


def test_a_yes_on_the_terminal_is_enough(workspace: Workspace) -> None:
    file = workspace.write(workspace.provider())

    done = workspace.process("provider", "test", "-f", file, "--zone", DOMAIN, "--quick", stdin="y\n")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "Missing option '--zone'"),
        (("--zone", "other.example"), "other.example is not in spec.zones"),
        (("--zone", "a..b"), "--zone: 'a..b' is not a domain name"),
        (
            ("--zone", DOMAIN, "--provider", "nobody"),
            "there is no DnsProvider or ClusterDnsProvider called nobody",
        ),
        (("--zone", DOMAIN, "--clean-up", "a.b"), "--clean-up: 'a.b' is not the end of a name"),
    ],
)
def test_wrong_use_is_told(workspace: Workspace, options: tuple[str, ...], message: str) -> None:
    file = workspace.write(workspace.provider(zones=[DOMAIN]))

    result = workspace.run("provider", "test", "-f", file, "--yes", *options)

    assert result.exit_code == 2
    assert message in result.stderr


def test_one_of_several_providers_has_to_be_named(workspace: Workspace) -> None:
    file = workspace.write(workspace.provider(), IN_MEMORY)
    arguments = ("provider", "test", "-f", file, "--zone", DOMAIN, "--yes", "--quick")

    assert "there are several" in workspace.run(*arguments).stderr
    assert workspace.run(*arguments, "--provider", "trial").exit_code == 0


def test_a_provider_that_does_not_conform_is_told_by_its_case(
    workspace: Workspace, backend: MemoryBackend
) -> None:
    backend.faults.refuse = lambda change: (
        "too long" if change.after and len(str(change.after)) > 3000 else None
    )
    file = workspace.write(IN_MEMORY)

    result = workspace.run("provider", "test", "-f", file, "--zone", DOMAIN, "--yes", "--quick")

    assert result.exit_code == 1
    assert "failed     values.length-4000" in result.stdout
    assert "found: Refused: too long" in result.stdout
    assert backend.rrsets(DnsName(DOMAIN)) == {}


def test_what_is_left_behind_is_named_and_removed_by_a_later_run(
    workspace: Workspace, backend: MemoryBackend
) -> None:
    backend.faults.refuse = lambda change: (
        "kept" if not change.after and change.key.name[:5] == "long." else None
    )
    file = workspace.write(IN_MEMORY)
    arguments = ("provider", "test", "-f", file, "--zone", DOMAIN, "--yes")

    first = workspace.run(*arguments, "--quick")
    backend.faults.refuse = None
    second = workspace.run(*arguments, "--clean-up", first.stderr.split("--clean-up ")[1].split()[0])

    assert first.exit_code == 1
    assert "left behind: long._mailseal-test-" in first.stderr
    assert second.exit_code == 0
    assert backend.rrsets(DnsName(DOMAIN)) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_run_that_is_interrupted_cleans_up(workspace: Workspace, number: signal.Signals) -> None:
    file = workspace.write(workspace.provider())
    command = [sys.executable, "-m", "mailseal", "provider", "test", "-f", file, "--zone", DOMAIN, "--yes"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"passed")
        process.send_signal(number)
        _, complaints = process.communicate(timeout=60)
    finally:
        end(process)

    assert process.returncode == 130
    assert b"interrupted" in complaints
    assert b"Traceback" not in complaints
    assert workspace.names() == set()
