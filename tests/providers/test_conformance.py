"""What every provider must do alike, on every backend. A new provider joins by a harness in HARNESSES."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mailseal.providers.base import NotServed, Provider, Raced, Refused, ZoneNotFound
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends import Harness, able_to

TTL = 3600


def key_at(name: str, rtype: RecordType = RecordType.TXT) -> RRsetKey:
    return RRsetKey(DnsName.parse(name), rtype)


def txt(*strings: bytes) -> TxtData:
    return TxtData(strings)


def rrset(key: RRsetKey, *values: Rdata, ttl: int = TTL) -> RRset:
    return RRset(key, ttl, values)


def create(key: RRsetKey, *values: Rdata) -> RRsetChange:
    return RRsetChange(key, None, rrset(key, *values))


def assert_same(held: RRset | None, expected: RRset) -> None:
    """Exactly the same character-strings and TTL, in any order."""
    assert held is not None
    assert sorted(map(repr, held.values)) == sorted(map(repr, expected.values))
    assert held.ttl_seconds == expected.ttl_seconds


async def read_one(provider: Provider, zone: DnsName, key: RRsetKey) -> RRset | None:
    return (await provider.read(zone, [key])).get(key)


@pytest.mark.parametrize("length", [1, 254, 255, 256, 510, 511, 4000])
async def test_a_value_of_any_length_comes_back_byte_for_byte(harness: Harness, length: int) -> None:
    zone = harness.new_zone()
    key = key_at(f"long.{zone}")
    value = TxtData.of(bytes(97 + position % 26 for position in range(length)))
    provider = harness.open(zone)

    await provider.apply(zone, [create(key, value)])

    assert_same(await read_one(provider, zone, key), rrset(key, value))
    assert_same(harness.peek(zone, key), rrset(key, value))


@pytest.mark.parametrize(
    "strings",
    [
        (b'say "yes"',),
        (b"back\\slash \\034 \\",),
        (b"v=DKIM1; k=rsa; p=",),
        (bytes(range(1, 256)),),
        ("zorg\u00e9 \u2713".encode(),),
        (b" leading and trailing ",),
        (b"(paren) @ $ORIGIN \t tab",),
        (b"",),
        (b"a", b"b"),
        (b"", b"x", b""),
        (b"x" * 255, b"y"),
        (b"x" * 3, b"y" * 255, b"z" * 255),
    ],
    ids=lambda strings: repr(strings)[:30],
)
async def test_any_bytes_and_any_string_boundaries_are_kept(
    harness: Harness, strings: tuple[bytes, ...]
) -> None:
    zone = harness.new_zone()
    foreign, ours = key_at(f"foreign.{zone}"), key_at(f"ours.{zone}")
    harness.put(zone, rrset(foreign, TxtData(strings)))
    provider = harness.open(zone)

    before = await read_one(provider, zone, foreign)
    await provider.apply(
        zone,
        [
            create(ours, TxtData(strings)),
            RRsetChange(foreign, before, rrset(foreign, TxtData(strings), txt(b"new"))),
        ],
    )

    assert_same(before, rrset(foreign, TxtData(strings)))
    assert_same(harness.peek(zone, foreign), rrset(foreign, TxtData(strings), txt(b"new")))
    assert_same(harness.peek(zone, ours), rrset(ours, TxtData(strings)))


FOREIGN = (txt(b"v=spf1 -all"), txt(b"site-verification=", b"abc"), txt(b"a", b"b"), txt(b'MS=ms1;"\\'))


@pytest.mark.parametrize(
    ("ours_before", "ours_after"),
    [((), (txt(b"one"),)), ((txt(b"one"),), (txt(b"two"),)), ((txt(b"one"),), ())],
    ids=["add", "replace", "delete"],
)
async def test_values_of_others_survive_a_change_beside_them(
    harness: Harness, ours_before: tuple[TxtData, ...], ours_after: tuple[TxtData, ...]
) -> None:
    zone = harness.new_zone()
    apex = RRsetKey(zone, RecordType.TXT)
    harness.put(zone, rrset(apex, *FOREIGN, *ours_before))
    provider = harness.open(zone)

    before = await read_one(provider, zone, apex)
    await provider.apply(zone, [RRsetChange(apex, before, rrset(apex, *FOREIGN, *ours_after))])

    assert_same(harness.peek(zone, apex), rrset(apex, *FOREIGN, *ours_after))


async def test_forty_values_fit_one_rrset(harness: Harness) -> None:
    zone = harness.new_zone()
    key = key_at(f"many.{zone}")
    values = [TxtData.of(f"value {number} " + "x" * number * 10) for number in range(40)]
    provider = harness.open(zone)

    await provider.apply(zone, [create(key, *values)])

    assert_same(await read_one(provider, zone, key), rrset(key, *values))


@pytest.mark.parametrize(
    ("believed", "real"),
    [
        (None, (txt(b"theirs"),)),
        ((txt(b"gone"),), None),
        ((txt(b"old"),), (txt(b"theirs"),)),
        ((txt(b"one"),), (txt(b"one"), txt(b"theirs"))),
        ((txt(b"one"), txt(b"two")), (txt(b"one"),)),
        ((txt(b"ab"),), (txt(b"a", b"b"),)),
    ],
    ids=["appeared", "vanished", "replaced", "grown", "shrunk", "split otherwise"],
)
async def test_a_stale_belief_is_raced_and_changes_nothing(
    harness: Harness, believed: tuple[TxtData, ...] | None, real: tuple[TxtData, ...] | None
) -> None:
    zone = harness.new_zone()
    key = key_at(f"stale.{zone}")
    before = rrset(key, *believed) if believed else None
    if real:
        harness.put(zone, rrset(key, *real))
    provider = harness.open(zone)

    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, before, rrset(key, txt(b"ours")))])

    held = harness.peek(zone, key)
    if real is None:
        assert held is None
    else:
        assert_same(held, rrset(key, *real))


async def test_concurrent_writers_lose_no_value(harness: Harness) -> None:
    zone = harness.new_zone()
    key = RRsetKey(zone, RecordType.TXT)
    writers, rounds = 5, 10

    async def add_all(writer: int) -> None:
        provider = harness.open(zone)
        for number in range(rounds):
            await _add_with_retries(provider, zone, key, TxtData.of(f"writer {writer} round {number}"))

    await asyncio.gather(*(add_all(writer) for writer in range(writers)))

    held = harness.peek(zone, key)
    assert held is not None
    assert held.identities == {
        f"writer {w} round {n}".encode() for w in range(writers) for n in range(rounds)
    }


async def _add_with_retries(provider: Provider, zone: DnsName, key: RRsetKey, value: TxtData) -> None:
    for _ in range(500):
        before = await read_one(provider, zone, key)
        values = (*before.values, value) if before else (value,)
        try:
            await provider.apply(zone, [RRsetChange(key, before, rrset(key, *values))])
        except Raced:
            continue
        return
    raise AssertionError(f"{value} lost 500 races")


async def test_a_cname_is_read_in_place_of_another_type_and_keeps_its_name_to_itself(
    harness: Harness,
) -> None:
    zone = harness.new_zone()
    alias, text = key_at(f"alias.{zone}", RecordType.CNAME), key_at(f"alias.{zone}")
    harness.put(zone, rrset(alias, CnameData(DnsName("target.example.org"))))
    provider = harness.open(zone)

    assert await provider.read(zone, [text]) == {
        alias: rrset(alias, CnameData(DnsName("target.example.org")))
    }
    with pytest.raises(Raced):
        await provider.apply(zone, [create(text, txt(b"ours"))])

    assert harness.peek(zone, text) is None
    assert_same(harness.peek(zone, alias), rrset(alias, CnameData(DnsName("target.example.org"))))


async def test_a_cname_beside_other_records_is_refused(harness: Harness) -> None:
    zone = harness.new_zone()
    text, alias = key_at(f"taken.{zone}"), key_at(f"taken.{zone}", RecordType.CNAME)
    harness.put(zone, rrset(text, txt(b"theirs")))
    provider = harness.open(zone)

    with pytest.raises(Refused, match="CNAME"):
        await provider.apply(zone, [create(alias, CnameData(DnsName("target.example.org")))])

    assert harness.peek(zone, alias) is None
    assert_same(harness.peek(zone, text), rrset(text, txt(b"theirs")))


async def test_a_cname_takes_the_place_of_a_text_in_one_batch_and_gives_it_back(harness: Harness) -> None:
    zone = harness.new_zone()
    text, alias = key_at(f"swap.{zone}"), key_at(f"swap.{zone}", RecordType.CNAME)
    there, back = rrset(alias, CnameData(DnsName("t.example.org"))), rrset(text, txt(b"ours"))
    provider = harness.open(zone)
    await provider.apply(zone, [RRsetChange(text, None, back)])

    await provider.apply(zone, [RRsetChange(alias, None, there), RRsetChange(text, back, None)])
    assert await provider.read(zone, [text, alias]) == {alias: there}

    await provider.apply(zone, [RRsetChange(text, None, back), RRsetChange(alias, there, None)])
    assert await provider.read(zone, [text, alias]) == {text: back}


async def test_cname_targets_are_replaced_and_deleted(harness: Harness) -> None:
    zone = harness.new_zone()
    key = key_at(f"sel._domainkey.{zone}", RecordType.CNAME)
    first, second = (rrset(key, CnameData(DnsName(f"{name}.vendor.example"))) for name in ("one", "two"))
    provider = harness.open(zone)

    await provider.apply(zone, [RRsetChange(key, None, first)])
    await provider.apply(zone, [RRsetChange(key, first, second)])
    assert_same(await read_one(provider, zone, key), second)

    await provider.apply(zone, [RRsetChange(key, second, None)])
    assert harness.peek(zone, key) is None


async def test_a_null_mx_replaces_mx_records_written_in_any_case(harness: Harness) -> None:
    zone = harness.new_zone(records="@ 3600 MX 10 Mail.Example.ORG.\n@ 3600 MX 20 BACKUP.example.org.")
    key = RRsetKey(zone, RecordType.MX)
    null_mx = rrset(key, MxData(0, DnsName("")))
    provider = harness.open(zone)

    before = await read_one(provider, zone, key)
    assert_same(
        before,
        rrset(key, MxData(10, DnsName("mail.example.org")), MxData(20, DnsName("backup.example.org"))),
    )
    await provider.apply(zone, [RRsetChange(key, before, null_mx)])

    assert_same(harness.peek(zone, key), null_mx)


async def test_names_are_the_same_in_any_case_and_with_a_final_dot(harness: Harness) -> None:
    zone = harness.new_zone(records='MiXeD 3600 TXT "theirs"')
    provider = harness.open(zone)
    key = key_at(f"mIxEd.{zone.upper()}.")

    assert await provider.zone_of(DnsName.parse(f"MIXED.{zone}.")) == zone
    before = await read_one(provider, zone, key)
    await provider.apply(zone, [RRsetChange(key, before, rrset(key, txt(b"theirs"), txt(b"ours")))])

    assert_same(harness.peek(zone, key_at(f"mixed.{zone}")), rrset(key, txt(b"theirs"), txt(b"ours")))


async def test_an_unknown_zone_is_an_error_and_never_looks_empty(harness: Harness) -> None:
    harness.new_zone()
    provider, unknown = harness.open(), DnsName("unknown.invalid")
    key = RRsetKey(unknown, RecordType.TXT)

    with pytest.raises(ZoneNotFound):
        await provider.zone_of(unknown)
    with pytest.raises(ZoneNotFound):
        await provider.read(unknown, [key])
    with pytest.raises(ZoneNotFound):
        await provider.apply(unknown, [create(key, txt(b"ours"))])


async def test_a_zone_that_is_only_part_of_a_served_one_is_an_error_and_never_looks_empty(
    harness: Harness,
) -> None:
    zone = harness.new_zone()
    inner = DnsName.parse(f"inner.{zone}")

    with pytest.raises(ZoneNotFound):
        await harness.open(zone).read(inner, [RRsetKey(inner, RecordType.TXT)])


async def test_one_stale_change_keeps_a_whole_batch_from_being_made(harness: Harness) -> None:
    zone = harness.new_zone()
    keys = [key_at(f"n{number}.{zone}") for number in range(10)]
    harness.put(zone, rrset(keys[7], txt(b"theirs")))
    provider = harness.open(zone)

    with pytest.raises(Raced):
        await provider.apply(zone, [create(key, txt(b"ours")) for key in keys])

    assert await provider.read(zone, keys) == {keys[7]: rrset(keys[7], txt(b"theirs"))}


async def test_a_change_that_changes_nothing_writes_nothing(harness: Harness) -> None:
    zone = harness.new_zone()
    key, other = key_at(f"same.{zone}"), key_at(f"other.{zone}")
    provider = harness.open(zone)
    await provider.apply(zone, [create(key, txt(b"a"), txt(b"b"))])
    before = await read_one(provider, zone, key)
    assert before is not None
    turned = RRset(key, before.ttl_seconds, tuple(reversed(before.values)))

    version = harness.version(zone)

    await provider.apply(zone, [RRsetChange(key, before, turned), RRsetChange(other, None, None)])

    assert harness.version(zone) == version
    assert_same(harness.peek(zone, key), before)


async def test_the_same_creation_twice_is_raced(harness: Harness) -> None:
    zone = harness.new_zone()
    key = key_at(f"twice.{zone}")
    provider = harness.open(zone)
    await provider.apply(zone, [create(key, txt(b"ours"))])

    with pytest.raises(Raced):
        await provider.apply(zone, [create(key, txt(b"ours"))])


async def test_absence_is_a_missing_key_for_unknown_names_empty_names_and_deleted_sets(
    harness: Harness,
) -> None:
    zone = harness.new_zone()
    unknown, between, deleted = key_at(f"no.{zone}"), key_at(f"_domainkey.{zone}"), key_at(f"del.{zone}")
    provider = harness.open(zone)
    await provider.apply(
        zone, [create(key_at(f"s._domainkey.{zone}"), txt(b"x")), create(deleted, txt(b"x"))]
    )
    await provider.apply(zone, [RRsetChange(deleted, rrset(deleted, txt(b"x")), None)])

    assert await provider.read(zone, [unknown, between, deleted, RRsetKey(zone, RecordType.MX)]) == {}
    assert await provider.read(zone, []) == {}


@pytest.mark.parametrize("more", [(), (txt(b"new"),)], ids=["alone", "with a new value"])
async def test_a_ttl_is_changed_for_the_whole_set(harness: Harness, more: tuple[TxtData, ...]) -> None:
    zone = harness.new_zone()
    key = key_at(f"ttl.{zone}")
    before, after = rrset(key, *FOREIGN), rrset(key, *FOREIGN, *more, ttl=300)
    harness.put(zone, before)
    provider = harness.open(zone)

    await provider.apply(zone, [RRsetChange(key, before, after)])

    assert_same(harness.peek(zone, key), after)


async def test_a_value_added_with_the_ttl_of_the_set_keeps_it(harness: Harness) -> None:
    zone = harness.new_zone()
    key = key_at(f"ttl.{zone}")
    harness.put(zone, rrset(key, *FOREIGN, ttl=777))
    provider = harness.open(zone)

    await provider.apply(
        zone, [RRsetChange(key, rrset(key, *FOREIGN, ttl=777), rrset(key, *FOREIGN, txt(b"n"), ttl=777))]
    )

    assert_same(harness.peek(zone, key), rrset(key, *FOREIGN, txt(b"n"), ttl=777))


async def test_three_hundred_changes_pass_in_batches_of_the_declared_limit(harness: Harness) -> None:
    zone = harness.new_zone()
    keys = [key_at(f"sel{number}._domainkey.{zone}") for number in range(300)]
    changes = [create(key, TxtData.of(f"v=DKIM1; k=rsa; p={'A' * 392}{key.name}")) for key in keys]
    provider = harness.open(zone)

    for batch in _batches(changes, provider.capabilities.batch_limit):
        await provider.apply(zone, batch)

    read = await provider.read(zone, keys)
    assert read == {change.key: change.after for change in changes}


def _batches(changes: Sequence[RRsetChange], limit: int) -> list[Sequence[RRsetChange]]:
    return [changes[start : start + limit] for start in range(0, len(changes), limit)]


async def test_a_key_twice_or_outside_the_zone_is_refused(harness: Harness) -> None:
    zone, other = harness.new_zone(), harness.new_zone()
    key, outside = key_at(f"k.{zone}"), key_at(f"k.{other}")
    provider = harness.open(zone, other)

    with pytest.raises(Refused):
        await provider.apply(zone, [create(key, txt(b"a")), create(key, txt(b"b"))])
    with pytest.raises(Refused):
        await provider.apply(zone, [create(key, txt(b"a")), create(outside, txt(b"b"))])

    assert harness.peek(zone, key) is None


@pytest.mark.parametrize("harness", able_to("missing zones"), indirect=True, ids=lambda kind: kind.name)
async def test_listed_zones_are_surveyed_and_one_missing_hides_no_other(harness: Harness) -> None:
    first, second, missing = harness.new_zone(), harness.new_zone(), DnsName("missing.invalid")
    provider = harness.open(first, missing, second)

    survey = await provider.survey()

    assert survey.served == (first, second)
    assert isinstance(survey.faults[missing], ZoneNotFound)
    assert await provider.zones() == (first, second)
    with pytest.raises(ZoneNotFound):
        await harness.open(missing).zones()


async def test_a_name_belongs_to_the_listed_zone_with_the_longest_suffix(harness: Harness) -> None:
    parent = harness.new_zone()
    child = DnsName.parse(f"child.{parent}")
    harness.add_zone(child)
    provider = harness.open(parent, child)

    assert await provider.zone_of(DnsName.parse(f"_dmarc.{child}")) == child
    assert await provider.zone_of(child) == child
    assert await provider.zone_of(DnsName.parse(f"otherchild.{parent}")) == parent
    with pytest.raises(ZoneNotFound):
        await provider.zone_of(DnsName("example.org"))


async def test_zones_are_found_when_none_is_listed(harness: Harness) -> None:
    parent = harness.new_zone(records="alias 3600 CNAME elsewhere.example.org.")
    child = DnsName.parse(f"child.{parent}")
    harness.add_zone(child)
    provider = harness.open()

    assert await provider.zone_of(parent) == parent
    assert await provider.zone_of(DnsName.parse(f"a.b._domainkey.{parent}")) == parent
    assert await provider.zone_of(DnsName.parse(f"alias.{parent}")) == parent
    assert await provider.zone_of(DnsName.parse(f"_dmarc.{child}")) == child
    assert {parent, child} <= set(await provider.zones())


async def test_what_a_wildcard_synthesises_is_not_taken_for_a_record_of_the_name(harness: Harness) -> None:
    zone = harness.new_zone(records='* 3600 TXT "v=spf1 -all"\n* 3600 MX 0 .\n*.al 3600 CNAME x.example.org.')
    real, text = key_at(f"real.{zone}"), key_at(f"_dmarc.{zone}")
    mail, alias = key_at(f"_dmarc.{zone}", RecordType.MX), key_at(f"s.al.{zone}")
    harness.put(zone, rrset(real, txt(b"v=spf1 -all")))
    provider = harness.open(zone)

    read = await provider.read(zone, [real, text, mail, alias, key_at(f"*.{zone}")])
    assert read == {
        real: rrset(real, txt(b"v=spf1 -all")),
        key_at(f"*.{zone}"): rrset(key_at(f"*.{zone}"), txt(b"v=spf1 -all")),
    }
    await provider.apply(zone, [create(text, txt(b"v=spf1 -all")), create(alias, txt(b"ours"))])

    assert await read_one(provider, zone, text) == rrset(text, txt(b"v=spf1 -all"))
    assert await read_one(provider, zone, alias) == rrset(alias, txt(b"ours"))


@pytest.mark.parametrize("harness", able_to("delegation"), indirect=True, ids=lambda kind: kind.name)
async def test_names_that_are_delegated_away_are_reported_one_by_one(harness: Harness) -> None:
    zone = harness.new_zone(records="sub 3600 NS ns.elsewhere.example.")
    ours, theirs = key_at(f"ours.{zone}"), key_at(f"_dmarc.sub.{zone}")
    provider = harness.open(zone)

    with pytest.raises(NotServed) as caught:
        await provider.read(zone, [ours, theirs])

    assert set(caught.value.faults) == {theirs}
    assert f"delegated away from {zone}" in caught.value.faults[theirs]
    assert await provider.read(zone, [ours]) == {}
