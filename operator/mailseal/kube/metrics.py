"""What the operator counts for Prometheus; what the resources say is in `gauges`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LEADER = Gauge("mailseal_leader", "1 while this process holds the Lease and works, else 0.")
ORPHANED_VALUES = Gauge(
    "mailseal_orphaned_values",
    "Values that our heritage record claims for resources that do not exist, as of the zone's last sync.",
    ["provider", "zone"],
)
ZONE_SYNCS = Counter(
    "mailseal_zone_syncs_total",
    "Syncs of a zone by result: settled, unsettled or failed.",
    ["provider", "zone", "result"],
)
ZONE_SYNC_SECONDS = Histogram(
    "mailseal_zone_sync_duration_seconds",
    "How long one sync of a zone took.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
DNS_CHANGES = Counter("mailseal_dns_changes_total", "RRsets written.", ["provider", "zone"])
DRIFT_REPAIRS = Counter(
    "mailseal_drift_repairs_total",
    "RRsets of a resource that were changed behind our back and written again.",
    ["kind", "namespace", "name"],
)
DKIM_TRANSITIONS = Counter(
    "mailseal_dkim_transitions_total",
    "Sets of DKIM keys that came to the state: Prepared, Published, Active, Retiring, Revoked or Gone.",
    ["state"],
)
DKIM_FAILURES = Counter(
    "mailseal_dkim_failures_total",
    "Steps in the life of DKIM keys that failed and are tried again, by the reason in the condition.",
    ["namespace", "name", "reason"],
)
PROVIDER_ERRORS = Counter(
    "mailseal_provider_errors_total", "Failed provider calls by reason.", ["provider", "reason"]
)
PROVIDER_CALLS = Counter(
    "mailseal_provider_calls_total",
    "Requests to a DNS backend by the operation of its API and the result: ok, or the reason of the failure.",
    ["provider", "operation", "result"],
)
PROVIDER_CALL_SECONDS = Histogram(
    "mailseal_provider_call_duration_seconds",
    "How long one request to a DNS backend took, without its wait for the account's budget.",
    ["provider"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
PROVIDER_THROTTLED = Counter(
    "mailseal_provider_throttled_total", "Requests that a DNS backend turned away as too many.", ["provider"]
)
PROVIDER_BUDGET_LEFT = Gauge(
    "mailseal_provider_budget_left",
    "Requests that the account's budget admitted at once after the last request; negative while some wait.",
    ["provider"],
)
PROVIDER_CIRCUIT_OPEN = Gauge(
    "mailseal_provider_circuit_open",
    "1 while a DNS backend is left alone, since it gave no usable answer for a while, else 0.",
    ["provider"],
)
LOOP_BLOCKED = Counter(
    "mailseal_event_loop_blocked_total",
    "Times that some code kept everything else from going on for 5 seconds; the log names it.",
)
API_WRITES = Counter("mailseal_kubernetes_writes_total", "Writes to the Kubernetes API.", ["kind", "verb"])
QUEUE_LENGTH = Gauge("mailseal_queue_length", "Keys that wait or are worked on.", ["queue"])
CHECK_SECONDS = Histogram(
    "mailseal_checks_run_seconds",
    "How long the live checks of one domain took.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
