"""Hypothesis strategies for every record value of `mailseal.records`."""

from __future__ import annotations

import functools
import string
from datetime import date

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st

from mailseal.records import spf
from mailseal.records.dkim import DkimRecord, KeyType
from mailseal.records.dmarc import Alignment, Dmarc, DmarcPolicy, PublicSuffix
from mailseal.records.mta_sts import MtaSts
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import MAX_SPAN_MONTHS, Month, NtaDates, NtaMx, NtaRecordValue
from mailseal.records.rrset import CnameData, MxData, RecordType
from mailseal.records.tls_rpt import TlsRpt
from mailseal.records.txt import TxtData

LDH = string.ascii_lowercase + string.digits + "-_"
VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))

labels = st.text(LDH, min_size=1, max_size=12)
names = st.lists(labels, min_size=1, max_size=5).map(lambda parts: DnsName.parse(".".join(parts)))
days = st.dates(date(1, 1, 1), date(9999, 12, 31))

txt_data = st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda parts: TxtData(tuple(parts)))
mx_data = st.builds(MxData, st.integers(0, 65535), names | st.just(DnsName("")))
cname_data = st.builds(CnameData, names)
typed_rdata = st.one_of(
    st.tuples(st.just(RecordType.TXT), txt_data),
    st.tuples(st.just(RecordType.MX), mx_data),
    st.tuples(st.just(RecordType.CNAME), cname_data),
)


def _without(characters: str) -> str:
    return "".join(character for character in VISIBLE if character not in characters)


# SPF
_literals = st.text(_without("%"), min_size=1, max_size=12)
_macros = st.builds(
    spf.Macro,
    st.sampled_from("slodiphvSLODIPHV"),
    st.none() | st.integers(1, 128),
    st.booleans(),
    st.text(".-+,/_=", max_size=3),
)
_expansions = _macros | st.sampled_from(spf.Escape)


def _merged(pieces: list[spf.Piece]) -> tuple[spf.Piece, ...]:
    """The pieces with neighbouring literals made one."""

    def add(done: tuple[spf.Piece, ...], piece: spf.Piece) -> tuple[spf.Piece, ...]:
        if isinstance(piece, str) and done and isinstance(done[-1], str):
            return (*done[:-1], done[-1] + piece)
        return (*done, piece)

    return functools.reduce(add, pieces, ())


macro_strings = st.lists(_literals | _expansions, max_size=5).map(
    lambda pieces: spf.MacroString(_merged(pieces))
)
_toplabels = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_domain_heads = st.lists(_literals.map(str.lower) | _expansions, max_size=4)
domain_specs = st.tuples(_domain_heads, _toplabels.map(lambda label: f".{label}") | _expansions).map(
    lambda parts: spf.DomainSpec(_merged([*parts[0], parts[1]]))
)
_qualifiers = st.sampled_from(spf.Qualifier)
_ip4_lengths = st.integers(0, 32)
_ip6_lengths = st.integers(0, 128)
mechanisms = st.one_of(
    st.builds(spf.All, _qualifiers),
    st.builds(spf.Include, domain_specs, _qualifiers),
    st.builds(spf.Exists, domain_specs, _qualifiers),
    st.builds(spf.Ptr, st.none() | domain_specs, _qualifiers),
    st.builds(spf.A, st.none() | domain_specs, _ip4_lengths, _ip6_lengths, _qualifiers),
    st.builds(spf.Mx, st.none() | domain_specs, _ip4_lengths, _ip6_lengths, _qualifiers),
    st.builds(spf.Ip4, st.ip_addresses(v=4), _ip4_lengths, _qualifiers),
    st.builds(spf.Ip6, st.ip_addresses(v=6), _ip6_lengths, _qualifiers),
)
_modifier_names = st.from_regex(r"[a-z][a-z0-9._-]{0,10}", fullmatch=True).filter(
    lambda name: name not in {"redirect", "exp"}
)
unknown_modifiers = st.builds(spf.UnknownModifier, _modifier_names, macro_strings)
spf_records = st.tuples(
    st.lists(mechanisms | unknown_modifiers, max_size=8),
    st.lists(st.builds(spf.Redirect, domain_specs), max_size=1),
    st.lists(st.builds(spf.Explanation, domain_specs), max_size=1),
).flatmap(
    lambda terms: st.permutations([*terms[0], *terms[1], *terms[2]]).map(lambda all_: spf.Spf(tuple(all_)))
)

