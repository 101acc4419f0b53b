"""A resolver for pure tests of checks: it answers from the text of a zone, and counts the questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.zonefile

from mailseal.checks.answers import Answer, Presence, Security, Validation

_MAX_ALIASES = 8


class ZoneResolver:
    """Answers from records in presentation form, one a line with absolute names and no TTL.

    Names in `silent` do not answer; what `securities` says of a name, or of the nearest name above it, is
    its security, `INSECURE` by default.
    """

    def __init__(
        self,
        records: str,
        silent: tuple[str, ...] = (),
        securities: Mapping[str, Security] | None = None,
    ) -> None:
        self._sets: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rdataset.Rdataset] = {}
        for rrset in dns.zonefile.read_rrsets(records, default_ttl=3600, rdclass=dns.rdataclass.IN):
            self._sets[rrset.name, rrset.rdtype] = rrset
        self._silent = {dns.name.from_text(name) for name in silent}
        self._securities = {dns.name.from_text(name): found for name, found in (securities or {}).items()}
        self.asked: Counter[tuple[str, str]] = Counter()

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        self.asked[name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(rdtype)] += 1
        aliases: list[dns.name.Name] = []
        at = name
        while True:
            if at in self._silent:
                return Answer(name, rdtype, Presence.UNANSWERED, aliases=tuple(aliases), fault="no answer")
            alias = self._sets.get((at, dns.rdatatype.CNAME))
            if alias is None or rdtype == dns.rdatatype.CNAME or len(aliases) == _MAX_ALIASES:
                break
            target = next(rdata for rdata in alias if isinstance(rdata, dns.rdtypes.ANY.CNAME.CNAME))
            aliases.append(target.target)
            at = target.target
        found = self._sets.get((at, rdtype))
        if found is not None:
            return Answer(name, rdtype, Presence.FOUND, tuple(found), tuple(aliases), found.ttl)
        exists = any(known.is_subdomain(at) for known, _ in self._sets)
        return Answer(name, rdtype, Presence.NO_DATA if exists else Presence.NO_NAME, (), tuple(aliases))

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        at = name
        while at not in self._securities and at != dns.name.root:
            at = at.parent()
        return Validation(self._securities.get(at, Security.INSECURE))
