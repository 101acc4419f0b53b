"""What the live checks found, as gauges: read from memory whenever Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.checkstatus import subjects_for
from mailseal.kube.examined import is_checked, mail_domains_of
from mailseal.kube.gaugefamily import Sample, family, place
from mailseal.kube.objects import StoredObject
from mailseal.kube.store import Store

_DOMAIN = ("kind", "namespace", "name", "domain")


class CheckCollector(Collector):
    """The gauges of all that was checked for the resources in a store."""

    def __init__(self, store: Store, memory: CheckMemory) -> None:
        self._store = store
        self._memory = memory

    def collect(self) -> Iterable[Metric]:
        """One family per gauge, with a sample for each domain, subject or host."""
        resources = [resource for resource in self._store.objects() if is_checked(resource)]
        yield family(
            "mailseal_check_outcome",
            "1 for the worst outcome of the live checks of one subject: pass, skip, warn, unknown or fail.",
            (*_DOMAIN, "subject", "outcome"),
            (sample for resource in resources for sample in self._outcomes(resource)),
        )
        yield family(
            "mailseal_checks_last_run_timestamp_seconds",
            "When the live checks of the domain last ended, in seconds since the epoch; absent before.",
            _DOMAIN,
            (sample for resource in resources for sample in self._runs(resource)),
        )
        yield family(
            "mailseal_mail_server_certificate_expiry_timestamp_seconds",
            "When the certificate of the mail server ends that it was last seen with.",
            ("host",),
            self._certificates(),
        )

    def _outcomes(self, resource: StoredObject) -> Iterator[Sample]:
        wanted = subjects_for(resource)
        for domain in mail_domains_of(resource):
            checked = self._memory.get(domain)
            for subject, report in checked.report.subjects.items() if checked else ():
                if subject in wanted:
                    yield (*place(resource), domain, str(subject), str(report.outcome)), 1

    def _runs(self, resource: StoredObject) -> Iterator[Sample]:
        for domain in mail_domains_of(resource):
            checked = self._memory.get(domain)
            if checked:
                yield (*place(resource), domain), checked.at.timestamp()

    def _certificates(self) -> Iterator[Sample]:
        """Each host once; hosts that serve several domains were looked at together, or the latest counts."""
        latest: dict[str, tuple[float, float]] = {}
        for _, checked in self._memory.domains():
            for host, ends in checked.report.certificates.items():
                seen = (checked.at.timestamp(), ends.timestamp())
                latest[host] = max(seen, latest.get(host, seen))
        for host, (_, moment) in latest.items():
            yield (host,), moment
