"""NtaRecords at the command line: several domains, and the gate before publication and renewal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from mailseal.checks.model import Examined
from mailseal.checks.settings import CheckSettings
from mailseal.cli import prerequisites
from mailseal.domain.prerequisites import Prerequisite
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from support.commandline import DOMAIN, Workspace, mail_domain, owner

DECLARED = {"signedOn": "2026-09-14", "reference": "ISMS-041"}
OTHER = "thuiszorg-voorbeeld.example"


def nta_record(**spec: Any) -> dict[str, Any]:
    return owner("NtaRecord", "nta", **{"provider": "zorgmail", "declaration": DECLARED, **spec})


def nta_records(workspace: Workspace, zone: str = DOMAIN) -> list[str]:
    return [text for text in workspace.texts(zone, zone) if text.startswith("v=NTA7516")]


@dataclass
class Checks:
    """Stands for the live checks: what they find, and what they were asked for."""

    standing: Standing = Standing.PASSED
    asked: list[Examined] = field(default_factory=list)

    async def findings(
        self, domains: Iterable[Examined], settings: CheckSettings, now: datetime
    ) -> Mapping[DnsName, tuple[PrerequisiteFinding, ...]]:
        wanted = list(domains)
        self.asked += wanted
        says = "" if self.standing is Standing.PASSED else "sign the zone"
        finding = PrerequisiteFinding(Prerequisite.DNSSEC, self.standing, says)
        return {examined.domain: (finding,) for examined in wanted}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    made = Checks()
    monkeypatch.setattr(prerequisites, "prerequisite_findings", made.findings)
    return made


GATED = {"prerequisites": [{"check": "DNSSEC"}]}


def test_every_domain_of_a_list_gets_its_record(workspace: Workspace) -> None:
    workspace.add_zone(OTHER)
    record = nta_record(prerequisites=[], domains=[DOMAIN, OTHER])
    del record["spec"]["domain"]
    file = workspace.put(record)

    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0

    assert len(nta_records(workspace)) == 1
    assert nta_records(workspace) == nta_records(workspace, OTHER)
    assert workspace.run("plan", "-f", file, "--expect-no-changes").exit_code == 0
    assert workspace.run("status", "-f", file).exit_code == 0
    assert workspace.run("apply", "-f", file, "--yes", "--delete").exit_code == 0
    assert nta_records(workspace) + nta_records(workspace, OTHER) == []


def test_a_check_that_fails_holds_the_record_back_and_the_rest_is_published(
    workspace: Workspace, checks: Checks
) -> None:
    checks.standing = Standing.FAILED
    file = workspace.put(mail_domain(), nta_record(**GATED))

    result = workspace.run("apply", "-f", file, "--yes")

    assert result.exit_code == 1
    assert "PrerequisitesFailed" in result.stdout
    assert "DNSSEC fails: sign the zone" in " ".join(result.stdout.split())
    assert nta_records(workspace) == []
    assert "v=spf1 mx -all" in workspace.texts()


def test_the_record_is_published_once_the_checks_pass_and_then_nothing_is_checked(
    workspace: Workspace, checks: Checks
) -> None:
    ntamx = [{"preference": 10, "host": "relay.zorgmail.nl"}]
    file = workspace.put(nta_record(**GATED, ntamx=ntamx, relay="_spf.zorgmail.nl"))

    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0

    assert len(nta_records(workspace)) == 1
    (examined,) = checks.asked
    assert (examined.domain, examined.relay, examined.ntamx) == (
        DOMAIN,
        "_spf.zorgmail.nl",
        ("relay.zorgmail.nl",),
    )
    assert workspace.run("plan", "-f", file, "--expect-no-changes").exit_code == 0
    assert len(checks.asked) == 1


@pytest.mark.parametrize(
    "spec",
    [{"prerequisites": []}, {**GATED, "declaration": None}],
    ids=["asks-for-nothing", "undeclared"],
)
def test_nothing_is_checked_where_no_check_could_help(
    workspace: Workspace, checks: Checks, spec: dict[str, Any]
) -> None:
    record = nta_record(**spec)
    record["spec"] = {name: value for name, value in record["spec"].items() if value is not None}
    file = workspace.put(record)
    workspace.run("plan", "-f", file)
    assert checks.asked == []


def test_a_renewal_that_fails_its_checks_leaves_the_record(workspace: Workspace, checks: Checks) -> None:
    start = Month.of(datetime.now(UTC).date()).plus(-35)
    old = nta_record(startMonth=str(start), renewBefore="1d", prerequisites=[])
    assert workspace.run("apply", "-f", workspace.put(old), "--yes").exit_code == 0
    before = nta_records(workspace)
    file = workspace.put(nta_record(**GATED))
    checks.standing = Standing.FAILED
    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0
    assert nta_records(workspace) == before
    checks.standing = Standing.PASSED
    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0
    assert nta_records(workspace) != before
    assert len(nta_records(workspace)) == 1


def test_settings_of_the_checks_that_make_no_sense_are_told(workspace: Workspace) -> None:
    file = workspace.put(nta_record(**GATED))
    result = workspace.run("plan", "-f", file, "--resolver", "nonsense:port")
    assert result.exit_code == 2
    assert "nonsense:port" in result.stderr
