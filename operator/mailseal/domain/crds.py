"""The CustomResourceDefinitions, made from the models: `python -m mailseal.domain.crds DIRECTORY...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mailseal.domain.common import GROUP, VERSION
from mailseal.domain.schema import Schema, structural_schema
from mailseal.domain.specs import KINDS, Kind

HEADER = "# Made by `python -m mailseal.domain.crds`; change operator/mailseal/domain instead.\n"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`, which shows the first value that its path finds.

    Priority 1 shows with `-o wide` only.
    """

    name: str
    json_path: str
    description: str
    type: str = "string"
    priority: int = 0

    def to_mapping(self) -> dict[str, Any]:
        """This as an entry of `additionalPrinterColumns`."""
        entry = {
            "name": self.name,
            "type": self.type,
            "jsonPath": self.json_path,
            "description": self.description,
        }
        return {**entry, "priority": self.priority} if self.priority else entry


@dataclass(frozen=True, slots=True)
class Naming:
    """How a kind is called on the command line, and what `kubectl get` says of it."""

    plural: str
    short_name: str
    columns: tuple[Column, ...]
    description: str
    scope: str = "Namespaced"


def _ready(part: str) -> str:
    return f'.status.conditions[?(@.type=="Ready")].{part}'


DOMAIN = Column("Domain", ".spec.domain", "Mail domain that the records are about.")
TYPE = Column("Type", ".spec.type", "Kind of DNS backend.")
ZONES = Column("Zones", ".status.zones", "Zones that the backend serves.")
SIGNING = Column("Signing", ".status.signingSelectors", "Selectors that mail is signed with.")
NEXT_ROTATION = Column(
    "Next rotation", ".status.nextRotation", "When the keys are replaced next, if that is planned."
)
NTA_DOMAINS = Column("Domain", ".spec['domain','domains']", "Mail domains that the record is for.")
RENEWAL = Column(
    "Renewal",
    '.status.conditions[?(@.type=="Renewal")].reason',
    "What holds up the renewal, or NotDue.",
    priority=1,
)
END = Column("End", ".status.endMonth", "Last month of the published record.")
READY = Column("Ready", _ready("status"), "Whether everything asked for is published.")
REASON = Column("Reason", _ready("reason"), "Why, in one word.")
MESSAGE = Column("Message", _ready("message"), "Why, and what to do about it.", priority=1)
AGE = Column("Age", ".metadata.creationTimestamp", "Time since the resource was made.", type="date")

NAMING = {
    "MailDomain": Naming(
        "maildomains",
        "md",
        (DOMAIN,),
        "A MailDomain publishes the policy records of one mail domain: SPF, DMARC, MTA-STS and TLS "
        "reporting, and watches DKIM selectors that others run.",
    ),
    "DkimKey": Naming(
        "dkimkeys",
        "dk",
        (DOMAIN, SIGNING, NEXT_ROTATION),
        "A DkimKey makes signing keys for one mail domain, publishes their public halves and keeps the "
        "private halves in a Secret for the mail server.",
    ),
    "NtaRecord": Naming(
        "ntarecords",
        "nta",
        (NTA_DOMAINS, END, RENEWAL),
        "An NtaRecord publishes that mail domains take part in NTA 7516, secure ad-hoc mail in health care.",
    ),
    "DnsProvider": Naming(
        "dnsproviders",
        "dnsp",
        (TYPE, ZONES),
        "A DnsProvider is a DNS backend for the resources of its namespace.",
    ),
    "ClusterDnsProvider": Naming(
        "clusterdnsproviders",
        "cdnsp",
        (TYPE, ZONES),
        "A ClusterDnsProvider is a DNS backend that several namespaces share.",
        scope="Cluster",
    ),
}


def crd_of(kind: str) -> dict[str, Any]:
    """The CustomResourceDefinition of one of our kinds."""
    naming = NAMING[kind]
    columns = (*naming.columns, READY, REASON, MESSAGE, AGE)
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root_schema(naming, KINDS[kind])},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.to_mapping() for column in columns],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{naming.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": naming.plural,
                "singular": kind.lower(),
                "shortNames": [naming.short_name],
                "categories": ["mailseal"],
            },
            "scope": naming.scope,
            "versions": [version],
        },
    }


def _root_schema(naming: Naming, kind: Kind) -> Schema:
    return {
        "type": "object",
        "description": naming.description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Version of this resource: {GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": "Kind of this resource."},
            "metadata": {"type": "object"},
            "spec": structural_schema(kind.spec),
            "status": structural_schema(kind.status),
        },
    }


class _PlainDumper(yaml.SafeDumper):
    """Writes a value that occurs twice out twice, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def manifests() -> dict[str, str]:
    """File name to YAML text of every CustomResourceDefinition, the same at every call."""
    crds = [crd_of(kind) for kind in KINDS]
    return {
        f"{crd['metadata']['name'].partition('.')[0]}.yaml": HEADER
        + yaml.dump(crd, Dumper=_PlainDumper, sort_keys=False, width=110, allow_unicode=True)
        for crd in crds
    }


def main(directories: Sequence[str]) -> int:
    """Write one file per CustomResourceDefinition to each directory; 2 when none is given."""
    if not directories:
        sys.stderr.write("usage: python -m mailseal.domain.crds DIRECTORY...\n")
        return 2
    for directory in map(Path, directories):
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in manifests().items():
            (directory / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
