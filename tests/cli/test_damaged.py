"""Whatever a manifest holds, a command ends with an error that says where it is, and never with a crash."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailseal.cli.desired import Request, load
from mailseal.cli.exits import InvalidInput
from mailseal.engine.dkimsecret import OWNER_ANNOTATION
from support.commandline import Workspace, mail_domain, owner, resource, secret

_OURS = {"name": "key", "annotations": {OWNER_ANNOTATION: "key"}}
_TEXT = base64.b64encode(b"text").decode()


def dkim_secret(meta: Any = None, **fields: Any) -> dict[str, Any]:
    """The Secret of the DkimKey `key`."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta or _OURS, **fields}


@pytest.mark.parametrize(
    ("damaged", "problem"),
    [
        (dkim_secret({**_OURS, "annotations": "text"}), "metadata.annotations: takes text values only"),
        (dkim_secret({**_OURS, "annotations": {OWNER_ANNOTATION: 5}}), "metadata.annotations: takes text"),
        (dkim_secret({**_OURS, "labels": ["a"]}), "metadata.labels: takes text values only"),
        (dkim_secret({"name": "key"}), "exists and was not made for this DkimKey"),
        (dkim_secret(data={"a.pem": "é"}), "data holds a value that is not base64"),
        (dkim_secret(data={"selectors": "a"}), "data holds a value that is not base64"),
        (dkim_secret(data={"a.pem": "ENC[AES256_GCM,data:abcd]"}), "data holds a value that is not base64"),
        (dkim_secret(data={"selectors": "/w=="}), None),
        (dkim_secret(data={"a.pem": _TEXT, "selectors": base64.b64encode(b"a").decode()}), None),
        (dkim_secret(data=[]), None),
        (dkim_secret(stringData={"a.pem": 5}), "data and stringData take text values only"),
    ],
)
def test_a_damaged_secret(workspace: Workspace, damaged: dict[str, Any], problem: str | None) -> None:
    """Hand-edited or cut off: the message names the Secret and what to do."""
    file = workspace.put(owner("DkimKey", "key"), damaged)

    result = workspace.process("plan", "-f", file, "--secrets-dir", workspace.secrets)

    assert "Traceback" not in result.stderr
    assert result.returncode == (2 if problem else 0), result.stderr
    assert (problem or "") in result.stderr


def test_a_provider_secret_that_is_not_ascii(workspace: Workspace) -> None:
    """It is refused like any other value that is not base64."""
    spec = {
        "type": "rfc2136",
        "rfc2136": {"server": "127.0.0.1", "tsigKeyName": "key"},
        "credentialsSecretRef": {"name": "tsig"},
    }
    credentials = {**secret("tsig", {}), "data": {"tsig-secret": "é"}}
    file = workspace.write(resource("DnsProvider", "zone", spec), mail_domain(), credentials)

    result = workspace.process("plan", "-f", file)

    assert result.returncode == 2
    assert "(Secret default/tsig): data holds a value that is not base64" in result.stderr


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything below `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in items:
        yield (*path, name)
        yield from _paths(part, (*path, name))


def _documents(zones: str) -> list[Any]:
    provider = resource("DnsProvider", "zone", {"type": "zonefile", "zonefile": {"path": zones}})
    domain = mail_domain(spf={"mechanisms": ["mx"]}, dmarc={"policy": "none"})
    key = owner("DkimKey", "key", keys=[{"algorithm": "Ed25519"}])
    data = {"selectors": _TEXT, "a.pem": _TEXT}
    return [provider, domain, key, dkim_secret(data=data, stringData={"b.pem": "text"})]


def _faults(file: Path) -> tuple[str, ...]:
    """What is wrong with the manifests in `file`, if anything."""
    try:
        load(Request((str(file),), "cli", file.parent / "secrets", "mailseal-system"))
    except InvalidInput as error:
        return error.faults
    return ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place_is_accepted_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """One value of valid manifests is replaced by any other."""
    documents = copy.deepcopy(_documents(str(tmp_path)))
    *parents, last = data.draw(st.sampled_from(list(_paths(documents))))
    part: Any = documents
    for parent in parents:
        part = part[parent]
    part[last] = data.draw(_JSON)
    file = tmp_path / "mail.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    assert all(str(file) in fault or "Secret" in fault for fault in _faults(file))
