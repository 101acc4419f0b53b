"""Change batches: the exact old set goes, the new one comes, within the limits of one request."""

from __future__ import annotations

from typing import Any

import pytest

from mailseal.providers.base import BatchTooLarge, Refused
from mailseal.providers.route53.batch import build_batch
from mailseal.providers.route53.recordsets import KnownTexts, StoredSet, obstacle
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

KEY = RRsetKey(DnsName("_dmarc.zorg.example"), RecordType.TXT)
ZONE_ID = "Z1"


def rrset(*values: bytes, ttl: int = 300, key: RRsetKey = KEY) -> RRset:
    return RRset(key, ttl, tuple(TxtData.of(value) for value in values))


def entries(change: RRsetChange, known: KnownTexts | None = None) -> list[tuple[str, int, list[str]]]:
    batch: Any = build_batch(ZONE_ID, [change], known or KnownTexts())
    return [
        (
            entry["Action"],
            entry["ResourceRecordSet"]["TTL"],
            [record["Value"] for record in entry["ResourceRecordSet"]["ResourceRecords"]],
        )
        for entry in batch
    ]


def test_a_replacement_deletes_the_old_set_with_its_ttl_and_creates_the_new_one() -> None:
    change = RRsetChange(KEY, rrset(b"a", b"b"), rrset(b"a", b"c", ttl=600))

    assert entries(change) == [("DELETE", 300, ['"a"', '"b"']), ("CREATE", 600, ['"a"', '"c"'])]


def test_creations_only_create_and_deletions_only_delete() -> None:
    assert entries(RRsetChange(KEY, None, rrset(b"a"))) == [("CREATE", 300, ['"a"'])]
    assert entries(RRsetChange(KEY, rrset(b"a"), None)) == [("DELETE", 300, ['"a"'])]


def test_all_deletions_come_before_all_creations() -> None:
    alias = RRsetKey(KEY.name, RecordType.CNAME)
    changes = [
        RRsetChange(alias, None, RRset(alias, 300, (CnameData(DnsName("t.example")),))),
        RRsetChange(KEY, rrset(b"a"), None),
    ]

    batch = build_batch(ZONE_ID, changes, KnownTexts())

    assert [(entry["Action"], entry["ResourceRecordSet"]["Type"]) for entry in batch] == [
        ("DELETE", "TXT"),
        ("CREATE", "CNAME"),
    ]


def test_what_others_wrote_goes_back_in_their_own_text() -> None:
    known = KnownTexts()
    stored = StoredSet(KEY.name, "TXT", 300, (r'"v=DMARC1\; p=none"', '"a"   "b"', '"plain"'))
    known.note(ZONE_ID, KEY, stored)
    before = stored.rrset()
    after = RRset(KEY, 300, (*before.values, TxtData.of(b"ours;")))

    assert entries(RRsetChange(KEY, before, after), known) == [
        ("DELETE", 300, list(stored.texts)),
        ("CREATE", 300, [*stored.texts, '"ours;"']),
    ]


def test_two_texts_of_one_value_are_deleted_both_and_become_one() -> None:
    known = KnownTexts()
    stored = StoredSet(KEY.name, "TXT", 300, (r'"a\;"', '"a;"'))
    known.note(ZONE_ID, KEY, stored)
    before = stored.rrset()
    after = RRset(KEY, 300, (*before.values, TxtData.of(b"b")))

    (_, _, deleted), (_, _, created) = entries(RRsetChange(KEY, before, after), known)

    assert deleted == [r'"a\;"', '"a;"']
    assert len(created) == 2


def test_texts_are_used_only_while_they_mean_what_the_change_replaces() -> None:
    known = KnownTexts()
    known.note(ZONE_ID, KEY, StoredSet(KEY.name, "TXT", 300, (r'"a\;"',)))

    assert entries(RRsetChange(KEY, rrset(b"other"), None), known) == [("DELETE", 300, ['"other"'])]
    assert entries(RRsetChange(KEY, rrset(b"a;", ttl=60), None), known) == [("DELETE", 60, ['"a;"'])]

    known.note(ZONE_ID, KEY, None)
    assert entries(RRsetChange(KEY, rrset(b"a;"), None), known) == [("DELETE", 300, ['"a;"'])]


def test_a_value_over_4000_characters_is_refused_and_one_of_4000_passes() -> None:
    quotes_and_spaces = 16 * 3 - 1
    fitting = b"x" * (4_000 - quotes_and_spaces)
    assert len(entries(RRsetChange(KEY, None, rrset(fitting)))[0][2][0]) == 4_000

    with pytest.raises(Refused, match=r"4,001 characters .* Route 53 takes 4,000") as caught:
        build_batch(ZONE_ID, [RRsetChange(KEY, None, rrset(fitting + b"x"))], KnownTexts())
    assert not isinstance(caught.value, BatchTooLarge)


def keys(count: int) -> list[RRsetKey]:
    return [RRsetKey(DnsName(f"n{number}.zorg.example"), RecordType.TXT) for number in range(count)]


def test_32000_characters_fit_and_one_more_does_not() -> None:
    changes = [RRsetChange(key, None, rrset(b"x" * 158, key=key)) for key in keys(200)]
    assert len(build_batch(ZONE_ID, changes, KnownTexts())) == 200

    longer = rrset(b"x" * 159, key=changes[0].key)
    with pytest.raises(BatchTooLarge, match="32,001 characters"):
        build_batch(ZONE_ID, [RRsetChange(longer.key, None, longer), *changes[1:]], KnownTexts())


def test_1000_values_fit_and_one_more_does_not_whether_old_or_new() -> None:
    half = [f"{number}".encode() for number in range(500)]
    change = RRsetChange(KEY, rrset(*half), rrset(*half, ttl=60))
    assert len(build_batch(ZONE_ID, [change], KnownTexts())) == 2

    over = RRsetChange(KEY, rrset(*half), rrset(*half, b"more"))
    with pytest.raises(BatchTooLarge, match=f"the change of {KEY} takes 1,001 values"):
        build_batch(ZONE_ID, [over], KnownTexts())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"AliasTarget": {"DNSName": "x.example."}}, "is an alias of x.example."),
        ({"SetIdentifier": "blue", "Weight": 1, "TTL": 60}, "has the routing policy record 'blue'"),
        ({"TrafficPolicyInstanceId": "t-1"}, "belongs to the traffic policy instance t-1"),
        ({"TTL": 60, "ResourceRecords": [{"Value": 'a..b"'}]}, "cannot be read"),
        ({"TTL": -1, "ResourceRecords": [{"Value": '"a"'}]}, "cannot be read"),
        ({"TTL": 60, "ResourceRecords": []}, "cannot be read"),
    ],
)
@pytest.mark.parametrize("rtype", ["TXT", "CNAME"])
def test_what_is_no_plain_set_keeps_mailseal_from_the_name(
    answer: dict[str, Any], words: str, rtype: str
) -> None:
    stored = StoredSet.parse({"Name": "_dmarc.zorg.example.", "Type": rtype, **answer})

    fault = obstacle([stored], KEY)

    assert fault is not None
    assert words in fault


def test_sets_of_other_types_are_no_obstacle() -> None:
    alias = StoredSet.parse(
        {"Name": "_dmarc.zorg.example.", "Type": "A", "AliasTarget": {"DNSName": "x.example."}}
    )

    assert obstacle([alias], KEY) is None
