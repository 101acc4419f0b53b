"""The pure comparison of what servers answer with what was published."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailseal.observing.nameserver import Nameserver
from mailseal.observing.verification import Answered, Answers, ExpectedValue, Lag, ServerFailure, verify
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

KEY = RRsetKey(DnsName("_dmarc.zorg.example"), RecordType.TXT)
ALIAS = RRsetKey(KEY.name, RecordType.CNAME)
ONE, TWO = Nameserver("ns1", "192.0.2.1"), Nameserver("ns2", "192.0.2.2")
VALUE = (KEY, b"v=DMARC1; p=none")


def answering(*values: bytes) -> Answered:
    return Answered({KEY: RRset(KEY, 60, tuple(TxtData.of(value) for value in values))} if values else {})


def test_a_value_that_all_servers_answer_is_published() -> None:
    answers: dict[Nameserver, Answers] = {ONE: answering(VALUE[1]), TWO: answering(b"other", VALUE[1])}

    assert verify([VALUE], [], answers) == ()


def test_a_value_split_otherwise_is_the_same_value() -> None:
    split = Answered({KEY: RRset(KEY, 60, (TxtData((b"v=DMARC1; ", b"p=none")),))})

    assert verify([VALUE], [], {ONE: split}) == ()


def test_one_server_that_lags_is_named_with_what_it_answers() -> None:
    answers: dict[Nameserver, Answers] = {ONE: answering(VALUE[1]), TWO: answering(b"old")}

    assert verify([VALUE], [], answers) == (Lag("ns2", *VALUE, "does not answer the new value yet"),)


def test_an_empty_answer_and_a_cname_in_the_way_are_told_apart() -> None:
    alias = Answered({ALIAS: RRset(ALIAS, 60, (CnameData(DnsName("vendor.example")),))})

    assert verify([VALUE], [], {ONE: answering(), TWO: alias}) == (
        Lag("ns1", *VALUE, "answers that there is no such record"),
        Lag("ns2", *VALUE, "answers a CNAME to vendor.example. instead"),
    )


def test_a_removed_value_must_be_gone_everywhere_but_others_may_stay() -> None:
    answers: dict[Nameserver, Answers] = {ONE: answering(b"other"), TWO: answering(b"other", VALUE[1])}

    assert verify([], [VALUE], answers) == (Lag("ns2", *VALUE, "still answers a removed value"),)


def test_a_failed_server_and_a_fault_prove_neither_presence_nor_absence() -> None:
    answers: dict[Nameserver, Answers] = {
        ONE: ServerFailure("is silent"),
        TWO: Answered({}, {KEY: "is lame"}),
    }
    expected = (Lag("ns1", *VALUE, "is silent", silent=True), Lag("ns2", *VALUE, "is lame", silent=True))

    assert verify([VALUE], [], answers) == expected
    assert verify([], [VALUE], answers) == expected


def test_without_a_server_nothing_is_published() -> None:
    assert verify([VALUE], [], {}) == (
        Lag("the zone", *VALUE, "has no known authoritative server to ask", silent=True),
    )


identities = st.sampled_from([b"a", b"b", b"c"])
value_sets = st.sets(identities)


@given(held=st.lists(value_sets, min_size=1, max_size=3), present=value_sets, absent=value_sets)
def test_published_means_exactly_that_every_server_holds_all_present_and_no_absent_value(
    held: list[set[bytes]], present: set[bytes], absent: set[bytes]
) -> None:
    answers: dict[Nameserver, Answers] = {
        Nameserver(f"ns{number}", f"192.0.2.{number}"): answering(*values)
        for number, values in enumerate(held)
    }
    wanted: list[ExpectedValue] = [(KEY, identity) for identity in present]
    unwanted: list[ExpectedValue] = [(KEY, identity) for identity in absent]

    published = all(present <= values and not absent & values for values in held)

    assert (verify(wanted, unwanted, answers) == ()) is published
