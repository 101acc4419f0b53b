"""The HTML of the report: complete, escaped, the same each time, and of bounded size."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.checks import mta_sts_verdicts as mta_sts
from mailseal.checks import nta
from mailseal.checks.model import DomainResult, Examined, Finding, Language, Outcome, Text, Verdict
from mailseal.checks.registry import verdicts
from mailseal.checks.serialize import CheckedDomain
from mailseal.records.names import DnsName
from mailseal.reporting import Report, ReportHead, build_report, read_bodies, render_report
from mailseal.reporting.dates import told_day
from mailseal.reporting.model import SourceKind
from mailseal.reporting.render import visible
from mailseal.reporting.texts import WORDS
from support.reportsample import (
    DOMAINS,
    HEAD,
    NOW,
    nta_body,
    nta_text,
    report_of,
    sample_report,
    sample_results,
)

LANGUAGES = tuple(Language)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1); '",
    "javascript:alert(1)",
    "</style></svg><script>alert(1)</script>",
    "{{ 7 * 7 }} {% include 'x' %}",
    "<!-- ]]>",
)
_SAFE_ELEMENTS = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "nav", "main", "section"),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "div",
        "span",
        "a",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "time",
        "code",
        "strong",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    *("svg", "symbol", "use", "circle", "path", "rect", "line", "text", "desc"),
}


class Reader(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())


def one_result(*findings: Finding, domain: str = "zorg-voorbeeld.example") -> DomainResult:
    return DomainResult(Examined(DnsName.parse(domain)), findings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_told_with_its_advice_its_evidence_and_its_rule(language: Language) -> None:
    text = Reader(render_report(sample_report(), language)).text
    for one in sample_results():
        for finding in one.result.findings:
            told = (finding.says(language), finding.advice(language), *finding.evidence)
            assert all(" ".join(part.split()) in text for part in told)
            assert finding.check.reference in text
            assert finding.verdict.id in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_of_every_check_can_be_told(language: Language) -> None:
    """Whatever a check says, the report can show; a placeholder gets some text."""
    findings = [
        Finding(verdict, "x.example", dict.fromkeys(_names(verdict), "1")) for verdict in verdicts().values()
    ]
    text = Reader(render_report(report_of([one_result(*findings)]), language)).text
    assert all(" ".join(finding.says(language).split()) in text for finding in findings)


def _names(verdict: Verdict) -> set[str]:
    return {"target", *re.findall(r"\{(\w+)\}", verdict.says.en + verdict.advice.en)}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_others_control_stays_text(hostile: str, language: Language) -> None:
    """Targets, evidence, selectors, references and names of resources come from outside."""
    page = render_report(hostile_report(hostile), language)
    reader = Reader(page)
    assert {name for name, _ in reader.elements} <= _SAFE_ELEMENTS
    for _, attributes in reader.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert reader.text.count(" ".join(hostile.split())) >= 5


def hostile_report(hostile: str) -> Report:
    named = mta_sts.FOUND.on("x.example", (hostile,), id=hostile)
    aimed = mta_sts.MISSING.on(hostile)
    selected = DomainResult(Examined(DnsName(hostile), (hostile,)), (named, aimed))
    body = dict(nta_body("a", ["zorg-voorbeeld.example"], ("2026-11", "2029-11")))
    body["metadata"] = {"name": hostile, "namespace": "zorg"}
    body["spec"] = {**body["spec"], "declaration": {"signedOn": "2026-10-30", "reference": hostile}}
    head = ReportHead(NOW, SourceKind.RESULTS, "0.1.0", hostile, hostile)
    return build_report([CheckedDomain(selected, NOW)], head, read_bodies([body], NOW))


@given(st.text(st.characters(), max_size=40))
@settings(max_examples=50)
def test_any_text_can_be_written_as_utf_8_and_hides_nothing(text: str) -> None:
    """Lone surrogates, controls and characters that turn the direction of text may come from edited files."""
    page = render_report(report_of([one_result(mta_sts.FOUND.on("x.example", (text,), id="1"))]), Language.NL)
    page.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)


def test_hidden_characters_are_shown_as_numbers() -> None:
    assert visible("a\u202eb\x00\ud800\n") == "a\\u{202e}b\\u{0000}\\u{d800}\n"
    assert visible("één ✓ ok") == "één ✓ ok"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_facts_make_the_same_page_in_whatever_order_they_come(language: Language) -> None:
    results = sample_results()
    forwards = build_report(results, HEAD)
    backwards = build_report(reversed(results), HEAD)
    assert render_report(forwards, language) == render_report(backwards, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_needs_nothing_else(language: Language) -> None:
    """No script, no style attribute, no reference outside, and a policy that forbids all of them."""
    reader = Reader(render_report(sample_report(), language))
    names = [name for name, _ in reader.elements]
    assert not {"script", "iframe", "img", "form", "object", "base"} & set(names)
    for name, attributes in reader.elements:
        assert "style" not in attributes
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#") or (name, attributes["href"]) == (
            "link",
            "data:,",
        )
    policies = [
        attributes["content"] or ""
        for name, attributes in reader.elements
        if name == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language_and_when_it_was_made(language: Language) -> None:
    reader = Reader(render_report(sample_report(), language))
    assert ("html", {"lang": str(language)}) in reader.elements
    month = "november" if language is Language.NL else "November"
    assert f"24 {month} 2026, 10:30 (Europe/Amsterdam)" in reader.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_report_says_so(language: Language) -> None:
    text = Reader(render_report(build_report((), HEAD), language)).text
    for key in ("summary-none", "actions-none", "expiry-none", "keys-none", "declarations-none"):
        assert WORDS[key].told(language) in text


def test_what_could_not_be_understood_is_named() -> None:
    broken = {**nta_body("broken", ["a.example"], None), "spec": {"domain": "a.example"}}
    text = Reader(render_report(build_report((), HEAD, read_bodies([broken], NOW)), Language.EN)).text
    assert "NtaRecord zorg/broken: NtaRecord is not valid: spec.providerRef: is required" in text


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WARN, Outcome.UNKNOWN, Outcome.FAIL])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_outcome_is_told_by_text_and_shape_not_by_colour_alone(
    outcome: Outcome, language: Language
) -> None:
    page = render_report(sample_report(), language)
    told = WORDS[f"outcome-{outcome}"].told(language)
    icon = rf'<svg [^>]*><use href="#icon-{outcome}"/></svg>'
    assert re.search(rf'<td class="cell {outcome}">{icon}\s*<span>{told}</span></td>', page)


def test_the_timeline_has_a_title_a_description_and_a_table_that_says_the_same() -> None:
    report = sample_report()
    reader = Reader(render_report(report, Language.EN))
    (drawing,) = [attributes for name, attributes in reader.elements if attributes.get("role") == "img"]
    assert drawing["aria-labelledby"] == "timeline-title timeline-desc"
    for span in report.spans:
        assert f"{span.name} " in reader.text
        assert f"{told_day(span.last_day, Language.EN)} {span.days_left}" in reader.text


def test_every_word_is_used_and_no_template_lacks_one() -> None:
    templates = "".join(_templates())
    used = set(re.findall(r'"([A-Za-z0-9-]+)"', templates))
    prefixes = tuple(re.findall(r'word\("([a-z-]+-)" ~', templates))
    assert {key for key in WORDS if key not in used and not key.startswith(prefixes)} == set()
    assert set(re.findall(r'word\("([A-Za-z0-9-]+)"[,)]', templates)) <= set(WORDS)


def _templates() -> Iterator[str]:
    for file in resources.files("mailseal.reporting").joinpath("templates").iterdir():
        if file.name.endswith(".j2"):
            yield file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS.keys())
def test_every_word_is_there_in_both_languages(text: Text) -> None:
    assert text.en
    assert text.nl


@pytest.mark.parametrize(
    ("day", "english", "dutch"),
    [
        (date(2026, 3, 1), "1 March 2026", "1 maart 2026"),
        (date(2028, 2, 29), "29 February 2028", "29 februari 2028"),
    ],
)
def test_days_are_told_as_readers_write_them(day: date, english: str, dutch: str) -> None:
    assert (told_day(day, Language.EN), told_day(day, Language.NL)) == (english, dutch)


def test_a_thousand_domains_take_seconds_and_a_bounded_file() -> None:
    """Each with as many findings as a domain of the sample; the time is that of a busy machine."""
    pattern = sample_results()[0].result.findings
    domains = [DnsName.parse(f"d{number}.example") for number in range(1000)]
    results = [DomainResult(Examined(domain), (*pattern, *missing(domain))) for domain in domains]
    began = time.monotonic()
    page = render_report(report_of(results), Language.NL)
    assert time.monotonic() - began < 60
    assert len(page.encode()) < 40_000_000
    assert page.count('class="domain"') == 1000


def missing(domain: DnsName) -> tuple[Finding, ...]:
    return (*nta.judge(domain, [nta_text("2026-11", "2029-11")], NOW.date()), mta_sts.MISSING.on(domain))


def test_all_domains_of_the_sample_are_linked_from_the_matrix() -> None:
    page = render_report(sample_report(), Language.NL)
    for number, domain in enumerate(sorted(DOMAINS), start=1):
        assert f'<th scope="row"><a href="#domain-{number}">{domain}</a></th>' in page


def test_an_action_for_many_domains_folds_their_names() -> None:
    names = [DnsName.parse(f"d{number}.example") for number in range(13)]
    for count, folded in ((12, 0), (13, 1)):
        results = [one_result(mta_sts.MISSING.on(name), domain=name) for name in names[:count]]
        page = render_report(report_of(results), Language.EN)
        assert page.count('<details class="places">') == folded
        assert all(
            f">{name}</a>" in page.partition('id="actions"')[2].partition('id="expiry"')[0]
            for name in names[:count]
        )


def test_a_domain_with_good_findings_and_an_overdue_review_points_to_its_declaration() -> None:
    domain = DOMAINS[0]
    body = nta_body("a", [domain], ("2026-11", "2029-11"), signed_on="2024-01-01")
    checked = CheckedDomain(one_result(domain=domain), NOW)
    page = render_report(build_report([checked], HEAD, read_bodies([body], NOW)), Language.EN)
    assert 'nothing that asks for attention. <a href="#declarations">What is open' in page
