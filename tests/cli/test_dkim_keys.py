"""DKIM keys without a cluster: made by apply, kept in Secret manifests, never shown."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailseal.cli.exits import InvalidInput
from mailseal.cli.keys import KeyRing, make_missing_keys
from mailseal.cli.manifests import Source
from mailseal.cli.resources import SecretManifest
from mailseal.cli.secretfiles import SecretFiles
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import read_key
from mailseal.engine.dkimsecret import held_keys
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.dkim_secrets import DkimSecrets
from mailseal.kube.objects import stored
from support.commandline import DOMAIN, Workspace, mail_domain, owner, secret

ED25519 = {"algorithm": "Ed25519"}
KEY = ObjectKey("Secret", "default", "key")


def dkim_key(name: str = "key", **spec: Any) -> dict[str, Any]:
    """A DkimKey with one Ed25519 key, which is made at once."""
    return owner("DkimKey", name, **{"keys": [ED25519], **spec})


def kept(workspace: Workspace, name: str = "key") -> dict[str, Any]:
    """The Secret that apply wrote."""
    return yaml.safe_load((workspace.secrets / f"default.{name}.yaml").read_text())


def apply(workspace: Workspace, *documents: dict[str, Any]) -> Any:
    """Apply the provider and these documents, with a directory for Secrets."""
    return workspace.run(
        "apply", "-f", workspace.put(*documents), "--yes", "--secrets-dir", workspace.secrets
    )


def test_apply_makes_the_key_and_publishes_it(workspace: Workspace) -> None:
    """The Secret has the layout that the operator makes and reads, so that kubectl can apply it."""
    result = apply(workspace, dkim_key(secret={"labels": {"app": "mail"}}))

    assert result.exit_code == 0
    written = kept(workspace)
    (held,) = held_keys("default/key", written["data"])
    assert written["metadata"] == {
        "name": "key",
        "namespace": "default",
        "labels": {"app": "mail", "app.kubernetes.io/managed-by": "mailseal"},
        "annotations": {"mailseal.dev/dkimkey": "key", "mailseal.dev/domain": DOMAIN},
    }
    assert (written["apiVersion"], written["kind"], written["type"]) == ("v1", "Secret", "Opaque")
    assert base64.b64decode(written["data"]["selectors"]).decode() == f"{held.selector}\n"
    assert held.selector.startswith(f"ms{datetime.now(UTC):%Y}")
    assert workspace.texts(f"{held.selector}._domainkey.{DOMAIN}") == {held.record}


def test_the_secret_is_for_its_owner_only(workspace: Workspace) -> None:
    """File and directory, and nothing is left beside it."""
    apply(workspace, dkim_key())

    (file,) = workspace.secrets.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(workspace.secrets.stat().st_mode) == 0o700


def test_a_second_apply_uses_the_key(workspace: Workspace) -> None:
    """Found in the directory, or as a file among the others."""
    apply(workspace, dkim_key())
    before = kept(workspace)
    file = workspace.put(dkim_key())

    in_directory = workspace.run(
        "plan", "-f", file, "--secrets-dir", workspace.secrets, "--expect-no-changes"
    )
    as_file = workspace.run("plan", "-f", file, "-f", workspace.secrets, "--expect-no-changes")
    both = workspace.run(
        "apply", "-f", file, "-f", workspace.secrets, "--secrets-dir", workspace.secrets, "--yes"
    )

    assert (in_directory.exit_code, as_file.exit_code, both.exit_code) == (0, 0, 0)
    assert kept(workspace) == before


def test_plan_makes_no_key_and_says_that_apply_would(workspace: Workspace) -> None:
    """It is a change like any other."""
    file = workspace.put(owner("DkimKey", "key", keys=[{"algorithm": "RSA", "size": 3072}, ED25519]))

    result = workspace.run("plan", "-f", file, "--secrets-dir", workspace.secrets, "--expect-no-changes")

    assert result.exit_code == 3
    note = (
        "! NewKey: DkimKey default/key: apply makes an {}, writes it to Secret default/key and publishes it"
    )
    assert note.format("RSA key of 3072 bits") in result.stdout
    assert note.format("Ed25519 key of 256 bits") in result.stdout
    assert "2 keys to make" in result.stdout
    assert not workspace.secrets.exists()


def test_without_a_place_for_the_secret_apply_does_nothing(workspace: Workspace) -> None:
    """Not even for the other resources: it is wrong use."""
    result = workspace.run("apply", "-f", workspace.put(mail_domain(), dkim_key()), "--yes")

    assert result.exit_code == 2
    assert "--secrets-dir" in result.stderr
    assert workspace.texts() == set()


def test_a_key_is_added_and_the_old_one_stays(workspace: Workspace) -> None:
    """A Secret that exists is only ever added to."""
    apply(workspace, dkim_key())
    before = kept(workspace)

    result = apply(workspace, dkim_key(keys=[ED25519, {"algorithm": "RSA"}]))

    assert result.exit_code == 0
    after = kept(workspace)
    assert before["data"].items() - {("selectors", before["data"]["selectors"])} <= after["data"].items()
    assert len(held_keys("default/key", after["data"])) == 2
    assert len(workspace.names()) == 3, "two keys and the heritage record"


def test_a_secret_among_the_other_files_is_not_rewritten(workspace: Workspace) -> None:
    """Its author keeps it, perhaps encrypted: it has to be moved first."""
    apply(workspace, dkim_key())
    held = kept(workspace)
    (workspace.secrets / "default.key.yaml").unlink()

    result = apply(workspace, dkim_key(keys=[ED25519, {"algorithm": "RSA"}]), held)

    assert result.exit_code == 2
    assert f"move it from {workspace.directory}/mail.yaml, document 3 to " in result.stderr


def test_a_secret_in_two_places(workspace: Workspace) -> None:
    """Which one counts cannot be told."""
    apply(workspace, dkim_key())

    result = apply(workspace, dkim_key(), kept(workspace))

    assert result.exit_code == 2
    assert "Secret default/key is both in " in result.stderr


def test_a_secret_of_somebody_else(workspace: Workspace) -> None:
    """It is not taken over, as in a cluster."""
    result = workspace.run("plan", "-f", workspace.put(dkim_key(), secret("key", {"a.pem": "x"})))

    assert result.exit_code == 2
    assert "document 3: Secret default/key exists and was not made for this DkimKey" in result.stderr


def test_a_broken_private_key_is_not_shown(workspace: Workspace) -> None:
    """The message names the selector only."""
    apply(workspace, dkim_key())
    broken = kept(workspace)
    broken["data"] = {"sel.pem": base64.b64encode(b"hunter2hunter2").decode()}
    file = workspace.secrets / "default.key.yaml"
    file.write_text(yaml.safe_dump(broken))

    result = workspace.run("plan", "-f", workspace.put(dkim_key()), "--secrets-dir", workspace.secrets)

    assert result.exit_code == 2
    assert f"{file}, document 1: Secret default/key: sel.pem cannot be used" in result.stderr
    assert "hunter2" not in result.output


def test_two_dkim_keys_with_one_secret(workspace: Workspace) -> None:
    """Each needs its own."""
    first, second = dkim_key("a", secret={"name": "s"}), dkim_key("b", secret={"name": "s"})

    result = apply(workspace, first, second)

    assert result.exit_code == 2
    assert "DkimKey default/a and DkimKey default/b have the same Secret default/s" in result.stderr


def test_deleting_needs_no_secret_and_keeps_it(workspace: Workspace) -> None:
    """The record goes by the heritage; the private key stays until its owner removes the file."""
    apply(workspace, dkim_key())

    result = workspace.run("apply", "--delete", "-f", workspace.put(dkim_key()), "--yes")

    assert result.exit_code == 0
    assert workspace.names() == set()
    assert held_keys("default/key", kept(workspace)["data"])


def test_a_directory_that_cannot_be_written_publishes_nothing(workspace: Workspace) -> None:
    """A key that is not on disk is never in DNS."""
    workspace.secrets.write_text("a file where the directory should be")
    file = workspace.put(dkim_key())

    result = workspace.run("apply", "-f", file, "--yes", "--secrets-dir", workspace.secrets)

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert workspace.names() == set()


def test_no_output_holds_a_private_key(workspace: Workspace) -> None:
    """Whatever the command and the format."""
    file = workspace.put(dkim_key(keys=[ED25519, {"algorithm": "RSA"}]))
    secrets = ("--secrets-dir", workspace.secrets)
    outputs = [workspace.run("apply", "-f", file, "--yes", "-o", "json", *secrets).output]
    for command in ("plan", "status", "apply"):
        for output in ("text", "json"):
            outputs.append(workspace.run(command, "-f", file, "-o", output, *secrets).output)

    for name, value in kept(workspace)["data"].items():
        if name == "selectors":
            continue
        pem = base64.b64decode(value).decode()
        assert read_key("s", pem.encode())
        secret_lines = [line for line in pem.splitlines() if "-----" not in line]
        assert all(line not in output for line in (*secret_lines, value) for output in outputs)
    assert any("v=DKIM1" in output for output in outputs)


def test_two_runs_at_once_never_lose_a_key(tmp_path: Path) -> None:
    """Who comes second writes nothing, so that the key that the first one publishes stays on disk."""
    files = SecretFiles({}, tmp_path)
    path = files.write(KEY, {"kind": "Secret", "data": {"a": "MQ=="}}, None)
    first = path.read_text()

    with pytest.raises(InvalidInput, match="was made by another program"):
        files.write(KEY, {"kind": "Secret", "data": {"b": "Mg=="}}, None)
    read_before = SecretManifest(KEY, Source(str(path)), {"kind": "Secret", "data": {}})
    with pytest.raises(InvalidInput, match="was changed by another program"):
        files.write(KEY, {"kind": "Secret", "data": {"b": "Mg=="}}, read_before)

    assert path.read_text() == first
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_file_in_the_directory_holds_one_secret(workspace: Workspace) -> None:
    """Anything else there would be lost when a key is added."""
    workspace.secrets.mkdir()
    (workspace.secrets / "default.key.yaml").write_text(
        yaml.safe_dump_all([secret("key", {}), secret("b", {})])
    )

    result = workspace.run("plan", "-f", workspace.put(dkim_key()), "--secrets-dir", workspace.secrets)

    assert result.exit_code == 2
    assert "must hold Secret default/key and nothing else" in result.stderr


class OneSecret:
    """An API server that holds one Secret and takes no write."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = {**body, "metadata": {**body["metadata"], "resourceVersion": "1"}}

    async def get_secret(self, namespace: str, name: str) -> dict[str, Any]:
        assert (namespace, name) == ("default", "key")
        return self.body


async def test_the_operator_takes_the_secret_over(tmp_path: Path) -> None:
    """After `kubectl apply` it finds every key that it needs, and makes none."""
    resource = dkim_key()
    meta = {**resource["metadata"], "namespace": "default", "uid": "u", "resourceVersion": "1"}
    body = {**resource, "metadata": {**meta, "creationTimestamp": "2026-11-24T00:00:00Z"}}
    in_cluster = stored(body)
    assert isinstance(in_cluster.spec, DkimKeySpec)
    ring = KeyRing(in_cluster.key, in_cluster.spec, None, ())
    made, path = await make_missing_keys(ring, SecretFiles({}, tmp_path), datetime.now(UTC))
    api: Any = OneSecret(yaml.safe_load(path.read_text()))

    with ThreadPoolExecutor(1) as executor:
        view = await DkimSecrets(api, executor).ensure(in_cluster, in_cluster.spec, datetime.now(UTC))

    assert view.keys == made.held
