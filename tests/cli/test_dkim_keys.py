"""DKIM keys without a cluster: moved through their life by apply, kept in Secret manifests, never shown."""

from __future__ import annotations

import base64
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from mailseal.cli.exits import InvalidInput
from mailseal.cli.keys import KeyRing, take_step
from mailseal.cli.manifests import Source
from mailseal.cli.resources import SecretManifest
from mailseal.cli.secretfiles import SecretFiles
from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import generate_key, read_key
from mailseal.engine.dkimsecret import LIFE_ANNOTATION
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.dkim_secrets import DkimSecrets
from mailseal.kube.keyreveal import KeyReveal
from mailseal.kube.objects import stored
from mailseal.planning.keylife.codec import from_text, to_text
from mailseal.planning.keylife.model import KeyLife, times_of
from support.commandline import DOMAIN, Workspace, mail_domain, owner, secret

ED25519 = {"algorithm": "Ed25519"}
KEY = ObjectKey("Secret", "default", "key")
NEGATIVE_CACHING = timedelta(hours=1)
"""At most: the zone's is shorter."""
PROPAGATION = timedelta(minutes=10)
RETIREMENT = timedelta(days=7)
KEEPING = timedelta(days=30)
AT_ONCE = {"rotation": {"retireAfter": "0s"}}
OLD_KEY = generate_key("mail2024", SigningKey(algorithm=KeyAlgorithm.ED25519))
OTHER_KEY = generate_key("other", SigningKey(algorithm=KeyAlgorithm.ED25519))


