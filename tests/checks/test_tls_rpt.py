"""What is said of TLS-RPT records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.model import Outcome
from mailseal.checks.tls_rpt import examine_tls_rpt, judge
from mailseal.records.tls_rpt import TlsRpt
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with
from support.record_strategies import mutations, tls_rpt_records

DOMAIN = examined("care.example")
GOOD = '_smtp._tls.care.example. TXT "v=TLSRPTv1; rua=mailto:tls@care.example"'


async def found(records: str, silent: tuple[str, ...] = ()) -> list[str]:
    return codes(await examine_tls_rpt(DOMAIN, tools_with(ZoneResolver(records, silent))))


async def test_a_good_record_is_found_and_its_addresses_are_told() -> None:
    findings = await examine_tls_rpt(DOMAIN, tools_with(ZoneResolver(GOOD)))
    assert codes(findings) == ["tls-rpt.record/found", "tls-rpt.syntax/readable"]
    assert findings[1].values["addresses"] == "mailto:tls@care.example"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ('care.example. TXT "v=spf1 -all"', ["tls-rpt.record/missing"]),
        ('_smtp._tls.care.example. TXT "hello"', ["tls-rpt.record/missing"]),
        ("care.example. MX 0 .", ["tls-rpt.record/no-mail"]),
        ("care.example. MX 0 .\ncare.example. MX 10 mail.care.example.", ["tls-rpt.record/missing"]),
        (
            '_smtp._tls.care.example. TXT "v=TLSRPTv1; rua=ftp://x.example"',
            ["tls-rpt.record/found", "tls-rpt.syntax/unreadable"],
        ),
        (
            '_smtp._tls.care.example. TXT "v=TLSRPTv1"',
            ["tls-rpt.record/found", "tls-rpt.syntax/unreadable"],
        ),
        (f'{GOOD}\n_smtp._tls.care.example. TXT "v=TLSRPTv1; rua=mailto:a@b.nl"', ["tls-rpt.record/several"]),
        (
            f'{GOOD}\n_smtp._tls.care.example. TXT "other"',
            ["tls-rpt.record/found", "tls-rpt.syntax/readable"],
        ),
    ],
)
async def test_what_is_wrong_is_told_as_a_warning(records: str, expected: list[str]) -> None:
    assert await found(records) == expected


async def test_a_silent_server_leaves_it_unknown() -> None:
    assert await found(GOOD, silent=("_smtp._tls.care.example",)) == ["tls-rpt.record/unanswered"]


async def test_a_name_too_long_for_the_record_has_none() -> None:
    longest = examined(".".join(["a" * 60] * 4))
    findings = await examine_tls_rpt(longest, tools_with(ZoneResolver(GOOD)))
    assert codes(findings) == ["tls-rpt.record/missing"]


@given(st.lists(st.text(st.characters(max_codepoint=255)) | mutations(tls_rpt_records.map(TlsRpt.to_text))))
def test_any_texts_get_a_judgement_that_fails_nothing(texts: list[str]) -> None:
    latin = [text.encode("latin-1", "replace").decode("latin-1") for text in texts]
    findings = judge("care.example", latin)
    codes(findings)
    assert findings
    assert all(finding.outcome is not Outcome.FAIL for finding in findings)


async def test_an_escape_sequence_in_a_record_does_not_reach_the_evidence() -> None:
    records = r'_smtp._tls.care.example. TXT "v=TLSRPTv1; rua=\027[31mred"'
    findings = await examine_tls_rpt(DOMAIN, tools_with(ZoneResolver(records)))
    assert "\x1b" not in "".join(the(findings, "tls-rpt.syntax/unreadable").evidence)
