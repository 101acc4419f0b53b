"""plan, apply, plan again: what a user of zone files sees from the first record to the last."""

from __future__ import annotations

import pytest

from support.commandline import DOMAIN, Workspace, mail_domain, owner

FOREIGN = "google-site-verification=abc"
DMARC = f"_dmarc.{DOMAIN}"
HERITAGE = f"_mailseal.{DOMAIN}"


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """With somebody else's value beside ours."""
    workspace.add_zone(DOMAIN, f'@ 300 IN TXT "{FOREIGN}"')
    return workspace


def test_from_first_plan_to_deletion(workspace: Workspace) -> None:
    """Each step as a process, with the exit codes that scripts rely on."""
    file = workspace.put(mail_domain(spf={"mechanisms": ["mx"]}, dmarc={"policy": "none"}))

    assert workspace.process("plan", "-f", file).returncode == 0
    assert workspace.process("plan", "-f", file, "--expect-no-changes").returncode == 3
    assert workspace.texts() == {FOREIGN}, "plan writes nothing"

    applied = workspace.process("apply", "-f", file, "--yes")
    assert (applied.returncode, applied.stderr) == (0, "")
    assert workspace.texts() == {FOREIGN, "v=spf1 mx -all"}
    assert workspace.texts(DMARC) == {"v=DMARC1; p=none"}
    unchanged = workspace.process("plan", "-f", file, "--expect-no-changes")
    assert (unchanged.returncode, unchanged.stdout) == (0, "No changes.\n")

    workspace.put(mail_domain(spf={"mechanisms": ["a", "mx"]}))
    edited = workspace.process("plan", "-f", file, "--expect-no-changes")
    assert edited.returncode == 3
    assert "    - v=DMARC1; p=none   # MailDomain default/main\n" in edited.stdout
    assert "    - v=spf1 mx -all   # MailDomain default/main\n" in edited.stdout
    assert "    + v=spf1 a mx -all   # MailDomain default/main\n" in edited.stdout
    assert f"    = {FOREIGN}   # not mailseal's\n" in edited.stdout
    assert workspace.process("apply", "-f", file, "--yes").returncode == 0
    assert (workspace.texts(), workspace.texts(DMARC)) == ({FOREIGN, "v=spf1 a mx -all"}, set())

    deleted = workspace.process("apply", "--delete", "-f", file, "--yes")
    assert deleted.returncode == 0
    assert "MailDomain default/main  Removed" in deleted.stdout
    assert workspace.texts() == {FOREIGN}
    assert workspace.names() == {DOMAIN}


def test_a_resource_that_leaves_the_files_keeps_its_records(workspace: Workspace) -> None:
    """Only --delete removes: a file that was not given is no order to delete."""
    both = workspace.put(mail_domain(), mail_domain("policy", dmarc={"policy": "none"}))
    workspace.run("apply", "-f", both, "--yes")
    one = workspace.put(mail_domain())

    planned = workspace.run("plan", "-f", one, "--expect-no-changes")

    assert planned.exit_code == 0
    assert (
        f"! Orphan: {DMARC} TXT: v=DMARC1; p=none was published for a resource that is not in"
        in planned.stdout
    )
    assert workspace.run("apply", "-f", one, "--yes").exit_code == 0
    assert workspace.texts(DMARC) == {"v=DMARC1; p=none"}


def test_delete_removes_the_given_resources_only(workspace: Workspace) -> None:
    """The other resource of the domain keeps its value and its heritage entry."""
    first, second = mail_domain(), mail_domain("policy", dmarc={"policy": "none"})
    workspace.run("apply", "-f", workspace.put(first, second), "--yes")

    deleting = workspace.write(workspace.provider(), second, name="second.yaml")
    planned = workspace.run("plan", "--delete", "-f", deleting)
    assert "- v=DMARC1; p=none" in planned.stdout
    assert workspace.run("apply", "--delete", "-f", deleting, "--yes").exit_code == 0

    assert (workspace.texts(), workspace.texts(DMARC)) == ({FOREIGN, "v=spf1 mx -all"}, set())
    kept = workspace.put(first)
    assert workspace.run("plan", "-f", kept, "--expect-no-changes").exit_code == 0


