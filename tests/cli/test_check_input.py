"""Where `mailseal check` takes its domains from, and input that cannot be used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.model import Examined
from mailseal.cli.checkmanifests import Unusable, examined_of, merged
from mailseal.cli.checksources import Sources
from mailseal.cli.exits import InvalidInput
from mailseal.records.names import DnsName
from support.commandline import DOMAIN, Workspace, mail_domain, owner, resource, secret

NTA = {
    "provider": "zorgmail",
    "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
    "declaration": {"signedOn": "2026-01-02", "reference": "D-1"},
}


def examined(domain: str, *selectors: str, relay: str | None = None) -> Examined:
    return Examined(DnsName(domain), selectors, DnsName(relay) if relay else None)


def read(*files: Path, **sources: Any) -> tuple[Examined, ...]:
    return Sources(files=tuple(str(file) for file in files), **sources).read()


def faults(*files: Path, **sources: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as error:
        read(*files, **sources)
    return error.value.faults


def test_a_list_has_domains_selectors_and_remarks(tmp_path: Path) -> None:
    """In any writing of names; a final dot, capitals, Unicode and Windows line ends do not matter."""
    file = tmp_path / "domains"
    file.write_bytes(
        "\ufeff# ours\r\nzorg-voorbeeld.example s1 s2\r\n\r\n  Huisarts.EXAMPLE.   # practice\r\n"
        "zórg.example,k1\r\n".encode()
    )

    assert read(file) == (
        examined("zorg-voorbeeld.example", "s1", "s2"),
        examined("huisarts.example"),
        examined("xn--zrg-gna.example", "k1"),
    )


def test_each_domain_once_with_all_that_is_known(tmp_path: Path) -> None:
    """Of several places; those of the command line come first."""
    file = tmp_path / "domains"
    file.write_text("b.example s1\na.example s2\nB.example s1 s3\n")

    assert read(file, domains=("b.example", "c.example"), selectors=("all",), relay="_spf.relay.example") == (
        examined("b.example", "s1", "s3", "all", relay="_spf.relay.example"),
        examined("c.example", "all", relay="_spf.relay.example"),
        examined("a.example", "s2", "all", relay="_spf.relay.example"),
    )


def test_manifests_tell_domains_and_selectors(workspace: Workspace) -> None:
    """External selectors of MailDomains, imports of DkimKeys; other kinds are none of ours."""
    external = {"externalSelectors": [{"selector": "google"}, {"selector": "k1"}]}
    imported = [{"selector": "old1", "secretName": "old", "secretKey": "private.pem"}]
    file = workspace.put(
        mail_domain(dkim=external),
        owner("DkimKey", "keys", imports=imported),
        owner("NtaRecord", "nta", domain="other.example", **NTA, relay="_spf.zorgmail.nl"),
        secret("old", {"private.pem": "x"}),
    )

    assert read(file) == (
        examined(DOMAIN, "google", "k1", "old1"),
        replace(examined("other.example", relay="_spf.zorgmail.nl"), ntamx=(DnsName("relay.zorgmail.nl"),)),
    )


def test_an_nta_record_for_several_domains(workspace: Workspace) -> None:
    spec = {"providerRef": {"name": "zone"}, "domains": ["b.example", "a.example"], **NTA}
    file = workspace.write(resource("NtaRecord", "all", spec))

    assert [each.domain for each in read(file)] == ["b.example", "a.example"]


def test_a_directory_of_manifests(workspace: Workspace) -> None:
    directory = workspace.directory / "mail"
    directory.mkdir()
    for name in ("b.example", "a.example"):
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(mail_domain(domain=name)))

    assert [each.domain for each in read(directory)] == ["a.example", "b.example"]


def test_manifests_are_recognised_by_their_content(workspace: Workspace) -> None:
    """Without a suffix as well, and as the JSON that kubectl prints."""
    plain, listed = workspace.directory / "manifest", workspace.directory / "listed"
    plain.write_text(yaml.safe_dump(mail_domain()))
    listed.write_text(json.dumps({"kind": "List", "items": [mail_domain(domain="other.example")]}))

    assert [each.domain for each in read(plain, listed)] == [DOMAIN, "other.example"]


def test_standard_input(workspace: Workspace) -> None:
    """A list or manifests."""
    for text in ("a.example\n", yaml.safe_dump(mail_domain(domain="a.example"))):
        result = workspace.process(
            "check", "-f", "-", "--resolver", "127.0.0.1:1", "--only", "nta7516", "-o", "json", stdin=text
        )

        assert result.returncode == 3
        assert [found["domain"] for found in json.loads(result.stdout)["results"]] == ["a.example"]


def test_the_status_of_a_dkim_key_tells_its_selectors() -> None:
    """As `kubectl get --output yaml` has it: those that mail is signed with now or was lately."""
    keys = [
        {"selector": "gone", "state": "Revoked"},
        {"selector": "old", "state": "Retiring"},
        {"selector": "now", "state": "Active"},
        {"selector": "next", "state": "Published"},
    ]
    body = owner("DkimKey") | {"status": {"signingSelectors": ["now"], "keys": keys}}

    assert examined_of(body) == (examined(DOMAIN, "now", "old"),)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["signingSelectors", "keys", "selector", "state"]), inner)
        ),
    )
)
def test_any_status_is_read(status: object) -> None:
    """A status is written by machines, and still nothing in it ends in a traceback."""
    found = examined_of(owner("DkimKey") | {"status": status})

    assert not isinstance(found, Unusable)
    assert found[0].domain == DOMAIN


def test_merging_keeps_the_first_relay() -> None:
    found = merged(
        [examined("a.example"), examined("a.example", "s", relay="b"), examined("a.example", relay="c")]
    )

    assert found == (examined("a.example", "s", relay="b"),)


def test_every_fault_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "domains"
    file.write_text(
        "good.example\nbad..example\ninfo@zorg.example\ngood.example sel..ector\nhttps://x.example/\n"
    )

    found = faults(file, domains=("a b",), selectors=("x y",), relay="..")

    assert len(found) == 7
    assert found[0].startswith("--relay: ")
    assert found[1].startswith("--selector 'x y': ")
    assert "'a b' is not a domain name" in found[2]
    assert f"{file}, line 2: 'bad..example' is not a domain name" in found[3]
    assert f"{file}, line 3: 'info@zorg.example' is not a domain name" in found[4]
    assert f"{file}, line 4: selector 'sel..ector': " in found[5]
    assert f"{file}, line 5: " in found[6]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("https://www.zorg.example/contact?x=1", ": give www.zorg.example alone"),
        ("www.zorg.example/", ": give www.zorg.example alone"),
        ("info@Zorg.example", ": give zorg.example alone"),
        ("mailto:info@zorg.example", ": give zorg.example alone"),
        ("zorg.example:25", ": give zorg.example alone"),
        ("https://[::1]/", " is not a domain name"),
        ("https://", " is not a domain name"),
        ("*.zorg.example", " is not a domain name"),
        ("192.0.2.1", " is an IP address and not a domain name"),
        ("2001:db8::1", " is an IP address and not a domain name"),
    ],
)
def test_what_stands_in_place_of_a_domain_is_told(text: str, fault: str) -> None:
    """With the domain that is meant, where that is plain."""
    (found,) = faults(domains=(text,))

    assert found.startswith(repr(text))
    assert found.endswith(fault)


def test_a_selector_is_not_the_name_of_its_record(tmp_path: Path) -> None:
    """On the command line and in a list."""
    file = tmp_path / "domains"
    file.write_text("a.example s1._domainkey.a.example\n")

    assert faults(file, selectors=("s2._domainkey",)) == (
        "--selector 's2._domainkey': is more than the selector: give 's2' alone",
        f"{file}, line 1: selector 's1._domainkey.a.example': is more than the selector: give 's1' alone",
    )


def test_faults_of_manifests_are_those_of_plan(workspace: Workspace) -> None:
    file = workspace.write(mail_domain(spf={"mechanisms": ["nonsense"]}), {"kind": "MailDomain"})

    found = faults(file)

    assert any("document 1 (MailDomain default/main): spec.spf.mechanisms" in fault for fault in found)
    assert any("document 2 (MailDomain default/None): spec." in fault for fault in found)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"", "no domain is given"),
        (b"# nothing\n", "no domain is given"),
        (b"{", "is not valid YAML"),
        (b"apiVersion: v1\nkind: [", "is not valid YAML"),
        (b"\x00", "is not a domain name"),
        (b"a" * 70 + b".example", "is not a domain name"),
        (b"\x1b[31m.example", "is not a domain name"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "input"
    file.write_bytes(content)

    (found,) = faults(file)

    assert fault in found
    assert "\x1b" not in found


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(content)
    try:
        read(file)
    except InvalidInput as refused:
        told = refused.faults
    else:
        told = ()
    assert all("\x1b" not in fault for fault in told)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "no domain is given"),
        (["-f", "/no/such/file"], "/no/such/file: cannot be read"),
        (["a.example", "--namespace", "zorg"], "--namespace is about the cluster: give --kube with it"),
        (["a.example", "--resolver", "dns.example"], "is not an IP address"),
        (["a.example", "--trust-anchor", "nonsense"], "nonsense"),
        (["a.example", "--ca-file", "/no/such/file"], "/no/such/file"),
        (["a.example", "--output", "pdf"], "pdf"),
        (["a.example", "--subject", "weather"], "weather"),
        (["a.example", "--fail-on", "monday"], "monday"),
        (["a.example", "--concurrency", "0"], "--concurrency"),
        (["a.example", "--domain-seconds", "0"], "--domain-seconds"),
    ],
)
def test_wrong_use_is_told(workspace: Workspace, arguments: list[str], fault: str) -> None:
    """Exit code 2 and nothing on standard output."""
    result = workspace.run("check", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr
