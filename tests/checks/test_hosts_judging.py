"""What is said of observations of mail servers. Nothing is connected to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.hosts.certificates import is_late, judge_certificates, printable
from mailseal.checks.hosts.judging import judge_host
from mailseal.checks.model import Outcome, Subject
from mailseal.checks.smtp import (
    AddressObservation,
    Certificate,
    Contact,
    HostObservation,
    Lookup,
    StartTls,
    TlsVersion,
)
from mailseal.records.names import DnsName
from support.examining import codes, the

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = DnsName("mx.zorg.example")
CERTIFICATE = Certificate(
    der=b"der",
    names=(HOST,),
    common_names=(HOST,),
    subject=f"CN={HOST}",
    issuer="CN=CA",
    not_before=NOW - timedelta(days=30),
    not_after=NOW + timedelta(days=60),
    public_key_info=b"key",
    is_authority=False,
)
GOOD = AddressObservation(
    "192.0.2.1",
    Contact.ANSWERED,
    greeting="220 mx",
    starttls=StartTls.WORKS,
    negotiated=TlsVersion.TLS_1_3,
    offered=frozenset({TlsVersion.TLS_1_2, TlsVersion.TLS_1_3}),
    chain=(CERTIFICATE,),
)
ALL_WELL = ["mx.resolves/found", "mx.reachable/answers", "mx.starttls/works", "mx.tls/current"]
ALL_WELL += ["mx.certificate/good"]
contacts = st.sampled_from(Contact)
versions = st.frozensets(st.sampled_from(TlsVersion))
observations = st.builds(
    AddressObservation,
    address=st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    contact=contacts,
    fault=st.text(max_size=10),
    starttls=st.sampled_from(StartTls),
    offered=versions,
    undecided=versions,
    chain=st.sampled_from([(), (CERTIFICATE,), (replace(CERTIFICATE, der=b"other", names=()),)]),
    distrust=st.sampled_from(["", "self-signed certificate"]),
)


def host(*addresses: AddressObservation) -> HostObservation:
    return HostObservation(HOST, Lookup.FOUND, addresses=addresses)


def said(*addresses: AddressObservation, subject: Subject = Subject.MX) -> list[str]:
    return codes(judge_host(subject, host(*addresses), NOW))


def failed(contact: Contact) -> AddressObservation:
    return AddressObservation("192.0.2.9", contact, "why")


def with_certificate(**changes: object) -> AddressObservation:
    return replace(GOOD, chain=(replace(CERTIFICATE, **changes),))  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert said(GOOD) == ALL_WELL
    assert said(GOOD, subject=Subject.NTAMX) == [code.replace("mx.", "ntamx.") for code in ALL_WELL]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (HostObservation(HOST, Lookup.NONE), ["mx.resolves/no-address"]),
        (HostObservation(HOST, Lookup.UNANSWERED, "no answer"), ["mx.resolves/unanswered"]),
        (
            HostObservation(HOST, Lookup.NONE, aliases=(DnsName("gone.example"),)),
            ["mx.resolves/alias", "mx.resolves/no-address"],
        ),
    ],
)
def test_hosts_without_addresses(seen: HostObservation, expected: list[str]) -> None:
    assert codes(judge_host(Subject.MX, seen, NOW)) == expected


def test_what_a_server_says_anew_each_time_is_no_evidence() -> None:
    seen = replace(GOOD, greeting="220 mx.example ESMTP id 8f3a at 12:00:01")
    finding = the(judge_host(Subject.MX, host(seen), NOW), "mx.reachable/answers")
    assert finding.evidence == ("192.0.2.1: 220 mx.example",)


def test_an_alias_warns_and_the_rest_is_judged() -> None:
    seen = replace(host(GOOD), aliases=(DnsName("real.example"),))
    findings = list(judge_host(Subject.MX, seen, NOW))
    assert codes(findings) == ["mx.resolves/alias", *ALL_WELL[1:]]
    assert findings[0].evidence == ("CNAME real.example",)


@pytest.mark.parametrize(
    ("contacts", "code", "outcome"),
    [
        ([Contact.REFUSED], "refused", Outcome.FAIL),
        ([Contact.NO_SMTP], "no-smtp", Outcome.FAIL),
        ([Contact.TIMED_OUT], "timed-out", Outcome.UNKNOWN),
        ([Contact.UNROUTABLE], "timed-out", Outcome.UNKNOWN),
        ([Contact.SILENT], "silent", Outcome.UNKNOWN),
        ([Contact.TURNED_AWAY], "turned-away", Outcome.UNKNOWN),
        ([Contact.REFUSED, Contact.UNROUTABLE], "refused", Outcome.FAIL),
        ([Contact.REFUSED, Contact.TIMED_OUT], "timed-out", Outcome.UNKNOWN),
        ([Contact.REFUSED, Contact.FORBIDDEN], "refused", Outcome.FAIL),
        ([Contact.TIMED_OUT, Contact.FORBIDDEN], "timed-out", Outcome.UNKNOWN),
    ],
)
def test_no_address_answers(contacts: list[Contact], code: str, outcome: Outcome) -> None:
    """What may be our own side's fault is unknown, and says what to do about it."""
    findings = list(judge_host(Subject.MX, host(*map(failed, contacts)), NOW))
    assert codes(findings) == ["mx.resolves/found", f"mx.reachable/{code}"]
    assert findings[-1].outcome is outcome
    assert findings[-1].advice()
    assert findings[-1].evidence == ("192.0.2.9: why",) * len(contacts)


