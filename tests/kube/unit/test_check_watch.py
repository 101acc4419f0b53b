"""Checks run when they are due, are told once, and wait for nobody."""

from __future__ import annotations

from datetime import timedelta

from mailseal.checks.model import Outcome, Subject
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import checkwatch
from mailseal.kube.api import ApiError
from mailseal.kube.checkmemory import Checked
from mailseal.kube.objects import FINALIZER
from mailseal.planning.nta_gate import Standing
from mailseal.records.names import DnsName
from support.checking import CheckedCluster, domains_of
from support.checkresults import finding

DOMAIN = "example.nl"
LONG = timedelta(days=1)
NTA = {"provider": "zorgmail", "declaration": {"signedOn": "2026-09-14", "reference": "x"}}
SPF = {"spf": {"mechanisms": ["mx"]}}


def hosts(*names: str) -> list[dict[str, object]]:
    return [{"preference": 10, "host": name} for name in names]


def mail_domain(cluster: CheckedCluster, domain: str = DOMAIN, name: str = "main") -> ObjectKey:
    return cluster.apply("MailDomain", name, domain=domain, **SPF)


async def test_a_result_becomes_a_condition_once_and_then_costs_no_write() -> None:
    cluster = CheckedCluster()
    cluster.says(DOMAIN, finding(Outcome.FAIL), finding(Outcome.WARN, Subject.DKIM))
    async with cluster.running():
        key = mail_domain(cluster)
        await cluster.wait_reason(key, "ChecksFailed")
        await cluster.wait_runs(1)
        writes = cluster.kube.writes
        await cluster.wait_runs(5)
    assert cluster.kube.writes == writes
    entries = cluster.kube.objects[key]["status"]["checks"]
    assert [entry["outcome"] for entry in entries] == ["Fail", "Warn"]
    assert [reason for _, reason, _ in cluster.kube.events] == ["ChecksFailed"]


async def test_what_works_again_is_told() -> None:
    cluster = CheckedCluster()
    cluster.says(DOMAIN, finding(Outcome.FAIL))
    async with cluster.running():
        key = mail_domain(cluster)
        await cluster.wait_reason(key, "ChecksFailed")
        cluster.says(DOMAIN, finding(Outcome.PASS))
        await cluster.wait_reason(key, "ChecksPassed")
        await cluster.wait(lambda: len(cluster.kube.events) == 2, "an Event")
    assert "checks" not in cluster.kube.objects[key]["status"]
    assert [reason for _, reason, _ in cluster.kube.events] == ["ChecksFailed", "ChecksRecovered"]


async def test_one_time_out_after_another_result_is_not_told() -> None:
    cluster = CheckedCluster()
    async with cluster.running():
        key = mail_domain(cluster)
        await cluster.wait_reason(key, "ChecksPassed")
        cluster.says(DOMAIN, finding(Outcome.UNKNOWN))
        writes = cluster.kube.writes
        await cluster.wait_runs(3)
        assert cluster.kube.writes == writes
        cluster.now += timedelta(minutes=16)
        await cluster.wait_reason(key, "ChecksUnknown")


async def test_resources_of_one_domain_share_its_check_and_give_it_what_they_know() -> None:
    cluster = CheckedCluster(interval=LONG)
    async with cluster.running():
        cluster.kube.apply("DkimKey", "dkim", {"domain": DOMAIN, "providerRef": {"name": "dns"}})
        dkim = ObjectKey("DkimKey", "mail", "dkim")
        keys = [{"selector": "s1", "state": "Active"}, {"selector": "s0", "state": "Revoked"}]
        cluster.kube.set_status(dkim, {"keys": keys})
        cluster.see(dkim)
        hosts = [{"preference": 10, "host": "relay.zorgmail.nl"}]
        nta = cluster.apply("NtaRecord", "nta", domain=DOMAIN, ntamx=hosts, relay="_spf.zorgmail.nl", **NTA)
        for key in (mail_domain(cluster), nta):
            cluster.watch.queue.add(DnsName(DOMAIN))
            await cluster.wait_reason(key, "ChecksPassed")
    assert len(cluster.runs) == 1
    (examined,) = cluster.runs
    assert (examined.selectors, examined.relay) == (("s1",), "_spf.zorgmail.nl")
    assert examined.ntamx == ("relay.zorgmail.nl",)


async def test_a_domain_that_only_a_dkim_key_is_about_is_not_checked() -> None:
    cluster = CheckedCluster()
    async with cluster.running():
        cluster.apply("DkimKey", "dkim", domain="only.example.nl")
        mail_domain(cluster)
        await cluster.wait_runs(3)
    assert domains_of(cluster.runs) == {DOMAIN}