def dkim_key(name: str = "key", annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A DkimKey with one Ed25519 key, which is made at once."""
    made = owner("DkimKey", name, **{"keys": [ED25519], **spec})
    if annotations:
        made["metadata"]["annotations"] = annotations
    return made


def kept(workspace: Workspace, name: str = "key") -> dict[str, Any]:
    """The Secret that apply wrote."""
    return yaml.safe_load((workspace.secrets / f"default.{name}.yaml").read_text())


def keep(workspace: Workspace, secret: dict[str, Any]) -> None:
    """Change the Secret that apply wrote."""
    (workspace.secrets / "default.key.yaml").write_text(yaml.safe_dump(secret))


def life(workspace: Workspace) -> KeyLife:
    """The life of the keys, as the Secret tells."""
    return from_text(kept(workspace)["metadata"]["annotations"][LIFE_ANNOTATION])


def files(workspace: Workspace) -> dict[str, bytes]:
    """The Secret's files."""
    return {name: base64.b64decode(value) for name, value in kept(workspace)["data"].items()}


def states(workspace: Workspace) -> dict[str, str]:
    """The state of each selector."""
    return {key.selector: str(found.state) for found, key in life(workspace).all_keys()}


def record(workspace: Workspace, selector: str) -> str:
    """The TXT value at a selector; empty when there is none."""
    return "".join(workspace.texts(f"{selector}._domainkey.{DOMAIN}"))


def pass_time(workspace: Workspace, span: timedelta) -> None:
    """Let everything that is known of the keys have happened `span` earlier."""
    held, earlier = kept(workspace), life(workspace)
    for found in earlier.sets:
        moved = {name: moment - span for name, moment in times_of(found).items()}
        earlier = earlier.with_set(replace(found, **moved))
    held["metadata"]["annotations"][LIFE_ANNOTATION] = to_text(earlier)
    keep(workspace, held)


def run(workspace: Workspace, command: str, *documents: dict[str, Any], **options: Any) -> Result:
    """Run a command on the provider and these documents, with a directory for Secrets."""
    flags = [f"--{name.replace('_', '-')}" for name in options]
    return workspace.run(command, "-f", workspace.put(*documents), "--secrets-dir", workspace.secrets, *flags)


def apply(workspace: Workspace, *documents: dict[str, Any], **options: Any) -> Result:
    """Apply the provider and these documents."""
    return run(workspace, "apply", *documents, yes=True, **options)


def active(workspace: Workspace, document: dict[str, Any]) -> str:
    """Bring the first key to sign, confirmed; its selector."""
    apply(workspace, document)
    for span in (NEGATIVE_CACHING, PROPAGATION):
        pass_time(workspace, span)
        assert apply(workspace, document).exit_code == 0
    (selector,) = states(workspace)
    assert states(workspace) == {selector: "Active"}
    return selector


def test_apply_makes_the_key_and_publishes_it(workspace: Workspace) -> None:
    """The Secret has the layout that the operator makes and reads, so that kubectl can apply it."""
    result = apply(workspace, dkim_key(secret={"labels": {"app": "mail"}}))

    assert result.exit_code == 0
    written = kept(workspace)
    assert written["metadata"] == {
        "name": "key",
        "namespace": "default",
        "labels": {"app": "mail", "app.kubernetes.io/managed-by": "mailseal"},
        "annotations": {
            "mailseal.dev/dkimkey": "key",
            "mailseal.dev/domain": DOMAIN,
            LIFE_ANNOTATION: to_text(life(workspace)),
        },
    }
    assert (written["apiVersion"], written["kind"], written["type"]) == ("v1", "Secret", "Opaque")
    ((selector, state),) = states(workspace).items()
    assert (state, files(workspace)["selectors"]) == ("Published", b"")
    assert selector.startswith(f"ms{datetime.now(UTC):%Y}")
    assert record(workspace, selector) == read_key(selector, files(workspace)[f"{selector}.pem"]).record
    assert "the next step of its keys waits for resolvers to forget" in result.stdout


def test_a_later_run_has_the_mail_server_sign(workspace: Workspace) -> None:
    """When no resolver remembers any more that the key was not there."""
    apply(workspace, dkim_key())
    pass_time(workspace, NEGATIVE_CACHING)

    result = apply(workspace, dkim_key())

    (selector,) = states(workspace)
    assert result.exit_code == 0
    assert f"keys {selector}" not in result.stderr
    assert f"key {selector}: the Secret names it now as the one to sign with" in result.stderr
    assert files(workspace)["selectors"] == files(workspace)["ed25519.selector"] == f"{selector}\n".encode()
    assert "waits for the mail server to take up the Secret" in result.stdout


def test_a_rotation_over_several_runs(workspace: Workspace) -> None:
    """Forced by the annotation in the manifest, once; the Secret alone remembers how far it is."""
    old = active(workspace, dkim_key())
    key = record(workspace, old)
    document = dkim_key(annotations={"mailseal.dev/rotate": "1"})

    apply(workspace, document)
    new = next(selector for selector in states(workspace) if selector != old)
    assert states(workspace) == {old: "Active", new: "Published"}
    pass_time(workspace, NEGATIVE_CACHING)
    apply(workspace, document)
    assert states(workspace) == {old: "Retiring", new: "Active"}
    assert files(workspace)["selectors"] == f"{new}\n".encode()
    assert f"{old}.pem" in files(workspace), "a mail server may not have taken up the change yet"
    pass_time(workspace, PROPAGATION)
    apply(workspace, document)
    assert f"{old}.pem" not in files(workspace)
    pass_time(workspace, RETIREMENT - timedelta(minutes=1))
    apply(workspace, document)
    assert record(workspace, old) == key
    pass_time(workspace, timedelta(minutes=1))
    apply(workspace, document)
    assert states(workspace) == {old: "Revoked", new: "Active"}
    assert record(workspace, old) == "v=DKIM1; k=ed25519; p="
    pass_time(workspace, KEEPING)
    result = apply(workspace, document)

    assert states(workspace) == {new: "Active"}
    assert life(workspace).past == (old,)
    assert record(workspace, old) == ""
    assert (result.exit_code, "gone from DNS" in result.stderr) == (0, True)
    assert run(workspace, "plan", document, expect_no_changes=True).exit_code == 0


def test_plan_and_status_tell_how_far_the_keys_are(workspace: Workspace) -> None:
    """A step that apply would take is a change like any other."""
    settled = dkim_key(rotation={"interval": "90d"})
    selector = active(workspace, settled)
    planned, status = (
        run(workspace, "plan", settled, expect_no_changes=True),
        run(workspace, "status", settled),
    )
    assert (planned.exit_code, planned.stdout) == (0, "No changes.\n")
    assert f"key {selector}: Active since " in status.stdout
    assert "the next rotation is due on " in status.stdout

    document = dkim_key(rotation={"interval": "90d"}, annotations={"mailseal.dev/rotate": "1"})
    assert "its Ed25519 key of 256 bits is not made yet" in run(workspace, "status", document).stdout
    apply(workspace, document)
    waiting = run(workspace, "plan", document, expect_no_changes=True)
    assert waiting.exit_code == 0
    assert "Keys: DkimKey default/key: " in waiting.stdout
    assert ": Published since " in waiting.stdout
    assert "until resolvers forget that it was not there" in waiting.stdout

    pass_time(workspace, NEGATIVE_CACHING)
    due = run(workspace, "plan", document, expect_no_changes=True)
    assert due.exit_code == 3
    assert "apply takes the next step of these keys and writes it to Secret default/key" in due.stdout
    apply(workspace, document)
    assert ": Retiring since " in run(workspace, "status", document).stdout
    assert "waiting for the mail server to take up the Secret" in run(workspace, "status", document).stdout


def test_programs_are_told_how_far_the_keys_are(workspace: Workspace) -> None:
    """As the status of a DkimKey in a cluster is."""
    selector = active(workspace, dkim_key())
    code, value = workspace.run_json(
        "status", "-f", workspace.put(dkim_key()), "--secrets-dir", workspace.secrets
    )
    ((key,),) = [resource["keys"] for resource in value["zones"][0]["resources"]]
    assert (code, key.pop("since")[-1]) == (0, "Z")
    assert key == {
        "selector": selector,
        "algorithm": "Ed25519",
        "size": 256,
        "state": "Active",
        "until": None,
    }


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


def test_a_spec_that_asks_for_other_keys_rotates(workspace: Workspace) -> None:
    """The old key signs until the new ones may."""
    old = active(workspace, dkim_key())
    both = dkim_key(keys=[ED25519, {"algorithm": "RSA"}])

    assert apply(workspace, both).exit_code == 0

    assert sorted(states(workspace).values()) == ["Active", "Published", "Published"]
    assert files(workspace)["selectors"] == f"{old}\n".encode()
    assert len(workspace.names()) == 4, "three keys and the heritage record"


def test_with_acknowledgement_the_manifest_says_what_the_mail_server_signs_with(workspace: Workspace) -> None:
    """By the annotation mailseal.dev/signing-with."""
    spec = {"rotation": {"confirmation": "Acknowledgement"}}
    apply(workspace, dkim_key(**spec))
    pass_time(workspace, NEGATIVE_CACHING)
    waiting = apply(workspace, dkim_key(**spec))
    (selector,) = states(workspace)
    assert f"acknowledge by the annotation mailseal.dev/signing-with={selector}" in waiting.stdout

    apply(workspace, dkim_key(annotations={"mailseal.dev/signing-with": selector}, **spec))

    assert life(workspace).sets[0].confirmed_at is not None


def test_a_lost_secret_leads_to_new_keys_and_the_old_ones_retire(workspace: Workspace) -> None:
    """What stands in DNS as ours was signed with."""
    old = active(workspace, dkim_key())
    (workspace.secrets / "default.key.yaml").unlink()

    assert apply(workspace, dkim_key()).exit_code == 0

    new = next(selector for selector in states(workspace) if selector != old)
    assert states(workspace) == {old: "Retiring", new: "Published"}
    assert record(workspace, old)


@pytest.mark.parametrize("pem", [b"hunter2hunter2", OTHER_KEY.pem], ids=["no key", "another key"])
def test_a_private_key_that_was_edited_is_replaced_and_not_shown(workspace: Workspace, pem: bytes) -> None:
    """Mail that is signed with it fails."""
    old = active(workspace, dkim_key())
    held = kept(workspace)
    held["data"][f"{old}.pem"] = base64.b64encode(pem).decode()
    keep(workspace, held)

    planned, applied = run(workspace, "plan", dkim_key()), apply(workspace, dkim_key())

    assert "apply makes an Ed25519 key of 256 bits" in planned.stdout
    assert list(states(workspace).values()) == ["Active", "Published"]
    assert pem.decode().splitlines()[-1] not in planned.output + applied.output


def test_other_files_of_the_secret_are_put_right(workspace: Workspace) -> None:
    """Whoever edited them, and files that are not mailseal's stay."""
    active(workspace, dkim_key())
    right, held = files(workspace), kept(workspace)
    held["data"] |= {"selectors": "eA==", "theirs": "MQ=="}
    held["stringData"] = {"more": "2"}
    keep(workspace, held)

    assert run(workspace, "plan", dkim_key(), expect_no_changes=True).exit_code == 3
    assert apply(workspace, dkim_key()).exit_code == 0

    assert files(workspace) == {**right, "theirs": b"1", "more": b"2"}
    assert "stringData" not in kept(workspace)


def test_a_secret_that_is_put_right_gets_time_again_to_reach_the_mail_server(
    workspace: Workspace,
) -> None:
    """It may have signed with what the Secret said meanwhile."""
    old = active(workspace, dkim_key())
    document = dkim_key(annotations={"mailseal.dev/rotate": "1"})
    apply(workspace, document)
    pass_time(workspace, NEGATIVE_CACHING)
    apply(workspace, document)
    pass_time(workspace, PROPAGATION)
    held = kept(workspace)
    held["data"]["selectors"] = base64.b64encode(old.encode()).decode()
    keep(workspace, held)

    apply(workspace, document)

    assert f"{old}.pem" in files(workspace)
    pass_time(workspace, PROPAGATION)
    apply(workspace, document)
    assert f"{old}.pem" not in files(workspace)


def test_another_layout_is_written_by_the_next_run(workspace: Workspace) -> None:
    """It rotates nothing."""
    selector = active(workspace, dkim_key())

    assert apply(workspace, dkim_key(secret={"layouts": ["OpenDKIM"]})).exit_code == 0

    assert files(workspace).keys() == {"selectors", f"{selector}.pem", "KeyTable", "SigningTable"}


def test_a_step_that_cannot_be_written_is_not_taken(workspace: Workspace) -> None:
    """A Secret among the other files is its author's, who keeps it perhaps encrypted."""
    apply(workspace, dkim_key())
    pass_time(workspace, NEGATIVE_CACHING)
    held = kept(workspace)
    (workspace.secrets / "default.key.yaml").unlink()

    result = apply(workspace, dkim_key(), held)

    assert result.exit_code == 1
    assert f"move it from {workspace.directory}/mail.yaml, document 3 to {workspace.secrets}" in result.stdout
    assert "DkimKey default/key  Failed" in result.stdout
    assert not list(workspace.secrets.iterdir())


def test_keys_that_cannot_be_made_are_told(workspace: Workspace) -> None:
    """The template gives the same selector again."""
    active(workspace, dkim_key(selectorTemplate="fixed"))

    document = dkim_key(annotations={"mailseal.dev/rotate": "1"}, selectorTemplate="fixed")
    result = apply(workspace, document, mail_domain())

    assert result.exit_code == 1
    assert "gives no selector that was not used before" in result.stdout
    assert re.search("DkimKey default/key +Failed", result.stdout)
    assert states(workspace) == {"fixed": "Active"}
    assert workspace.texts() == {"v=spf1 mx -all"}, "others are not held up"


IMPORTING = dkim_key(imports=[{"selector": "mail2024", "secretName": "old", "secretKey": "mail.private"}])


def test_an_existing_key_is_taken_over_at_its_selector(workspace: Workspace) -> None:
    """From a Secret among the files; the record that stands already is kept as it is."""
    text = OLD_KEY.held.record.replace("v=DKIM1; ", "v=DKIM1;s=*;")
    workspace.add_zone(DOMAIN, f'mail2024._domainkey 3600 IN TXT "{text.replace(";", chr(92) + ";")}"')

    result = apply(workspace, IMPORTING, secret("old", {"mail.private": OLD_KEY.pem.decode()}))

    assert result.exit_code == 0
    assert states(workspace) == {"mail2024": "Published"}
    assert files(workspace)["mail2024.pem"] == OLD_KEY.pem
    assert record(workspace, "mail2024") == text


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "mail.private of Secret old is not in the files: add its manifest"),
        ({"other": "x"}, "mail.private of Secret old is not in the files: add its manifest"),
        ({"mail.private": "hunter2"}, "mail.private of Secret old cannot be used, it is not an unencrypted"),
    ],
    ids=["no Secret", "no file", "no key"],
)
def test_a_key_that_cannot_be_imported_is_told(workspace: Workspace, data: Any, problem: str) -> None:
    """Nothing else is made in its place."""
    others = [secret("old", data)] if data else []

    result = apply(workspace, IMPORTING, *others)

    assert result.exit_code == 1
    assert problem in result.stdout
    assert "hunter2" not in result.output
    assert workspace.names() == set()


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


