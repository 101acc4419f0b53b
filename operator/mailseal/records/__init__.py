"""The records of mail domains: text to frozen value and back, without any I/O.

Every value is made with `parse(text)` or its constructor, prints itself with `to_text()`, and raises
`InvalidRecord` (for a place in a text: `RecordSyntaxError`) instead of existing in an invalid state.
"""

from __future__ import annotations

from mailseal.records.dkim import DkimRecord, is_dkim, same_key
from mailseal.records.dmarc import Dmarc, is_dmarc, read_dmarc
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.mta_sts import MtaSts, is_mta_sts
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.nta7516 import Month, NtaDates, NtaMx, NtaRecordValue, is_nta, read_nta
from mailseal.records.oddity import Oddity
from mailseal.records.rrset import (
    CnameData,
    MxData,
    Rdata,
    RecordType,
    RRset,
    RRsetKey,
    parse_rdata,
    rrset_of,
)
from mailseal.records.spf import Spf, is_spf, lookup_terms
from mailseal.records.tls_rpt import TlsRpt, is_tls_rpt
from mailseal.records.txt import InvalidTxt, TxtData

__all__ = [
    "CnameData",
    "DkimRecord",
    "Dmarc",
    "DnsName",
    "InvalidName",
    "InvalidRecord",
    "InvalidTxt",
    "Month",
    "MtaSts",
    "MxData",
    "NtaDates",
    "NtaMx",
    "NtaRecordValue",
    "Oddity",
    "RRset",
    "RRsetKey",
    "Rdata",
    "RecordSyntaxError",
    "RecordType",
    "Spf",
    "TlsRpt",
    "TxtData",
    "is_dkim",
    "is_dmarc",
    "is_mta_sts",
    "is_nta",
    "is_spf",
    "is_tls_rpt",
    "lookup_terms",
    "parse_rdata",
    "read_dmarc",
    "read_nta",
    "rrset_of",
    "same_key",
]
