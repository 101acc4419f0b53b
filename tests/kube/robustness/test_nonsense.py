"""Whatever stands in DNS or in a status, the operator reports, repairs or leaves it, and never stumbles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.kubehttp import KubeHttp
from support.operators import OperatorProcess
from support.world import World

OPERATOR_ID = "robust"
PATIENCE_SECONDS = 90.0
PROMPTLY_SECONDS = 20.0
"""For a resource that has nothing to do with the nonsense, on a busy machine."""
OURS = "v=spf1 ip4:192.0.2.0/28 -all"


@pytest.fixture(scope="module")
def operator(
    operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    log = tmp_path_factory.mktemp("nonsense") / "operator.log"
    log.touch()
    flags = ("--operator-id", OPERATOR_ID, "--resync-seconds", "5", "--verify-seconds", "1")
    with OperatorProcess(operator_kubeconfig, log, *flags) as process:
        yield process


@dataclass
class Makes:
    """Worlds with nonsense in them and a healthy resource beside it."""

    cluster: Cluster
    api: KubeHttp
    operator: OperatorProcess

    def world(self, records: str) -> World:
        return World(self.cluster, self.api, self.operator, records)


@pytest.fixture
def makes(controlplane, api, operator) -> Iterator[Makes]:
    """After each test the log must hold no traceback, and the metrics must still be read."""
    yield Makes(controlplane, api, operator)
    assert "Traceback" not in operator.log_text(), operator.log_text().partition("Traceback")[2][:4000]
    assert operator.get("/metrics")[0] == 200
    assert operator.process is not None
    assert operator.process.poll() is None


def apply_beside(world: World, *manifests) -> None:
    """Apply `manifests` with a healthy resource beside them, which becomes Ready at once."""
    healthy = world.mail_domain("healthy", domain=f"gezond.{world.domain}")
    world.apply(world.tsig(), world.provider(), *manifests, healthy)
    world.wait_ready("MailDomain", "healthy", PROMPTLY_SECONDS)
    assert world.zone.txt("gezond") == [OURS]


BROKEN = {
    "two SPF records": ('@ IN TXT "v=spf1 mx -all"\n@ IN TXT "v=spf1 a ~all"', "ForeignValue"),
    "a broken SPF record": (
        '@ IN TXT "v=spf1 ip4:999.1.1.1/99 include: redirect=%{z} -all +all"',
        "ForeignValue",
    ),
    "an SPF record of bytes": (r'@ IN TXT "v=spf1 \255\254\000 -all"', "ForeignValue"),
    "a broken DMARC record": ('_dmarc IN TXT "v=DMARC1; p=maybe; ;; =x; rua=mailto:"', "ForeignValue"),
    "two DMARC records": ('_dmarc IN TXT "v=DMARC1"\n_dmarc IN TXT "v=DMARC1; p=none"', "ForeignValue"),
    "a CNAME at _dmarc": ("_dmarc IN CNAME dmarc.elders.example.", "CnameInTheWay"),
}


@pytest.mark.parametrize(("records", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_somebody_else_broke_is_reported_and_left(makes, records, reason) -> None:
    with makes.world(records) as world:
        before = world.zone.content()
        apply_beside(world, world.mail_domain(dmarc={"policy": "reject"}), world.nta_record())
        world.wait_reason("MailDomain", "mail", reason, PATIENCE_SECONDS)
        world.wait_ready("NtaRecord", "nta", PATIENCE_SECONDS)
        after = world.zone.content()
        assert all(values <= after[place] for place, values in before.items())


@pytest.mark.parametrize(
    "text",
    [
        "v=NTA7516-1;startdate=2026-13;enddate=1999-00;provider=;ntamx=",
        "v=NTA7516;startdate:2018-08;enddate:2021-08;provider:x;ntamx:10 a b c",
        "v=NTA7516-1;;;;",
    ],
)
def test_a_broken_nta_record_of_somebody_else_is_replaced_where_that_is_allowed(makes, text) -> None:
    quoted = text.replace(";", "\\;")
    with makes.world(f'@ IN TXT "{quoted}"\n@ IN TXT "MS=ms1"') as world:
        apply_beside(world, world.nta_record())
        assert text in world.wait_reason("NtaRecord", "nta", "ForeignValue", PATIENCE_SECONDS)
        assert world.zone.txt("@") == ["MS=ms1", text]
        world.change("NtaRecord", "nta", adoption="Replace")
        world.wait_ready("NtaRecord", "nta", PATIENCE_SECONDS)
        kept, nta = world.zone.txt("@")
        assert kept == "MS=ms1"
        assert "provider=zorgmail" in nta


CORRUPT_HERITAGE = (
    f"v=mailseal1; owner={OPERATOR_ID}; r=%%%",
    f"v=mailseal1; owner={OPERATOR_ID}; r=@:TXT:000000000000:00000000,..:TXT:000000000000:00000000",
    "v=mailseal1; owner=; r=",
    "v=mailseal1",
    "v=mailseal999; owner=robust; r=@:TXT:000000000000:00000000",
    "",
)


def test_corrupt_heritage_records_keep_nobody_from_publishing_and_going(makes) -> None:
    lines = "\n".join(f'_mailseal IN TXT "{text}"'.replace(";", "\\;") for text in CORRUPT_HERITAGE)
    with makes.world(f'{lines}\n@ IN TXT "MS=ms1"') as world:
        apply_beside(world, world.mail_domain(dmarc={"policy": "none"}), world.dkim_key())
        world.wait_ready("MailDomain", "mail", PATIENCE_SECONDS)
        world.wait_ready("DkimKey", "dkim", PATIENCE_SECONDS)
        assert world.zone.txt("@") == ["MS=ms1", OURS]
        for kind, name in (("MailDomain", "mail"), ("DkimKey", "dkim")):
            world.delete(kind, name)
            world.wait_gone(kind, name, PATIENCE_SECONDS)
        assert world.zone.txt("@") == ["MS=ms1"]
        assert world.zone.txt("_dmarc") == []


def test_ninety_foreign_values_at_the_domain_stay_beside_ours(makes) -> None:
    foreign = [f"verification-{number}={'x' * 40}" for number in range(90)]
    with makes.world("\n".join(f'@ IN TXT "{text}"' for text in foreign)) as world:
        apply_beside(world, world.mail_domain(), world.nta_record())
        world.wait_ready("MailDomain", "mail", PATIENCE_SECONDS)
        world.wait_ready("NtaRecord", "nta", PATIENCE_SECONDS)
        (nta,) = world.zone.txt("@", "v=NTA")
        assert world.zone.txt("@") == sorted([*foreign, OURS, nta])
        world.delete("MailDomain", "mail")
        world.wait_gone("MailDomain", "mail", PATIENCE_SECONDS)
        assert world.zone.txt("@") == sorted([*foreign, nta])


def corrupt_status(world: World) -> dict:
    """As much nonsense as the schema lets in; some of it claims what is not the resource's."""

    def record(name: str, value: str = "MS=ms1", rtype: str = "TXT", state: str = "Published") -> dict:
        return {"name": name, "value": value, "type": rtype, "state": state}

    return {
        "observedGeneration": 999,
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "reason": "",
                "message": "\x00\ud7ff" * 50,
                "lastTransitionTime": "0001-01-01T00:00:00Z",
            }
        ],
        "records": [
            record(f"anders.{world.domain}"),
            record("elders.example"),
            record(f"klein.{world.domain}", "v=spf1 include:nooit.example -all"),
            record("a..b"),
            record(""),
            record(f"klein.{world.domain}", "\\9", state="Nonsense"),
            record(f"klein.{world.domain}", "rubbish", "AXFR"),
            record(f"klein.{world.domain}", "no mail exchange", "MX"),
        ],
    }


