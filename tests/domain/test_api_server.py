"""The CRDs in a real API server: what it stores, what it refuses and with which words, what it shows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailseal.domain.crds import NAMING
from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.domain.specs import parse_spec
from mailseal.domain.status import (
    Condition,
    ConditionStatus,
    DkimKeyStatus,
    DmarcRolloutStatus,
    DnsProviderStatus,
    ExternalSelectorStatus,
    KeyStatus,
    MailDomainStatus,
    NtaRecordStatus,
    SelectorState,
    StatusModel,
)
from mailseal.records.dmarc import DmarcPolicy
from support.acceptances import ACCEPTANCES, Acceptance
from support.cluster import Cluster
from support.manifests import VALID, manifest, spec_of
from support.refusal import Refusal
from support.refusals import REFUSALS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
ELSEWHERE = {"domain": "keys.zorg-voorbeeld.example", "providerRef": {"name": "keys"}}
GENERATED = {"apiVersion", "kind", "metadata"}
"""Fields that the API server describes itself."""

_names = (f"resource-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def cluster(controlplane: Cluster) -> Cluster:
    """A control plane that serves mailseal's kinds."""
    controlplane.install_crds()
    return controlplane


def stored(cluster: Cluster, kind: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A new valid resource as the API server stored it."""
    text = manifest(kind, next(_names), spec_of(kind, changes))
    return json.loads(cluster.kubectl("create", "-f", "-", "-o", "json", input=text).stdout)


def patched(cluster: Cluster, resource: dict[str, Any], patch: dict[str, Any]) -> str:
    """What the API server says against a merge patch; empty when it takes it."""
    target = (resource["kind"], resource["metadata"]["name"])
    done = cluster.kubectl("patch", *target, "--type=merge", "-p", json.dumps(patch), check=False)
    return done.stderr


def report(cluster: Cluster, resource: dict[str, Any], status: StatusModel) -> None:
    """Write a status as the operator does."""
    target = (resource["kind"], resource["metadata"]["name"])
    patch = json.dumps({"status": status.to_mapping()})
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_takes_every_example(cluster: Cluster, path: Path) -> None:
    done = cluster.kubectl("apply", "--server-side", "--dry-run=server", "-f", str(path))
    assert "serverside-applied" in done.stdout
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("kind", VALID)
def test_fills_in_what_the_operator_would_assume(cluster: Cluster, kind: str) -> None:
    """Defaults of the schema and of the models are the same."""
    assert parse_spec(kind, stored(cluster, kind)["spec"]) == parse_spec(kind, VALID[kind])


@pytest.mark.parametrize("acceptance", ACCEPTANCES, ids=lambda acceptance: acceptance.label)
def test_takes_what_is_unusual_but_valid(cluster: Cluster, acceptance: Acceptance) -> None:
    text = manifest(acceptance.kind, "taken", acceptance.spec)
    assert "created" in cluster.kubectl("create", "--dry-run=server", "-f", "-", input=text).stdout


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.label)
def test_refuses_with_words_that_help(cluster: Cluster, refusal: Refusal) -> None:
    text = manifest(refusal.kind, "refused", refusal.spec)
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", input=text, check=False)
    assert done.returncode != 0, f"the API server took it: {done.stdout}"
    assert refusal.field in done.stderr
    assert refusal.words in done.stderr


@pytest.mark.parametrize("kind", ["MailDomain", "DkimKey", "NtaRecord"])
def test_refuses_to_change_the_domain_and_says_what_to_do(cluster: Cluster, kind: str) -> None:
    problem = patched(cluster, stored(cluster, kind), {"spec": {"domain": "ander-voorbeeld.example"}})
    assert "domain cannot change from zorg-voorbeeld.example to ander-voorbeeld.example" in problem
    assert "make a new resource for the other domain and delete this one" in problem


SECRET_NAME = "secret.name cannot be changed, added or removed"
DELEGATION = "delegation and its domain cannot be changed, added or removed"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"secret": {"name": "a"}}, {"secret": {"name": "b"}}, SECRET_NAME),
        ({}, {"secret": {"name": "a"}}, SECRET_NAME),
        ({"secret": {"labels": {"a": "b"}}}, {"secret": {"name": "a"}}, SECRET_NAME),
        ({"secret": {"name": "a"}}, {"secret": {"name": None}}, SECRET_NAME),
        ({"secret": {"name": "a"}}, {"secret": None}, SECRET_NAME),
        ({"delegation": ELSEWHERE}, {"delegation": {"domain": "other.example"}}, DELEGATION),
        ({}, {"delegation": ELSEWHERE}, DELEGATION),
        ({"delegation": ELSEWHERE}, {"delegation": None}, DELEGATION),
    ],
)
def test_refuses_to_move_keys_and_says_what_to_do(
    cluster: Cluster, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    problem = patched(cluster, stored(cluster, "DkimKey", before), {"spec": after})
    assert words in problem
    assert "make a new DkimKey" in problem


def test_lets_everything_else_of_a_dkim_key_change(cluster: Cluster) -> None:
    before = {"secret": {"name": "a"}, "delegation": ELSEWHERE}
    change = {
        "secret": {
            "labels": {"a": "b"},
            "layouts": ["Exim"],
            "mountPath": "/keys",
            "keyFormat": "Traditional",
        },
        "delegation": {"providerRef": {"name": "other"}},
        "keys": [{"algorithm": "Ed25519"}],
        "selectorTemplate": "m{number}",
        "rotation": {"interval": "90d", "window": {"from": "01:00", "to": "05:00"}},
        "revocation": {"method": "Delete"},
    }
    assert patched(cluster, stored(cluster, "DkimKey", before), {"spec": change}) == ""


def test_takes_a_secret_without_a_name_where_there_was_none(cluster: Cluster) -> None:
    change = {"secret": {"labels": {"a": "b"}}}
    assert patched(cluster, stored(cluster, "DkimKey"), {"spec": change}) == ""


def test_lets_everything_else_change(cluster: Cluster) -> None:
    change = {"providerRef": {"name": "other"}, "ttlSeconds": 600, "adoption": "Replace", "spf": None}
    assert patched(cluster, stored(cluster, "MailDomain"), {"spec": change}) == ""


def test_lets_a_provider_change_its_type(cluster: Cluster) -> None:
    change = {"type": "memory", "memory": {}, "rfc2136": None, "credentialsSecretRef": None}
    assert patched(cluster, stored(cluster, "DnsProvider"), {"spec": change}) == ""


def test_fills_in_the_defaults_of_a_record_resource(cluster: Cluster) -> None:
    spec = stored(cluster, "DkimKey")["spec"]
    assert spec["providerRef"] == {"name": "zone", "kind": "DnsProvider"}
    assert (spec["deletionPolicy"], spec["adoption"], spec["ttlSeconds"]) == ("Delete", "Equal", 3600)
    assert spec["keys"] == [{"algorithm": "RSA", "size": 2048}]
    assert spec["selectorTemplate"] == "ms{date}-{random}"
    assert spec["allowShortKeys"] is False


def test_fills_in_the_defaults_of_rotation_and_secret(cluster: Cluster) -> None:
    window = {"from": "01:00", "to": "05:00"}
    changes = {"rotation": {"window": window}, "revocation": {}, "secret": {"labels": {"a": "b"}}}
    spec = stored(cluster, "DkimKey", changes)["spec"]
    assert spec["rotation"] == {
        "jitterPercent": 10,
        "retireAfter": "7d",
        "confirmation": "Propagation",
        "propagationTime": "10m",
        "window": {**window, "timeZone": "Europe/Amsterdam"},
    }
    assert spec["revocation"] == {"method": "EmptyKey", "keepFor": "30d", "publishPrivateKey": False}
    assert (spec["secret"]["layouts"], spec["secret"]["keyFormat"]) == (["Stable"], "PKCS8")
    assert spec["secret"]["mountPath"] == "/etc/mailseal/keys"


def test_fills_in_the_defaults_of_policies_and_dates(cluster: Cluster) -> None:
    mail, nta = stored(cluster, "MailDomain")["spec"], stored(cluster, "NtaRecord")["spec"]
    assert (mail["parked"], mail["spf"]["all"], mail["dmarc"]["testing"]) == (False, "fail", False)
    assert mail["dmarc"]["waitForDkim"] is True
    assert nta["validityMonths"] == 36
    assert "startMonth" not in nta


def test_fills_in_the_defaults_of_a_provider(cluster: Cluster) -> None:
    spec = stored(cluster, "DnsProvider")["spec"]
    assert (spec["policy"], spec["deleteLimit"]) == ("Sync", {"percent": 30, "fromValues": 10})
    assert spec["rfc2136"] == {
        "server": "192.0.2.53",
        "tsigKeyName": "mailseal-key",
        "tsigAlgorithm": "hmac-sha256",
        "timeoutSeconds": 5,
        "transport": "auto",
    }


def test_fills_in_the_rest_of_a_delete_limit(cluster: Cluster) -> None:
    spec = stored(cluster, "DnsProvider", {"deleteLimit.percent": 50})["spec"]
    assert spec["deleteLimit"] == {"percent": 50, "fromValues": 10}


def test_keeps_empty_memory_settings(cluster: Cluster) -> None:
    text = manifest("DnsProvider", next(_names), {"type": "memory", "memory": {}})
    spec = json.loads(cluster.kubectl("create", "-f", "-", "-o", "json", input=text).stdout)["spec"]
    assert spec["memory"] == {}


READY = Condition.model_validate(
    {
        "type": "Ready",
        "status": ConditionStatus.TRUE,
        "reason": "Published",
        "message": "all records are answered",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-24T00:00:00Z",
    }
)


def shown(cluster: Cluster, resource: dict[str, Any], *options: str) -> dict[str, str]:
    """The row of `kubectl get`: column to text. Columns start where their headings do, behind blanks."""
    output = cluster.kubectl("get", resource["kind"], resource["metadata"]["name"], *options).stdout
    heading, row = output.splitlines()
    starts = [
        start
        for start in range(len(heading))
        if heading[start] != " " and (start == 0 or heading[start - 2 : start] == "  ")
    ]
    ends = [*starts[1:], None]
    return {heading[a:b].strip(): row[a:b].strip() for a, b in zip(starts, ends, strict=True)}


def test_shows_signing_selectors_and_the_next_rotation_of_a_dkim_key(cluster: Cluster) -> None:
    resource = stored(cluster, "DkimKey")
    moment = datetime(2027, 5, 1, 2, 0, tzinfo=UTC)
    status = DkimKeyStatus(conditions=(READY,), signing_selectors=("ms-a", "ms-b"), next_rotation=moment)
    report(cluster, resource, status)
    row = shown(cluster, resource)
    assert list(row) == ["NAME", "DOMAIN", "SIGNING", "NEXT ROTATION", "READY", "REASON", "AGE"]
    assert (row["DOMAIN"], row["SIGNING"]) == ("zorg-voorbeeld.example", '["ms-a","ms-b"]')
    assert row["NEXT ROTATION"] == "2027-05-01T02:00:00Z"
    assert (row["READY"], row["REASON"]) == ("True", "Published")


def test_keeps_all_of_a_status_of_keys(cluster: Cluster) -> None:
    moment = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
    keys = tuple(
        KeyStatus(
            selector=f"ms-{algorithm.tag}",
            algorithm=algorithm,
            size=2048,
            state="Active",
            since=moment,
            until=moment,
            set_number=3,
            published_since=moment,
            cause="RotationDue",
        )
        for algorithm in KeyAlgorithm
    )
    resource = stored(cluster, "DkimKey")
    report(cluster, resource, DkimKeyStatus(keys=keys, secret_name="a", key_life='{"revision":7}'))
    status = cluster.get("dkimkey", resource["metadata"]["name"])["status"]
    assert status["keys"][0]["set"] == 3
    assert DkimKeyStatus.model_validate(status) == DkimKeyStatus(
        keys=keys, secret_name="a", key_life='{"revision":7}'
    )


def test_keeps_all_of_a_status_of_external_selectors(cluster: Cluster) -> None:
    moment = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
    selectors = tuple(
        ExternalSelectorStatus(
            selector=state.lower(),
            state=state,
            target="s.x.example",
            key_digest="ab",
            since=moment,
            message="-",
        )
        for state in SelectorState
    )
    rollout = DmarcRolloutStatus(stage=2, policy=DmarcPolicy.QUARANTINE, since=moment, next=moment)
    status = MailDomainStatus(external_selectors=selectors, dmarc_rollout=rollout)
    resource = stored(cluster, "MailDomain")
    report(cluster, resource, status)
    read = cluster.get("maildomain", resource["metadata"]["name"])["status"]
    assert MailDomainStatus.model_validate(read) == status


def test_shows_the_message_when_asked_for_more(cluster: Cluster) -> None:
    resource = stored(cluster, "MailDomain")
    report(cluster, resource, NtaRecordStatus(conditions=(READY,)))
    assert list(shown(cluster, resource)) == ["NAME", "DOMAIN", "READY", "REASON", "AGE"]
    assert shown(cluster, resource, "-o", "wide")["MESSAGE"] == "all records are answered"


def test_shows_the_end_month_of_an_nta_record(cluster: Cluster) -> None:
    resource = stored(cluster, "NtaRecord")
    report(cluster, resource, NtaRecordStatus(end_month="2029-11"))
    row = shown(cluster, resource)
    assert list(row) == ["NAME", "DOMAIN", "END", "READY", "REASON", "AGE"]
    assert row["END"] == "2029-11"


@pytest.mark.parametrize("kind", ["DnsProvider", "ClusterDnsProvider"])
def test_shows_type_and_zones_of_a_provider(cluster: Cluster, kind: str) -> None:
    resource = stored(cluster, kind)
    report(cluster, resource, DnsProviderStatus(zones=("a.example", "b.example")))
    row = shown(cluster, resource)
    assert list(row) == ["NAME", "TYPE", "ZONES", "READY", "REASON", "AGE"]
    assert (row["TYPE"], row["ZONES"]) == ("rfc2136", '["a.example","b.example"]')


def test_status_is_written_apart_from_the_spec(cluster: Cluster) -> None:
    resource = stored(cluster, "MailDomain")
    assert patched(cluster, resource, {"status": {"observedGeneration": 7}}) == ""
    assert "status" not in cluster.get("maildomain", resource["metadata"]["name"])


def test_lists_every_kind_of_the_category(cluster: Cluster) -> None:
    for kind in NAMING:
        stored(cluster, kind)
    kinds = {item["kind"] for item in cluster.get("mailseal")["items"]}
    assert kinds == set(NAMING)


@pytest.mark.parametrize("kind", NAMING)
def test_answers_to_the_short_name(cluster: Cluster, kind: str) -> None:
    resource = stored(cluster, kind)
    assert cluster.get(NAMING[kind].short_name, resource["metadata"]["name"])["kind"] == kind


def undescribed(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The paths below `path` of fields without a description."""
    for name, part in schema.get("properties", {}).items():
        if name in GENERATED and path.count(".") == 0:
            continue
        if not part.get("description"):
            yield f"{path}.{name}"
        yield from undescribed(part, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from undescribed(schema[keyword], f"{path}[]")


@pytest.mark.parametrize("kind", NAMING)
def test_describes_every_field(cluster: Cluster, kind: str) -> None:
    served = cluster.get("crd", f"{NAMING[kind].plural}.mailseal.dev")
    schema = served["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert list(undescribed(schema, kind)) == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("maildomain", "publishes the policy records of one mail domain"),
        ("maildomain.spec.dmarc.policy", "NTA 7516"),
        ("dkimkey.spec.keys.algorithm", "RFC 8463"),
        ("dkimkey.spec.rotation.window.from", "Time of day at which it opens"),
        ("maildomain.spec.dmarc.rollout.stages", "each stricter than the one before"),
        ("ntarecord.spec.declaration", "Nothing is published"),
        ("clusterdnsprovider.spec.allowedDomains", "Per namespace"),
        ("dnsprovider.status.conditions.reason", "one CamelCase word"),
    ],
)
def test_kubectl_explain_reads_like_a_manual(cluster: Cluster, field: str, words: str) -> None:
    assert words in " ".join(cluster.kubectl("explain", field).stdout.split())


def test_kubectl_explain_lists_the_whole_tree(cluster: Cluster) -> None:
    tree = cluster.kubectl("explain", "maildomain.spec.dmarc", "--recursive").stdout
    for field in (
        "policy",
        "subdomainPolicy",
        "nonexistentPolicy",
        "adkim",
        "aspf",
        "rua",
        "ruf",
        "testing",
        "lasts",
    ):
        assert field in tree
