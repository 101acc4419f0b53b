"""`mailseal nta lookup`: who is ready today, and how mail goes, with BIND in the place of the resolver."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.commandline import Workspace, mail_domain
from support.mailzone import PLAIN, READY, mail_zone, silent_resolver, this_month
from support.servers.bind import BindServer
from support.signedinternet import Delegation, SignedInternet, SignedZone

VIEWER_DOMAINS = ["bare.example", "expired.example", "future.example", "double.example", "dialect.example"]


@pytest.fixture(scope="module")
def server() -> Iterator[BindServer]:
    """The zone of mail domains."""
    with mail_zone() as started:
        yield started


def rows(text: str) -> dict[str, str]:
    """The rows of the table by recipient, without the columns' spaces."""
    return {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines()[1:]}


def lookups(workspace: Workspace, server: BindServer, *arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the recipients of the JSON by domain."""
    code, value = workspace.run_json("nta", "lookup", "--resolver", server.endpoint, *arguments)
    return code, {found["domain"]: found for found in value["results"]}


def test_a_ready_recipient_gets_mail_at_its_ntamx_hosts(workspace: Workspace, server: BindServer) -> None:
    """The lowest preference first; all are ready, so the exit code is 0."""
    result = workspace.run("nta", "lookup", READY, "--resolver", server.endpoint)

    last = this_month().plus(30).last_day
    assert rows(result.stdout) == {
        READY: f"ready through {last} zorgmail direct first.mail.example, second.mail.example"
    }
    assert result.exit_code == 0


def test_a_ready_recipient_without_ntamx_gets_mail_at_its_mx(
    workspace: Workspace, server: BindServer
) -> None:
    _, found = lookups(workspace, server, PLAIN)

    assert found[PLAIN]["hosts"] == ["first.mail.example", "backup.mail.example"]
    assert found[PLAIN]["provider"] == "zorgmail"
    assert found[PLAIN]["validFrom"] == str(this_month().first_day)
    assert found[PLAIN]["validThrough"] == str(this_month().plus(12).last_day)


def test_recipients_that_are_not_ready_get_a_viewer(workspace: Workspace, server: BindServer) -> None:
    """Each says why; one that is not ready makes the exit code 1."""
    code, found = lookups(workspace, server, *VIEWER_DOMAINS, READY)

    assert code == 1
    assert {name: found[name]["readiness"] for name in VIEWER_DOMAINS} == {
        "bare.example": "no-record",
        "expired.example": "expired",
        "future.example": "not-yet-valid",
        "double.example": "several-records",
        "dialect.example": "invalid-record",
    }
    assert {found[name]["delivery"] for name in VIEWER_DOMAINS} == {"viewer"}
    assert not any(found[name]["hosts"] for name in VIEWER_DOMAINS)
    assert found[READY]["delivery"] == "direct"


def test_quiet_leaves_out_who_gets_mail_directly(workspace: Workspace, server: BindServer) -> None:
    """In JSON everybody stays, for programs."""
    names = (READY, "expired.example", "elsewhere.invalid", PLAIN)

    result = workspace.run("nta", "lookup", *names, "--quiet", "--resolver", server.endpoint)
    _, found = lookups(workspace, server, *names, "--quiet")

    assert rows(result.stdout).keys() == {"expired.example", "elsewhere.invalid"}
    assert found.keys() == set(names)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_columns_are_as_wide_as_what_stands_in_them(
    workspace: Workspace, server: BindServer, language: str
) -> None:
    result = workspace.run(
        "nta", "lookup", READY, *VIEWER_DOMAINS, "--resolver", server.endpoint, "--language", language
    )

    header, *lines = result.stdout.splitlines()
    goes = header.index("MAIL GOES" if language == "en" else "MAIL GAAT")
    assert {line[goes - 2 : goes] for line in lines} == {"  "}
    assert all(line[goes] != " " for line in lines)


def test_a_recipient_in_a_partner_network_gets_mail_directly(
    workspace: Workspace, server: BindServer
) -> None:
    """At its MX hosts, whether it is ready or not."""
    code, found = lookups(workspace, server, "bare.example", "--partner-network")

    assert code == 0
    assert found["bare.example"]["ready"] is False
    assert (found["bare.example"]["delivery"], found["bare.example"]["reason"]) == (
        "direct",
        "partner-network",
    )
    assert found["bare.example"]["hosts"] == ["first.mail.example"]


@pytest.mark.parametrize(
    ("sender", "route", "code"), [(PLAIN, "direct", 0), ("bare.example", "not-assured", 1)]
)
def test_the_sender_counts(
    workspace: Workspace, server: BindServer, sender: str, route: str, code: int
) -> None:
    """From a sender that is not ready itself, nothing is promised."""
    found_code, found = lookups(workspace, server, READY, "--sender", sender)

    assert (found_code, found[READY]["delivery"]) == (code, route)


def test_the_sender_is_told(workspace: Workspace, server: BindServer) -> None:
    result = workspace.run(
        "nta", "lookup", READY, "--sender", "bare.example", "--resolver", server.endpoint, "--language", "nl"
    )

    assert result.stdout.splitlines()[0] == "Afzender bare.example: niet gereed: geen NTA 7516-record"
    assert result.stdout.splitlines()[1].split()[0] == "ONTVANGER"
    assert result.stdout.splitlines()[2].endswith("niet geborgd       - (de afzender is niet gereed)")


def test_what_is_not_answered_is_not_known(workspace: Workspace, server: BindServer) -> None:
    """BIND refuses foreign names: exit code 3, and no guess."""
    code, found = lookups(workspace, server, "elsewhere.invalid", READY)

    assert code == 3
    assert (found["elsewhere.invalid"]["ready"], found["elsewhere.invalid"]["delivery"]) == (None, None)
    assert "REFUSED" in found["elsewhere.invalid"]["fault"]


def test_a_sender_that_is_not_known_leaves_it_open(workspace: Workspace, server: BindServer) -> None:
    result = workspace.run(
        "nta", "lookup", READY, "--sender", "elsewhere.invalid", "--resolver", server.endpoint
    )

    assert result.exit_code == 3
    assert rows("\n".join(result.stdout.splitlines()[1:]))[READY].endswith(
        "? - (whether the sender is ready is not known)"
    )


def test_a_name_that_does_not_exist_is_not_ready(workspace: Workspace, server: BindServer) -> None:
    code, found = lookups(workspace, server, "no-such-name.example")

    assert (code, found["no-such-name.example"]["readiness"]) == (1, "no-domain")
    assert found["no-such-name.example"]["delivery"] == "nowhere"


def test_recipients_from_lists_and_manifests(workspace: Workspace, server: BindServer) -> None:
    """Each once, however often it stands there."""
    recipients = workspace.directory / "recipients.txt"
    recipients.write_text(f"# care organisations\n{READY}\n\n {PLAIN.upper()}.  # second\n{READY}\n")
    manifest = workspace.write(mail_domain(domain="bare.example"))

    code, found = lookups(workspace, server, "-f", recipients, "-f", manifest, READY)

    assert code == 1
    assert sorted(found) == ["bare.example", PLAIN, READY]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "no domain is given"),
        (["a..b"], "'a..b' is not a domain name"),
        (["info@ready.example"], "'info@ready.example' is not a domain name"),
        ([READY, "--sender", "x y"], "--sender: 'x y' is not a domain name"),
        ([READY, "--resolver", "dns.example"], "is not an IP address"),
        (["-f", "/no/such/file"], "/no/such/file: cannot be read"),
    ],
)
def test_wrong_use_is_told(workspace: Workspace, arguments: list[str], fault: str) -> None:
    """Exit code 2, and nothing on standard output."""
    result = workspace.run("nta", "lookup", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr


def test_a_silent_resolver_takes_bounded_time(workspace: Workspace) -> None:
    """All recipients are unknown, within a few times the limit of one question."""
    names = [f"d{number}.example" for number in range(40)]
    started = time.monotonic()

    with silent_resolver() as silence:
        result = workspace.process(
            "nta", "lookup", *names, "--resolver", silence.endpoint, "--query-seconds", "1"
        )

    assert result.returncode == 3
    assert len(rows(result.stdout)) == 40
    assert "unknown: no answer" in result.stdout
    assert result.stderr == ""
    assert time.monotonic() - started < 15


def test_json_is_whole_and_plain(workspace: Workspace, server: BindServer) -> None:
    """Also without a terminal: no colours, no progress bar."""
    result = workspace.process("nta", "lookup", READY, "-o", "json", "--resolver", server.endpoint)

    assert result.stderr == ""
    value = json.loads(result.stdout)
    assert (value["schemaVersion"], value["sender"], value["partnerNetwork"]) == (1, None, False)


def test_a_record_that_dnssec_shows_to_be_forged_is_not_believed(workspace: Workspace) -> None:
    """It is not known then whether the recipient is ready; one that is sound, or not signed, is."""
    month = this_month()
    record = f'@ TXT "v=NTA7516-1;startdate={month};enddate={month.plus(12)};provider=zorgmail"\n@ MX 10 mx'
    zones = {
        "sound.nl": record,
        "plain.nl": SignedZone(record, algorithm=None),
        "forged.nl": SignedZone(record, delegation=Delegation.WRONG),
    }
    with SignedInternet(zones) as internet:
        anchors = [word for anchor in internet.trust_anchors for word in ("--trust-anchor", anchor)]
        code, value = workspace.run_json("nta", "lookup", *zones, "--resolver", internet.resolver, *anchors)

    found = {lookup["domain"]: lookup for lookup in value["results"]}
    assert {name: lookup["ready"] for name, lookup in found.items()} == {
        "sound.nl": True,
        "plain.nl": True,
        "forged.nl": None,
    }
    assert found["forged.nl"]["fault"].startswith("DNSSEC is broken: ")
    assert code == 3


def test_nobody_receives_mail_at_a_null_mx(workspace: Workspace) -> None:
    """Not even a viewer's notice reaches it."""
    with BindServer({"parked.example": "@ IN MX 0 ."}) as server:
        code, found = lookups(workspace, server, "parked.example")

    assert (found["parked.example"]["delivery"], found["parked.example"]["reason"]) == ("nowhere", "no-mail")
    assert code == 1
