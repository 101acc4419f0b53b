"""NtaRecord specs."""

from __future__ import annotations

import pytest

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.specs import parse_spec
from mailseal.records.months import Month
from support.manifests import REMOVED, spec_of


def nta_record(**changes: object) -> NtaRecordSpec:
    spec = parse_spec("NtaRecord", spec_of("NtaRecord", changes))
    assert isinstance(spec, NtaRecordSpec)
    return spec


def test_start_month_is_a_month() -> None:
    assert nta_record(startMonth="2026-03").first_month == Month(2026, 3)


def test_start_month_may_be_left_to_the_first_publication() -> None:
    assert nta_record().first_month is None


def test_declaration_may_come_later() -> None:
    assert nta_record(declaration=REMOVED).declaration is None


@pytest.mark.parametrize(
    "contact", ["NTA7516@zorg-voorbeeld.example", "nta+7516@mail.zorg-voorbeeld.example"]
)
def test_contact_is_a_mailbox(contact: str) -> None:
    assert nta_record(contact=contact).contact == contact