def test_delete_with_deletion_policy_orphan_leaves_the_values(workspace: Workspace) -> None:
    """As in a cluster: mailseal forgets the value, which stays."""
    file = workspace.put(mail_domain(deletionPolicy="Orphan"))
    workspace.run("apply", "-f", file, "--yes")

    result = workspace.run("apply", "--delete", "-f", file, "--yes")

    assert result.exit_code == 0
    assert "MailDomain default/main  LeftInPlace" in result.stdout
    assert workspace.texts() == {FOREIGN, "v=spf1 mx -all"}
    assert workspace.names() == {DOMAIN}


def test_the_heritage_carries_the_operator_id(workspace: Workspace) -> None:
    """What one id published is another's: it is neither changed nor removed."""
    file = workspace.put(mail_domain())
    workspace.run("apply", "-f", file, "--yes", "--operator-id", "cluster-a")
    assert next(iter(workspace.texts(HERITAGE))).startswith("v=mailseal1; owner=cluster-a; ")

    workspace.put(mail_domain(spf={"mechanisms": ["a"]}))
    other = workspace.run("plan", "-f", file, "--operator-id", "cluster-b")

    assert other.exit_code == 1
    assert "Conflict (ClaimedByOperator)" in other.stdout
    assert workspace.run("plan", "-f", file, "--operator-id", "cluster-a").exit_code == 0


def test_a_conflict_is_shown_and_holds_back_nobody_else(workspace: Workspace) -> None:
    """The foreign SPF record stays; the DMARC record of the same resource is published."""
    workspace.add_zone(DOMAIN, '@ 300 IN TXT "v=spf1 -all"')
    file = workspace.put(mail_domain(spf={"mechanisms": ["mx"]}, dmarc={"policy": "none"}))

    assert workspace.run("plan", "-f", file).exit_code == 1
    result = workspace.run("apply", "-f", file, "--yes")

    assert result.exit_code == 1
    assert "MailDomain default/main  Conflict" in result.stdout
    assert 'that mailseal did not publish: "v=spf1 -all"' in result.stdout
    assert (workspace.texts(), workspace.texts(DMARC)) == ({"v=spf1 -all"}, {"v=DMARC1; p=none"})


def test_of_two_resources_the_first_in_the_files_wins(workspace: Workspace) -> None:
    """Without creation times the order of the files decides, however the resources are named."""
    first = mail_domain("zulu", spf={"mechanisms": ["mx"]})
    second = mail_domain("alpha", spf={"mechanisms": ["a"]})
    file = workspace.put(first, second)

    result = workspace.run("apply", "-f", file, "--yes")

    assert result.exit_code == 1
    assert workspace.texts() == {FOREIGN, "v=spf1 mx -all"}
    assert "! MailDomain default/alpha:" in result.stdout
    assert "MailDomain default/zulu" in result.stdout


def test_policy_dry_run_writes_nothing(workspace: Workspace) -> None:
    """Neither records nor keys."""
    file = workspace.write(workspace.provider(policy="DryRun"), mail_domain(), owner("DkimKey", "key"))

    planned = workspace.run("plan", "-f", file)
    result = workspace.run("apply", "-f", file, "--yes", "--secrets-dir", workspace.secrets)

    assert "! DryRun: the provider's policy is DryRun: apply writes none of this" in planned.stdout
    assert (planned.exit_code, result.exit_code) == (0, 1)
    assert workspace.texts() == {FOREIGN}
    assert not workspace.secrets.exists()


