"""The operator checks domains as their resolver sees them, tells what it found, and opens the gate."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import pytest

from support.cluster import Cluster
from support.kubehttp import KubeHttp
from support.mailcertificates import Authority
from support.operators import OperatorProcess
from support.servers.exim import EximHost, EximServer
from support.world import World
from support.worldmanifests import Object

INTERVAL_SECONDS = 2
MAIL_ADDRESS = "127.0.3.1"
RUNS = "mailseal_checks_run_seconds_count"
DMARC = {"policy": "quarantine"}
RELAY = "v=spf1 ip4:192.0.2.128/28 -all"
PREREQUISITES = [{"check": "SPF"}, {"check": "DKIM"}, {"check": "DMARC"}, {"check": "TLS", "mode": "Warn"}]
QUICK = ("--resync-seconds", "5", "--verify-seconds", "1", "--verbose")


def checking(resolver: str) -> tuple[str, ...]:
    """Flags of an operator that asks `resolver` all that it checks, and comes back to that soon."""
    return (
        *(*QUICK, "--checks", "--check-allow-private", "--resolver", resolver),
        *("--check-interval", f"{INTERVAL_SECONDS}s", "--check-domain-seconds", "20"),
    )


@pytest.fixture
def stopped(
    controlplane: Cluster, api: KubeHttp, operator_kubeconfig: Path, tmp_path: Path
) -> Iterator[World]:
    """A world with a provider, and an operator that the test starts with flags of its own."""
    log = tmp_path / "operator.log"
    log.touch()
    operator = OperatorProcess(operator_kubeconfig, log)
    with ExitStack() as ending:
        ending.callback(operator.stop)
        made = ending.enter_context(World(controlplane, api, operator))
        made.apply(made.tsig(), made.provider())
        yield made


@pytest.fixture
def world(stopped: World) -> World:
    """The same with an operator that has the world's name server for a resolver."""
    stopped.operator.set_flags(*checking(stopped.server.endpoint))
    stopped.operator.start()
    return stopped


@pytest.fixture
def silent_resolver() -> Iterator[str]:
    """A resolver that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taking.getsockname()[1]}"


def outcome(world: World, kind: str, subject: str, outcome: str) -> float:
    labels = {"kind": kind, "namespace": world.namespace, "subject": subject, "outcome": outcome}
    return world.operator.metric("mailseal_check_outcome", **labels)


def wait_runs(world: World, count: int) -> None:
    wanted = world.operator.metric(RUNS) + count
    world.wait(lambda: world.operator.metric(RUNS) >= wanted, f"{count} more runs of the checks")


def test_what_checks_find_is_told_and_costs_no_further_write(world: World) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}))
    world.wait(
        lambda: world.condition("MailDomain", "mail", "Checks").get("reason") == "ChecksFailed",
        "a check that fails",
    )
    entries = world.status("MailDomain", "mail")["checks"]
    policy = next(entry for entry in entries if entry["check"] == "dmarc.policy")
    assert (policy["outcome"], policy["domain"]) == ("Fail", world.domain)
    assert world.condition("MailDomain", "mail")["status"] == "True", "our records are as they should be"
    assert outcome(world, "MailDomain", "dmarc", "fail") == 1
    assert outcome(world, "MailDomain", "spf", "fail") == 0
    wait_runs(world, 2)
    version = world.get("MailDomain", "mail")["metadata"]["resourceVersion"]
    writes = world.writes()
    wait_runs(world, 4)
    assert world.get("MailDomain", "mail")["metadata"]["resourceVersion"] == version
    assert world.writes() == writes


def relayed(world: World) -> tuple[Object, Object]:
    """A MailDomain and a DkimKey in order, for mail that the provider's relay sends, too."""
    mechanisms = ["ip4:192.0.2.0/28", f"include:_spf.{world.domain}"]
    return world.mail_domain(spf={"mechanisms": mechanisms}, dmarc=DMARC), world.dkim_key()


def wait_checks(world: World, kind: str, name: str, reason: str) -> str:
    """Wait until the condition Checks has this reason; its message."""
    world.wait(lambda: world.condition(kind, name, "Checks").get("reason") == reason, f"{kind} {reason}")
    return str(world.condition(kind, name, "Checks")["message"])


def test_checks_that_begin_to_fail_or_work_again_are_events(world: World) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}))
    assert "dmarc.policy" in wait_checks(world, "MailDomain", "mail", "ChecksFailed")
    world.change("MailDomain", "mail", dmarc=DMARC | {"waitForDkim": False})

    def says(reason: str, text: str) -> bool:
        return any(found == reason and text in told for found, told in world.events("MailDomain", "mail"))

    world.wait(lambda: says("ChecksRecovered", "dmarc.policy"), "an Event about the recovery")
    assert says("ChecksFailed", "dmarc.policy")
    assert outcome(world, "MailDomain", "dmarc", "fail") == 0


def test_a_parked_domain_as_mailseal_publishes_it_fails_no_check(world: World) -> None:
    world.apply(world.manifest("MailDomain", "parked", parked=True))
    world.wait_ready("MailDomain", "parked")
    wait_checks(world, "MailDomain", "parked", "ChecksUnknown")  # Nothing proves that the zone is not signed.
    entries = world.status("MailDomain", "parked")["checks"]
    assert {entry["check"] for entry in entries if entry["outcome"] != "Warn"} == {"dnssec.chain"}
    assert outcome(world, "MailDomain", "mx", "pass") == 1
    assert outcome(world, "MailDomain", "spf", "fail") == 0


