"""The play: records appear, heal, change, are replaced and go, and what others put into the zone stays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from demo.stage import NAMESPACE, RESYNC_SECONDS, ZONE, DemoFailedError, Stage
from support import binaries
from support.servers.process import wait_until

STEP_SECONDS = 30.0
CHECKED = ("nta7516", "spf", "dkim", "dmarc", "tls-rpt")
OBJECTS = 4
"""Resources of mailseal in the quickstart: a provider, and one of each kind that publishes records."""


def play(stage: Stage) -> list[str]:
    """Everything up to the deletion; returns the zone as it was before. Raises when a step fails."""
    before = _show_foreign_records(stage)
    _publish(stage)
    _show_zone(stage)
    _repair_drift(stage)
    _change_spec(stage)
    _replace_key(stage)
    _check_from_outside(stage)
    return before


def clear_up(stage: Stage, before: list[str]) -> None:
    """Delete all resources, and compare the zone with what it was `before`."""
    stage.screen.heading("All of it is deleted, and only what mailseal published goes")
    stage.kubectl("delete", "--filename", str(stage.manifest), "--timeout", "30s")
    stage.dig("+noall", "+answer", "+onesoa", ZONE, "AXFR")
    after = stage.zone()
    if after != before:
        raise DemoFailedError(f"the zone is not what it was before:\n{before}\n{after}")
    stage.screen.success("but for its serial the zone is again what it was, string for string")


def show_how_to_play(stage: Stage) -> None:
    """What to type to go on by hand."""
    bind = stage.bind
    stage.screen.heading("It stays up until you press Ctrl-C; in another terminal:")
    stage.screen.verbatim(
        f"export KUBECONFIG={stage.cluster.kubeconfig}\n"
        f"alias kubectl={binaries.find('kubectl')}\n"
        f"kubectl get mailseal --namespace {NAMESPACE}\n"
        f"kubectl edit maildomain zorg-voorbeeld --namespace {NAMESPACE}\n"
        f"dig @{bind.address} -p {bind.port} +noall +answer {ZONE} AXFR\n"
        f"tail -f {stage.cluster.workspace / 'operator.log'}"
    )


def _show_foreign_records(stage: Stage) -> list[str]:
    stage.screen.start_picture()
    stage.screen.heading(
        "A zone that others use, too: two site verifications share the name with SPF and NTA 7516"
    )
    stage.dig("+noall", "+answer", ZONE, "TXT")
    return stage.zone()


def _publish(stage: Stage) -> None:
    stage.screen.heading("A provider, a MailDomain, a DkimKey and an NtaRecord: examples/quickstart.yaml")
    stage.kubectl("apply", "--filename", str(stage.manifest))
    applied = time.monotonic()
    told: set[str] = set()

    def all_ready() -> bool:
        resources = stage.resources()
        for name, reason in _ready_ones(resources):
            if name not in told:
                told.add(name)
                stage.screen.output(f"{time.monotonic() - applied:5.1f} s  {name} is Ready: {reason}")
        return len(told) == len(resources) == OBJECTS

    with stage.screen.waiting("Waiting until all authoritative servers answer"):
        wait_until(all_ready, STEP_SECONDS, "all resources Ready")
    stage.kubectl("get", "mailseal")


def _show_zone(stage: Stage) -> None:
    stage.screen.heading("What the name server answers: values of others stand beside ours, as they were")
    stage.dig("+noall", "+answer", "+onesoa", ZONE, "AXFR")
    stage.screen.end_picture()


def _repair_drift(stage: Stage) -> None:
    stage.screen.heading("Somebody deletes the SPF record by hand, and it comes back")
    spf = next(value for value in _values(stage, ZONE) if value.startswith('"v=spf1 '))
    stage.nsupdate(f"update delete {ZONE}. TXT {spf}")
    stage.dig("+short", ZONE, "TXT")
    seconds = _until(stage, "the SPF record back", lambda: spf in _values(stage, ZONE))
    stage.dig("+short", ZONE, "TXT")
    stage.screen.success(
        f"back after {seconds:.1f} s; this operator looks every {RESYNC_SECONDS} s, else every 10 minutes"
    )
    events = ("get", "events", "--field-selector", "reason=DriftRepaired")
    _until(stage, "the Event", lambda: "DriftRepaired" in stage.kubectl(*events, quiet=True))
    stage.kubectl(*events)


def _change_spec(stage: Stage) -> None:
    stage.screen.heading("The DMARC policy is raised")
    change = json.dumps({"spec": {"dmarc": {"policy": "quarantine"}}})
    stage.kubectl("patch", "maildomain", "zorg-voorbeeld", "--type", "merge", "--patch", change)
    seconds = _until(stage, "Ready with the new policy", lambda: _is_current(stage))
    answer = stage.dig("+short", f"_dmarc.{ZONE}", "TXT")
    if "p=quarantine" not in answer:
        raise DemoFailedError(f"the name server answers {answer}")
    stage.screen.success(f"answered and reported after {seconds:.1f} s")


def _replace_key(stage: Stage) -> None:
    stage.screen.heading("The DKIM key is replaced; the old one stays until no mail needs it")
    _until(stage, "a key that signs", lambda: bool(_signing(stage)))
    old = _signing(stage)
    stage.kubectl("annotate", "dkimkey", "zorg-voorbeeld-dkim", "mailseal.dev/rotate=now")
    seconds = _until(stage, "the old key gone", lambda: _keys(stage) == _signing(stage) != old)
    columns = "custom-columns=REASON:.reason,MESSAGE:.message"
    selector = ("--field-selector", "involvedObject.kind=DkimKey", "--sort-by", ".metadata.resourceVersion")
    stage.kubectl("get", "events", *selector, "--output", columns)
    stage.kubectl("get", "dkimkey")
    (new,) = _signing(stage)
    if not _values(stage, f"{new}._domainkey.{ZONE}") or _values(stage, f"{old[0]}._domainkey.{ZONE}"):
        raise DemoFailedError(f"the name server does not answer {new} alone")
    stage.screen.success(f"signs with {new}; the old key was gone after {seconds:.1f} s, here without mail")


def _check_from_outside(stage: Stage) -> None:
    stage.screen.heading("What others see: the domain is checked as by a stranger, and a sender looks it up")
    (selector,) = _signing(stage)
    subjects = [word for subject in CHECKED for word in ("--subject", subject)]
    stage.mailseal("check", ZONE, "--selector", selector, *subjects)
    stage.mailseal("nta", "lookup", ZONE)
    stage.screen.success(
        "no check fails; the zone of this demo is not signed and has no mail server to look at"
    )


def _signing(stage: Stage) -> list[str]:
    """The selectors that the Secret says to sign with."""
    return list(_dkim_status(stage).get("signingSelectors", ()))


def _keys(stage: Stage) -> list[str]:
    """The selectors of all keys that are not gone."""
    return [key["selector"] for key in _dkim_status(stage).get("keys", ())]


def _dkim_status(stage: Stage) -> dict[str, Any]:
    (resource,) = (found for found in stage.resources() if found["kind"] == "DkimKey")
    return dict(resource.get("status", {}))


def _until(stage: Stage, what: str, condition: Callable[[], bool]) -> float:
    """Wait for `condition`; returns the seconds that it took."""
    before = time.monotonic()
    with stage.screen.waiting(f"Waiting for {what}"):
        wait_until(condition, STEP_SECONDS, what)
    return time.monotonic() - before


def _values(stage: Stage, name: str) -> list[str]:
    return stage.dig("+short", name, "TXT", quiet=True).splitlines()


def _is_current(stage: Stage) -> bool:
    (resource,) = (found for found in stage.resources() if found["kind"] == "MailDomain")
    current = resource.get("status", {}).get("observedGeneration") == resource["metadata"]["generation"]
    return current and bool(_ready_ones([resource]))


def _ready_ones(resources: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Kind with name, and the message, of each resource whose condition Ready is True."""
    return [
        (f"{resource['kind']} {resource['metadata']['name']}", condition["message"])
        for resource in resources
        for condition in resource.get("status", {}).get("conditions", ())
        if condition["type"] == "Ready" and condition["status"] == "True"
    ]
