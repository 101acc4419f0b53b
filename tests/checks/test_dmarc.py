"""What is said of DMARC: record, syntax, policy in effect, names below, reports and their targets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.dmarc import examine_dmarc
from mailseal.checks.dmarc.reports import MAX_TARGETS, target_domains
from mailseal.checks.model import Finding, Outcome
from mailseal.records.dmarc import Dmarc
from mailseal.records.txt import TxtData
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with
from support.record_strategies import dmarc_records, mutations

REPORTED = "rua=mailto:dmarc@care.example"


async def looked(
    records: str, domain: str = "care.example", silent: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    tools = tools_with(ZoneResolver(records, silent))
    return tuple(await examine_dmarc(examined(domain), tools))


MAIL = "care.example. MX 10 mail.care.example.\nreports.example.net. A 192.0.2.1"


async def looked_at(text: str, more: str = "", domain: str = "care.example") -> tuple[Finding, ...]:
    """The findings where `_dmarc.care.example` has `text`."""
    return await looked(f'_dmarc.care.example. TXT "{text}"\n{MAIL}\n{more}', domain)


async def test_a_good_record_passes_in_all_respects() -> None:
    findings = await looked_at(f"v=DMARC1; p=reject; {REPORTED}")
    assert codes(findings) == [
        "dmarc.record/found",
        "dmarc.syntax/well-formed",
        "dmarc.policy/strict",
        "dmarc.subdomains/as-strict",
        "dmarc.reports/asked",
    ]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


async def test_no_record_anywhere_fails() -> None:
    assert codes(await looked('care.example. TXT "v=DMARC1; p=reject"')) == ["dmarc.record/missing"]


async def test_two_records_fail_even_when_the_parent_has_one() -> None:
    records = (
        '_dmarc.example. TXT "v=DMARC1; p=reject"\n'
        '_dmarc.care.example. TXT "v=DMARC1; p=none"\n'
        '_dmarc.care.example. TXT "v=DMARC1; p=reject"'
    )
    findings = await looked(records)
    assert codes(findings) == ["dmarc.record/several"]
    assert len(findings[0].evidence) == 2


async def test_an_inherited_record_is_told_with_its_name() -> None:
    mail = "mail.care.example. A 192.0.2.1"
    findings = await looked_at(f"v=DMARC1; p=none; sp=reject; {REPORTED}", mail, "mail.care.example")
    assert the(findings, "dmarc.record/inherited").values["name"] == "care.example"
    assert the(findings, "dmarc.policy/strict").values["policy"] == "reject"
    assert not any(finding.check.id == "dmarc.subdomains" for finding in findings)


@pytest.mark.parametrize(
    ("domain", "policy"), [("there.care.example", "quarantine"), ("gone.care.example", "reject")]
)
async def test_np_counts_for_names_that_do_not_exist_and_sp_for_those_that_do(
    domain: str, policy: str
) -> None:
    there = "there.care.example. MX 10 mail.care.example."
    findings = await looked_at("v=DMARC1; p=none; sp=quarantine; np=reject", there, domain)
    assert the(findings, "dmarc.policy/strict").values["policy"] == policy


@pytest.mark.parametrize(
    ("tags", "code", "outcome"),
    [
        ("p=reject", "strict", Outcome.PASS),
        ("p=quarantine", "strict", Outcome.PASS),
        ("p=none", "none", Outcome.FAIL),
        (REPORTED, "none", Outcome.FAIL),
        ("p=none; t=y", "none", Outcome.FAIL),
        ("p=reject; t=y", "testing", Outcome.WARN),
        ("p=quarantine; t=y", "testing-none", Outcome.FAIL),
        ("p=reject; t=n", "strict", Outcome.PASS),
    ],
)
async def test_the_policy_in_effect_decides(tags: str, code: str, outcome: Outcome) -> None:
    finding = the(await looked_at(f"v=DMARC1; {tags}"), f"dmarc.policy/{code}")
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("tags", "weaker"),
    [
        ("p=reject; sp=none", "sp=none"),
        ("p=reject; np=quarantine", "np=quarantine"),
        ("p=quarantine; sp=none; np=none", "sp=none, np=none"),
        ("p=quarantine; sp=reject", None),
        ("p=reject; sp=reject; np=reject", None),
    ],
)
async def test_weaker_policies_for_names_below_are_a_warning(tags: str, weaker: str | None) -> None:
    findings = await looked_at(f"v=DMARC1; {tags}")
    if weaker is None:
        assert "dmarc.subdomains/as-strict" in codes(findings)
    else:
        assert the(findings, "dmarc.subdomains/weaker").values["tags"] == weaker


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("p=reject; pct=100", ["obsolete"]),
        ("p=reject; rf=afrf; ri=86400", ["obsolete"]),
        ("p=reject; rua=mailto:a@care.example!10m", ["obsolete"]),
        ("p=reject; color=red", ["odd"]),
        (REPORTED, ["odd"]),
        ("p=reject; pct=50; color=red", ["obsolete", "odd"]),
        ("p=rejecting", ["unreadable"]),
        ("p=reject; p=reject", ["unreadable"]),
        ("p=reject; rua=dmarc@care.example", ["unreadable"]),
        ("p=reject; sp=", ["unreadable"]),
    ],
)
async def test_what_is_odd_obsolete_or_wrong_in_a_record_is_told(tags: str, expected: list[str]) -> None:
    findings = await looked_at(f"v=DMARC1; {tags}")
    assert [f.verdict.code for f in findings if f.check.id == "dmarc.syntax"] == expected
    if expected == ["unreadable"]:
        assert findings[-1].outcome is Outcome.FAIL
        assert not any(finding.check.id == "dmarc.policy" for finding in findings)


@pytest.mark.parametrize("tags", ["p=reject", "p=reject; rua=https://care.example/r"])
async def test_no_address_for_reports_is_a_warning(tags: str) -> None:
    assert "dmarc.reports/none" in codes(await looked_at(f"v=DMARC1; {tags}"))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ["missing"]),
        ('care.example._report._dmarc.reports.example.net. TXT "v=DMARC1"', ["given"]),
        ('care.example._report._dmarc.reports.example.net. TXT "v=DMARC1; rua=mailto:x@y.nl"', ["given"]),
        ('care.example._report._dmarc.reports.example.net. TXT "yes"', ["missing"]),
        ('other.example._report._dmarc.reports.example.net. TXT "v=DMARC1"', ["missing"]),
    ],
)
async def test_a_target_of_another_organisation_must_have_agreed(more: str, expected: list[str]) -> None:
    findings = await looked_at("v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.net", more)
    assert [f.verdict.code for f in findings if f.check.id == "dmarc.consent"] == expected


@pytest.mark.parametrize("target", ["care.example", "reports.care.example", "a.b.care.example"])
async def test_a_target_of_the_same_organisation_needs_no_consent(target: str) -> None:
    findings = await looked_at(f"v=DMARC1; p=reject; rua=mailto:dmarc@{target}")
    assert not any(finding.check.id == "dmarc.consent" for finding in findings)


async def test_an_inherited_record_needs_the_consent_for_the_domain_at_which_it_stands() -> None:
    more = 'care.example._report._dmarc.reports.example.net. TXT "v=DMARC1"'
    text = "v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.net"
    findings = await looked_at(text, more, "mail.care.example")
    assert the(findings, "dmarc.consent/given").values["name"] == "care.example"


async def test_a_silent_target_leaves_its_consent_unknown_and_the_rest_known() -> None:
    record = '_dmarc.care.example. TXT "v=DMARC1; p=reject; rua=mailto:d@reports.example.net"'
    silent = ("care.example._report._dmarc.reports.example.net",)
    findings = await looked(record, silent=silent)
    assert the(findings, "dmarc.consent/unanswered").values["host"] == "reports.example.net"
    assert "dmarc.policy/strict" in codes(findings)


@pytest.mark.parametrize("silent", ["_dmarc.reports.example.net", "_dmarc.net", "_dmarc.example"])
async def test_silence_on_a_walk_for_the_organisations_leaves_the_consent_unknown(silent: str) -> None:
    record = '_dmarc.care.example. TXT "v=DMARC1; p=reject; rua=mailto:d@reports.example.net"'
    findings = await looked(record, silent=(silent,))
    assert the(findings, "dmarc.consent/unanswered").outcome is Outcome.UNKNOWN


async def test_of_many_targets_only_the_first_ten_are_looked_at() -> None:
    addresses = ",".join(f"mailto:d@t{number}.example.net" for number in range(30))
    strings = TxtData.of(f"v=DMARC1; p=reject; rua={addresses}").to_text()
    findings = await looked(f"_dmarc.care.example. TXT {strings}")
    assert codes(findings).count("dmarc.consent/missing") == MAX_TARGETS


async def test_a_domain_with_a_record_of_its_own_costs_one_query_for_it() -> None:
    resolver = ZoneResolver('_dmarc.a.care.example. TXT "v=DMARC1; p=reject"')
    await examine_dmarc(examined("a.care.example"), tools_with(resolver))
    assert resolver.asked == {("_dmarc.a.care.example", "TXT"): 1}


@pytest.mark.parametrize("silent", ["_dmarc.care.example", "_dmarc.example"])
async def test_silence_on_the_walk_leaves_it_unknown(silent: str) -> None:
    assert codes(await looked("", silent=(silent,))) == ["dmarc.record/unanswered"]


@pytest.mark.parametrize(
    ("records", "is_told"),
    [
        ("", True),
        ("x.target.example. A 192.0.2.1", True),
        ("target.example. MX 0 .", True),
        ('target.example. TXT "no mail here"', True),
        ("target.example. MX 10 mail.example.", False),
        ("target.example. A 192.0.2.1", False),
        ("target.example. AAAA 2001:db8::1", False),
    ],
    ids=["no name", "no data", "null MX", "other data", "MX", "A", "AAAA"],
)
async def test_a_target_that_receives_no_mail_is_a_warning(records: str, is_told: bool) -> None:
    findings = await looked_at("v=DMARC1; p=reject; rua=mailto:d@target.example", records)
    assert ("dmarc.reports/undeliverable" in codes(findings)) is is_told


async def test_a_target_whose_servers_are_silent_is_not_said_to_receive_no_mail() -> None:
    record = '_dmarc.care.example. TXT "v=DMARC1; p=reject; rua=mailto:d@target.example"'
    assert "dmarc.reports/undeliverable" not in codes(await looked(record, silent=("target.example",)))


def test_targets_are_the_domains_of_mail_addresses_each_once() -> None:
    record = Dmarc(
        rua=("mailto:a@One.example", "mailto:b@one.example?subject=x", "https://three.example"),
        ruf=("mailto:c@two.example", "mailto:d@..example"),
    )
    assert target_domains(record) == ("one.example", "two.example")


@given(st.lists(mutations(dmarc_records.map(Dmarc.to_text)), max_size=2))
async def test_any_records_get_a_judgement(texts: list[str]) -> None:
    encoded = [text.encode("latin-1", "replace") for text in texts]
    values = (
        " ".join(f'"{quoted(raw[at : at + 255])}"' for at in range(0, len(raw), 255)) for raw in encoded
    )
    zone = "\n".join(f"_dmarc.care.example. TXT {value}" for value in values if value)
    assert codes(await looked(zone))


def quoted(raw: bytes) -> str:
    return "".join(f"\\{byte:03d}" for byte in raw)
