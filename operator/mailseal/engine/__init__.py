"""The loop over one zone: gather, plan, apply, verify. The operator and the command line both run it."""

from mailseal.engine.sync import sync_zone
from mailseal.engine.zone import Observer, PlanRefusal, SyncSettings, ZoneAccess, ZoneHistory, ZoneOutcome

__all__ = ["Observer", "PlanRefusal", "SyncSettings", "ZoneAccess", "ZoneHistory", "ZoneOutcome", "sync_zone"]