async def test_a_domain_whose_checks_hang_holds_up_no_other() -> None:
    cluster = CheckedCluster(domains_at_once=2)
    cluster.hanging.add("silent.example.nl")
    async with cluster.running():
        silent = mail_domain(cluster, "silent.example.nl", "silent")
        key = mail_domain(cluster)
        await cluster.wait_reason(key, "ChecksPassed")
        await cluster.wait_runs(3)
    assert not cluster.kube.condition(silent, "Checks")


async def test_a_gate_that_begins_to_wait_is_checked_sooner_than_what_is_not_published_yet() -> None:
    cluster = CheckedCluster(interval=LONG)
    key = cluster.apply("NtaRecord", "nta", domain=DOMAIN, **NTA)
    before = cluster.watch.queue._due[DnsName(DOMAIN)]
    waiting = {"type": "Ready", "status": "False", "reason": "PrerequisitesUnknown"}
    cluster.kube.set_status(key, {"conditions": [waiting]})
    cluster.see(key)
    assert cluster.watch.queue._due[DnsName(DOMAIN)] < before


async def test_domains_that_are_checked_together_share_their_ways_to_the_outside() -> None:
    cluster = CheckedCluster(interval=LONG)
    names = [f"zorg{number}.example.nl" for number in range(200)]
    async with cluster.running():
        for name in names:
            mail_domain(cluster, name, name.partition(".")[0])
            cluster.watch.queue.add(DnsName(name))
        await cluster.wait(lambda: domains_of(cluster.runs) == set(names), "all domains")
    assert cluster.opened == 1


async def test_an_nta_record_is_told_when_all_its_domains_were_checked() -> None:
    cluster = CheckedCluster()
    cluster.hanging.add("b.example.nl")
    cluster.says("a.example.nl", finding(Outcome.FAIL, target="a.example.nl"))
    async with cluster.running():
        key = cluster.apply("NtaRecord", "nta", domains=["a.example.nl", "b.example.nl"], **NTA)
        await cluster.wait_runs(3)
        assert not cluster.kube.condition(key, "Checks")
    cluster.hanging.clear()
    async with cluster.running():
        cluster.watch.queue.add(DnsName("b.example.nl"))
        await cluster.wait_reason(key, "ChecksFailed")
    (entry,) = cluster.kube.objects[key]["status"]["checks"]
    assert entry["domain"] == "a.example.nl"


async def test_a_change_of_standing_wakes_the_zone_and_nothing_else_does() -> None:
    cluster = CheckedCluster()
    async with cluster.running():
        key = cluster.apply("NtaRecord", "nta", domain=DOMAIN, **NTA)
        news = (key, DOMAIN)
        await cluster.wait(lambda: cluster.standing == [news], "the first standing")
        await cluster.wait_runs(3)
        assert cluster.standing == [news]
        assert cluster.watch.prerequisites(DnsName(DOMAIN))[0].standing is Standing.PASSED
        cluster.says(DOMAIN, finding(Outcome.FAIL))
        await cluster.wait(lambda: cluster.standing == [news, news], "the other standing")
    assert cluster.watch.prerequisites(DnsName(DOMAIN))[0].standing is Standing.FAILED


async def test_what_was_found_at_other_hosts_opens_no_gate() -> None:
    cluster = CheckedCluster(interval=LONG)
    async with cluster.running():
        key = cluster.apply("NtaRecord", "nta", domain=DOMAIN, ntamx=hosts("good.example"), **NTA)
        cluster.watch.queue.add(DnsName(DOMAIN))
        await cluster.wait(lambda: len(cluster.standing) == 1, "the first standing")
        assert cluster.watch.prerequisites(DnsName(DOMAIN))[0].standing is Standing.PASSED
        cluster.apply("NtaRecord", "nta", domain=DOMAIN, ntamx=hosts("bad.example"), **NTA)
        assert cluster.watch.prerequisites(DnsName(DOMAIN)) == ()
        cluster.says(DOMAIN, finding(Outcome.UNKNOWN))
        cluster.watch.queue.add(DnsName(DOMAIN))
        await cluster.wait(lambda: len(cluster.standing) == 2, "the zone is woken for the new hosts")
        assert cluster.watch.prerequisites(DnsName(DOMAIN))[0].standing is Standing.UNKNOWN
        cluster.says(DOMAIN, finding(Outcome.PASS))
        cluster.watch.queue.add(DnsName(DOMAIN))
        await cluster.wait(lambda: cluster.standing == [(key, DOMAIN)] * 3, "the gate opens")


