"""The DNS tree walk of RFC 9989: which names are asked, and whose record counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.dmarc.walk import MAX_QUERIES, Walk, names_on_walk, walk_tree
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.record_strategies import labels

ORG = '_dmarc.example.nl. TXT "v=DMARC1; p=reject"'
BELOW = '_dmarc.mail.example.nl. TXT "v=DMARC1; p=none"'


async def walked(domain: str, records: str, silent: tuple[str, ...] = ()) -> Walk:
    return await walk_tree(ZoneResolver(records, silent), DnsName(domain))


def policy_of(walk: Walk) -> str | None:
    return walk.policy.domain if walk.policy else None


@given(st.lists(labels, min_size=1, max_size=20).filter(lambda parts: sum(map(len, parts)) < 200))
def test_at_most_eight_names_are_on_a_walk_and_each_is_above_the_one_before(parts: list[str]) -> None:
    names = list(names_on_walk(DnsName(".".join(parts))))
    assert len(names) <= MAX_QUERIES
    assert names[0] == ".".join(parts)
    assert [len(name.labels) for name in names[1:]] == list(range(min(len(parts) - 1, 7), 0, -1))
    assert all(names[0].is_within(name) for name in names)


@pytest.mark.parametrize("count", [7, 8, 9, 15])
async def test_a_long_name_costs_eight_queries_and_skips_to_seven_labels(count: int) -> None:
    domain = DnsName(".".join(f"l{number}" for number in range(count, 0, -1)))
    resolver = ZoneResolver("")
    await walk_tree(resolver, domain)
    assert resolver.asked.total() == min(count, MAX_QUERIES)
    seven = "_dmarc.l7.l6.l5.l4.l3.l2.l1"
    assert resolver.asked[seven, "TXT"] == 1
    if count > 8:
        assert resolver.asked[f"_dmarc.l8.{seven.removeprefix('_dmarc.')}", "TXT"] == 0


@pytest.mark.parametrize(
    ("domain", "records", "organizational", "policy"),
    [
        ("example.nl", ORG, "example.nl", "example.nl"),
        ("a.b.example.nl", ORG, "example.nl", "example.nl"),
        ("a.mail.example.nl", f"{ORG}\n{BELOW}", "example.nl", "example.nl"),
        ("mail.example.nl", f"{ORG}\n{BELOW}", "example.nl", "mail.example.nl"),
        ("mail.example.nl", "", "mail.example.nl", None),
        (
            "a.mail.example.nl",
            f'{ORG}\n_dmarc.mail.example.nl. TXT "v=DMARC1; p=none; psd=n"',
            "mail.example.nl",
            "mail.example.nl",
        ),
        ("a.example.nl", '_dmarc.nl. TXT "v=DMARC1; p=none; psd=y"', "example.nl", "nl"),
        ("a.example.nl", f'{ORG}\n_dmarc.nl. TXT "v=DMARC1; psd=y; p=none"', "example.nl", "example.nl"),
        ("nl", '_dmarc.nl. TXT "v=DMARC1; p=reject; psd=y"', "nl", "nl"),
        ("example.nl", '_dmarc.nl. TXT "v=DMARC1; p=reject"', "nl", "nl"),
    ],
    ids=[
        "own record",
        "inherited past empty names",
        "the one with the fewest labels",
        "own record before the organisation's",
        "nothing anywhere",
        "psd=n ends the walk",
        "psd=y above: one label below it",
        "psd=y above, but the organisation has a record",
        "psd=y at the start is no suffix of itself",
        "a parent without psd counts as any other",
    ],
)
async def test_whose_record_counts(
    domain: str, records: str, organizational: str, policy: str | None
) -> None:
    walk = await walked(domain, records)
    assert walk.organizational_domain == organizational
    assert policy_of(walk) == policy


async def test_two_records_at_a_name_are_all_discarded() -> None:
    twice = f'{ORG}\n_dmarc.mail.example.nl. TXT "v=DMARC1; p=none" "v=DMARC1; p=reject"'
    two = f'{ORG}\n{BELOW}\n_dmarc.mail.example.nl. TXT "v=DMARC1; p=quarantine"'
    assert policy_of(await walked("mail.example.nl", two)) == "example.nl"
    assert policy_of(await walked("mail.example.nl", twice)) == "mail.example.nl"


async def test_values_that_are_no_dmarc_records_do_not_count() -> None:
    records = f'{ORG}\n_dmarc.example.nl. TXT "v=spf1 -all"\n_dmarc.example.nl. TXT "p=none; v=DMARC1"'
    walk = await walked("example.nl", records)
    assert walk.start.texts == ("v=DMARC1; p=reject",)


async def test_a_walk_that_met_silence_says_where() -> None:
    walk = await walked("a.mail.example.nl", ORG, silent=("_dmarc.mail.example.nl",))
    assert walk.unanswered is not None
    assert walk.unanswered.domain == "mail.example.nl"


async def test_the_walk_ends_where_psd_is_told() -> None:
    resolver = ZoneResolver('_dmarc.b.nl. TXT "v=DMARC1; p=none; psd=n"')
    await walk_tree(resolver, DnsName("a.b.nl"))
    assert set(resolver.asked) == {("_dmarc.a.b.nl", "TXT"), ("_dmarc.b.nl", "TXT")}


@given(st.lists(st.none() | st.sampled_from("uyn"), min_size=1, max_size=7))
async def test_the_organisational_domain_follows_the_three_rules_to_the_letter(
    told: list[str | None],
) -> None:
    """`told[i]` is what `psd` says at the i-th name from the start upwards; None: there is no record."""
    names = [".".join(f"l{number}" for number in range(depth, 0, -1)) for depth in range(len(told), 0, -1)]
    records = (
        f'_dmarc.{name}. TXT "v=DMARC1; p=none; psd={psd}"'
        for name, psd in zip(names, told, strict=True)
        if psd
    )
    walk = await walked(names[0], "\n".join(records))
    assert walk.organizational_domain == _by_the_rules(names, told)


def _by_the_rules(names: list[str], told: list[str | None]) -> str:
    """RFC 9989 sections 4.10 and 4.10.2, told one after the other."""
    stopped = next((at for at, psd in enumerate(told) if psd in {"y", "n"}), len(told) - 1)
    seen = [(name, psd) for name, psd in zip(names, told, strict=True)][: stopped + 1]
    with_records = [(name, psd) for name, psd in seen if psd]
    for name, psd in with_records:
        if psd == "n":
            return name
    for at, (_, psd) in enumerate(seen):
        if psd == "y" and at > 0:
            return names[at - 1]
    if with_records:
        return min(with_records, key=lambda found: found[0].count("."))[0]
    return names[0]