def test_two_dkim_keys_with_one_secret(workspace: Workspace) -> None:
    """Each needs its own."""
    first, second = dkim_key("a", secret={"name": "s"}), dkim_key("b", secret={"name": "s"})

    result = apply(workspace, first, second)

    assert result.exit_code == 2
    assert "DkimKey default/a and DkimKey default/b have the same Secret default/s" in result.stderr


def test_deleting_retires_the_keys_over_several_runs(workspace: Workspace) -> None:
    """Mail that is under way must still be verified; each run says so."""
    selector = active(workspace, dkim_key())
    key = record(workspace, selector)

    first = apply(workspace, dkim_key(), delete=True)
    assert first.exit_code == 1
    assert f"its keys retire before they are removed: {selector}; run mailseal apply again" in first.stdout
    assert files(workspace)["selectors"] == b""
    pass_time(workspace, PROPAGATION)
    apply(workspace, dkim_key(), delete=True)
    assert f"{selector}.pem" not in files(workspace)
    pass_time(workspace, RETIREMENT - timedelta(minutes=1))
    assert run(workspace, "plan", dkim_key(), delete=True, expect_no_changes=True).exit_code == 0
    assert apply(workspace, dkim_key(), delete=True).exit_code == 1
    assert record(workspace, selector) == key
    pass_time(workspace, timedelta(minutes=1))
    assert run(workspace, "plan", dkim_key(), delete=True, expect_no_changes=True).exit_code == 3
    last = apply(workspace, dkim_key(), delete=True)

    assert last.exit_code == 0
    assert "DkimKey default/key  Removed" in last.stdout
    assert workspace.names() == set()
    assert states(workspace) == {}


