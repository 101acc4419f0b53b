"""Records that somebody changes behind mailseal's back are found at the next resync and repaired."""

from __future__ import annotations

from support.world import World

SPF = "v=spf1 ip4:192.0.2.0/28 -all"


def drifted(world: World, kind: str, name: str) -> float:
    labels = {"kind": kind, "namespace": world.namespace, "name": name}
    return world.operator.metric("mailseal_drift_repairs_total", **labels)


def test_deleted_and_changed_records_are_written_again(new_world) -> None:
    with new_world('@ IN TXT "MS=ms1"') as world:
        world.apply(
            world.tsig(),
            world.provider(),
            world.mail_domain(dmarc={"policy": "reject"}, adoption="Replace"),
            world.nta_record(),
            world.dkim_key(),
        )
        for kind, name in {"MailDomain": "mail", "NtaRecord": "nta", "DkimKey": "dkim"}.items():
            world.wait_ready(kind, name)
        before = world.zone.content()
        (dkim,) = world.status("DkimKey", "dkim")["records"]
        (nta,) = world.zone.txt("@", "v=NTA")
        world.zone.delete("@", f'"{nta}"')
        world.zone.delete(dkim["name"].removesuffix(f".{world.domain}"))
        world.zone.delete("_dmarc")
        world.zone.add("_dmarc", '"v=DMARC1; p=none"')
        world.wait(lambda: world.zone.content() == before, "every record as it was")
        for kind, name in {"MailDomain": "mail", "NtaRecord": "nta", "DkimKey": "dkim"}.items():
            world.wait(lambda k=kind, n=name: drifted(world, k, n) == 1, f"the repair of {name} counted")
            world.wait(
                lambda k=kind, n=name: (
                    [reason for reason, _ in world.events(k, n)].count("DriftRepaired") == 1
                ),
                f"an Event about the repair of {name}",
            )
        (event,) = world.events("MailDomain", "mail")
        assert f"_dmarc.{world.domain}" in event[1]
        assert world.condition("MailDomain", "mail")["status"] == "True"


def test_a_second_spf_record_beside_ours_is_removed_where_replacing_is_allowed(world: World) -> None:
    world.apply(world.mail_domain(adoption="Replace"))
    world.wait_ready("MailDomain", "mail")
    world.zone.add("@", '"v=spf1 +all"', '"MS=ms2"')
    world.wait(lambda: world.zone.txt("@") == ["MS=ms2", SPF], "the second SPF record gone")
    world.wait(lambda: drifted(world, "MailDomain", "mail") == 1, "the repair counted")


def test_a_second_spf_record_beside_ours_is_reported_and_left_where_it_is_not(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    world.zone.add("@", '"v=spf1 +all"')
    assert "v=spf1 +all" in world.wait_reason("MailDomain", "mail", "ForeignValue")
    assert world.zone.txt("@") == ["v=spf1 +all", SPF]
    world.zone.delete("@", '"v=spf1 +all"')
    world.wait_ready("MailDomain", "mail")
    assert drifted(world, "MailDomain", "mail") == 0


def test_a_lost_heritage_record_is_written_again_without_an_alarm(world: World) -> None:
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    (heritage,) = world.zone.txt("_mailseal")
    writes, syncs = world.writes(), world.syncs()
    world.zone.delete("_mailseal")
    world.wait(lambda: world.zone.txt("_mailseal") == [heritage], "the heritage record")
    world.wait(lambda: world.syncs() > syncs, "the sync over that wrote it")
    assert world.events("MailDomain", "mail") == []
    assert world.writes() == writes
