"""Specs as the operator and the command line read them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.specs import KINDS, InvalidSpec, parse_spec
from support.acceptances import ACCEPTANCES, Acceptance
from support.manifests import REMOVED, VALID, spec_of
from support.refusal import Refusal
from support.refusals import REFUSALS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def message_of(kind: str, spec: Mapping[str, Any]) -> str:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(kind, spec)
    return str(caught.value)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_reads_every_example(path: Path) -> None:
    resources = [item for item in yaml.safe_load_all(path.read_text()) if item and item["kind"] in KINDS]
    assert resources
    for resource in resources:
        assert isinstance(parse_spec(resource["kind"], resource["spec"]), KINDS[resource["kind"]].spec)


@pytest.mark.parametrize("acceptance", ACCEPTANCES, ids=lambda acceptance: acceptance.label)
def test_takes_what_the_api_server_takes(acceptance: Acceptance) -> None:
    assert isinstance(parse_spec(acceptance.kind, acceptance.spec), KINDS[acceptance.kind].spec)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.label)
def test_refuses_what_the_api_server_refuses(refusal: Refusal) -> None:
    """Both name the same field; keys of maps are written with a dot here."""
    message = message_of(refusal.kind, refusal.spec)
    assert message.startswith(f"{refusal.kind} is not valid: ")
    assert f"{refusal.field}:" in message or f"{refusal.field}." in message
    assert "\n" not in message


def test_lists_every_fault_with_its_path() -> None:
    spec = spec_of("MailDomain", {"dmarc.rua": ["mailto:a@x.example", "nobody"], "ttlSeconds": 1, "foo": 1})
    with pytest.raises(InvalidSpec) as caught:
        parse_spec("MailDomain", spec)
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == [
        "spec.ttlSeconds",
        "spec.dmarc.rua[1]",
        "spec.foo",
    ]


def test_says_what_is_missing_and_what_is_unknown() -> None:
    message = message_of("NtaRecord", spec_of("NtaRecord", {"provider": REMOVED, "norm": "7516"}))
    assert "spec.provider: is required" in message
    assert "spec.norm: there is no such field" in message


def test_does_not_call_a_list_too_short_for_a_bad_member() -> None:
    message = message_of("DkimKey", spec_of("DkimKey", {"keys": [{"algorithm": "DSA"}]}))
    assert "spec.keys[0].algorithm" in message
    assert "spec.keys:" not in message


def test_does_not_repeat_an_unknown_value_that_may_be_a_secret() -> None:
    spec = spec_of("DnsProvider", {"rfc2136.tsigSecret": "s3cr3t-value"})
    assert "s3cr3t-value" not in message_of("DnsProvider", spec)


def test_refuses_a_kind_that_is_not_ours() -> None:
    assert "write one of MailDomain" in message_of("Service", {})


@pytest.mark.parametrize(("value", "field"), [("yes", "parked"), ("60", "ttlSeconds"), (60.5, "ttlSeconds")])
def test_does_not_convert_values_as_the_api_server_does_not(value: object, field: str) -> None:
    assert f"spec.{field}:" in message_of("MailDomain", spec_of("MailDomain", {field: value}))


def test_reads_views_and_the_dates_of_yaml() -> None:
    declaration = MappingProxyType({"signedOn": date(2026, 9, 14), "reference": "ISMS-041"})
    spec = parse_spec("NtaRecord", MappingProxyType(spec_of("NtaRecord", {"declaration": declaration})))
    assert isinstance(spec, NtaRecordSpec)
    assert spec.declaration is not None
    assert spec.declaration.signed_on == date(2026, 9, 14)


@pytest.mark.parametrize("kind", VALID)
def test_a_spec_survives_its_own_text(kind: str) -> None:
    spec = parse_spec(kind, VALID[kind])
    assert parse_spec(kind, json.loads(spec.model_dump_json(by_alias=True, exclude_none=True))) == spec


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(kind=st.sampled_from(sorted(KINDS)), field=st.data())
def test_any_value_in_any_field_is_read_or_refused(kind: str, field: st.DataObject) -> None:
    """Nothing but InvalidSpec comes out of a resource that somebody wrote."""
    names = [info.alias for info in KINDS[kind].spec.model_fields.values()]
    spec = spec_of(kind) | {field.draw(st.sampled_from(names)): field.draw(JSON)}
    with contextlib.suppress(InvalidSpec):
        parse_spec(kind, spec)
