"""Every answer code of an UPDATE has a meaning, and every message of it says which server and zone."""

from __future__ import annotations

import dns.rcode
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import ProviderError
from mailseal.providers.rfc2136.errors import (
    empty_update_error,
    refused_content,
    refused_sender,
    update_error,
)
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE, SERVER = DnsName("zorg.example"), "192.0.2.53:53"
PRIMARY = DnsName("ns1.zorg.example")
TXT, CNAME = (RRsetKey(ZONE.child("x"), rtype) for rtype in (RecordType.TXT, RecordType.CNAME))
CHANGES = (
    RRsetChange(TXT, None, RRset(TXT, 60, (TxtData.of("ours"),))),
    RRsetChange(CNAME, RRset(CNAME, 60, (CnameData(PRIMARY),)), None),
)
CODES = st.integers(0, 4095).map(dns.rcode.Rcode)
"""All that the 12 bits of RFC 6891 section 6.1.3 can say."""


@given(CODES, st.sampled_from([(), CHANGES[:1], CHANGES[1:], CHANGES * 10]))
def test_only_noerror_is_a_success(rcode: dns.rcode.Rcode, changes: tuple[RRsetChange, ...]) -> None:
    for error in (update_error(rcode, ZONE, changes, SERVER), empty_update_error(rcode, ZONE, SERVER)):
        assert (error is None) == (rcode == dns.rcode.NOERROR)
        if error is not None:
            assert ZONE in str(error)


@given(CODES, st.sampled_from([None, "TSIG key mailseal-key", "mailseal@ZORG.EXAMPLE"]))
def test_a_refusal_names_server_and_zone(rcode: dns.rcode.Rcode, signer: str | None) -> None:
    for error in (
        refused_content(rcode, ZONE, CHANGES, SERVER),
        refused_sender(rcode, ZONE, signer, SERVER, PRIMARY),
    ):
        assert isinstance(error, ProviderError)
        assert SERVER in str(error)
        assert ZONE in str(error)
