"""plan and apply at vendors, from manifests with the settings and Secrets that users write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailseal.records.names import DnsName
from support.backends import (
    CloudflareHarness,
    GoogleHarness,
    PowerDnsApiHarness,
    Route53Harness,
    TransIpHarness,
    WebhookHarness,
)
from support.backends.cloudflare import TOKEN
from support.backends.google import key_file
from support.backends.powerdnsapi import SECRET as API_KEY
from support.commandline import DOMAIN, Workspace, mail_domain, owner, resource, secret
from support.servedzone import ServedZone
from support.servers.clouddns import PROJECT
from support.servers.route53 import KEY_ID, SECRET
from support.vendorfronts import api_url

NTA = {
    "provider": "zorgmail",
    "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
    "declaration": {"signedOn": "2026-09-14", "reference": "ISMS-2026-041"},
    "prerequisites": [],
}
VENDORS = ("route53", "cloudflare", "google", "transip", "powerdns", "webhook", "octodns")


def manifests(vendor: str) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """A started backend, the settings of its provider, and the data of its Secret."""
    match vendor:
        case "route53":
            harness: Any = Route53Harness()
            aws_keys = {"access-key-id": KEY_ID, "secret-access-key": SECRET}
            return harness, {"endpoint": api_url(harness)}, aws_keys
        case "cloudflare":
            harness = CloudflareHarness()
            return harness, {"endpoint": api_url(harness)}, {"api-token": TOKEN}
        case "google":
            harness = GoogleHarness()
            key = json.dumps(key_file(harness.server.token_uri))
            return harness, {"project": PROJECT, "endpoint": api_url(harness)}, {"credentials.json": key}
        case "transip":
            harness = TransIpHarness()
            settings = {"login": "zorgvoorbeeld", "endpoint": api_url(harness)}
            return harness, settings, {"private-key": harness.pem.decode()}
        case "powerdns":
            harness = PowerDnsApiHarness()
            return harness, {"url": api_url(harness)}, {"api-key": API_KEY}
        case "webhook":
            harness = WebhookHarness()
            return harness, {"url": api_url(harness)}, {"token": "one that this webhook does not ask for"}
        case _:
            harness = PowerDnsApiHarness()
            place = {"host": harness.server.address, "port": harness.server.api_port}
            settings = {
                "class": "octodns_powerdns.PowerDnsProvider",
                "settings": place,
                "secretSettings": {"api_key": "api-key"},
            }
            return harness, settings, {"api-key": API_KEY}


@pytest.fixture(params=VENDORS)
def given(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Workspace, ServedZone, list[Any]]]:
    """A workspace, the zone at each vendor in turn, and the manifests of its provider."""
    harness, settings, credentials = manifests(request.param)
    try:
        with ServedZone(harness, DnsName(DOMAIN)) as zone:
            spec = {
                "type": request.param,
                request.param: settings,
                "credentialsSecretRef": {"name": "vendor"},
                "zones": [DOMAIN],
                "nameservers": [zone.nameserver],
            }
            provider = resource("DnsProvider", "zone", spec)
            yield Workspace(tmp_path), zone, [provider, secret("vendor", credentials)]
    finally:
        harness.close()


def test_from_the_first_plan_to_the_deletion(given: tuple[Workspace, ServedZone, list[Any]]) -> None:
    workspace, zone, provider = given
    before = zone.texts()
    wanted = [
        mail_domain(spf={"mechanisms": ["mx"]}, dmarc={"policy": "none"}),
        owner("NtaRecord", **NTA),
    ]
    file = workspace.write(*provider, *wanted)

    planned = workspace.run("plan", "-f", file)
    assert planned.exit_code == 0, planned.output
    assert zone.texts() == before

    applied = workspace.run("apply", "-f", file, "--yes")
    assert applied.exit_code == 0, applied.output
    added = [text for text in zone.texts() if text not in before]
    assert [text.partition("=")[2][:4] for text in added] == ["NTA7", "spf1"]
    assert len(zone.texts()) == len(before) + 2
    assert zone.texts("_dmarc") == ["v=DMARC1; p=none"]

    version = zone.harness.version(zone.name)
    assert workspace.run("apply", "-f", file, "--yes").exit_code == 0
    assert zone.harness.version(zone.name) == version

    deleted = workspace.run("apply", "--delete", "-f", file, "--yes")
    assert deleted.exit_code == 0, deleted.output
    assert zone.texts() == before
    assert zone.texts("_dmarc") == []
