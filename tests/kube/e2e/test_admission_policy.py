"""The chart's admission policy: the API server refuses at once what the operator would never publish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support import chart
from support.cluster import Cluster, KubectlFailedError
from support.sharedprovider import SharedProvider
from support.world import World

KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


@pytest.fixture(scope="module", autouse=True)
def policy(controlplane: Cluster) -> Iterator[str]:
    """The policy of the chart, in force for the tests of this file."""
    rendered = chart.render("--set", "admissionPolicy.enabled=true")
    manifests = yaml.safe_dump_all(found for found in rendered if found["kind"] in KINDS)
    controlplane.kubectl("apply", "--filename", "-", input=manifests)
    yield manifests
    controlplane.kubectl("delete", "--filename", "-", input=manifests)


@pytest.fixture
def tenant(shared: SharedProvider) -> World:
    """A namespace that may publish mail.<zone> through a shared provider; the policy knows of that."""
    world = shared.world
    mine = {world.namespace: [f"mail.{world.domain}"]}
    _allow(shared, allowedNamespaces=[world.namespace], allowedDomains=mine)
    world.wait(lambda: _refusal(shared, f"evil.{world.domain}") != "", "the policy in force")
    return world


def _allow(shared: SharedProvider, **fields: Any) -> None:
    shared.world.apply(shared.manifest(**fields))


def _refusal(shared: SharedProvider, domain: str) -> str:
    """What the API server says to a MailDomain that nobody keeps; empty where it would take it."""
    world = shared.world
    manifest = world.mail_domain("probe", domain=domain, providerRef=shared.ref)
    try:
        world.kubectl("create", "--dry-run=server", "--filename", "-", input=yaml.safe_dump(manifest))
    except KubectlFailedError as error:
        return str(error)
    return ""


def test_the_expressions_have_the_right_types(controlplane: Cluster) -> None:
    for found in controlplane.get("validatingadmissionpolicies")["items"]:
        assert "expressionWarnings" not in found.get("status", {}).get("typeChecking", {}), found["metadata"]


def test_a_domain_is_allowed_with_all_below_it_and_nothing_that_only_looks_like_it(
    tenant: World, shared: SharedProvider
) -> None:
    zone = tenant.domain
    assert _refusal(shared, f"mail.{zone}") == ""
    assert _refusal(shared, f"a.b.mail.{zone}") == ""
    for domain in (zone, f"evilmail.{zone}", f"mail.{zone}.evil.example", "mail.example"):
        assert f"to publish records of {domain}, only below: mail.{zone}" in _refusal(shared, domain)


def test_a_namespace_that_is_not_allowed_is_told_so(tenant: World, shared: SharedProvider) -> None:
    _allow(shared, allowedNamespaces=["andere"])
    domain = f"mail.{tenant.domain}"
    tenant.wait(lambda: "does not allow namespace" in _refusal(shared, domain), "a refusal")
    assert tenant.namespace in _refusal(shared, domain)


def test_it_holds_for_somebody_who_may_not_even_see_the_shared_providers(
    tenant: World, shared: SharedProvider
) -> None:
    tenant.kubectl("create", "serviceaccount", "member")
    tenant.kubectl("create", "role", "member", "--verb=*", "--resource=maildomains.mailseal.dev")
    member = f"--serviceaccount={tenant.namespace}:member"
    tenant.kubectl("create", "rolebinding", "member", "--role=member", member)
    kubeconfig = tenant.cluster.kubeconfig_for(tenant.cluster.token_for("member", tenant.namespace))

    def create(domain: str) -> str:
        manifest = yaml.safe_dump(tenant.mail_domain("mine", domain=domain, providerRef=shared.ref))
        arguments = ("--namespace", tenant.namespace, "create", "--dry-run=server", "--filename", "-")
        done = tenant.cluster.kubectl(*arguments, input=manifest, kubeconfig=kubeconfig, check=False)
        return done.stderr

    assert create(f"mail.{tenant.domain}") == ""
    assert "only below" in create(f"evilmail.{tenant.domain}")
    seen = tenant.cluster.kubectl("get", "clusterdnsproviders", kubeconfig=kubeconfig, check=False)
    assert "forbidden" in seen.stderr


def test_all_domains_of_an_nta_record_and_both_of_a_key_count(tenant: World, shared: SharedProvider) -> None:
    zone = tenant.domain
    nta = tenant.nta_record(providerRef=shared.ref)
    nta["spec"] = {key: value for key, value in nta["spec"].items() if key != "domain"}
    nta["spec"]["domains"] = [f"mail.{zone}", f"other.{zone}"]
    with pytest.raises(KubectlFailedError, match="does not allow namespace"):
        tenant.apply(nta)
    delegation = {"domain": f"keys.{zone}", "providerRef": shared.ref}
    with pytest.raises(KubectlFailedError, match="does not allow namespace"):
        tenant.apply(tenant.dkim_key(delegation=delegation))
    own = {"domain": f"keys.mail.{zone}", "providerRef": shared.ref}
    tenant.apply(tenant.dkim_key(delegation=own))
    tenant.delete("DkimKey", "dkim")


def test_providers_of_the_namespace_are_no_business_of_it(tenant: World) -> None:
    tenant.apply(tenant.tsig(), tenant.provider(), tenant.mail_domain())
    tenant.wait_ready("MailDomain", "mail")


def test_what_is_there_already_can_be_labelled_and_deleted_and_not_moved(
    tenant: World, shared: SharedProvider
) -> None:
    """A permission that is withdrawn must not get in the way of finalizers."""
    tenant.apply(tenant.mail_domain(domain=f"mail.{tenant.domain}", providerRef=shared.ref))
    tenant.wait_ready("MailDomain", "mail")
    _allow(shared, allowedNamespaces=["andere"])
    tenant.wait_reason("MailDomain", "mail", "ProviderNotAllowed")
    tenant.wait(lambda: _refusal(shared, f"mail.{tenant.domain}") != "", "a refusal")
    tenant.annotate("MailDomain", "mail", note="x")
    with pytest.raises(KubectlFailedError, match="does not allow namespace"):
        tenant.kubectl("patch", "maildomain", "mail", "--type=merge", '--patch={"spec":{"ttlSeconds":600}}')
    _allow(shared, allowedNamespaces=["*"])
    tenant.delete("MailDomain", "mail")
    tenant.wait_gone("MailDomain", "mail")
