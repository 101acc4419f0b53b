"""What is said of DKIM keys, with selectors given and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.dkim import USUAL_SELECTORS, examine_dkim
from mailseal.checks.model import Finding, Outcome
from mailseal.records.dkim import DkimRecord, KeyType
from mailseal.records.txt import TxtData
from support.answers import ZoneResolver
from support.examining import codes, examined, the, tools_with
from support.record_strategies import dkim_records, mutations, rsa_spki

RSA = DkimRecord(KeyType.RSA, rsa_spki(2048))
ED25519 = DkimRecord(KeyType.ED25519, bytes(range(32)))
SOUND = ["dkim.selector/found", "dkim.key/sound", "dkim.testing/in-use"]


def at(selector: str, value: DkimRecord | str) -> str:
    text = value.to_text() if isinstance(value, DkimRecord) else value
    return f"{selector}._domainkey.care.example. TXT {TxtData.of(text).to_text()}"


async def looked(records: str, *selectors: str, silent: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    tools = tools_with(ZoneResolver(records, silent))
    return tuple(await examine_dkim(examined("care.example", *selectors), tools))


async def test_a_sound_key_passes_in_all_respects() -> None:
    findings = await looked(at("s", RSA), "s")
    assert codes(findings) == SOUND
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    assert findings[1].values["bits"] == "2048"


async def test_a_key_of_a_vendor_by_cname_is_followed_and_told() -> None:
    records = f"""
    s._domainkey.care.example. CNAME care.vendor.example.
    care.vendor.example. TXT {TxtData.of(RSA.to_text()).to_text()}
    """
    found = the(await looked(records.replace("    ", ""), "s"), "dkim.selector/found-via-alias")
    assert found.values["alias"] == "care.vendor.example"


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ("", "missing"),
        ("s._domainkey.care.example. CNAME gone.vendor.example.", "dangling"),
        (f"{at('s', RSA)}\n{at('s', ED25519)}", "several"),
        (f"{at('s', RSA)}\n{at('s', 'hello')}", "several"),
    ],
)
async def test_a_selector_that_is_given_needs_exactly_one_record(records: str, code: str) -> None:
    findings = await looked(records, "s")
    assert codes(findings) == [f"dkim.selector/{code}"]
    assert findings[0].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("value", "code", "outcome"),
    [
        (DkimRecord(KeyType.RSA, rsa_spki(1024)), "short", Outcome.WARN),
        (DkimRecord(KeyType.RSA, rsa_spki(512)), "too-short", Outcome.FAIL),
        (DkimRecord(KeyType.RSA, rsa_spki(2048), hash_algorithms=("sha1",)), "no-sha256", Outcome.FAIL),
        (DkimRecord(KeyType.RSA, rsa_spki(2048), hash_algorithms=("sha1", "sha256")), "sound", Outcome.PASS),
        (DkimRecord(KeyType.RSA, rsa_spki(2048), services=("other",)), "not-for-mail", Outcome.FAIL),
        (DkimRecord(KeyType.RSA, rsa_spki(2048), services=("email",)), "sound", Outcome.PASS),
        (RSA.revoked(), "revoked", Outcome.FAIL),
        ("v=DKIM1; k=rsa; p=nonsense", "unreadable", Outcome.FAIL),
        ("v=DKIM2; p=", "unreadable", Outcome.FAIL),
        ("hello", "unreadable", Outcome.FAIL),
        (ED25519, "sound", Outcome.PASS),
    ],
)
async def test_the_key_decides(value: DkimRecord | str, code: str, outcome: Outcome) -> None:
    finding = the(await looked(at("s", value), "s"), f"dkim.key/{code}")
    assert finding.outcome is outcome


async def test_a_key_in_testing_is_a_warning() -> None:
    testing = DkimRecord(KeyType.RSA, rsa_spki(2048), flags=("y", "s"))
    assert "dkim.testing/testing" in codes(await looked(at("s", testing), "s"))


async def test_ed25519_alone_is_a_warning_and_beside_rsa_is_not() -> None:
    alone = await looked(at("e", ED25519), "e")
    beside = await looked(f"{at('e', ED25519)}\n{at('r', RSA)}", "e", "r")
    assert "dkim.algorithms/only-ed25519" in codes(alone)
    assert codes(beside) == SOUND * 2
    revoked = await looked(f"{at('e', ED25519)}\n{at('r', RSA.revoked())}", "e", "r")
    assert "dkim.algorithms/only-ed25519" in codes(revoked)


async def test_a_silent_server_leaves_the_selector_unknown() -> None:
    findings = await looked("", "s", silent=("s._domainkey.care.example",))
    assert codes(findings) == ["dkim.selector/unanswered"]


@pytest.mark.parametrize("selector", USUAL_SELECTORS)
async def test_usual_selectors_are_tried_where_none_is_given(selector: str) -> None:
    assert codes(await looked(at(selector, RSA))) == SOUND


async def test_without_a_selector_nothing_below_domainkey_means_no_key() -> None:
    findings = await looked("care.example. A 192.0.2.1")
    assert codes(findings) == ["dkim.selector/no-keys"]
    assert findings[0].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("records", "questions"),
    [
        ("care.example. A 192.0.2.1", 1),
        (at("default", RSA), 1 + len(USUAL_SELECTORS)),
        ("_domainkey.care.example. CNAME gone.vendor.example.", 1 + len(USUAL_SELECTORS)),
    ],
)
async def test_usual_selectors_are_asked_for_only_where_names_below_domainkey_can_exist(
    records: str, questions: int
) -> None:
    resolver = ZoneResolver(records)
    await examine_dkim(examined("care.example"), tools_with(resolver))
    assert sum(rdtype == "TXT" for _, rdtype in resolver.asked.elements()) == questions


async def test_keys_below_an_alias_of_domainkey_are_found() -> None:
    alias = "_domainkey.care.example. CNAME gone.vendor.example."
    assert codes(await looked(f"{alias}\n{at('default', RSA)}")) == SOUND
    assert codes(await looked(alias)) == ["dkim.selector/no-keys"]


@pytest.mark.parametrize("records", [at("x9", RSA), f"{at('x9', RSA)}\n{at('default', RSA.revoked())}"])
async def test_without_a_selector_something_below_domainkey_leaves_it_unknown(records: str) -> None:
    assert codes(await looked(records)) == ["dkim.selector/unnamed"]


async def test_a_server_that_has_each_name_says_nothing_by_it() -> None:
    """As with a wildcard: `_domainkey` has no data, and so has a name that nobody uses."""
    records = "x._domainkey.care.example. A 192.0.2.1\n_mailseal-no-such-name.care.example. A 192.0.2.1"
    assert codes(await looked(records)) == ["dkim.selector/undecided"]


async def test_without_a_selector_silence_leaves_it_unknown() -> None:
    silent = (
        "_domainkey.care.example",
        *(f"{selector}._domainkey.care.example" for selector in USUAL_SELECTORS),
    )
    assert codes(await looked("", silent=silent)) == ["dkim.selector/parent-unanswered"]


@pytest.mark.parametrize("selector", ["", "..", "a" * 64, "\x1b[31m", "é", "*", "a b"])
async def test_a_selector_that_is_no_name_has_no_record(selector: str) -> None:
    findings = await looked(at("s", RSA), selector)
    assert findings[0].outcome is Outcome.FAIL
    assert "\x1b" not in findings[0].says()


@given(st.lists(mutations(dkim_records.map(DkimRecord.to_text)), min_size=1, max_size=2))
async def test_any_records_get_a_judgement(texts: list[str]) -> None:
    zone = "\n".join(at("s", text.encode("latin-1", "replace").decode("latin-1")) for text in texts)
    assert codes(await looked(zone, "s"))


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ('care.example. MX 0 .\ncare.example. TXT "v=spf1 -all"', "no-mail"),
        ('care.example. MX 0 .\ncare.example. TXT "v=spf1 ip4:192.0.2.1 -all"', "no-keys"),
        ('care.example. MX 0 .\ncare.example. TXT "v=spf1 redirect=care.vendor.example"', "no-keys"),
        ('care.example. MX 10 mx.care.example.\ncare.example. TXT "v=spf1 -all"', "no-keys"),
    ],
)
async def test_a_domain_that_is_not_used_for_mail_needs_no_key(records: str, code: str) -> None:
    assert codes(await looked(records)) == [f"dkim.selector/{code}"]
