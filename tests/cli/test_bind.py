"""The command line against a real BIND."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.commandline import Workspace, mail_domain, owner, resource, secret
from support.servers import BindServer, TsigSecret

KEY = TsigSecret()
ZONE = "cli-on-bind.example"


@pytest.fixture(scope="module")
def primary() -> Iterator[BindServer]:
    """A primary that takes updates."""
    with BindServer((), keys=(KEY,)) as server:
        yield server


@pytest.fixture
def zone(primary: BindServer, request: pytest.FixtureRequest) -> str:
    """A fresh zone on it."""
    name = f"{request.node.name.split('[')[0].replace('_', '-')[:40]}.{ZONE}"
    primary.add_zone(name, '@ 300 IN TXT "somebody else"')
    return name


def provider(server: BindServer, *nameservers: str, **settings: Any) -> dict[str, Any]:
    """The DnsProvider `zone` on a server."""
    spec = {
        "type": "rfc2136",
        "rfc2136": {
            "server": server.address,
            "port": server.port,
            "tsigKeyName": KEY.name,
            "timeoutSeconds": 2,
            **settings,
        },
        "credentialsSecretRef": {"name": "tsig"},
        "nameservers": [server.endpoint, *nameservers],
    }
    return resource("DnsProvider", "zone", spec)


def tsig(text: str = KEY.secret) -> dict[str, Any]:
    """The provider's Secret."""
    return secret("tsig", {"tsig-secret": text})


def spf(zone: str, *mechanisms: str) -> dict[str, Any]:
    """A MailDomain of that zone."""
    return owner("MailDomain", domain=zone, spf={"mechanisms": list(mechanisms)})


def texts(server: BindServer, name: str) -> set[str]:
    """What the server answers."""
    return {b"".join(rdata.strings).decode() for rdata in server.query(name, "TXT") or ()}


def test_round_trip(workspace: Workspace, primary: BindServer, zone: str) -> None:
    """plan, apply, plan, edit, delete, with every key and a policy; status agrees at each step."""
    documents = [
        provider(primary),
        tsig(),
        owner("DkimKey", "key", domain=zone, keys=[{"algorithm": "Ed25519"}], rotation={"retireAfter": "0s"}),
    ]
    file = workspace.write(*documents, spf(zone, "mx"))
    secrets = ("--secrets-dir", workspace.secrets)

    assert workspace.process("plan", "-f", file, "--expect-no-changes", *secrets).returncode == 3
    assert workspace.run("status", "-f", file, *secrets).exit_code == 1
    applied = workspace.process("apply", "-f", file, "--yes", *secrets)
    assert (applied.returncode, applied.stdout.splitlines()[-1]) == (
        0,
        "Wrote 3 record sets; 2 of 2 resources done.",
    )
    assert texts(primary, zone) == {"somebody else", "v=spf1 mx -all"}
    assert workspace.process("plan", "-f", file, "--expect-no-changes", *secrets).returncode == 0
    status = workspace.run("status", "-f", file, *secrets)
    assert status.exit_code == 0
    assert f"asked {primary.endpoint}" in status.stdout

    workspace.write(*documents, spf(zone, "a"))
    assert "- v=spf1 mx -all" in workspace.run("plan", "-f", file, *secrets).stdout
    assert workspace.run("apply", "-f", file, "--yes", *secrets).exit_code == 0
    assert workspace.run("apply", "-f", file, "--yes", "--delete").exit_code == 0
    assert texts(primary, zone) == {"somebody else"}
    assert texts(primary, f"_mailseal.{zone}") == set()


@pytest.mark.parametrize("command", ["plan", "apply", "status"])
def test_a_wrong_tsig_secret(workspace: Workspace, primary: BindServer, zone: str, command: str) -> None:
    """The message says so and shows no secret."""
    wrong = TsigSecret().secret
    file = workspace.write(provider(primary), tsig(wrong), spf(zone, "mx"))

    result = workspace.process(command, "-f", file)

    assert result.returncode == 1
    assert "error: MailDomain default/main: " in result.stderr or f"error: zone {zone} at" in result.stderr
    assert "TSIG" in result.stderr
    assert "Traceback" not in result.stderr
    assert wrong not in result.stdout + result.stderr
    assert KEY.secret not in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["plan", "apply", "status"])