def test_the_gate_tells_what_to_do_and_opens_when_the_prerequisites_pass(world: World) -> None:
    world.zone.add("_spf", f'"{RELAY}"')
    world.apply(world.nta_record(prerequisites=PREREQUISITES, relay=f"_spf.{world.domain}"))
    message = world.wait_reason("NtaRecord", "nta", "PrerequisitesFailed")
    assert "DKIM fails" in message
    assert "SPF fails" in message
    assert "TLS" not in message, "it is only a warning"
    assert world.zone.txt("@") == []

    world.apply(*relayed(world))
    world.wait_ready("NtaRecord", "nta")
    assert any(text.startswith("v=NTA7516-1;") for text in world.zone.txt("@"))
    world.wait(lambda: outcome(world, "NtaRecord", "nta7516", "pass") == 1, "the record seen by the checks")
    wait_checks(world, "NtaRecord", "nta", "ChecksFailed")  # Nothing receives mail in this world.


def test_a_silent_resolver_holds_up_no_sync(stopped: World, silent_resolver: str) -> None:
    stopped.operator.set_flags(*checking(silent_resolver))
    stopped.operator.start()
    stopped.apply(stopped.mail_domain(), stopped.nta_record(prerequisites=PREREQUISITES))
    stopped.wait_ready("MailDomain", "mail")
    assert "not checked yet" in stopped.wait_reason("NtaRecord", "nta", "PrerequisitesUnknown")
    stopped.change("MailDomain", "mail", spf={"mechanisms": ["mx"]})
    stopped.wait_ready("MailDomain", "mail")
    stopped.wait_for_syncs(2)
    wait_checks(stopped, "MailDomain", "mail", "ChecksUnknown")
    assert stopped.operator.get("/healthz")[0] == 200
    assert not any(text.startswith("v=NTA7516") for text in stopped.zone.txt("@"))


def test_checks_that_are_turned_off_leave_nothing_behind_and_say_why_the_gate_is_shut(world: World) -> None:
    world.apply(world.mail_domain(dmarc={"policy": "none"}), world.nta_record(prerequisites=PREREQUISITES))
    wait_checks(world, "MailDomain", "mail", "ChecksFailed")
    world.operator.stop()
    world.operator.set_flags(*QUICK)
    world.operator.start()
    world.wait(lambda: not world.condition("MailDomain", "mail", "Checks"), "the condition gone")
    assert "checks" not in world.status("MailDomain", "mail")
    message = "the operator runs without live checks (--no-checks"
    world.wait(lambda: message in world.condition("NtaRecord", "nta").get("message", ""), "the reason told")


def test_all_that_nta7516_asks_for_by_default_can_be_met(
    controlplane: Cluster, api: KubeHttp, operator_kubeconfig: Path, tmp_path: Path
) -> None:
    """A zone that BIND signs and updates, a mail server with TLS, and the checks' own trust anchor."""
    log = tmp_path / "operator.log"
    log.touch()
    operator = OperatorProcess(operator_kubeconfig, log)
    world = World(controlplane, api, operator, f'mx A {MAIL_ADDRESS}\n@ MX 10 mx\n_spf TXT "{RELAY}"\n')
    world.server.restrict(f'allow-update {{ key "{world.key.name}"; }}; dnssec-policy default;')
    host = f"mx.{world.domain}"
    authority = Authority.root("mailseal test root")
    anchors = tmp_path / "ca.pem"
    anchors.write_bytes(authority.pem)
    with ExitStack() as ending:
        mail = ending.enter_context(EximServer([EximHost(MAIL_ADDRESS, authority.issue(host))]))
        ending.callback(operator.stop)
        ending.enter_context(world)
        operator.set_flags(
            *(*checking(world.server.endpoint), "--trust-anchor", key_of(world)),
            *("--check-smtp-port", str(mail.port), "--check-ca-file", str(anchors)),
        )
        operator.start()
        wanted = [{"check": name} for name in ("SPF", "DKIM", "DMARC", "DNSSEC", "TLS", "NTAMX")]
        ntamx = [{"preference": 10, "host": host}]
        nta = world.nta_record(prerequisites=wanted, ntamx=ntamx, relay=f"_spf.{world.domain}")
        world.apply(world.tsig(), world.provider(), nta)
        message = world.wait_reason("NtaRecord", "nta", "PrerequisitesFailed")
        assert "DKIM fails" in message
        assert "DNSSEC" not in message
        assert "TLS" not in message
        world.apply(*relayed(world))
        world.wait_ready("NtaRecord", "nta")
        expiry = operator.metric("mailseal_mail_server_certificate_expiry_timestamp_seconds", host=host)
        assert expiry > world.now().timestamp()


def key_of(world: World) -> str:
    """The key that the zone of the world is signed with, once it is."""
    question = dns.message.make_query(world.domain, dns.rdatatype.DNSKEY)
    found: list[str] = []

    def look() -> bool:
        answer = dns.query.tcp(question, world.server.address, port=world.server.port, timeout=5)
        found[:] = [f"{rrset.name} IN DNSKEY {rrset[0]}" for rrset in answer.answer]
        return bool(found)

    world.wait(look, "a signed zone")
    return found[0]