def test_an_undeclared_nta_record_waits(workspace: Workspace) -> None:
    """The plan has no changes and is no failure; apply is not done."""
    file = workspace.put(owner("NtaRecord", "nta", provider="zorgmail"))

    planned = workspace.run("plan", "-f", file, "--expect-no-changes")

    assert planned.exit_code == 0
    assert "! Pending (DeclarationMissing): NtaRecord default/nta" in planned.stdout
    assert workspace.run("apply", "-f", file).exit_code == 1


def test_nta_months_stay_as_published(workspace: Workspace) -> None:
    """The months are read back from DNS, the only memory that there is."""
    declared = {"signedOn": "2026-09-14", "reference": "ISMS-041"}
    file = workspace.put(
        owner("NtaRecord", "nta", provider="zorgmail", declaration=declared, prerequisites=[])
    )

    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0

    (published,) = workspace.texts() - {FOREIGN}
    assert published.startswith("v=NTA7516-1;startdate=")
    assert workspace.run("plan", "-f", file, "--expect-no-changes").exit_code == 0


def test_deletions_over_the_limit_need_the_digest(workspace: Workspace) -> None:
    """plan names the digest; apply leaves the resources alone without it and deletes with it."""
    limit = {"percent": 30, "fromValues": 1}
    documents = [workspace.provider(deleteLimit=limit), mail_domain()]
    file = workspace.write(*documents)
    workspace.run("apply", "-f", file, "--yes")

    code, planned = workspace.run_json("plan", "--delete", "-f", file)
    (zone,) = planned["zones"]
    digest = zone["refusal"]["digest"]
    refused = workspace.run("apply", "--delete", "-f", file, "--yes")

    assert (code, refused.exit_code) == (1, 1)
    assert f"--confirm-plan {digest}" in refused.stdout
    assert "annotation" not in refused.stdout
    assert "v=spf1 mx -all" in workspace.texts()
    confirmed = workspace.run("apply", "--delete", "-f", file, "--yes", "--confirm-plan", digest)
    assert confirmed.exit_code == 0
    assert workspace.texts() == {FOREIGN}


def test_the_confirmation_in_the_providers_annotation_counts(workspace: Workspace) -> None:
    """A manifest that was confirmed for the operator is confirmed here, too."""
    provider = workspace.provider(deleteLimit={"percent": 30, "fromValues": 1})
    file = workspace.write(provider, mail_domain())
    workspace.run("apply", "-f", file, "--yes")
    _, planned = workspace.run_json("plan", "--delete", "-f", file)
    digest = planned["zones"][0]["refusal"]["digest"]
    provider["metadata"]["annotations"] = {"mailseal.dev/confirm-plan": f"000000000000, {digest}"}
    workspace.write(provider, mail_domain())

    assert workspace.run("apply", "--delete", "-f", file, "--yes").exit_code == 0
    assert workspace.texts() == {FOREIGN}


def test_json_output_of_plan_and_apply(workspace: Workspace) -> None:
    """What programs read."""
    file = workspace.put(mail_domain())

    code, planned = workspace.run_json("plan", "-f", file)
    assert (code, planned["hasChanges"], planned["unplaced"]) == (0, True, [])
    (zone,) = planned["zones"]
    assert (zone["zone"], zone["provider"], zone["policy"]) == (DOMAIN, "DnsProvider default/zone", "Sync")
    apex = next(change for change in zone["changes"] if not change["heritage"])
    assert apex == {
        "name": DOMAIN,
        "type": "TXT",
        "heritage": False,
        "ttlSecondsBefore": 300,
        "ttlSecondsAfter": 300,
        "values": [
            {"change": "added", "value": "v=spf1 mx -all", "owners": ["MailDomain default/main"]},
            {"change": "kept", "value": FOREIGN, "owners": []},
        ],
    }

    code, applied = workspace.run_json("apply", "-f", file, "--yes")
    assert code == 0
    (zone,) = applied["zones"]
    assert zone["done"]
    assert zone["written"] == [f"{HERITAGE} TXT", f"{DOMAIN} TXT"]
    assert zone["resources"][0]["state"] == "Published"
    assert applied["plan"]["hasChanges"]