def test_a_dead_server(workspace: Workspace, command: str) -> None:
    """A clear message, once for all resources, within the time-outs."""
    with BindServer((), keys=(KEY,)) as server:
        pass
    file = workspace.write(
        provider(server),
        tsig(),
        *(
            owner("MailDomain", f"d{number}", domain=f"d{number}.example", parked=True)
            for number in range(20)
        ),
    )

    result = workspace.process(command, "-f", file)

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: MailDomain default/d0, MailDomain default/d1, ")
    assert f"127.0.0.1:{server.port}" in line or server.address in line
    assert "Traceback" not in result.stderr


def test_a_secondary_that_lags(workspace: Workspace, primary: BindServer, zone: str) -> None:
    """Written is not published: apply waits, says which server lags, and status says the same."""
    with BindServer(primary=primary, notified=False) as secondary:
        primary.put(zone, zone, "TXT", 300, '"somebody else"', '"v=spf1 mx -all"')
        file = workspace.write(provider(primary, secondary.endpoint), tsig(), spf(zone, "mx"))

        applied = workspace.run("apply", "-f", file, "--yes", "--verify-seconds", "0.5")
        status = workspace.run("status", "-f", file)
        _, seen = workspace.run_json("status", "-f", file)

    assert (applied.exit_code, status.exit_code) == (1, 1)
    assert "MailDomain default/main  Propagating" in applied.stdout
    assert f"! {secondary.endpoint} does not answer the new value yet" in status.stdout
    record = seen["zones"][0]["resources"][0]["records"][0]
    assert (record["state"], record["reason"]) == ("Propagating", "NotYetAnswered")
    assert seen["zones"][0]["servers"] == [primary.endpoint, secondary.endpoint]


def test_status_shows_what_is_answered_instead(workspace: Workspace, primary: BindServer, zone: str) -> None:
    """Somebody changed our record: the found value stands beside the wanted one."""
    file = workspace.write(provider(primary), tsig(), spf(zone, "mx"))
    workspace.run("apply", "-f", file, "--yes")
    workspace.write(provider(primary), tsig(), spf(zone, "a"))

    status = workspace.run("status", "-f", file)

    assert status.exit_code == 1
    assert f"Pending {zone} TXT: v=spf1 a -all" in status.stdout
    assert (
        f"! {primary.endpoint} does not answer the new value yet, but v=spf1 mx -all; run mailseal apply"
        in status.stdout
    )
    assert texts(primary, zone) == {"somebody else", "v=spf1 mx -all"}, "status writes nothing"


def test_a_cluster_provider_has_its_secret_in_the_operators_namespace(
    workspace: Workspace, primary: BindServer, zone: str
) -> None:
    """As in a cluster; the namespace is an option."""
    spec = {**provider(primary)["spec"], "allowedNamespaces": ["*"]}
    ref = {"name": "zone", "kind": "ClusterDnsProvider"}
    documents = [resource("ClusterDnsProvider", "zone", spec), mail_domain(domain=zone, providerRef=ref)]
    file = workspace.write(*documents, secret("tsig", {"tsig-secret": KEY.secret}, "mailseal-system"))

    assert workspace.run("plan", "-f", file).exit_code == 0
    elsewhere = workspace.run("plan", "-f", file, "--operator-namespace", "dns")
    assert elsewhere.exit_code == 2
    assert "Secret dns/tsig is not in the files" in elsewhere.stderr


def test_a_refused_record_is_its_owners_alone(workspace: Workspace, zone: str) -> None:
    """The server takes updates of some names only: the other resource is published all the same."""
    access = (
        f"update-policy {{ grant {KEY.name} name {zone} TXT; grant {KEY.name} name _mailseal.{zone} TXT; }};"
    )
    with BindServer((zone,), keys=(KEY,), access=access) as server:
        policy = owner("MailDomain", "policy", domain=zone, dmarc={"policy": "none"})
        file = workspace.write(provider(server), tsig(), spf(zone, "mx"), policy)

        result = workspace.run("apply", "-f", file, "--yes")

        assert result.exit_code == 1
        assert "MailDomain default/main    Published" in result.stdout
        assert "MailDomain default/policy  Refused" in result.stdout
        assert texts(server, zone) == {"v=spf1 mx -all"}