@pytest.mark.parametrize("method", ["EmptyKey", "Delete"])
def test_keys_whose_mail_need_not_arrive_go_at_once(workspace: Workspace, method: str) -> None:
    """By `rotation.retireAfter: 0s`; no private key is left in the Secret."""
    document = dkim_key(revocation={"method": method}, **AT_ONCE)
    active(workspace, document)

    result = apply(workspace, document, delete=True)

    assert result.exit_code == 0
    assert workspace.names() == set()
    assert files(workspace) == {"selectors": b""}


def test_deleting_at_once_needs_no_secret(workspace: Workspace) -> None:
    """The record goes by the heritage."""
    active(workspace, dkim_key())
    before = kept(workspace)

    result = workspace.run("apply", "--delete", "-f", workspace.put(dkim_key(**AT_ONCE)), "--yes")

    assert result.exit_code == 0
    assert workspace.names() == set()
    assert kept(workspace) == before


def test_without_its_secret_a_retirement_cannot_end(workspace: Workspace) -> None:
    """Nobody would remember when it began; the message says what helps."""
    selector = active(workspace, dkim_key())

    result = workspace.run("apply", "--delete", "-f", workspace.put(dkim_key()), "--yes")

    assert result.exit_code == 1
    assert "name the directory of its Secret with --secrets-dir, or set spec.rotation" in result.stdout
    assert record(workspace, selector)


