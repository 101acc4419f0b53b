"""A strict DMARC policy waits for DKIM on the command line, too."""

from __future__ import annotations

import pytest

from support.commandline import DOMAIN, Workspace, mail_domain, owner

DMARC = f"_dmarc.{DOMAIN}"
STRICT = {"policy": "reject", "subdomainPolicy": "quarantine"}
REJECT = "v=DMARC1; p=reject; sp=quarantine"


def test_without_a_selector_that_works_the_record_asks_for_none(workspace: Workspace) -> None:
    file = workspace.put(mail_domain(dmarc=STRICT))
    applied = workspace.run("apply", "-f", file, "--yes")
    assert workspace.texts(DMARC) == {"v=DMARC1; p=none; sp=none"}
    assert "DKIM does not work yet: " in " ".join(applied.stdout.split())


@pytest.mark.parametrize(
    "fields",
    [
        {"dmarc": {**STRICT, "waitForDkim": False}},
        {"dmarc": STRICT, "dkim": {"externalSelectors": [{"selector": "s1"}]}},
    ],
    ids=["it does not wait", "others run a selector"],
)
def test_otherwise_it_asks_for_what_the_spec_says(workspace: Workspace, fields) -> None:
    workspace.run("apply", "-f", workspace.put(mail_domain(**fields)), "--yes")
    assert workspace.texts(DMARC) == {REJECT}


def test_it_waits_while_the_dkim_key_of_the_files_does_not_sign_yet(workspace: Workspace) -> None:
    key = owner("DkimKey", keys=[{"algorithm": "Ed25519"}])
    file = workspace.put(mail_domain(dmarc=STRICT), key)
    workspace.run("apply", "-f", file, "--yes", "--secrets-dir", str(workspace.secrets))
    assert workspace.texts(DMARC) == {"v=DMARC1; p=none; sp=none"}, "the key may not sign yet"


def test_what_stands_gets_no_milder(workspace: Workspace) -> None:
    workspace.run("apply", "-f", workspace.put(mail_domain(dmarc={**STRICT, "waitForDkim": False})), "--yes")
    again = workspace.run("plan", "-f", workspace.put(mail_domain(dmarc=STRICT)), "--expect-no-changes")
    assert again.exit_code == 0, again.output