def test_only_private_addresses() -> None:
    assert said(failed(Contact.FORBIDDEN)) == ["mx.resolves/found", "mx.reachable/not-routed"]


def test_some_addresses_answer() -> None:
    """Without IPv6 on our side nothing is said of the server's."""
    assert said(GOOD, failed(Contact.UNROUTABLE)) == ALL_WELL
    for contact in (Contact.REFUSED, Contact.TIMED_OUT, Contact.NO_SMTP, Contact.FORBIDDEN):
        assert said(GOOD, failed(contact)) == [ALL_WELL[0], "mx.reachable/partly", *ALL_WELL[2:]]


@pytest.mark.parametrize(
    ("starttls", "code"),
    [
        (StartTls.NOT_OFFERED, "not-offered"),
        (StartTls.TURNED_DOWN, "broken"),
        (StartTls.FAILED, "broken"),
        (StartTls.STALLED, "broken"),
        (StartTls.UNKNOWN, "not-seen"),
    ],
)
def test_encryption(starttls: StartTls, code: str) -> None:
    """One address without it is enough."""
    bad = AddressObservation("192.0.2.2", Contact.ANSWERED, starttls=starttls)
    assert said(bad) == [*ALL_WELL[:2], f"mx.starttls/{code}"]
    assert said(GOOD, bad) == [*ALL_WELL[:2], f"mx.starttls/{code}", *ALL_WELL[3:]]


V10, V11, V12, V13 = TlsVersion


@pytest.mark.parametrize(
    ("offered", "undecided", "code", "told"),
    [
        ({V12}, set(), "current", "TLS 1.2"),
        ({V13}, set(), "current", "TLS 1.3"),
        ({V12, V13}, set(), "current", "TLS 1.2, TLS 1.3"),
        ({V12}, {V10, V11, V13}, "current", "TLS 1.2"),
        ({V10, V12}, set(), "old-too", "TLS 1.0"),
        ({V10, V11, V12, V13}, set(), "old-too", "TLS 1.0, TLS 1.1"),
        ({V10}, set(), "old-only", "TLS 1.0"),
        ({V10, V11}, set(), "old-only", "TLS 1.0, TLS 1.1"),
        ({V11}, {V12}, "undecided", "TLS 1.1"),
        ({V11}, {V10}, "old-only", "TLS 1.1"),
    ],
)
def test_versions(offered: set[TlsVersion], undecided: set[TlsVersion], code: str, told: str) -> None:
    seen = replace(GOOD, offered=frozenset(offered), undecided=frozenset(undecided))
    finding = the(judge_host(Subject.MX, host(seen), NOW), f"mx.tls/{code}")
    assert told in finding.says()


