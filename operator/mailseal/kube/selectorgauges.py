"""What MailDomains say of the selectors that others run, as gauges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from mailseal.kube.gaugefamily import Sample, domain_of, family
from mailseal.kube.objects import StoredObject
from mailseal.kube.selectorstatus import findings_in


def selector_gauges(resources: Sequence[StoredObject]) -> Iterator[Metric]:
    """The family about external selectors."""
    yield family(
        "mailseal_external_selector_state",
        "1 for the state that a DKIM selector is in which somebody else runs.",
        ("namespace", "name", "domain", "selector", "state"),
        (sample for resource in resources for sample in _states(resource)),
    )


def _states(resource: StoredObject) -> Iterator[Sample]:
    if resource.key.kind == "MailDomain":
        for finding in findings_in(resource.status).values():
            place = (resource.key.namespace, resource.key.name, domain_of(resource))
            yield (*place, finding.selector, str(finding.state)), 1
