"""What resources know of a domain goes into its checks."""

from __future__ import annotations

from mailseal.kube.examined import examined_at, is_checked, mail_domains_of
from mailseal.records.names import DnsName
from support.kube_objects import resource

DOMAIN = DnsName("example.nl")
NTA = {"relay": "_spf.zorgmail.nl", "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}]}


def dkim_key(name: str, *states: str, **fields):
    keys = [{"selector": f"{name}{number}", "state": state} for number, state in enumerate(states)]
    return resource("DkimKey", name, status={"keys": keys}, **fields)


def test_selectors_are_those_that_sign_or_whose_mail_is_under_way_and_those_of_vendors() -> None:
    vendors = {"dkim": {"externalSelectors": [{"selector": "vendor"}]}}
    found = examined_at(
        DOMAIN,
        [
            dkim_key("a", "Active", "Retiring", "Published", "Revoked"),
            resource(spec=vendors),
            dkim_key("b", "Active"),
        ],
    )
    assert found.selectors == ("a0", "a1", "vendor", "b0")
    assert (found.domain, found.relay, found.ntamx) == (DOMAIN, None, ())


def test_relay_and_hosts_are_those_of_the_nta_record() -> None:
    found = examined_at(DOMAIN, [resource("NtaRecord", spec=NTA)])
    assert (found.relay, found.ntamx) == ("_spf.zorgmail.nl", ("relay.zorgmail.nl",))


def test_another_namespace_with_its_own_provider_has_no_say() -> None:
    intruder = {"namespace": "other", "creationTimestamp": "2026-02-01T00:00:00Z"}
    theirs = {"relay": "_spf.elsewhere.nl", "ntamx": [{"preference": 1, "host": "dead.example"}]}
    mine = [resource("NtaRecord", spec=NTA), dkim_key("a", "Active")]
    foreign = [resource("NtaRecord", "z", spec=theirs, **intruder), dkim_key("b", "Active", **intruder)]
    assert examined_at(DOMAIN, [*foreign, *mine]) == examined_at(DOMAIN, mine)


def test_one_that_shares_the_provider_has_a_say_wherever_it_is() -> None:
    shared = {"providerRef": {"kind": "ClusterDnsProvider", "name": "dns"}}
    mine = resource("NtaRecord", spec={**NTA, **shared})
    keys = [{"selector": "s1", "state": "Active"}]
    theirs = resource("DkimKey", spec=shared, status={"keys": keys}, namespace="other")
    assert examined_at(DOMAIN, [mine, theirs]).selectors == ("s1",)


def test_who_never_got_our_finalizer_takes_nobody_s_say() -> None:
    older = {"namespace": "other", "creationTimestamp": "2020-01-01T00:00:00Z"}
    squatter = resource("NtaRecord", "z", spec={"relay": "_spf.elsewhere.nl"}, **older)
    held = resource("NtaRecord", spec=NTA, finalizers=["mailseal.dev/records"])
    assert examined_at(DOMAIN, [squatter, held]).relay == "_spf.zorgmail.nl"


def test_each_domain_of_an_nta_record_is_one_of_its_mail_domains() -> None:
    domains = ["a.example.nl", "b.example.nl"]
    record = resource("NtaRecord", spec={"domain": None, "domains": domains, **NTA})
    assert mail_domains_of(record) == tuple(domains)
    assert examined_at(DnsName("b.example.nl"), [record]).relay == "_spf.zorgmail.nl"
    assert examined_at(DOMAIN, [record]).relay is None


def test_what_is_deleted_or_invalid_counts_for_nothing() -> None:
    leaving = dkim_key("a", "Active", deletionTimestamp="2026-11-24T12:00:00Z")
    invalid = resource("NtaRecord", spec={"relay": "no name at all"})
    assert examined_at(DOMAIN, [leaving, invalid]).selectors == ()
    assert not is_checked(invalid)
    assert not is_checked(resource(deletionTimestamp="2026-11-24T12:00:00Z"))
    assert not is_checked(dkim_key("a"))
    assert is_checked(resource())