def test_the_worst_address_decides_on_versions() -> None:
    old = replace(GOOD, offered=frozenset({V10}))
    both = replace(GOOD, offered=frozenset({V11, V12}))
    assert "mx.tls/old-only" in said(GOOD, both, old)
    assert "mx.tls/old-too" in said(GOOD, both)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (GOOD, ["good"]),
        (replace(GOOD, distrust="self-signed certificate"), ["untrusted"]),
        (replace(GOOD, chain=()), ["unreadable"]),
        (with_certificate(names=("*.zorg.example",)), ["good"]),
        (with_certificate(names=("other.example",)), ["wrong-name"]),
        (with_certificate(names=()), ["wrong-name"]),
        (with_certificate(not_after=NOW - timedelta(days=1)), ["expired"]),
        (
            replace(with_certificate(not_after=NOW - timedelta(days=1)), distrust="certificate has expired"),
            ["expired"],
        ),
        (with_certificate(not_after=NOW + timedelta(days=20)), ["good"]),
        (with_certificate(not_after=NOW + timedelta(days=9)), ["ends-soon"]),
        (with_certificate(not_before=NOW + timedelta(days=1)), ["not-yet-valid"]),
        (
            replace(with_certificate(names=()), distrust="self-signed certificate"),
            ["untrusted", "wrong-name"],
        ),
    ],
)
def test_certificates(seen: AddressObservation, expected: list[str]) -> None:
    findings = list(judge_certificates(Subject.MX, HOST, [seen], NOW))
    assert codes(findings) == [f"mx.certificate/{code}" for code in expected]
    for finding in findings:
        if seen.certificate is not None:
            assert datetime.fromisoformat(finding.values["not_after"]) == seen.certificate.not_after


def test_each_certificate_is_told_once() -> None:
    other = replace(with_certificate(der=b"other", names=("other.example",)), address="192.0.2.2")
    seen = [GOOD, replace(GOOD, address="192.0.2.3"), other]
    found = codes(judge_certificates(Subject.MX, HOST, seen, NOW))
    assert found == ["mx.certificate/good", "mx.certificate/wrong-name"]


@pytest.mark.parametrize(
    ("lifetime_days", "left_days", "late"),
    [
        *((365, 22, False), (365, 20, True), (90, 22, False), (90, 20, True)),
        *((40, 11, False), (40, 9, True), (6, 2, False), (6, 1, True)),
    ],
)
def test_when_a_certificate_is_late(lifetime_days: int, left_days: int, late: bool) -> None:
    """Those that live for weeks only are renewed later than others."""
    end = NOW + timedelta(days=left_days)
    certificate = replace(CERTIFICATE, not_before=end - timedelta(days=lifetime_days), not_after=end)
    assert is_late(certificate, NOW) is late


@given(st.text())
def test_what_is_shown_of_certificates_cannot_disturb(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 200


@given(st.lists(observations, min_size=1, max_size=4))
def test_any_observation_is_judged(addresses: list[AddressObservation]) -> None:
    """Each check speaks at most once but for certificates and aliases, and says all in both languages."""
    findings = list(judge_host(Subject.MX, host(*addresses), NOW))
    found = codes(findings)
    single = [
        each.check.id for each in findings if each.check.id in {"mx.reachable", "mx.starttls", "mx.tls"}
    ]
    assert len(single) == len(set(single))
    assert found[0] == "mx.resolves/found"
    assert len(found) > 1
    for finding in findings:
        if finding.outcome not in {Outcome.PASS, Outcome.SKIP}:
            assert finding.advice()
