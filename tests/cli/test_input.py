"""Manifests that cannot be used: every fault with file and document, exit code 2, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.commandline import DOMAIN, Workspace, environment, mail_domain, owner, resource, secret


def test_every_fault_is_named_with_file_and_document(workspace: Workspace) -> None:
    """Faults of several documents and files come together."""
    bad = mail_domain("bad", spf={"mechanisms": ["mx"]}, dmarc={"policy": "nonsense"}, colour="red")
    file = workspace.put(mail_domain(), bad)
    other = workspace.write(owner("NtaRecord", "nta"), name="other.yaml")

    result = workspace.process("plan", "-f", file, "-f", other)

    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert all(line.startswith("error: ") for line in lines)
    assert any(f"{file}, document 3 (MailDomain default/bad): spec.dmarc.policy: " in line for line in lines)
    assert any(f"{file}, document 3 (MailDomain default/bad): spec.colour: " in line for line in lines)
    assert any(f"{other}, document 1 (NtaRecord default/nta): spec.provider: " in line for line in lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind: [", "document 1: is not valid YAML: line 1, column 8: "),
        (
            "---\nkind: A\napiVersion: v1\n---\na: *nowhere\n",
            "document 2: is not valid YAML: line 5, column 4: ",
        ),
        ("a: &a {b: *a}", "document 1: is not valid YAML: "),
        ("kind: A\nkind: B", "line 2, column 1: a key stands twice in a mapping"),
        ("a: 2026-99-99", "a value is not valid for its type"),
        ("a: !!python/object:os.system {}", "document 1: is not valid YAML: line 1, column 4: "),
        ("a: .nan", "has none in JSON"),
        ("\x01", "a character that YAML does not allow"),
        ("[" * 5000, "nested too deeply"),
        ("hello", "document 1: is not a Kubernetes resource: it has no kind"),
        ("kind: MailDomain\napiVersion: mailseal.dev/v9", "apiVersion: write mailseal.dev/v1alpha1"),
        (
            "kind: MailDomain\napiVersion: mailseal.dev/v1alpha1",
            "(MailDomain): metadata.name: write the name",
        ),
        (
            "kind: Secret\napiVersion: v1\nmetadata: {name: a, namespace: A_B}",
            "(Secret): metadata.namespace: write the name",
        ),
    ],
)
def test_what_is_no_manifest(workspace: Workspace, text: str, problem: str) -> None:
    """Broken YAML and documents without what every resource has."""
    path = workspace.directory / "broken.yaml"
    path.write_text(text)

    result = workspace.run("plan", "-f", path)

    assert result.exit_code == 2
    assert problem in result.stderr
    assert f"error: {path}" in result.stderr


def test_files_that_cannot_be_read(workspace: Workspace) -> None:
    """Missing, not text, an empty directory: each is named."""
    missing, binary = workspace.directory / "missing.yaml", workspace.directory / "binary.yaml"
    empty = workspace.directory / "empty"
    empty.mkdir()
    binary.write_bytes(b"\xff\xfe\x00")

    result = workspace.run("plan", "-f", missing, "-f", binary, "-f", empty)

    assert result.exit_code == 2
    assert f"error: {missing}: cannot be read: No such file or directory" in result.stderr
    assert f"error: {binary}: is not UTF-8 text" in result.stderr
    assert f"error: {empty}: the directory has no .yaml, .yml or .json file" in result.stderr


def test_a_directory_stands_for_its_files_in_order(workspace: Workspace) -> None:
    """Not for hidden ones, those of other names and those below."""
    directory = workspace.directory / "manifests"
    (directory / "below").mkdir(parents=True)
    workspace.write(workspace.provider(), name="manifests/c.json")
    workspace.write(mail_domain("second", spf={"mechanisms": ["a"]}), name="manifests/b.yml")
    workspace.write(mail_domain("first", spf={"mechanisms": ["mx"]}), name="manifests/a.yaml")
    for name in (".hidden.yaml", "notes.txt", "below/d.yaml"):
        (directory / name).write_text("{")

    code, planned = workspace.run_json("plan", "-f", directory)

    assert code == 1
    (note,) = planned["zones"][0]["notes"]
    assert (note["resource"], note["reason"]) == ("MailDomain default/second", "ClaimedByOlder")


def test_standard_input_and_lists(workspace: Workspace) -> None:
    """What `kubectl get --output yaml` prints can be piped in; other kinds are skipped with a note."""
    items = [workspace.provider(), mail_domain(), {"kind": "ConfigMap", "apiVersion": "v1"}]
    text = yaml.safe_dump({"kind": "List", "apiVersion": "v1", "items": items})

    result = workspace.process("plan", "-f", "-", stdin=text)

    assert result.returncode == 0
    assert "+ v=spf1 mx -all" in result.stdout
    assert result.stderr == "note: skipped 1 document of kinds that mailseal does not read: ConfigMap\n"


def test_files_without_record_resources_are_a_mistake(workspace: Workspace) -> None:
    """A wrong path must not look like a zone without changes."""
    result = workspace.run("plan", "-f", workspace.put(), "--expect-no-changes")

    assert result.exit_code == 2
    assert "there is no MailDomain, DkimKey or NtaRecord" in result.stderr


def test_the_same_resource_twice(workspace: Workspace) -> None:
    """Both places are named."""
    file = workspace.put(mail_domain(), mail_domain())

    result = workspace.run("plan", "-f", file)

    assert result.exit_code == 2
    assert (
        f"{file}, document 3 (MailDomain default/main): stands already in {file}, document 2" in result.stderr
    )


def test_an_unknown_provider(workspace: Workspace) -> None:
    """The reference is by kind and namespace, as in a cluster."""
    elsewhere = resource("MailDomain", "main", mail_domain()["spec"], namespace="elsewhere")
    file = workspace.put(elsewhere)

    result = workspace.run("plan", "-f", file)

    assert result.exit_code == 2
    assert (
        "(MailDomain elsewhere/main): spec.providerRef: DnsProvider elsewhere/zone is not in the files"
        in result.stderr
    )


def test_a_cluster_provider_that_does_not_allow_the_namespace(workspace: Workspace) -> None:
    """allowedNamespaces and allowedDomains hold without a cluster, too."""
    spec = {**workspace.provider()["spec"], "allowedNamespaces": ["zorg"]}
    provider = resource("ClusterDnsProvider", "zone", spec)
    domain = mail_domain(providerRef={"name": "zone", "kind": "ClusterDnsProvider"})
    file = workspace.write(provider, domain)

    result = workspace.run("plan", "-f", file)
    assert result.exit_code == 2
    assert "ClusterDnsProvider zone does not allow namespace default to publish" in result.stderr

    domain["metadata"]["namespace"] = "zorg"
    workspace.write(provider, domain)
    assert workspace.run("plan", "-f", file).exit_code == 0


def test_an_operator_id_that_cannot_be_recorded(workspace: Workspace) -> None:
    """It is refused before anything is read."""
    result = workspace.run("plan", "-f", workspace.put(mail_domain()), "--operator-id", "a;b")

    assert result.exit_code == 2
    assert "--operator-id: the operator id 'a;b' cannot be used" in result.stderr


def rfc2136(**settings: Any) -> dict[str, Any]:
    """A DnsProvider for dynamic updates, with its Secret `tsig`."""
    return resource(
        "DnsProvider",
        "zone",
        {
            "type": "rfc2136",
            "rfc2136": {"server": "127.0.0.1", "tsigKeyName": "key", **settings},
            "credentialsSecretRef": {"name": "tsig"},
        },
    )


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ([], "spec.credentialsSecretRef: Secret default/tsig is not in the files: add its manifest"),
        ([secret("tsig", {"tsig-secret": "c2VjcmV0"}, "other")], "Secret default/tsig is not in the files"),
        ([secret("tsig", {"wrong-key": "c2VjcmV0"})], "tsig-secret"),
        ([secret("tsig", {"tsig-secret": "?not base64?"})], "tsig-secret"),
        (
            [{**secret("tsig", {}), "data": {"tsig-secret": "?not base64?x"}}],
            "data holds a value that is not",
        ),
        (
            [{**secret("tsig", {}), "data": {"tsig-secret": 12345}}],
            "data and stringData take text values only",
        ),
        ([{**secret("tsig", {}), "data": ["tsig-secret"]}], "data and stringData take text values only"),
    ],
)
def test_credentials_that_cannot_be_used(
    workspace: Workspace, credentials: list[dict[str, Any]], problem: str
) -> None:
    """The message names the Secret and its key, never its content."""
    result = workspace.run("plan", "-f", workspace.write(rfc2136(), mail_domain(), *credentials))

    assert result.exit_code == 2
    assert problem in result.stderr
    assert "not base64?" not in result.output
    assert "12345" not in result.output


def test_broken_yaml_never_shows_what_it_holds(workspace: Workspace) -> None:
    """A Secret with a mistake in it is not printed with the mistake."""
    path = workspace.directory / "secret.yaml"
    for text in (
        "kind: Secret\nstringData:\n  tsig-secret: hunter2hunter2: x\n",
        "kind: Secret\nstringData:\n  tsig-secret: *hunter2hunter2\n",
        "kind: Secret\nstringData:\n  tsig-secret: !hunter2hunter2 x\n",
        "kind: Secret\nstringData:\n  tsig-secret: !!int hunter2hunter2\n",
        'kind: Secret\nstringData:\n  tsig-secret: "hunter2hunter2\n',
        "kind: Secret\nstringData:\n  tsig-secret: |hunter2hunter2\n",
        "kind: Secret\nstringData: {hunter2hunter2: a, hunter2hunter2: b}\n",
    ):
        path.write_text(text)
        result = workspace.run("plan", "-f", path)
        assert result.exit_code == 2, text
        assert "not valid YAML" in result.stderr, text
        assert "hunter2" not in result.output, text


def test_a_domain_without_a_zone(workspace: Workspace) -> None:
    """Its resource fails; the others are planned for and applied."""
    lost = owner("MailDomain", "lost", domain="elsewhere.example", spf={"mechanisms": ["mx"]})
    file = workspace.put(lost, mail_domain())

    planned = workspace.run("plan", "-f", file)
    applied = workspace.run("apply", "-f", file, "--yes")

    assert (planned.exit_code, applied.exit_code) == (1, 1)
    assert "error: MailDomain default/lost: " in planned.stderr
    assert "+ v=spf1 mx -all" in planned.stdout
    assert "MailDomain default/lost  Failed" in applied.stdout
    assert workspace.texts(DOMAIN) == {"v=spf1 mx -all"}


def test_an_unreadable_zone_fails_alone(workspace: Workspace) -> None:
    """The zone with the broken file is an error; the other one is written."""
    broken = "broken.example"
    workspace.add_zone(broken)
    (workspace.directory / "zones" / f"{broken}.zone").write_text("no zone file")
    file = workspace.put(owner("MailDomain", "b", domain=broken, parked=True), mail_domain())

    applied = workspace.run("apply", "-f", file, "--yes")

    assert applied.exit_code == 1
    assert f"error: zone {broken} at DnsProvider default/zone: " in applied.stderr
    assert "MailDomain default/b" in applied.stdout
    assert workspace.texts(DOMAIN) == {"v=spf1 mx -all"}


def test_without_a_file_option(tmp_path: Path) -> None:
    """Wrong use is exit code 2 as well."""
    (tmp_path / "w").mkdir()
    result = Workspace(tmp_path / "w").process("plan")

    assert result.returncode == 2
    assert "--file" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_commands_for_manifests_load_nothing_of_kubernetes() -> None:
    """They run where no cluster is, and begin in a fraction of the time."""
    check = "import sys, mailseal.cli.app; print([m for m in sys.modules if 'kube' in m or m == 'kopf'])"

    done = subprocess.run(
        [sys.executable, "-c", check], env=environment(), capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