def test_with_its_secret_lost_a_retirement_begins_anew_and_ends(workspace: Workspace) -> None:
    """A new Secret remembers it."""
    selector = active(workspace, dkim_key())
    (workspace.secrets / "default.key.yaml").unlink()
    for span in (PROPAGATION, RETIREMENT):
        assert apply(workspace, dkim_key(), delete=True).exit_code == 1
        assert record(workspace, selector)
        pass_time(workspace, span)
    assert apply(workspace, dkim_key(), delete=True).exit_code == 0
    assert workspace.names() == set()


def test_deleting_what_was_never_applied_leaves_no_file(workspace: Workspace) -> None:
    """There is nothing to remember."""
    assert apply(workspace, dkim_key(), delete=True).exit_code == 0
    assert not workspace.secrets.exists()


def test_an_orphan_keeps_records_and_secret(workspace: Workspace) -> None:
    """By `deletionPolicy: Orphan`."""
    document = dkim_key(deletionPolicy="Orphan")
    selector = active(workspace, document)
    before = kept(workspace)

    assert apply(workspace, document, delete=True).exit_code == 0

    assert record(workspace, selector)
    assert kept(workspace) == before


def test_a_directory_that_cannot_be_written_publishes_nothing(workspace: Workspace) -> None:
    """A key that is not on disk is never in DNS."""
    workspace.secrets.write_text("a file where the directory should be")
    file = workspace.put(dkim_key())

    result = workspace.run("apply", "-f", file, "--yes", "--secrets-dir", workspace.secrets)

    assert result.exit_code == 1
    assert "cannot be written" in result.stdout
    assert workspace.names() == set()