# Tag lists
tag_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
_tag_words = st.text(_without(";"), min_size=1, max_size=10)
tag_values = st.lists(_tag_words, min_size=1, max_size=3).map(" ".join)


def _further_tags(known: str) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    free = tag_names.filter(lambda name: name not in known.split())
    return st.dictionaries(free, tag_values, max_size=2).map(lambda tags: tuple(tags.items()))


# DKIM
def rsa_spki(bits: int, low_bits: int = 0) -> bytes:
    """A DER SubjectPublicKeyInfo with an RSA modulus of exactly `bits` bits. No private key exists for it."""
    numbers = RSAPublicNumbers(65537, (1 << (bits - 1)) | (low_bits << 1) | 1)
    return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def rsa_pkcs1(bits: int) -> bytes:
    """The same key as `rsa_spki(bits)`, as the bare RSAPublicKey of PKCS #1."""
    numbers = RSAPublicNumbers(65537, (1 << (bits - 1)) | 1)
    return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


_rsa_keys = st.builds(rsa_spki, st.sampled_from([512, 1024, 2048]), st.integers(0, 2**64))
_keys = st.one_of(
    st.tuples(st.just(KeyType.RSA), _rsa_keys | st.just(b"")),
    st.tuples(st.just(KeyType.ED25519), st.binary(min_size=32, max_size=32) | st.just(b"")),
)
_words = st.sampled_from(["sha1", "sha256", "y", "s", "email", "x-other", "*"])


def _dkim(key: tuple[KeyType, bytes], **tags: object) -> DkimRecord:
    return DkimRecord(key[0], key[1], **tags)  # type: ignore[arg-type]


dkim_records = st.builds(
    _dkim,
    _keys,
    hash_algorithms=st.lists(_words, max_size=2).map(tuple),
    services=st.lists(_words, min_size=1, max_size=2).map(tuple),
    flags=st.lists(_words, max_size=2).map(tuple),
    notes=st.just("") | tag_values,
    unknown=_further_tags("v k h s t n p"),
)

# Reports
report_addresses = st.tuples(labels, names).map(lambda parts: f"mailto:{parts[0]}@{parts[1]}")
_reports = st.lists(report_addresses, max_size=3).map(tuple)

dmarc_records = st.builds(
    Dmarc,
    policy=st.sampled_from(DmarcPolicy),
    subdomain_policy=st.none() | st.sampled_from(DmarcPolicy),
    nonexistent_policy=st.none() | st.sampled_from(DmarcPolicy),
    adkim=st.sampled_from(Alignment),
    aspf=st.sampled_from(Alignment),
    public_suffix=st.sampled_from(PublicSuffix),
    failure_options=st.lists(st.sampled_from("01ds"), min_size=1, max_size=4, unique=True).map(tuple),
    testing=st.booleans(),
    rua=_reports,
    ruf=_reports,
    unknown=_further_tags("v p sp np adkim aspf psd fo t rua ruf"),
)

_extension_names = st.text(string.ascii_letters + string.digits, min_size=1, max_size=32)
_extension_values = st.text(_without("=;"), min_size=1, max_size=12)


def _extensions(known: str) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    free = _extension_names.filter(lambda name: name not in known.split())
    return st.dictionaries(free, _extension_values, max_size=2).map(lambda fields: tuple(fields.items()))


mta_sts_records = st.builds(
    MtaSts, st.text(string.ascii_letters + string.digits, min_size=1, max_size=32), _extensions("v id")
)
_https = names.map(lambda name: f"https://{name}/tls")
tls_rpt_records = st.builds(
    TlsRpt, st.lists(report_addresses | _https, min_size=1, max_size=3).map(tuple), _extensions("v rua")
)

# NTA 7516
months = st.builds(Month, st.integers(1, 9990), st.integers(1, 12))
nta_dates = st.builds(NtaDates.starting, months, st.integers(0, MAX_SPAN_MONTHS))
nta_mx = st.builds(NtaMx, st.integers(0, 65535), names)
nta_records = st.builds(
    NtaRecordValue,
    st.text(_without(";"), min_size=1, max_size=12),
    st.lists(nta_mx, max_size=4, unique=True).map(tuple),
    nta_dates,
)


def mutations(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts that are nearly records: in one that is, some characters are replaced by others."""
    return st.builds(_replaced, texts, st.integers(0, 80), st.integers(0, 6), st.text(max_size=4))


def _replaced(text: str, start: int, length: int, by: str) -> str:
    return text[:start] + by + text[start + length :]
