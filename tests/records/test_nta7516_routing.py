"""Readiness for NTA 7516 and the way that mail takes by it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaRecordValue
from mailseal.records.nta7516.routing import (
    Delivery,
    DomainReadiness,
    Readiness,
    Route,
    RouteReason,
    readiness_of,
    receiving_hosts,
    route_mail,
)
from mailseal.records.rrset import MxData
from support.record_strategies import days, mutations, nta_records

NOW = date(2026, 11, 24)
RECORD = "v=NTA7516-1;startdate=2026-03;enddate=2026-12;provider=zorgmail"
WITH_HOSTS = f"{RECORD};ntamx=20 second.example;ntamx=10 first.example;ntamx=20 also.example"
MX = (MxData(20, DnsName("backup.example")), MxData(10, DnsName("mail.example")))


@pytest.mark.parametrize(
    ("sender_ready", "recipient_ready", "partner_network", "expected"),
    [
        (True, True, True, Delivery(Route.DIRECT, RouteReason.PARTNER_NETWORK)),
        (True, False, True, Delivery(Route.DIRECT, RouteReason.PARTNER_NETWORK)),
        (True, True, False, Delivery(Route.DIRECT, RouteReason.RECIPIENT_READY)),
        (True, False, False, Delivery(Route.VIEWER, RouteReason.RECIPIENT_NOT_READY)),
        (False, True, True, Delivery(Route.NOT_ASSURED, RouteReason.SENDER_NOT_READY)),
        (False, False, True, Delivery(Route.NOT_ASSURED, RouteReason.SENDER_NOT_READY)),
        (False, True, False, Delivery(Route.NOT_ASSURED, RouteReason.SENDER_NOT_READY)),
        (False, False, False, Delivery(Route.NOT_ASSURED, RouteReason.SENDER_NOT_READY)),
    ],
)
def test_each_cell_of_the_routing_matrix(
    sender_ready: bool, recipient_ready: bool, partner_network: bool, expected: Delivery
) -> None:
    assert (
        route_mail(
            sender_ready=sender_ready, recipient_ready=recipient_ready, partner_network=partner_network
        )
        == expected
    )


@pytest.mark.parametrize(
    ("texts", "today", "expected"),
    [
        ((), NOW, Readiness.NO_RECORD),
        (("v=spf1 -all", "v=NTA7516x"), NOW, Readiness.NO_RECORD),
        ((RECORD, "v=spf1 -all"), NOW, Readiness.READY),
        ((RECORD, RECORD), NOW, Readiness.SEVERAL_RECORDS),
        (("v=NTA7516;version:2019-06;expire:2019-10",), NOW, Readiness.INVALID_RECORD),
        ((RECORD,), date(2026, 2, 28), Readiness.NOT_YET_VALID),
        ((RECORD,), date(2026, 3, 1), Readiness.READY),
        ((RECORD,), date(2026, 12, 31), Readiness.READY),
        ((RECORD,), date(2027, 1, 1), Readiness.EXPIRED),
    ],
)
def test_a_domain_is_ready_with_one_valid_record_whose_months_include_today(
    texts: tuple[str, ...], today: date, expected: Readiness
) -> None:
    found = readiness_of(texts, today)
    assert found.readiness is expected
    assert found.is_ready is (expected is Readiness.READY)


def test_mail_goes_to_the_ntamx_hosts_of_a_ready_domain_by_preference() -> None:
    ready = readiness_of([WITH_HOSTS], NOW)
    assert receiving_hosts(ready, MX) == ("first.example", "also.example", "second.example")


@pytest.mark.parametrize(
    "recipient",
    [
        readiness_of([RECORD], NOW),
        readiness_of([WITH_HOSTS], date(2027, 1, 1)),
        readiness_of([], NOW),
    ],
    ids=["ready without ntamx", "expired", "no record"],
)
def test_mail_goes_to_the_mx_hosts_where_no_ntamx_counts(recipient: DomainReadiness) -> None:
    assert receiving_hosts(recipient, MX) == ("mail.example", "backup.example")


def test_a_null_mx_is_no_host() -> None:
    assert receiving_hosts(readiness_of([RECORD], NOW), [MxData(0, DnsName(""))]) == ()


@given(st.lists(mutations(nta_records.map(NtaRecordValue.to_text)), max_size=3), days)
def test_any_texts_give_a_readiness(texts: list[str], today: date) -> None:
    found = readiness_of(texts, today)
    if found.is_ready:
        assert found.record is not None
        assert found.record.dates.covers(today)
