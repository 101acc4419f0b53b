"""From results and resources to the report, without HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks import mta_sts_verdicts as mta_sts
from mailseal.checks import nta
from mailseal.checks.hitches import no_domain_on
from mailseal.checks.hosts import tls_verdicts as tls
from mailseal.checks.model import DomainResult, Examined, Language, Outcome, Subject
from mailseal.checks.registry import verdicts
from mailseal.checks.serialize import CheckedDomain
from mailseal.records.names import DnsName
from mailseal.reporting import build_report, read_bodies
from mailseal.reporting.criteria import MEASURED, NOT_MEASURED
from mailseal.reporting.model import SpanKind, Urgency
from mailseal.reporting.spans import urgency_of
from support.reportsample import (
    DOMAINS,
    HEAD,
    NOW,
    condition,
    nta_body,
    nta_text,
    report_of,
    sample_bodies,
    sample_report,
    sample_results,
)

DOMAIN = DnsName.parse("zorg-voorbeeld.example")


def result(*findings: Any, domain: DnsName = DOMAIN) -> DomainResult:
    return DomainResult(Examined(domain), tuple(findings))


def test_the_summary_counts_each_domain_once() -> None:
    counts = sample_report().counts
    assert counts == {Outcome.PASS: 1, Outcome.WARN: 2, Outcome.UNKNOWN: 1, Outcome.FAIL: 2}
    assert sum(counts.values()) == len(DOMAINS)


def test_domains_stand_in_the_order_of_their_names() -> None:
    domains = [section.domain for section in sample_report().sections]
    assert domains == sorted(DOMAINS)


def test_a_criterion_shows_the_worst_that_was_measured_for_it() -> None:
    host = tls.OLD_TLS_ONLY[Subject.MX].on("mail.zorg-voorbeeld.example", versions="TLS 1.0")
    (section,) = report_of(
        [result(host, *nta.judge(DOMAIN, [nta_text("2026-11", "2029-11")], NOW.date()))]
    ).sections
    assert section.cells["7.2"] is Outcome.FAIL
    assert section.cells["6.4.1"] is Outcome.PASS
    assert section.cells["6.1.5"] is None


def test_every_criterion_that_a_check_serves_is_a_column() -> None:
    served = {criterion for verdict in verdicts().values() for criterion in verdict.check.criteria}
    measured = [criterion.number for criterion in MEASURED]
    assert served <= set(measured)
    assert set(measured).isdisjoint(NOT_MEASURED)


def test_every_finding_is_in_the_section_of_its_domain() -> None:
    report = sample_report()
    for one in sample_results():
        (section,) = [section for section in report.sections if section.domain == one.result.domain]
        told = sorted((*section.open, *section.settled), key=repr)
        assert told == sorted(one.result.findings, key=repr)
        assert all(finding.outcome in {Outcome.PASS, Outcome.SKIP} for finding in section.settled)


def test_of_two_results_of_a_domain_the_later_counts() -> None:
    old = CheckedDomain(result(mta_sts.MISSING.on(DOMAIN)), NOW - timedelta(days=1))
    new = CheckedDomain(result(), NOW)
    for order in ([old, new], [new, old]):
        (section,) = build_report(order, HEAD).sections
        assert (section.checked_at, section.open) == (NOW, ())


def test_a_domain_that_only_the_cluster_knows_is_unknown_and_has_a_section() -> None:
    report = build_report((), HEAD, read_bodies([nta_body("a", [DOMAIN], ("2026-11", "2029-11"))], NOW))
    (section,) = report.sections
    assert (section.domain, section.checked_at, section.outcome) == (DOMAIN, None, Outcome.UNKNOWN)


def test_what_fails_comes_before_what_is_unknown_and_what_needs_attention() -> None:
    severities = [action.urgency.severity for action in sample_report().actions]
    assert severities == sorted(severities, reverse=True)
    assert len(set(severities)) == 3


def test_the_same_advice_for_many_domains_is_one_action_with_the_name_left_open() -> None:
    report = report_of(result(mta_sts.MISSING.on(domain), domain=domain) for domain in DOMAINS)
    (action,) = report.actions
    assert list(action.domains) == sorted(DOMAINS)
    assert "_mta-sts.[domain]" in action.advice.told(Language.EN)
    assert "_mta-sts.[domein]" in action.advice.told(Language.NL)


def test_what_several_subjects_say_in_the_same_words_is_one_action() -> None:
    """A misspelt domain is told once, although each subject says so."""
    absent = [no_domain_on(subject, DOMAIN) for subject in Subject]
    (action,) = report_of([result(*absent)]).actions
    assert action.domains == (DOMAIN,)
    assert action.says.told(Language.EN).startswith(f"{DOMAIN} does not exist in DNS")


def test_advice_for_one_domain_names_it() -> None:
    (action,) = report_of([result(mta_sts.MISSING.on(DOMAIN))]).actions
    assert f"_mta-sts.{DOMAIN}" in action.advice.told(Language.NL)


def test_braces_in_a_value_stay_text() -> None:
    (action,) = report_of([result(mta_sts.MISSING.on("{target} {0} }{"))]).actions
    assert "{target} {0} }{" in action.says.told(Language.EN)


def test_an_expired_record_that_the_cluster_keeps_is_told_once() -> None:
    """The advice to replace the record by hand is left out: the operator does it, once it may."""
    about = [
        action
        for action in sample_report().actions
        if action.urgency is Outcome.FAIL and DOMAINS[3] in action.domains
    ]
    assert [action.says.en.partition(":")[0] for action in about] == [
        "The last month of the NTA 7516 record is over"
    ]


def test_an_expired_record_that_no_cluster_keeps_has_the_advice_of_the_check() -> None:
    findings = nta.judge(DOMAIN, [nta_text("2023-07", "2026-06")], NOW.date())
    (action,) = report_of([result(*findings)]).actions
    assert "ended on 2026-06-30" in action.says.en


@pytest.mark.parametrize(
    ("change", "outcome", "says"),
    [
        ({"signed_on": None}, Outcome.FAIL, "Without a signed self-declaration"),
        ({"signed_on": "2025-11-23"}, Outcome.WARN, "overdue"),
        ({"renewal": "Manual"}, Outcome.WARN, "held up"),
    ],
)
def test_what_a_record_waits_for_is_an_action_and_shows_in_the_matrix(
    change: dict[str, Any], outcome: Outcome, says: str
) -> None:
    body = nta_body("a", [DOMAIN], ("2026-11", "2029-11"), **change)
    report = build_report([CheckedDomain(result(), NOW)], HEAD, read_bodies([body], NOW))
    (action,) = report.actions
    assert says in action.says.en
    assert (action.urgency, report.sections[0].outcome) == (outcome, outcome)
    assert report.sections[0].cells["6.4.1"] is outcome


def test_a_first_publication_that_is_held_up_is_an_action_with_what_the_operator_says() -> None:
    body = dict(nta_body("a", [DOMAIN], None))
    body["status"] = {
        "conditions": [condition("Ready", "PrerequisitesFailed", "SPF fails: there is no record")]
    }
    missing = result(*nta.judge(DOMAIN, [], NOW.date()))
    report = build_report([CheckedDomain(missing, NOW)], HEAD, read_bodies([body], NOW))
    (action,) = report.actions
    assert "not published yet" in action.says.en
    assert (action.urgency, action.detail) == (Outcome.FAIL, "SPF fails: there is no record")


def test_a_review_is_in_time_through_its_last_day() -> None:
    body = nta_body("a", [DOMAIN], ("2026-11", "2029-11"), signed_on="2025-11-24")
    for days, is_overdue in ((0, False), (1, True)):
        (record,) = read_bodies([body], NOW + timedelta(days=days)).records
        assert [review.is_overdue for review in record.reviews] == [is_overdue, False]


def test_a_record_of_several_domains_has_an_entry_for_each() -> None:
    records = read_bodies(sample_bodies(), NOW).records
    assert [record.domain for record in records if record.resource == "NtaRecord zorg/groep"] == [
        DOMAINS[5],
        DOMAINS[0],
    ]
    assert records[-1].expires_on == date(2029, 11, 30)


def test_a_status_without_a_list_of_domains_counts_for_the_domain_of_the_spec() -> None:
    body = dict(nta_body("a", [DOMAIN], None))
    body["spec"] = {**{k: v for k, v in body["spec"].items() if k != "domains"}, "domain": DOMAIN}
    body["status"] = {"startMonth": "2026-11", "endMonth": "2029-11", "expiresOn": "2029-11-30"}
    (record,) = read_bodies([body], NOW).records
    assert (record.domain, record.expires_on) == (DOMAIN, date(2029, 11, 30))


@pytest.mark.parametrize(
    "harm",
    [
        {"spec": {"domain": DOMAIN}},
        {"spec": None},
        {"status": {"conditions": "none"}},
        {"status": {"domains": [{"domain": DOMAIN, "startMonth": "x", "endMonth": "y"}]}},
        {"status": {"domains": [{"domain": DOMAIN, "startMonth": "2029-01", "endMonth": "2026-01"}]}},
    ],
)
def test_a_resource_that_cannot_be_understood_is_named_and_takes_nothing_with_it(
    harm: dict[str, Any],
) -> None:
    good = nta_body("good", [DOMAIN], ("2026-11", "2029-11"))
    bad = {**nta_body("bad", [DOMAIN], ("2026-11", "2029-11")), **harm}
    found = read_bodies([bad, good], NOW)
    assert [record.resource for record in found.records] == ["NtaRecord zorg/good"]
    assert [one.resource for one in found.unread] == ["NtaRecord zorg/bad"]


def test_what_the_cluster_says_of_a_record_goes_before_what_was_seen() -> None:
    seen = result(*nta.judge(DOMAIN, [nta_text("2025-01", "2027-01")], NOW.date()))
    kept = read_bodies([nta_body("a", [DOMAIN], ("2026-11", "2029-11"))], NOW)
    (span,) = build_report([CheckedDomain(seen, NOW)], HEAD, kept).spans
    assert (span.start, span.last_day) == (date(2026, 11, 1), date(2029, 11, 30))


def test_without_a_cluster_the_months_come_from_the_findings() -> None:
    (span,) = report_of([result(*nta.judge(DOMAIN, [nta_text("2025-01", "2027-01")], NOW.date()))]).spans
    assert (span.kind, span.start, span.last_day) == (
        SpanKind.NTA_RECORD,
        date(2025, 1, 1),
        date(2027, 1, 31),
    )


def test_values_that_are_no_days_make_no_span() -> None:
    """Results are files that anybody may have edited."""
    findings = nta.judge(DOMAIN, [nta_text("2025-01", "2027-01")], NOW.date())
    broken = [
        replace(finding, values={**finding.values, "start": "soon", "end": "0000-99"}) for finding in findings
    ]
    assert report_of([result(*broken)]).spans == ()


@given(st.integers(-4000, 4000))
def test_urgency_grows_as_the_end_comes_near(days: int) -> None:
    order = list(Urgency)
    assert order.index(urgency_of(days)) <= order.index(urgency_of(days + 1))


@pytest.mark.parametrize(
    ("days", "urgency"),
    [
        (-1, Urgency.OVER),
        (0, Urgency.WITHIN_30_DAYS),
        (30, Urgency.WITHIN_30_DAYS),
        (31, Urgency.WITHIN_90_DAYS),
        (90, Urgency.WITHIN_90_DAYS),
        (91, Urgency.LATER),
    ],
)
def test_the_bounds_of_urgency_are_those_of_the_alerts(days: int, urgency: Urgency) -> None:
    assert urgency_of(days) is urgency


def test_selectors_that_were_looked_at_show_how_they_are() -> None:
    seen = {(one.domain, one.selector): one.outcome for one in sample_report().selectors}
    assert seen[DOMAINS[0], "zs1"] is Outcome.PASS
    assert seen[DOMAINS[2], "zs1"] is Outcome.FAIL
    assert seen[DOMAINS[2], "zorgmail"] is Outcome.UNKNOWN


def certificate(host: str, not_after: str) -> Any:
    return tls.GOOD_CERTIFICATE[Subject.NTAMX].on(host, until="then", not_after=not_after)


def test_a_host_that_many_domains_use_is_told_once_with_the_certificate_that_ends_first() -> None:
    ends = ("2027-03-01T12:00:00+00:00", "2027-01-31T23:30:00+00:00", "2027-02-01T12:00:00+00:00")
    results = [
        result(certificate("relay.example", end), domain=domain)
        for end, domain in zip(ends, DOMAINS, strict=False)
    ]
    (span,) = report_of(results).spans
    assert (span.kind, span.name, span.last_day) == (
        SpanKind.CERTIFICATE,
        "relay.example",
        date(2027, 2, 1),
    )


@pytest.mark.parametrize("not_after", ["", "soon", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_certificate_without_a_usable_end_makes_no_span(not_after: str) -> None:
    assert report_of([result(certificate("relay.example", not_after))]).spans == ()