def test_no_output_holds_a_private_key(workspace: Workspace) -> None:
    """Whatever the command and the format."""
    file = workspace.put(dkim_key(keys=[ED25519, {"algorithm": "RSA"}]))
    secrets = ("--secrets-dir", workspace.secrets)
    outputs = [workspace.run("apply", "-f", file, "--yes", "-o", "json", *secrets).output]
    for command in ("plan", "status", "apply"):
        for output in ("text", "json"):
            outputs.append(workspace.run(command, "-f", file, "-o", output, *secrets).output)

    pems = {name: value for name, value in kept(workspace)["data"].items() if name.endswith(".pem")}
    assert len(pems) == 2
    for value in pems.values():
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
    ring = KeyRing(
        dkim_key=in_cluster.key,
        spec=in_cluster.spec,
        annotations={},
        secret=None,
        life=KeyLife(),
        held=frozenset(),
        in_step=False,
        now=datetime.now(UTC),
    )
    step = await take_step(ring, SecretFiles({}, tmp_path))
    assert step is not None
    assert step.path is not None
    api: Any = OneSecret(yaml.safe_load(step.path.read_text()))

    with ThreadPoolExecutor(1) as executor:
        secrets = DkimSecrets(api, executor, KeyReveal(api))
        view = await secrets.look(in_cluster, in_cluster.spec, datetime.now(UTC))

    assert (view.life, view.held) == (step.ring.life, step.ring.held)
    assert not view.in_step, "in a cluster the Secret goes with its DkimKey"
