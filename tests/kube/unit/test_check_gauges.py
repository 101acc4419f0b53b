"""The gauges of the live checks say what is held true of each domain and host."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from prometheus_client import CollectorRegistry, generate_latest

from mailseal.checks.model import Finding, Outcome, Subject
from mailseal.kube.checkgauges import CheckCollector
from mailseal.kube.checkmemory import CheckMemory, condensed
from mailseal.kube.checksettling import settle
from mailseal.kube.objects import StoredObject
from mailseal.kube.store import Store
from mailseal.records.names import DnsName
from support.checkresults import DOMAIN, NOW, finding, result
from support.checkwords import results
from support.kube_objects import resource

FIRST_END, LAST_END = NOW + timedelta(days=9), NOW + timedelta(days=90)


def collector(*found: Finding, resources: tuple[StoredObject, ...]) -> CheckCollector:
    store, memory = Store(), CheckMemory()
    for kept in resources:
        store.put(kept)
    if found:
        memory.put(DOMAIN, settle(None, condensed(result(*found)), NOW, timedelta(0)))
    return CheckCollector(store, memory)


def samples(collecting: CheckCollector) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    return {
        metric.name: [(tuple(sample.labels.values()), sample.value) for sample in metric.samples]
        for metric in collecting.collect()
    }


def test_the_worst_outcome_of_each_subject_is_told_for_each_resource() -> None:
    found = (
        finding(Outcome.PASS),
        finding(Outcome.FAIL, what="size"),
        finding(Outcome.WARN, Subject.DKIM),
        finding(Outcome.FAIL, Subject.NTA7516),
    )
    told = samples(collector(*found, resources=(resource(), resource("NtaRecord", "nta"))))
    mail, nta = ("MailDomain", "mail", "main", DOMAIN), ("NtaRecord", "mail", "nta", DOMAIN)
    assert set(told["mailseal_check_outcome"]) == {
        ((*mail, "spf", "fail"), 1),
        ((*mail, "dkim", "warn"), 1),
        ((*nta, "spf", "fail"), 1),
        ((*nta, "dkim", "warn"), 1),
        ((*nta, "nta7516", "fail"), 1),
    }
    assert told["mailseal_checks_last_run_timestamp_seconds"] == [
        (mail, NOW.timestamp()),
        (nta, NOW.timestamp()),
    ]


def test_a_domain_without_a_run_has_no_samples_and_neither_has_a_dkim_key() -> None:
    told = samples(collector(resources=(resource(),)))
    assert all(not found for found in told.values())
    told = samples(collector(finding(Outcome.PASS), resources=(resource("DkimKey"),)))
    assert told["mailseal_check_outcome"] == []


def test_each_mail_server_tells_when_its_first_certificate_ends() -> None:
    found = [
        finding(Outcome.PASS, subject, "certificate", target="mx.example.nl", not_after=end.isoformat())
        for subject, end in ((Subject.MX, LAST_END), (Subject.NTAMX, FIRST_END))
    ]
    found.append(finding(Outcome.PASS, Subject.MX, "certificate", target="odd.example.nl", not_after="soon"))
    told = samples(collector(*found, resources=(resource(),)))
    expiries = told["mailseal_mail_server_certificate_expiry_timestamp_seconds"]
    assert expiries == [(("mx.example.nl",), FIRST_END.timestamp())]


def test_a_renewed_certificate_counts_once_one_domain_has_seen_it() -> None:
    store, memory = Store(), CheckMemory()
    for domain, end, at in (("a.nl", LAST_END, NOW + timedelta(hours=1)), ("b.nl", FIRST_END, NOW)):
        seen = finding(Outcome.PASS, Subject.MX, target="mx.example.nl", not_after=end.isoformat())
        report = condensed(result(seen, domain=DnsName(domain)))
        memory.put(DnsName(domain), settle(None, report, at, timedelta(0)))
    told = samples(CheckCollector(store, memory))
    expiries = told["mailseal_mail_server_certificate_expiry_timestamp_seconds"]
    assert expiries == [(("mx.example.nl",), LAST_END.timestamp())]


@given(results())
def test_no_finding_breaks_a_scrape(anything) -> None:
    store, memory, registry = Store(), CheckMemory(), CollectorRegistry()
    domain = anything.result.domain
    memory.put(domain, settle(None, condensed(anything.result), NOW, timedelta(0)))
    store.put(resource(spec={"domain": str(domain)}))
    registry.register(CheckCollector(store, memory))
    assert b"mailseal_check_outcome" in generate_latest(registry)
