from __future__ import annotations

from hypothesis import given

from mailseal.records.display import displayed, parse_displayed
from mailseal.records.rrset import Rdata, RecordType
from support.record_strategies import typed_rdata


@given(typed_rdata)
def test_what_a_status_shows_is_read_back_as_the_same_value(typed: tuple[RecordType, Rdata]) -> None:
    rtype, value = typed
    assert parse_displayed(rtype, displayed(value)).identity == value.identity