CORRUPTED = {
    "MailDomain": {},
    "NtaRecord": {"startMonth": "2026-99", "endMonth": "", "expiresOn": "9999-12-31"},
    "DkimKey": {
        "secretName": "another",
        "keys": [{"selector": "..", "algorithm": "RSA", "publishedSince": "0001-01-01T00:00:00Z"}],
    },
}
PLURALS = {"MailDomain": "maildomains", "NtaRecord": "ntarecords", "DkimKey": "dkimkeys"}


def test_corrupted_statuses_are_written_anew_and_take_nothing_from_others(makes) -> None:
    with makes.world('anders IN TXT "MS=ms1"\nklein IN TXT "MS=ms2"') as world:
        names = {"MailDomain": "mail", "NtaRecord": "nta", "DkimKey": "dkim"}
        made = (world.mail_domain, world.nta_record, world.dkim_key)
        apply_beside(world, *[make(domain=f"klein.{world.domain}") for make in made])
        sound = {kind: world.wait_ready(kind, name, PATIENCE_SECONDS) for kind, name in names.items()}
        before = world.zone.content()
        for kind, name in names.items():
            path = f"/apis/mailseal.dev/v1alpha1/namespaces/{world.namespace}/{PLURALS[kind]}/{name}/status"
            world.api.patch(path, {"status": {**corrupt_status(world), **CORRUPTED[kind]}})
        for kind, name in names.items():
            healed = world.wait_ready(kind, name, PATIENCE_SECONDS)
            assert healed["status"]["records"] == sound[kind]["status"]["records"]
        assert world.zone.content() == before
