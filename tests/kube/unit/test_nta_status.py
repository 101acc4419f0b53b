"""What the status of an NtaRecord says: each domain, the months that end first, renewal and reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.status import ConditionStatus
from mailseal.kube.conditions import Statement
from mailseal.kube.ntanews import nta_news
from mailseal.kube.ntastatus import nta_details, nta_statements
from mailseal.planning.model import RecordOutcome, RecordState
from mailseal.planning.reasons import Reason
from mailseal.records.txt import TxtData
from support.kube_objects import resource
from support.planning_world import ZONE, txt_key

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OTHER = "other.example.nl"
TWO: dict[str, Any] = {"domain": None, "domains": [ZONE, OTHER]}
MONTHS = {"startMonth": "2026-03", "endMonth": "2029-03", "expiresOn": "2029-03-31"}


def spec_of(**fields: Any) -> NtaRecordSpec:
    declaration = {"signedOn": "2026-09-14", "reference": "D-1"}
    spec = resource("NtaRecord", spec={"declaration": declaration, **fields}).spec
    assert isinstance(spec, NtaRecordSpec)
    return spec


def record(
    start: str = "2026-03",
    end: str = "2029-03",
    state: RecordState = RecordState.PUBLISHED,
    domain: str = ZONE,
    reason: str = "",
) -> RecordOutcome:
    value = TxtData.of(f"v=NTA7516-1;startdate={start};enddate={end};provider=zorgmail")
    return RecordOutcome(txt_key(domain), value, state, reason, f"because of {reason}" if reason else "")


def told(spec: NtaRecordSpec, *records: RecordOutcome, now: datetime = NOW) -> dict[str, Statement]:
    return {found.type: found for found in nta_statements(spec, {}, records, now)}


class TestDetails:
    @pytest.mark.parametrize("state", [RecordState.PUBLISHED, RecordState.PROPAGATING])
    def test_a_published_record_tells_its_months_its_last_day_and_the_declaration(self, state) -> None:
        details = nta_details(spec_of(), {}, [record(state=state)])
        known = {**MONTHS, "declaredOn": "2026-09-14"}
        assert details == {**known, "domains": [{"domain": ZONE, "state": str(state), **known}]}

    @pytest.mark.parametrize("state", [RecordState.CONFLICT, RecordState.REFUSED, RecordState.PENDING])
    def test_months_stay_as_they_were_while_nothing_is_published(self, state) -> None:
        before = nta_details(spec_of(), {}, [record()])
        after = nta_details(spec_of(), before, [record("2030-01", "2033-01", state)])
        assert after == {**before, "domains": [before["domains"][0] | {"state": str(state)}]}

    @pytest.mark.parametrize("records", [[], [record(state=RecordState.REMOVING)]], ids=["none", "removing"])
    def test_what_was_never_published_has_no_months(self, records) -> None:
        nothing = dict.fromkeys(["startMonth", "endMonth", "expiresOn", "declaredOn"])
        assert nta_details(spec_of(), {}, records) == {"domains": [{"domain": ZONE}], **nothing}

    def test_the_declaration_is_that_of_the_day_of_publication_until_renewal(self) -> None:
        before = nta_details(spec_of(), {}, [record()])
        newer = spec_of(declaration={"signedOn": "2028-12-01", "reference": "D-2"})
        assert nta_details(newer, before, [record()])["declaredOn"] == "2026-09-14"
        assert nta_details(newer, before, [record("2029-01", "2032-01")])["declaredOn"] == "2028-12-01"

    def test_a_status_without_domains_is_about_the_only_one(self) -> None:
        details = nta_details(spec_of(), MONTHS, [record(state=RecordState.CONFLICT)])
        assert details["domains"] == [{"domain": ZONE, "state": "Conflict", **MONTHS}]

    def test_of_several_domains_the_months_on_top_are_those_that_end_first(self) -> None:
        records = [record("2026-11", "2029-11", domain=OTHER), record()]
        details = nta_details(spec_of(**TWO), {}, records)
        assert [(entry["domain"], entry["endMonth"]) for entry in details["domains"]] == [
            (ZONE, "2029-03"),
            (OTHER, "2029-11"),
        ]
        assert details["expiresOn"] == "2029-03-31"


class TestRenewal:
    def test_says_from_when_on_a_valid_record_is_renewed(self) -> None:
        statement = told(spec_of(), record())["Renewal"]
        assert (statement.status, statement.reason) == (ConditionStatus.TRUE, "NotDue")
        assert "through 2029-03-31 and is renewed from 2028-12-31 on" in statement.message

    def test_says_what_a_manual_renewal_waits_for(self) -> None:
        assert (
            "newer than the one of 2026-09-14" in told(spec_of(renewal="Manual"), record())["Renewal"].message
        )

    @pytest.mark.parametrize("state", [RecordState.PENDING, RecordState.CONFLICT])
    def test_is_not_there_before_the_first_publication(self, state) -> None:
        assert "Renewal" not in told(spec_of(), record(state=state))

    @pytest.mark.parametrize(
        ("reason", "status"),
        [
            (Reason.EXPIRED, ConditionStatus.FALSE),
            (Reason.PREREQUISITES_FAILED, ConditionStatus.FALSE),
            (Reason.DECLARATION_NEEDED, ConditionStatus.FALSE),
            (Reason.DECLARATION_MISSING, ConditionStatus.FALSE),
            (Reason.PREREQUISITES_UNKNOWN, ConditionStatus.UNKNOWN),
            (Reason.CLOCK_UNCERTAIN, ConditionStatus.UNKNOWN),
        ],
    )
    def test_says_what_holds_it_up(self, reason, status) -> None:
        statement = told(spec_of(), record(reason=reason))["Renewal"]
        assert (statement.status, statement.reason) == (status, reason)
        assert statement.message == f"{ZONE}: because of {reason}"

    def test_of_several_domains_the_worst_is_told_with_what_each_waits_for(self) -> None:
        records = [
            record(reason=Reason.PREREQUISITES_UNKNOWN),
            record(domain=OTHER, reason=Reason.PREREQUISITES_FAILED),
        ]
        statement = told(spec_of(**TWO), *records)["Renewal"]
        assert (statement.status, statement.reason) == (ConditionStatus.FALSE, Reason.PREREQUISITES_FAILED)
        assert ZONE in statement.message
        assert OTHER in statement.message


class TestReviews:
    def test_the_next_one_is_told_while_none_is_overdue(self) -> None:
        statement = told(spec_of(), record())["Reviews"]
        assert (statement.status, statement.reason) == (ConditionStatus.TRUE, "UpToDate")
        assert "yearly review, due by 2027-09-14" in statement.message

    def test_one_is_overdue_from_the_day_after(self) -> None:
        last = datetime(2027, 9, 14, 21, 59, tzinfo=UTC)
        assert told(spec_of(), record(), now=last)["Reviews"].status is ConditionStatus.TRUE
        statement = told(spec_of(), record(), now=datetime(2027, 9, 14, 22, 0, tzinfo=UTC))["Reviews"]
        assert (statement.status, statement.reason) == (ConditionStatus.FALSE, "ReviewOverdue")
        assert "spec.reviews.yearlyOn" in statement.message

    def test_nothing_is_known_without_declaration_and_reviews(self) -> None:
        statement = told(spec_of(declaration=None), record())["Reviews"]
        assert (statement.status, statement.reason) == (ConditionStatus.UNKNOWN, "DeclarationMissing")


class TestNews:
    def status(
        self, *records: RecordOutcome, before: dict[str, Any] | None = None, **spec: Any
    ) -> dict[str, Any]:
        wanted, known = spec_of(**spec), before or {}
        statements = nta_statements(wanted, known, records, NOW)
        conditions = [
            {
                "type": found.type,
                "status": str(found.status),
                "reason": found.reason,
                "message": found.message,
            }
            for found in statements
        ]
        return {**nta_details(wanted, known, records), "conditions": conditions}

    def test_a_renewal_is_told_once(self) -> None:
        before = self.status(record())
        after = self.status(record("2029-01", "2032-01"), before=before)
        (news,) = nta_news(before, after)
        assert (news.kind, news.reason) == ("Normal", "Renewed")
        assert f"{ZONE}: valid from 2029-01 through 2032-01" in news.message
        assert list(nta_news(after, after)) == []

    def test_the_first_publication_is_no_renewal(self) -> None:
        assert list(nta_news({}, self.status(record()))) == []

    def test_what_a_renewal_waits_for_is_told_when_it_begins_and_when_it_changes(self) -> None:
        calm = self.status(record())
        waits = self.status(record(reason=Reason.DECLARATION_NEEDED))
        fails = self.status(record(reason=Reason.PREREQUISITES_FAILED))
        assert [news.reason for news in nta_news(calm, waits)] == ["DeclarationNeeded"]
        assert [news.reason for news in nta_news(waits, fails)] == ["PrerequisitesFailed"]
        assert list(nta_news(fails, fails)) == list(nta_news(fails, calm)) == []

    def test_an_expired_record_is_told_by_ready_and_not_twice(self) -> None:
        assert list(nta_news(self.status(record()), self.status(record(reason=Reason.EXPIRED)))) == []

    def test_a_review_that_becomes_overdue_is_told_once(self) -> None:
        calm, late = self.status(record()), self.status(record(), reviews={"yearlyOn": "2025-01-01"})
        (news,) = nta_news(calm, late)
        assert (news.kind, news.reason) == ("Warning", "ReviewOverdue")
        assert list(nta_news(late, late)) == []
