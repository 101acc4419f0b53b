"""The files of a DkimKey's Secret: what stands in them for each mail software, and that nothing else does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.domain.keysecret import SecretLayout
from mailseal.engine.dkimkeys import UnusableKey, generate_key, read_key
from mailseal.engine.layouts import FILE_NAMES, PEM_SUFFIX, SELECTORS, files_of
from mailseal.engine.layouts.view import View
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet

NOW = datetime.combine(date(2026, 3, 15), datetime.min.time(), UTC)
RSA, ED25519 = SigningKey(algorithm=KeyAlgorithm.RSA), SigningKey(algorithm=KeyAlgorithm.ED25519)
LAYOUTS = [str(layout) for layout in SecretLayout]
OLD, NEW = ("old-rsa", "old-ed"), ("new-rsa", "new-ed")
KEYS = {
    selector: generate_key(selector, RSA if selector.endswith("rsa") else ED25519)
    for selector in (*OLD, *NEW)
}
PEMS = {selector: key.pem for selector, key in KEYS.items()}

PREPARED: dict[str, datetime] = {}
PUBLISHED = {**PREPARED, "published_at": NOW}
ACTIVE = {**PUBLISHED, "switched_at": NOW}
STOPPED = {**ACTIVE, "stopped_at": NOW}
RETIRING = {**STOPPED, "retiring_at": NOW}
STATES = (PREPARED, PUBLISHED, ACTIVE, STOPPED, RETIRING)


def spec(*layouts: str, key_format: str = "PKCS8", mount_path: str = "/etc/mailseal/keys") -> DkimKeySpec:
    secret = {"layouts": list(layouts), "keyFormat": key_format, "mountPath": mount_path}
    return DkimKeySpec.model_validate(
        {
            "domain": "example.nl",
            "providerRef": {"name": "dns"},
            "keys": [{"algorithm": "RSA"}, {"algorithm": "Ed25519"}],
            "secret": secret,
        }
    )


def key_set(number: int, selectors: tuple[str, ...], times: Mapping[str, datetime]) -> KeySet:
    keys = tuple(KEYS[selector].held.life_key for selector in selectors)
    made = KeySet(number=number, cause=Cause.FIRST, keys=keys, made_for="", prepared_at=NOW)
    return replace(made, **times)


def life(old: Mapping[str, datetime], new: Mapping[str, datetime]) -> KeyLife:
    return KeyLife().with_set(key_set(1, OLD, old)).with_set(key_set(2, NEW, new))


def texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """The files that hold no private key, as text."""
    return {name: text.decode() for name, text in files.items() if not name.endswith((".pem", ".key"))}


SWITCHED = life(STOPPED, ACTIVE)
"""The new keys sign, and the old ones are still there for a mail server that has not heard of it."""


def test_stable_names_the_active_keys_by_algorithm() -> None:
    files = files_of(spec("Stable"), SWITCHED, PEMS)
    assert files["rsa.pem"] == files["new-rsa.pem"]
    assert files["ed25519.pem"] == files["new-ed.pem"]
    assert texts(files) == {
        "selectors": "new-rsa\nnew-ed\n",
        "rsa.selector": "new-rsa\n",
        "ed25519.selector": "new-ed\n",
    }


def test_opendkim_knows_every_held_key_and_signs_with_one_algorithm() -> None:
    found = texts(files_of(spec("OpenDKIM"), SWITCHED, PEMS))
    assert found["SigningTable"] == "*@example.nl new-rsa._domainkey.example.nl\n"
    assert found["KeyTable"] == (
        "old-rsa._domainkey.example.nl example.nl:old-rsa:/etc/mailseal/keys/old-rsa.pem\n"
        "old-ed._domainkey.example.nl example.nl:old-ed:/etc/mailseal/keys/old-ed.pem\n"
        "new-rsa._domainkey.example.nl example.nl:new-rsa:/etc/mailseal/keys/new-rsa.pem\n"
        "new-ed._domainkey.example.nl example.nl:new-ed:/etc/mailseal/keys/new-ed.pem\n"
    )


def test_opendkim_signs_with_ed25519_when_there_is_nothing_else() -> None:
    alone = KeyLife().with_set(key_set(1, ("new-ed",), ACTIVE))
    found = texts(files_of(spec("OpenDKIM"), alone, PEMS))
    assert found["SigningTable"] == "*@example.nl new-ed._domainkey.example.nl\n"


def test_rspamd_gets_a_map_for_one_signature_and_a_configuration_for_all() -> None:
    found = texts(files_of(spec("Rspamd", mount_path="/keys"), SWITCHED, PEMS))
    assert found["rspamd-selectors.map"] == "example.nl new-rsa\n"
    assert found["rspamd-dkim_signing.conf"] == (
        "domain {\n"
        '  "example.nl" {\n'
        "    selectors [\n"
        '      { selector = "new-rsa"; path = "/keys/new-rsa.pem"; },\n'
        '      { selector = "new-ed"; path = "/keys/new-ed.key"; }\n'
        "    ]\n"
        "  }\n"
        "}\n"
    )


def test_exim_gets_a_list_of_selectors() -> None:
    assert texts(files_of(spec("Exim"), SWITCHED, PEMS))["exim-selectors"] == "new-rsa:new-ed\n"


def test_dkimpy_milter_gets_a_table_for_each_algorithm_and_seeds_in_base64() -> None:
    files = files_of(spec("DkimpyMilter"), SWITCHED, PEMS)
    found = texts(files)
    assert found["dkimpy-SigningTable"] == "*@example.nl example.nl\n"
    assert found["dkimpy-KeyTable"] == "example.nl example.nl:new-rsa:/etc/mailseal/keys/new-rsa.pem\n"
    assert found["dkimpy-KeyTableEd25519"] == "example.nl example.nl:new-ed:/etc/mailseal/keys/new-ed.key\n"
    private = serialization.load_pem_private_key(PEMS["new-ed"], password=None)
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    assert base64.b64decode(files["new-ed.key"]) == private.private_bytes_raw()


def test_while_nothing_signs_no_file_names_a_key_to_sign_with() -> None:
    coming = KeyLife().with_set(key_set(1, NEW, PUBLISHED))
    found = texts(files_of(spec(*LAYOUTS), coming, PEMS))
    assert found.pop("KeyTable").count("\n") == len(NEW)
    assert found == {
        "selectors": "",
        "SigningTable": "",
        "rspamd-selectors.map": "",
        "rspamd-dkim_signing.conf": "",
        "exim-selectors": "\n",
        "dkimpy-SigningTable": "*@example.nl example.nl\n",
        "dkimpy-KeyTable": "example.nl example.nl:none:/dev/null\n",
        "dkimpy-KeyTableEd25519": "example.nl example.nl:none:/dev/null\n",
    }


def test_traditional_format_is_for_rsa_only() -> None:
    files = files_of(spec("Stable", key_format="Traditional"), SWITCHED, PEMS)
    assert files["rsa.pem"].startswith(b"-----BEGIN RSA PRIVATE KEY-----\n")
    assert files["ed25519.pem"].startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_a_key_that_is_not_held_is_named_nowhere() -> None:
    some = {selector: pem for selector, pem in PEMS.items() if selector != "new-rsa"}
    files = files_of(spec(*LAYOUTS), SWITCHED, some)
    assert not any("new-rsa" in name for name in files)
    assert not any("new-rsa" in text for text in texts(files).values())


def test_an_unusable_key_is_refused_without_a_word_of_it() -> None:
    with pytest.raises(UnusableKey) as refused:
        files_of(spec(), SWITCHED, {**PEMS, "new-rsa": PEMS["new-rsa"][:-200]})
    assert "MII" not in str(refused.value)


def test_no_repr_shows_a_private_key() -> None:
    shown = repr(View.of(spec(*LAYOUTS), SWITCHED, PEMS))
    assert "new-rsa" in shown
    assert "PRIVATE" not in shown
    assert not any(line in shown for pem in PEMS.values() for line in pem.decode().split("\n")[1:-2])


layouts = st.lists(st.sampled_from(LAYOUTS), unique=True)
formats = st.sampled_from(["PKCS8", "Traditional"])
lives = st.builds(life, st.sampled_from(STATES), st.sampled_from(STATES))
held = st.sets(st.sampled_from(sorted(PEMS))).map(lambda names: {name: PEMS[name] for name in names})


@given(layouts, formats, formats, lives, held)
def test_files_that_are_read_back_are_rendered_again_byte_by_byte(
    chosen: list[str], first: str, second: str, found: KeyLife, pems: dict[str, bytes]
) -> None:
    """In whichever format the keys were written: so an edited Secret is told from one that was not."""
    written = files_of(spec(*chosen, key_format=first), found, pems)
    read = {name: written[f"{name}{PEM_SUFFIX}"] for name in PEMS if f"{name}{PEM_SUFFIX}" in written}
    wanted = spec(*chosen, key_format=second)
    assert files_of(wanted, found, read) == files_of(wanted, found, pems)


@given(layouts, formats, lives, held)
def test_the_secret_holds_the_keys_that_are_both_needed_and_at_hand(
    chosen: list[str], key_format: str, found: KeyLife, pems: dict[str, bytes]
) -> None:
    files = files_of(spec(*chosen, key_format=key_format), found, pems)
    kept = {
        name: read_key(name, files[f"{name}{PEM_SUFFIX}"]) for name in PEMS if f"{name}{PEM_SUFFIX}" in files
    }
    assert kept == {name: KEYS[name].held for name in found.private_selectors & pems.keys()}


@given(layouts, lives, held)
def test_every_key_file_that_a_table_names_is_there(
    chosen: list[str], found: KeyLife, pems: dict[str, bytes]
) -> None:
    files = files_of(spec(*chosen, mount_path="/mount"), found, pems)
    words = " ".join(texts(files).values()).replace(":", " ").replace('"', " ").replace(";", " ").split()
    named = {word.removeprefix("/mount/") for word in words if word.startswith("/mount/")}
    assert named <= files.keys()


@given(layouts, lives, held)
def test_the_selectors_to_sign_with_are_those_of_the_active_set(
    chosen: list[str], found: KeyLife, pems: dict[str, bytes]
) -> None:
    named = files_of(spec(*chosen), found, pems)[SELECTORS].decode().split()
    active = found.active.keys if found.active else ()
    assert named == [key.selector for key in active if key.selector in pems]


@given(layouts, lives, held)
def test_every_file_is_named_after_a_selector_or_has_a_known_name(
    chosen: list[str], found: KeyLife, pems: dict[str, bytes]
) -> None:
    files = files_of(spec(*chosen), found, pems)
    assert {name for name in files if name.rpartition(".")[0] not in PEMS} <= FILE_NAMES


def test_the_clock_is_not_asked() -> None:
    later = {name: moment + timedelta(days=1) for name, moment in ACTIVE.items()}
    assert files_of(spec(*LAYOUTS), life(STOPPED, later), PEMS) == files_of(spec(*LAYOUTS), SWITCHED, PEMS)
