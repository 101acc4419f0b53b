"""DNSEndpoint resources as RRsets and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.dnsendpoint.objects import read_objects, write_object
from mailseal.providers.webhook.txtforms import FORMS, FormName
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zone.example")
FORM = FORMS[FormName.QUOTED]

NAMES = st.sampled_from([ZONE, DnsName("_dmarc.zone.example"), DnsName("a\\032b.zone.example")])
TTLS = st.integers(1, 2**31 - 1)
TEXTS = st.lists(st.binary(max_size=255), min_size=1, max_size=3).map(lambda each: TxtData(tuple(each)))
HOSTS = st.sampled_from([DnsName("host.example.org"), DnsName("mail.zone.example")])
MAILS = st.builds(MxData, st.integers(0, 65535), HOSTS) | st.just(MxData(0, DnsName("")))
RRSETS = st.one_of(
    st.builds(
        lambda name, ttl, values: RRset(RRsetKey(name, RecordType.TXT), ttl, tuple(values)),
        NAMES,
        TTLS,
        st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    ),
    st.builds(
        lambda name, ttl, values: RRset(RRsetKey(name, RecordType.MX), ttl, tuple(values)),
        NAMES,
        TTLS,
        st.lists(MAILS, min_size=1, max_size=3, unique=True),
    ),
    st.builds(
        lambda name, ttl, host: RRset(RRsetKey(name, RecordType.CNAME), ttl, (CnameData(host),)),
        NAMES,
        TTLS,
        HOSTS,
    ),
)


@given(st.lists(RRSETS, max_size=5, unique_by=lambda each: each.key), st.data())
def test_sets_come_back_as_written_and_what_is_taken_out_is_remembered(
    rrsets: list[RRset], data: st.DataObject
) -> None:
    nothing = read_objects(ZONE, [], FORM)
    written = write_object(ZONE, nothing, {each.key: each for each in rrsets}, {}, FORM)
    gone = [each.key for each in rrsets if data.draw(st.booleans())]

    held = read_objects(ZONE, [written], FORM)
    left = read_objects(ZONE, [write_object(ZONE, held, dict.fromkeys(gone), {}, FORM)], FORM)

    for each in rrsets:
        found, kept, withdrawn = (
            held.ours.held(each.key),
            left.ours.held(each.key),
            left.withdrawn.held(each.key),
        )
        assert found is not None
        assert found.rrset.same_as(each)
        assert (kept is None, withdrawn is not None) == (each.key in gone, each.key in gone)


@given(RRSETS)
def test_objects_of_others_are_never_taken_for_ours(rrset: RRset) -> None:
    body = write_object(ZONE, read_objects(ZONE, [], FORM), {rrset.key: rrset}, {}, FORM)
    body["metadata"]["name"] = "theirs"

    found = read_objects(ZONE, [body], FORM)

    assert not found.body
    assert found.ours.held(rrset.key) is None
    theirs = found.theirs.held(rrset.key)
    assert theirs is not None
    assert theirs.rrset.same_as(rrset)
