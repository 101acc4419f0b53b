"""The manifests that an end-to-end test applies: of one domain on one name server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mailseal.domain.common import API_VERSION
from mailseal.kube.objects import RECORD_KINDS
from support.leaks import KnownSecrets
from support.servers.bind import BindServer
from support.servers.process import TsigSecret

Object = dict[str, Any]

PROVIDER = "zone"
TSIG_SECRET = "zone-tsig"
QUICK: Mapping[str, Object] = {
    "rotation": {"propagationTime": "1s", "retireAfter": "0s"},
    "revocation": {"keepFor": "1s"},
}
"""How a DkimKey is replaced here, where no mail is under way."""
_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Manifests:
    """Makes manifests of every kind that work as they are; what a test is about it gives as fields."""

    def __init__(self, domain: str, server: BindServer, key: TsigSecret) -> None:
        self.domain = domain
        self.server = server
        self.key = key
        self.secrets = KnownSecrets(key.secret)

    def manifest(self, kind: str, name: str, **fields: Any) -> Object:
        """A resource; `fields` are those of its spec, or of the whole object for a Secret."""
        body: Object = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}}
        if kind == "Secret":
            return {**body, "apiVersion": "v1", **fields}
        if kind in RECORD_KINDS:
            fields = {"domain": self.domain, "providerRef": {"name": PROVIDER}, **fields}
        return {**body, "spec": fields}

    def tsig(self, secret: str = "", name: str = TSIG_SECRET) -> Object:
        """The Secret with the TSIG key that the server knows, or with another `secret`."""
        self.secrets.add(secret or self.key.secret)
        return self.manifest("Secret", name, stringData={"tsig-secret": secret or self.key.secret})

    def provider(self, kind: str = "DnsProvider", name: str = PROVIDER, **fields: Any) -> Object:
        """The provider of the zone; `fields` of its spec replace what it would have."""
        spec = {
            "type": "rfc2136",
            "rfc2136": {
                "server": self.server.address,
                "port": self.server.port,
                "tsigKeyName": self.key.name,
                "timeoutSeconds": 1,
            },
            "credentialsSecretRef": {"name": TSIG_SECRET},
            "zones": [self.domain],
            "nameservers": [self.server.endpoint],
            **fields,
        }
        return self.manifest(kind, name, **spec)

    def mail_domain(self, name: str = "mail", **fields: Any) -> Object:
        """A MailDomain that wants SPF unless `fields` say otherwise; its DMARC waits for DKIM if told to."""
        if "dmarc" in fields:
            fields["dmarc"] = {"waitForDkim": False, **fields["dmarc"]}
        return self.manifest("MailDomain", name, **({"spf": {"mechanisms": ["ip4:192.0.2.0/28"]}} | fields))

    def nta_record(self, name: str = "nta", **fields: Any) -> Object:
        """A declared NtaRecord of ZorgMail that asks for no checks unless `fields` say otherwise."""
        wanted = {
            "provider": "zorgmail",
            "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
            "declaration": {"signedOn": "2026-09-14", "reference": "ISMS-2026-041"},
            "prerequisites": [],
            **fields,
        }
        return self.manifest("NtaRecord", name, **wanted)

    def dkim_key(self, name: str = "dkim", **fields: Any) -> Object:
        """A DkimKey that waits for little, Ed25519 since that takes no time to generate.

        `fields` replace what it would have, those of `rotation` and `revocation` one by one.
        """
        spec = {"keys": [{"algorithm": "Ed25519"}], "ttlSeconds": 60, **fields}
        for part, quick in QUICK.items():
            spec[part] = quick | fields.get(part, {})
        return self.manifest("DkimKey", name, **spec)

    def quickstart(self) -> str:
        """examples/quickstart.yaml for this world's server and domain, unchecked; its keys may go at once."""
        text = (_EXAMPLES / "quickstart.yaml").read_text().replace("zorg-voorbeeld.example", self.domain)
        documents = [document for document in yaml.safe_load_all(text) if document]
        for document in documents:
            if document["kind"] == "Secret":
                document["stringData"] = {"tsig-secret": self.key.secret}
            if document["kind"] == "DnsProvider":
                document["spec"]["rfc2136"] |= {"server": self.server.address, "port": self.server.port}
                document["spec"]["nameservers"] = [self.server.endpoint]
            if document["kind"] == "DkimKey":
                document["spec"]["rotation"] = {"retireAfter": "0s"}
            if document["kind"] == "NtaRecord":
                document["spec"]["prerequisites"] = []
        return yaml.safe_dump_all(documents)
