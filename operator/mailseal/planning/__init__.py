"""From what resources want and what DNS holds to a plan: pure decisions, with the clock as an argument."""

from mailseal.planning.contributions import keys_of
from mailseal.planning.heritage import InvalidOperatorId, heritage_key, keys_in_heritage
from mailseal.planning.model import (
    Claim,
    Contribution,
    DkimPublicKey,
    Observed,
    Owner,
    PlannedChange,
    RecordOutcome,
    RecordState,
    RememberedValue,
    ZonePlan,
)
from mailseal.planning.places import Singleton
from mailseal.planning.plan import plan_zone
from mailseal.planning.reasons import Reason
from mailseal.planning.safety import deletes_over_limit, plan_digest

__all__ = [
    "Claim",
    "Contribution",
    "DkimPublicKey",
    "InvalidOperatorId",
    "Observed",
    "Owner",
    "PlannedChange",
    "Reason",
    "RecordOutcome",
    "RecordState",
    "RememberedValue",
    "Singleton",
    "ZonePlan",
    "deletes_over_limit",
    "heritage_key",
    "keys_in_heritage",
    "keys_of",
    "plan_digest",
    "plan_zone",
]
