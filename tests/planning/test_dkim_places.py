"""What may stand at a selector: one key, then perhaps its revocation, and never another key by our hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.domain.provider import SyncPolicy
from mailseal.planning import Claim, RecordState
from mailseal.planning.places import Singleton as Kind
from mailseal.planning.places import dkim_record, meaning_of, revokes, singleton_of
from mailseal.planning.reasons import Reason
from mailseal.records.dkim import DkimRecord, KeyType
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, Rdata, RecordType, RRsetKey
from mailseal.records.txt import TxtData
from support.planning_world import (
    ZONE,
    Settings,
    SimulatedZone,
    dkim_key,
    gone,
    keys_of,
    mail_domain,
    outcome,
    plan_for,
    remembering,
    settle,
    spf,
    sync,
    told,
    txt_key,
)

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "v=DKIM1; k=ed25519; p=aZ4rFqNqz0oIAMlqlYGgBDU7dbEUJFfrXpMs7nbCyX4="
REVOKED = "v=DKIM1; k=ed25519; p="
S1 = txt_key(f"s1._domainkey.{ZONE}")
ALIAS = RRsetKey(S1.name, RecordType.CNAME)
TARGET, OTHER_TARGET = "s1.vendor.example", "s2.vendor.example"
RSA = rsa.generate_private_key(65537, 2048).public_key()
CNAME = {"selector": "s1", "cname": TARGET}
TXT = {"selector": "s1", "txt": KEY}
BARE_RSA = DkimRecord(KeyType.RSA, RSA.public_bytes(Encoding.DER, PublicFormat.PKCS1)).to_text()
RSA_RECORD = DkimRecord.for_rsa(RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).to_text()


def external(*entries: dict[str, str], **spec: object) -> Claim:
    return mail_domain(dkim={"external_selectors": list(entries)}, **spf("mx"), **spec)


def holding(record: str, wanted: Claim | None = None) -> SimulatedZone:
    """A zone in which `record` was published for the DkimKey at s1."""
    zone = SimulatedZone()
    settle(zone, wanted or dkim_key("main", ("s1", record)))
    return zone


class TestKeys:
    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    @pytest.mark.parametrize("foreign", [OTHER_KEY, REVOKED, "v=DKIM1; p=garbage"])
    def test_a_foreign_value_is_left_alone_whatever_the_adoption(self, foreign: str, adoption: str) -> None:
        zone = SimulatedZone()
        zone.put(S1, foreign)
        wanted = dkim_key("main", ("s1", KEY), adoption=adoption)
        found = outcome(settle(zone, wanted), wanted)
        assert zone.texts(S1) == {foreign}
        assert (found.state, found.reason) == (RecordState.CONFLICT, Reason.FOREIGN_VALUE)
        assert "the selector is left alone, and new keys get another one" in found.message

    @pytest.mark.parametrize(
        ("standing", "wanted"),
        [
            (KEY.replace("k=", "t=s; n=note; k="), KEY),
            (KEY.replace("; ", ";"), KEY),
            (BARE_RSA, RSA_RECORD),
            (RSA_RECORD.replace("k=rsa; ", ""), RSA_RECORD),
        ],
    )
    def test_a_foreign_value_with_the_same_key_is_adopted_as_it_stands(
        self, standing: str, wanted: str
    ) -> None:
        zone = SimulatedZone()
        zone.put(S1, standing)
        claimed = dkim_key("main", ("s1", wanted))
        plan = settle(zone, claimed)
        assert told(plan, claimed) == [(standing, RecordState.PUBLISHED, "")]
        settle(zone, gone(claimed))
        assert zone.texts(S1) == set()

    @pytest.mark.parametrize("tag", ["h=sha1", "s=tlsrpt"])
    def test_the_same_key_that_is_of_no_use_for_mail_is_not_adopted(self, tag: str) -> None:
        zone = SimulatedZone()
        zone.put(S1, KEY.replace("k=", f"{tag}; k="))
        wanted = dkim_key("main", ("s1", KEY))
        assert outcome(settle(zone, wanted), wanted).reason == Reason.FOREIGN_VALUE

    def test_a_key_of_ours_with_other_tags_stays_as_it_stands(self) -> None:
        zone = holding(KEY)
        plan = settle(zone, dkim_key("main", ("s1", KEY.replace("k=", "t=s; k="))))
        assert zone.texts(S1) == {KEY}
        assert plan.changes == ()

    def test_a_key_of_an_absent_resource_takes_the_selector(self) -> None:
        zone = holding(OTHER_KEY, dkim_key("absent", ("s1", OTHER_KEY)))
        wanted = dkim_key("main", ("s1", KEY))
        assert outcome(settle(zone, wanted), wanted).reason == Reason.SELECTOR_TAKEN

    def test_a_status_that_was_lost_changes_nothing(self) -> None:
        zone = holding(KEY)
        assert plan_for(zone, dkim_key("main", ("s1", KEY))).changes == ()


class TestRevocation:
    def test_a_key_of_ours_gives_way_to_its_revocation(self) -> None:
        zone = holding(KEY)
        wanted = dkim_key("main", ("s1", REVOKED))
        plan = plan_for(zone, wanted)
        assert plan.deletes == 0
        assert told(settle(zone, wanted), wanted) == [(REVOKED, RecordState.PUBLISHED, "")]
        assert zone.texts(S1) == {REVOKED}

    def test_a_revocation_needs_nothing_that_it_revokes(self) -> None:
        assert holding(REVOKED).texts(S1) == {REVOKED}

    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    def test_a_revoked_selector_never_gets_a_key(self, adoption: str) -> None:
        zone = holding(REVOKED)
        wanted = dkim_key("main", ("s1", KEY), adoption=adoption)
        plan = settle(zone, wanted)
        assert zone.texts(S1) == {REVOKED}
        assert told(plan, wanted)[0] == (KEY, RecordState.CONFLICT, Reason.SELECTOR_TAKEN)
        assert "publishes a revoked key" in plan.outcomes[wanted.owner][0].message

    def test_any_revoked_record_equals_a_wanted_revocation(self) -> None:
        zone = SimulatedZone()
        zone.put(S1, "v=DKIM1; n=retired; p=")
        wanted = dkim_key("main", ("s1", REVOKED))
        assert outcome(settle(zone, wanted), wanted).state is RecordState.PUBLISHED
        assert zone.texts(S1) == {"v=DKIM1; n=retired; p="}

    def test_a_foreign_key_is_not_revoked(self) -> None:
        zone = SimulatedZone()
        zone.put(S1, OTHER_KEY)
        wanted = dkim_key("main", ("s1", REVOKED))
        assert outcome(settle(zone, wanted), wanted).reason == Reason.FOREIGN_VALUE
        assert zone.texts(S1) == {OTHER_KEY}

    def test_the_key_of_another_resource_is_not_revoked(self) -> None:
        younger = dkim_key("younger", ("s1", KEY), age=1)
        zone = holding(KEY, younger)
        older = dkim_key("older", ("s1", REVOKED))
        plan = settle(zone, older, younger)
        assert zone.texts(S1) == {KEY}
        assert told(plan, older) == [(REVOKED, RecordState.CONFLICT, Reason.SELECTOR_TAKEN)]

    def test_who_revokes_its_own_key_comes_before_an_older_resource_that_wants_the_selector(self) -> None:
        younger = dkim_key("younger", ("s1", KEY), age=1)
        zone = holding(KEY, younger)
        revoking = dkim_key("younger", ("s1", REVOKED), age=1)
        plan = settle(zone, dkim_key("older", ("s1", OTHER_KEY)), revoking)
        assert zone.texts(S1) == {REVOKED}
        assert told(plan, revoking) == [(REVOKED, RecordState.PUBLISHED, "")]

    def test_a_deleted_resource_goes_on_with_what_the_life_of_its_keys_wants(self) -> None:
        zone = holding(KEY)
        leaving = replace(dkim_key("main", ("s1", REVOKED)), deleting=True)
        settle(zone, leaving)
        assert zone.texts(S1) == {REVOKED}
        settle(zone, gone(leaving))
        assert zone.rrsets == {}

    def test_an_orphaned_resource_leaves_its_keys_as_they_are(self) -> None:
        zone = holding(KEY)
        leaving = dkim_key("main", ("s1", REVOKED), deletion_policy="Orphan")
        settle(zone, replace(leaving, deleting=True))
        assert zone.texts(S1) == {KEY}


class TestReleased:
    @pytest.mark.parametrize("record", [KEY, REVOKED])
    def test_what_is_ours_at_a_released_selector_goes(self, record: str) -> None:
        zone = holding(record)
        wanted = replace(dkim_key("main", ("s2", OTHER_KEY)), dkim_released=frozenset({"s1"}))
        settle(zone, wanted)
        assert zone.texts(S1) == set()
        assert zone.texts(txt_key(f"s2._domainkey.{ZONE}")) == {OTHER_KEY}

    def test_a_foreign_value_at_a_released_selector_stays(self) -> None:
        zone = SimulatedZone()
        zone.put(S1, OTHER_KEY)
        settle(zone, replace(dkim_key(), dkim_released=frozenset({"s1"})))
        assert zone.texts(S1) == {OTHER_KEY}

    def test_a_released_selector_is_read_although_nothing_remembers_it(self) -> None:
        assert S1 in keys_of([replace(dkim_key(), dkim_released=frozenset({"s1", "a..b"}))])

    def test_what_is_neither_wanted_nor_released_stays(self) -> None:
        zone = holding(KEY)
        unknowing = dkim_key()
        plan = settle(zone, unknowing)
        assert told(plan, unknowing) == [(KEY, RecordState.PUBLISHED, Reason.KEY_NOT_IN_SECRET)]


class TestAliases:
    def test_a_selector_of_a_dkim_key_may_lead_to_another_zone(self) -> None:
        zone = SimulatedZone()
        wanted = replace(dkim_key(), dkim_aliases=(("s1", DnsName(TARGET)),))
        plan = settle(zone, wanted)
        assert zone.texts(ALIAS) == {f"{TARGET}."}
        assert told(plan, wanted) == [(f"{TARGET}.", RecordState.PUBLISHED, "")]
        remembers = remembering(plan, [wanted])[0]
        assert [found.key for found in remembers.remembered] == [ALIAS]
        settle(zone, gone(wanted))
        assert zone.rrsets == {}

    @pytest.mark.parametrize("ours", [True, False])
    def test_an_alias_never_changes_its_target(self, ours: bool) -> None:
        zone = SimulatedZone()
        if ours:
            settle(zone, replace(dkim_key(), dkim_aliases=(("s1", DnsName(OTHER_TARGET)),)))
        else:
            zone.cname(S1.name, OTHER_TARGET)
        wanted = replace(dkim_key(adoption="Replace"), dkim_aliases=(("s1", DnsName(TARGET)),))
        plan = settle(zone, wanted)
        assert zone.texts(ALIAS) == {f"{OTHER_TARGET}."}
        reason = Reason.SELECTOR_TAKEN if ours else Reason.FOREIGN_VALUE
        assert plan.outcomes[wanted.owner][0].reason == reason

    def test_a_released_alias_goes_and_an_unknown_one_stays(self) -> None:
        zone = SimulatedZone()
        settle(zone, replace(dkim_key(), dkim_aliases=(("s1", DnsName(TARGET)),)))
        settle(zone, dkim_key())
        assert zone.texts(ALIAS) == {f"{TARGET}."}
        settle(zone, replace(dkim_key(), dkim_released=frozenset({"s1"})))
        assert zone.texts(ALIAS) == set()


class TestExternalSelectors:
    @pytest.mark.parametrize(("entry", "key"), [(CNAME, ALIAS), (TXT, S1)])
    def test_a_vendors_record_is_published_and_goes_with_its_entry(
        self, entry: dict[str, str], key: RRsetKey
    ) -> None:
        zone = SimulatedZone()
        settle(zone, external(entry))
        assert zone.texts(key) == {entry.get("txt") or f"{TARGET}."}
        settle(zone, mail_domain())
        assert key not in zone.rrsets

    def test_a_selector_that_is_only_watched_is_neither_read_nor_written(self) -> None:
        wanted = external({"selector": "s1"})
        assert not keys_of([wanted]) & {S1, ALIAS}

    def test_a_cname_changes_its_target(self) -> None:
        zone = SimulatedZone()
        settle(zone, external(CNAME))
        settle(zone, external({**CNAME, "cname": OTHER_TARGET}))
        assert zone.texts(ALIAS) == {f"{OTHER_TARGET}."}

    def test_a_key_never_changes(self) -> None:
        zone = SimulatedZone()
        settle(zone, external(TXT))
        wanted = external({**TXT, "txt": OTHER_KEY})
        assert settle(zone, wanted).outcomes[wanted.owner][0].reason == Reason.SELECTOR_TAKEN
        assert zone.texts(S1) == {KEY}

    def test_a_differing_foreign_cname_is_a_conflict_until_replace(self) -> None:
        zone = SimulatedZone()
        zone.cname(S1.name, OTHER_TARGET)
        wanted = external(CNAME)
        found = settle(zone, wanted).outcomes[wanted.owner][0]
        assert (found.state, found.reason) == (RecordState.CONFLICT, Reason.FOREIGN_VALUE)
        settle(zone, external(CNAME, adoption="Replace"))
        assert zone.texts(ALIAS) == {f"{TARGET}."}

    @pytest.mark.parametrize("adoption", ["Equal", "Replace"])
    def test_a_cname_never_takes_the_place_of_foreign_records(self, adoption: str) -> None:
        zone = SimulatedZone()
        zone.put(S1, "something else")
        wanted = external(CNAME, adoption=adoption)
        found = settle(zone, wanted).outcomes[wanted.owner][0]
        assert (found.state, found.reason) == (RecordState.CONFLICT, Reason.RECORDS_IN_THE_WAY)
        assert '"something else"' in found.message
        assert zone.texts(S1) == {"something else"}

    @pytest.mark.parametrize(("before", "after"), [(CNAME, TXT), (TXT, CNAME)])
    def test_what_a_vendor_wants_may_change_between_cname_and_key_in_one_write(
        self, before: dict[str, str], after: dict[str, str]
    ) -> None:
        """What goes is written first, in the same batch, so that the selector is never without an answer."""
        zone = SimulatedZone()
        settle(zone, external(before))
        wanted = external(after)
        plan = sync(zone, wanted)
        changes = [planned.change for planned in plan.changes if planned.change.key.name == S1.name]
        assert [change.after is None for change in changes] == [True, False]
        assert plan.outcomes[wanted.owner][0].state is RecordState.PUBLISHED
        settle(zone, wanted)
        assert {key for key in zone.rrsets if key.name == S1.name} == {S1 if "txt" in after else ALIAS}

    def test_upsert_only_makes_no_room_for_a_cname(self) -> None:
        zone = SimulatedZone()
        settle(zone, external(TXT))
        wanted = external(CNAME)
        plan = settle(zone, wanted, settings=Settings(policy=SyncPolicy.UPSERT_ONLY))
        assert zone.texts(S1) == {KEY}
        assert plan.outcomes[wanted.owner][0].reason == Reason.RECORDS_IN_THE_WAY

    @pytest.mark.parametrize("cname_is_older", [True, False])
    def test_of_a_cname_and_a_key_at_one_selector_the_older_gets_it(self, cname_is_older: bool) -> None:
        zone = SimulatedZone()
        vendor = external(CNAME, age=0 if cname_is_older else 2)
        ours = dkim_key("main", ("s1", KEY), age=1)
        plan = settle(zone, vendor, ours)
        loser = ours if cname_is_older else vendor
        assert plan.outcomes[loser.owner][0].reason in {Reason.CNAME_IN_THE_WAY, Reason.RECORDS_IN_THE_WAY}
        assert {key for key in zone.rrsets if key.name == S1.name} == {ALIAS if cname_is_older else S1}

    def test_a_published_key_keeps_its_selector_against_an_older_cname(self) -> None:
        ours = dkim_key("main", ("s1", KEY), age=1)
        zone = holding(KEY, ours)
        plan = settle(zone, external(CNAME), ours)
        assert zone.texts(S1) == {KEY}
        assert told(plan, ours) == [(KEY, RecordState.PUBLISHED, "")]

    def test_an_own_cname_in_a_status_is_believed_only_at_a_selector(self) -> None:
        zone = SimulatedZone()
        plan = settle(zone, external(CNAME))
        (claimed,) = remembering(plan, [external(CNAME)])
        assert ALIAS in {found.key for found in claimed.remembered}
        elsewhere = [
            replace(found, key=replace(found.key, name=DnsName(f"www.{ZONE}")))
            for found in claimed.remembered
        ]
        assert replace(claimed, remembered=tuple(elsewhere)).remembered == ()


# Any sequence of lives and foreign edits.

SELECTORS = {"s1": S1, "s2": txt_key(f"s2._domainkey.{ZONE}")}
RECORDS = st.sampled_from([KEY, OTHER_KEY, REVOKED, RSA_RECORD])
FOREIGN = st.sampled_from([KEY, OTHER_KEY, REVOKED, BARE_RSA, "v=DKIM1; p=garbage", "no key at all"])


def _life(name: str, age: int) -> st.SearchStrategy[Claim]:
    def made(wanted: dict[str, str], released: set[str], adoption: str, *, deleting: bool) -> Claim:
        claimed = dkim_key(name, *wanted.items(), age=age, adoption=adoption)
        return replace(claimed, deleting=deleting, dkim_released=frozenset(released - wanted.keys()))

    return st.builds(
        made,
        st.dictionaries(st.sampled_from(sorted(SELECTORS)), RECORDS, max_size=2),
        st.sets(st.sampled_from(sorted(SELECTORS))),
        st.sampled_from(["Equal", "Replace"]),
        deleting=st.booleans(),
    )


foreign_edits = st.dictionaries(
    st.sampled_from(sorted(SELECTORS)), st.lists(FOREIGN, max_size=2, unique=True), max_size=1
)
rounds = st.lists(
    st.tuples(foreign_edits, _life("older", 0), st.none() | _life("younger", 1), st.booleans()),
    min_size=1,
    max_size=6,
)


def _values(zone: SimulatedZone, key: RRsetKey) -> tuple[Rdata, ...]:
    rrset = zone.rrsets.get(key)
    return rrset.values if rrset else ()


def _keys(values: tuple[Rdata, ...]) -> set[bytes]:
    """The keys that records publish for mail."""
    return {
        meaning_of(value, Kind.DKIM)
        for value in values
        if (record := dkim_record(value)) is not None and not record.is_revoked
    }


@settings(deadline=None, max_examples=300)
@given(rounds)
def test_no_life_and_no_foreign_edit_leads_to_a_second_key_or_to_a_foreign_value_touched(
    history: list[tuple[dict[str, list[str]], Claim, Claim | None, bool]],
) -> None:
    """Each write of ours: no key in place of another, none in place of a revocation, nothing foreign gone.

    A foreign value that says what is wanted becomes ours; all others stay byte for byte.
    """
    zone = SimulatedZone()
    ours: set[tuple[RRsetKey, bytes]] = set()
    remembered: dict[str, Claim] = {}
    for edits, older, younger, status_lost in history:
        for selector, texts in edits.items():
            zone.put(SELECTORS[selector], *texts)
        claims = [
            replace(
                claim, remembered=() if status_lost else remembered.get(claim.owner.name, claim).remembered
            )
            for claim in (older, younger)
            if claim is not None
        ]
        wishes = [
            (SELECTORS[key.selector], meaning_of(TxtData.of(key.record), Kind.DKIM))
            for claim in claims
            for key in claim.dkim_keys
        ]
        for _ in range(3):
            plan = plan_for(zone, *claims)
            for planned in plan.changes:
                before = {key: _values(zone, key) for key in SELECTORS.values()}
                zone.apply([planned])
                for key in SELECTORS.values():
                    _check_step(key, before[key], _values(zone, key), ours)
            ours |= {
                (key, value.identity)
                for key in SELECTORS.values()
                for value in _values(zone, key)
                if (key, meaning_of(value, Kind.DKIM)) in wishes
            }
        kept = {claim.owner.name: claim for claim in remembering(plan, claims)}
        remembered = {} if status_lost else remembered | kept
        assert plan_for(zone, *claims).changes == ()


def _check_step(
    key: RRsetKey, before: tuple[Rdata, ...], after: tuple[Rdata, ...], ours: set[tuple[RRsetKey, bytes]]
) -> None:
    new_keys = _keys(after) - _keys(before)
    if new_keys:
        assert not _keys(before)
        assert not any(revokes(value) for value in before)
    for value in before:
        if value not in after:
            assert singleton_of(value) is Kind.DKIM
            assert (key, value.identity) in ours


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cname", "other cname", "txt", "none"]),
            st.sampled_from(["cname", "txt", "nothing", "leave"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_nothing_ever_stands_beside_a_cname(history: list[tuple[str, str, bool]]) -> None:
    """Whatever a MailDomain, a DkimKey and somebody else put at one selector."""
    entries = {
        "cname": {"selector": "s1", "cname": TARGET},
        "other cname": {"selector": "s1", "cname": OTHER_TARGET},
        "txt": {"selector": "s1", "txt": KEY},
        "none": {"selector": "s1"},
    }
    zone = SimulatedZone()
    for wish, edit, key_too in history:
        if edit in {"cname", "txt", "nothing"}:
            zone.rrsets.pop(S1, None)
            zone.rrsets.pop(ALIAS, None)
        if edit == "cname":
            zone.put(ALIAS, CnameData(DnsName("foreign.example")))
        if edit == "txt":
            zone.put(S1, "foreign")
        claims = [external(entries[wish]), *([dkim_key("main", ("s1", OTHER_KEY), age=1)] if key_too else [])]
        settle(zone, *claims)
        assert not {S1, ALIAS} <= zone.rrsets.keys()
        assert edit != "cname" or zone.texts(ALIAS) == {"foreign.example."}
        assert edit != "txt" or "foreign" in zone.texts(S1)