async def test_the_zone_is_woken_although_other_hosts_stand_as_the_former_ones_did() -> None:
    cluster = CheckedCluster(interval=LONG)
    async with cluster.running():
        for count, host in enumerate(("one.example", "two.example"), start=1):
            cluster.apply("NtaRecord", "nta", domain=DOMAIN, ntamx=hosts(host), **NTA)
            cluster.watch.queue.add(DnsName(DOMAIN))
            await cluster.wait(lambda: len(cluster.standing) == count, "a standing")  # noqa: B023


async def test_of_several_domains_only_the_one_with_news_is_woken() -> None:
    cluster = CheckedCluster(interval=LONG)
    domains = ["a.example.nl", "b.example.nl"]
    async with cluster.running():
        key = cluster.apply("NtaRecord", "nta", domains=domains, **NTA)
        cluster.watch.queue.add(DnsName(domains[1]))
        await cluster.wait(lambda: cluster.standing == [(key, domains[1])], "news of one domain")


async def test_what_a_gate_waits_for_is_checked_less_and_less_often(monkeypatch) -> None:
    attempts: list[int] = []

    def pause(checked: Checked, count: int, interval: timedelta, *, gate_waits: bool) -> timedelta:
        attempts.append(count if gate_waits else 0)
        return interval

    monkeypatch.setattr(checkwatch, "pause_after_run", pause)
    cluster = CheckedCluster()
    cluster.says(DOMAIN, finding(Outcome.WARN, Subject.TLS_RPT, code="missing"))
    async with cluster.running():
        asked = [{"check": "TLSRPT"}]
        key = cluster.apply("NtaRecord", "nta", domain=DOMAIN, prerequisites=asked, **NTA)
        ready = {"type": "Ready", "status": "False", "reason": "PrerequisitesFailed"}
        cluster.kube.set_status(key, {"conditions": [ready]})
        cluster.see(key)
        await cluster.wait(lambda: attempts[-3:] == [1, 2, 3], "growing attempts")


async def test_a_write_that_fails_is_tried_again_without_another_check() -> None:
    cluster = CheckedCluster(interval=LONG)
    async with cluster.running():
        cluster.kube.errors.append(ApiError("no"))
        key = mail_domain(cluster)
        cluster.watch.queue.add(DnsName(DOMAIN))
        await cluster.wait_reason(key, "ChecksPassed")
    assert len(cluster.runs) == 1


async def test_what_is_gone_is_checked_no_more() -> None:
    cluster = CheckedCluster()
    async with cluster.running():
        key = mail_domain(cluster)
        other = mail_domain(cluster, "other.example.nl", "other")
        await cluster.wait_reason(key, "ChecksPassed")
        spec = cluster.kube.objects[key]["spec"]
        cluster.kube.apply("MailDomain", "main", spec, finalizers=[FINALIZER])
        cluster.kube.delete(key)
        cluster.see(key)
        assert cluster.memory.get(DnsName(DOMAIN)) is None
        await cluster.wait_reason(other, "ChecksPassed")
        before = len(cluster.runs)
        await cluster.wait_runs(4)
    assert DOMAIN not in domains_of(cluster.runs[before + 1 :])


async def test_domains_that_left_an_nta_record_are_forgotten() -> None:
    cluster = CheckedCluster()
    async with cluster.running():
        cluster.apply("NtaRecord", "nta", domains=["a.example.nl", "b.example.nl"], **NTA)
        await cluster.wait(lambda: len(domains_of(cluster.runs)) == 2, "both domains")
        cluster.apply("NtaRecord", "nta", domains=["b.example.nl"], **NTA)
        assert cluster.memory.get(DnsName("a.example.nl")) is None


async def test_without_checks_nothing_is_checked_and_what_was_told_is_taken_back() -> None:
    cluster = CheckedCluster(enabled=False)
    key = ObjectKey("MailDomain", "mail", "main")
    cluster.kube.apply("MailDomain", "main", {"domain": DOMAIN, "providerRef": {"name": "dns"}, **SPF})
    told = {"type": "Checks", "status": "True", "reason": "ChecksPassed", "message": "x"}
    cluster.kube.set_status(key, {"conditions": [told], "checks": [{"check": "spf.record"}]})
    async with cluster.running():
        cluster.see(key)
        await cluster.wait(lambda: not cluster.kube.condition(key, "Checks"), "the condition gone")
    assert "checks" not in cluster.kube.objects[key]["status"]
    assert cluster.runs == []
    (first, *_) = cluster.watch.prerequisites(DnsName(DOMAIN))
    assert (first.standing, "--no-checks" in first.says) == (Standing.UNKNOWN, True)
