"""What `mailseal nta lookup` prints, for people and for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from mailseal.checks.model import Language
from mailseal.checks.model import Text as Words
from mailseal.cli.ntalookup import Lookup, Sender, Standing
from mailseal.cli.printable import printable
from mailseal.records.nta7516.routing import DomainReadiness, Readiness, Route, RouteReason

_READINESS: Final = {
    Readiness.READY: Words("ready through {last}", "gereed tot en met {last}"),
    Readiness.NO_DOMAIN: Words("not ready: no such domain", "niet gereed: domein bestaat niet"),
    Readiness.NO_RECORD: Words("not ready: no NTA 7516 record", "niet gereed: geen NTA 7516-record"),
    Readiness.SEVERAL_RECORDS: Words("not ready: several records", "niet gereed: meerdere records"),
    Readiness.INVALID_RECORD: Words("not ready: invalid record", "niet gereed: ongeldig record"),
    Readiness.NOT_YET_VALID: Words("not ready before {first}", "niet gereed vóór {first}"),
    Readiness.EXPIRED: Words("not ready: expired on {last}", "niet gereed: verlopen op {last}"),
}
_UNKNOWN: Final = Words("unknown: no answer", "onbekend: geen antwoord")
_ROUTES: Final = {
    Route.DIRECT: Words("direct", "rechtstreeks"),
    Route.VIEWER: Words("secure viewer", "beveiligde viewer"),
    Route.NOT_ASSURED: Words("not assured", "niet geborgd"),
    Route.NOWHERE: Words("nowhere", "nergens heen"),
}
_REASONS: Final = {
    RouteReason.PARTNER_NETWORK: Words("in the partner network", "in het partnernetwerk"),
    RouteReason.RECIPIENT_READY: Words("the recipient is ready", "de ontvanger is gereed"),
    RouteReason.RECIPIENT_NOT_READY: Words("the recipient is not ready", "de ontvanger is niet gereed"),
    RouteReason.SENDER_NOT_READY: Words("the sender is not ready", "de afzender is niet gereed"),
    RouteReason.NO_DOMAIN: Words("the domain does not exist", "het domein bestaat niet"),
    RouteReason.NO_MAIL: Words("the domain receives no mail", "het domein ontvangt geen mail"),
}
_SENDER_UNKNOWN: Final = Words(
    "whether the sender is ready is not known", "of de afzender gereed is, is niet bekend"
)
_STYLES: Final = {
    Route.DIRECT: "green",
    Route.VIEWER: "yellow",
    Route.NOT_ASSURED: "bold red",
    Route.NOWHERE: "bold red",
}
_HEADER: Final = (
    Words("RECIPIENT", "ONTVANGER"),
    Words("NTA 7516 TODAY", "NTA 7516 VANDAAG"),
    Words("PROVIDER", "AANBIEDER"),
    Words("MAIL GOES", "MAIL GAAT"),
    Words("TO", "NAAR"),
)
_SENDER: Final = Words("Sender {domain}: {standing}", "Afzender {domain}: {standing}")
_READY_WIDTH: Final = 36
_PROVIDER_WIDTH: Final = 12
_ROUTE_WIDTH: Final = 17


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table that can be printed row by row."""

    language: Language
    domain_width: int

    def head(self, sender: Sender) -> Iterator[Text]:
        """What is known of the sender, and the names of the columns."""
        if sender.standing:
            standing = self._standing(sender.standing)
            domain = printable(sender.standing.domain)
            yield Text(_SENDER.told(self.language, {"domain": domain, "standing": standing}))
        widths = (self._width, _READY_WIDTH, _PROVIDER_WIDTH, _ROUTE_WIDTH, 0)
        cells = (words.told(self.language).ljust(width) for words, width in zip(_HEADER, widths, strict=True))
        yield Text("  ".join(cells), style="bold")

    def row(self, lookup: Lookup) -> Text:
        """One recipient."""
        route = lookup.delivery.route if lookup.delivery else None
        goes = _ROUTES[route].told(self.language) if route else "?"
        return Text.assemble(
            f"{printable(lookup.standing.domain).ljust(self._width)}  ",
            f"{self._standing(lookup.standing).ljust(_READY_WIDTH)}  ",
            f"{_provider(lookup.standing).ljust(_PROVIDER_WIDTH)}  ",
            (goes.ljust(_ROUTE_WIDTH), _STYLES[route] if route else "magenta"),
            f"  {', '.join(map(printable, lookup.hosts)) or f'- ({self._reason(lookup)})'}",
        )

    def _reason(self, lookup: Lookup) -> str:
        """Why there is no host to name."""
        if lookup.delivery:
            return _REASONS[lookup.delivery.reason].told(self.language)
        return printable(lookup.standing.fault) or _SENDER_UNKNOWN.told(self.language)

    @property
    def _width(self) -> int:
        return max(self.domain_width, len(_HEADER[0].told(self.language)))

    def _standing(self, standing: Standing) -> str:
        found = standing.found
        words = _READINESS[found.readiness] if found else _UNKNOWN
        return words.told(self.language, _days(found))


def lookup_value(lookup: Lookup) -> dict[str, Any]:
    """One recipient as JSON; what is not known is null."""
    delivery = lookup.delivery
    return {
        **standing_value(lookup.standing),
        "delivery": None if delivery is None else str(delivery.route),
        "reason": None if delivery is None else str(delivery.reason),
        "hosts": [str(host) for host in lookup.hosts],
    }


def standing_value(standing: Standing) -> dict[str, Any]:
    """Whether a domain is ready, as JSON."""
    found = standing.found
    record = found.record if found else None
    return {
        "domain": str(standing.domain),
        "ready": None if found is None else found.is_ready,
        "readiness": "unknown" if found is None else str(found.readiness),
        "provider": record.provider if record else None,
        "validFrom": str(record.dates.first_day) if record else None,
        "validThrough": str(record.dates.last_day) if record else None,
        "fault": standing.fault,
    }


def _provider(standing: Standing) -> str:
    record = standing.found.record if standing.found else None
    return printable(record.provider) if record else "-"


def _days(found: DomainReadiness | None) -> dict[str, str]:
    record = found.record if found else None
    return {"first": str(record.dates.first_day), "last": str(record.dates.last_day)} if record else {}
