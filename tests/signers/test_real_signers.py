"""Real mail software signs with a mounted Secret through rotations, and other software verifies by DNS."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import GeneratedKey, generate_key
from mailseal.engine.layouts import files_of
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet
from support.servers import BindServer, TsigSecret, wait_until
from support.signers import (
    DkimpyMilterSigner,
    EximSigner,
    MailDkimSigner,
    MountedSecret,
    OpenDkimSigner,
    RspamdMapSigner,
    RspamdSigner,
    Signer,
)
from support.signers.opendkim import OpenDkimEd25519Signer
from support.signers.verifiers import Verifier, another_verifier, mail_dkim

RSA, ED25519 = KeyAlgorithm.RSA, KeyAlgorithm.ED25519
BOTH = (RSA, ED25519)
NOW = datetime(2026, 3, 15, tzinfo=UTC)
SETS = 3
SWITCH_SECONDS = 30.0
MESSAGE = b"""\
From: Jan Jansen <jan@%s>\r
To: piet@example.com\r
Subject: Uitslag van\r
 het onderzoek\r
Date: Sun, 15 Mar 2026 09:00:00 +0000\r
Message-ID: <1@mx.example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=us-ascii\r
\r
Beste Piet,\r
\r
.een regel met een punt vooraan  \r
\r
"""


@dataclass(frozen=True)
class Case:
    """Mail software with its layout, what keys the DkimKey has and which of them it signs with."""

    signer: Callable[[], Signer]
    layout: str
    keys: tuple[KeyAlgorithm, ...]
    signs: tuple[KeyAlgorithm, ...]
    key_format: str = "PKCS8"


CASES = {
    "opendkim": Case(OpenDkimSigner, "OpenDKIM", BOTH, (RSA,)),
    "opendkim-ed25519": Case(OpenDkimEd25519Signer, "OpenDKIM", (ED25519,), (ED25519,)),
    "rspamd": Case(RspamdSigner, "Rspamd", BOTH, BOTH),
    "rspamd-map": Case(RspamdMapSigner, "Rspamd", BOTH, (RSA,)),
    "exim": Case(EximSigner, "Exim", BOTH, BOTH, "Traditional"),
    "dkimpy-milter": Case(DkimpyMilterSigner, "DkimpyMilter", BOTH, BOTH),
    "dkimpy-milter-rsa": Case(DkimpyMilterSigner, "DkimpyMilter", (RSA,), (RSA,), "Traditional"),
    "mail-dkim": Case(MailDkimSigner, "Stable", BOTH, (RSA,)),
}

Keys = Mapping[int, tuple[GeneratedKey, ...]]
"""By the number of their set."""


@pytest.fixture(scope="module")
def keys() -> Keys:
    """Three sets of an RSA and an Ed25519 key; every case uses them in a domain of its own."""
    return {
        number: tuple(
            generate_key(f"s{number}-{algorithm.tag}", SigningKey(algorithm=algorithm)) for algorithm in BOTH
        )
        for number in range(1, SETS + 1)
    }


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    with BindServer((), keys=(TsigSecret(),)) as server:
        yield server


def selectors_of(message: bytes) -> frozenset[str]:
    """The selectors of the DKIM signatures in the header."""
    header = re.sub(rb"\r\n[ \t]+", b" ", message.partition(b"\r\n\r\n")[0])
    signatures = [line for line in header.split(b"\r\n") if line.lower().startswith(b"dkim-signature:")]
    found = [re.search(rb"[;:\s]s\s*=\s*([^;\s]+)", signature) for signature in signatures]
    return frozenset(match[1].decode() for match in found if match)


@dataclass
class MailServer:
    """A signer with its mounted Secret and its zone, and the mail that is still under way."""

    case: Case
    domain: str
    keys: Keys
    bind: BindServer
    signer: Signer
    verifiers: tuple[Verifier, Verifier]
    spec: DkimKeySpec
    mount: MountedSecret
    under_way: list[bytes] = field(default_factory=list)

    def publish(self, number: int, *, revoked: bool = False) -> None:
        """Have the name server answer the keys of a set, or that they are revoked."""
        for key in self.keys[number]:
            record = key.held.life_key.revoked_record if revoked else key.held.record
            pieces = " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255))
            self.bind.put(self.domain, f"{key.held.selector}._domainkey.{self.domain}", "TXT", 60, pieces)

    def signing_with(self, number: int) -> frozenset[str]:
        """The selectors with which the software signs while a set is active."""
        return frozenset(
            key.held.selector for key in self.keys[number] if key.held.algorithm in self.case.signs
        )

    def sign(self) -> bytes:
        return self.signer.sign(MESSAGE % self.domain.encode())

    def render(self, life: KeyLife) -> dict[str, bytes]:
        pems = {key.held.selector: key.pem for found in self.keys.values() for key in found}
        return files_of(self.spec, life, pems)

    def step(self, life: KeyLife, before: int, after: int) -> None:
        """Mount the Secret of `life`, and reload, while mail goes out and all of it verifies."""
        old, new = self.signing_with(before), self.signing_with(after)
        sent: list[bytes] = []

        def signs_anew() -> bool:
            sent.append(self.sign())
            return selectors_of(sent[-1]) == new

        with self._sending(sent):
            self.mount.swap(self.render(life))
            sent.append(self.sign())
            self.signer.reload()
            wait_until(signs_anew, SWITCH_SECONDS, f"{self.domain} signs with {set(new)}")
        sent.append(self.sign())
        assert selectors_of(sent[-1]) == new
        assert {selectors_of(mail) for mail in sent} <= {old, new}
        self.verify([*sent, *self.under_way])
        self.under_way += [sent[0], sent[-1]]

    def verify(self, mails: list[bytes]) -> None:
        """Every signature of every mail is valid; by Mail::DKIM, those of RSA."""
        every, of_rsa = (verifier.verdicts(mails) for verifier in self.verifiers)
        for mail, all_verdicts, rsa_verdicts in zip(mails, every, of_rsa, strict=True):
            selectors = selectors_of(mail)
            assert selectors
            assert all_verdicts == dict.fromkeys(selectors, True)
            assert all(passed for selector, passed in rsa_verdicts.items() if selector.endswith(RSA.tag))
            assert rsa_verdicts.keys() == selectors

    def fails(self, selectors: frozenset[str]) -> None:
        """What was signed with these selectors does not verify any more; forget it."""
        signed = [mail for mail in self.under_way if selectors_of(mail) == selectors]
        assert signed
        with another_verifier(self.signer.implementation, (self.bind.address, self.bind.port)) as verifier:
            assert verifier.verdicts(signed) == [dict.fromkeys(selectors, False)] * len(signed)
        self.under_way = [mail for mail in self.under_way if mail not in signed]

    @contextmanager
    def _sending(self, sent: list[bytes]) -> Iterator[None]:
        """Send mail all the time, beside what the test does."""
        stop = threading.Event()

        def send() -> None:
            while not stop.wait(0.1):
                sent.append(self.sign())

        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send)
            try:
                yield
            finally:
                stop.set()
            sending.result()


@contextmanager
def running(name: str, bind: BindServer, keys: Keys, state: str) -> Iterator[MailServer]:
    """The mail software of a case, started with the first set in DNS and in `state` in the Secret."""
    case = CASES[name]
    domain = f"{name}-{state}.example"
    bind.add_zone(domain)
    own = {
        number: tuple(key for key in made if key.held.algorithm in case.keys) for number, made in keys.items()
    }
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailseal-mount-")))
        directory.chmod(0o755)
        endpoint = (bind.address, bind.port)
        signer = case.signer()
        stack.callback(signer.close)
        other = stack.enter_context(another_verifier(signer.implementation, endpoint))
        mount = MountedSecret(directory / "keys", {})
        spec = spec_of(case, domain, mount.path)
        made = MailServer(case, domain, own, bind, signer, (other, mail_dkim(endpoint)), spec, mount)
        made.publish(1)
        mount.swap(made.render(KeyLife().with_set(key_set(own, 1, state))))
        signer.start(mount.path, domain)
        yield made


def spec_of(case: Case, domain: str, mount: Path) -> DkimKeySpec:
    secret = {"layouts": [case.layout], "mountPath": str(mount), "keyFormat": case.key_format}
    body = {"domain": domain, "providerRef": {"name": "dns"}, "secret": secret}
    return DkimKeySpec.model_validate({**body, "keys": [{"algorithm": kind} for kind in case.keys]})


def key_set(keys: Keys, number: int, state: str) -> KeySet:
    """A set that has come as far as `state`, and through all states before."""
    names = {
        "prepared": "prepared_at",
        "published": "published_at",
        "active": "switched_at",
        "stopped": "stopped_at",
        "retiring": "retiring_at",
    }
    reached = list(names)[: list(names).index(state) + 1]
    times = {names[name]: NOW + timedelta(hours=number + hour) for hour, name in enumerate(reached)}
    made = tuple(key.held.life_key for key in keys[number])
    return replace(KeySet(number, Cause.SCHEDULED, made, "", NOW), **times)


@pytest.mark.parametrize("name", CASES)
def test_no_mail_fails_or_goes_unsigned_through_two_rotations(
    name: str, bind: BindServer, keys: Keys
) -> None:
    """Nor goes any unsigned, at each step of the keys, and before, during and after each reload."""
    with running(name, bind, keys, "active") as server:
        server.under_way.append(server.sign())
        assert selectors_of(server.under_way[0]) == server.signing_with(1)
        for old in range(1, SETS):
            rotate(server, old, old + 1)


def rotate(server: MailServer, old: int, new: int) -> None:
    def life(of_old: str, of_new: str) -> KeyLife:
        sets = key_set(server.keys, old, of_old), key_set(server.keys, new, of_new)
        return KeyLife().with_set(sets[0]).with_set(sets[1])

    server.step(life("active", "prepared"), old, old)
    server.publish(new)
    server.step(life("stopped", "active"), old, new)
    server.step(life("retiring", "active"), new, new)
    server.publish(old, revoked=True)
    server.fails(server.signing_with(old))
    server.verify(server.under_way)


@pytest.mark.parametrize("name", ["opendkim", "rspamd", "rspamd-map", "exim", "dkimpy-milter"])
def test_mail_passes_unsigned_until_the_first_key_signs(name: str, bind: BindServer, keys: Keys) -> None:
    """While the first key waits for DNS the mail server works, with the files as they are then."""
    with running(name, bind, keys, "published") as server:
        mail = server.sign()
        assert b"Beste Piet," in mail
        assert selectors_of(mail) == frozenset()
        server.mount.swap(server.render(KeyLife().with_set(key_set(server.keys, 1, "active"))))
        server.signer.reload()
        wanted = server.signing_with(1)
        wait_until(lambda: selectors_of(server.sign()) == wanted, SWITCH_SECONDS, f"{name} signs")
        server.verify([server.sign()])
