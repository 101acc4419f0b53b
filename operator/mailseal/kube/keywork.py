"""The loop for the steps of DkimKeys that need more than a look at DNS: making keys, writing Secrets."""

from __future__ import annotations

from collections.abc import Callable

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.status import ConditionStatus
from mailseal.engine.dkimkeys import SelectorsUsedUp
from mailseal.engine.dkimsecret import SecretUnusable
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import metrics
from mailseal.kube.api import ApiError
from mailseal.kube.conditions import Statement, Verdict
from mailseal.kube.keykeeper import ClockUncertain, KeyKeeper
from mailseal.kube.keystatus import KEY_TROUBLE, signing_statement
from mailseal.kube.objects import StoredObject
from mailseal.kube.runtime import Runtime
from mailseal.kube.workqueue import WorkQueue

KEYS_AT_ONCE = 8
"""Secrets that are read or made at the same time; fewer keys are generated at once."""


class KeyWork:
    """Works on the keys of DkimKeys, beside everything else: generating keys takes long."""

    def __init__(self, runtime: Runtime, keeper: KeyKeeper) -> None:
        self._runtime = runtime
        self._keeper = keeper
        self.queue: WorkQueue[ObjectKey] = WorkQueue(
            "keys", self._work, KEYS_AT_ONCE, expected=(ApiError, ClockUncertain)
        )
        self.on_done: Callable[[ObjectKey], None] = lambda resource: None
        """Called when all steps that were due have been taken."""
        self.on_unusable: Callable[[ObjectKey], None] = lambda resource: None
        """Called for a resource that has neither a usable Secret nor a key: nothing can be planned for it."""

    async def _work(self, key: ObjectKey) -> None:
        """Take the steps that are due.

        A Secret that cannot be used is looked at again: nobody tells when a foreign one is gone.
        """
        resource = self._runtime.store.get(key)
        if resource is None or not isinstance(resource.spec, DkimKeySpec):
            return
        try:
            await self._keeper.work(resource, resource.spec)
        except (SecretUnusable, SelectorsUsedUp, ClockUncertain) as error:
            latest = self._runtime.store.get(key)
            if latest and (latest.generation, latest.deleting) != (resource.generation, resource.deleting):
                self.queue.add(key)  # What is wanted now may be possible.
            else:
                await self._report_trouble(resource, resource.spec, error)
        else:
            if any(found.get("type") == KEY_TROUBLE for found in resource.status.get("conditions", ())):
                await self._runtime.reporter.amend(resource, (), {}, without=(KEY_TROUBLE,))
            self.on_done(key)

    async def _report_trouble(
        self,
        resource: StoredObject,
        spec: DkimKeySpec,
        error: SecretUnusable | SelectorsUsedUp | ClockUncertain,
    ) -> None:
        """Say what is in the way of the next step. Without a usable Secret or a key there is no other."""
        key, view = resource.key, self._runtime.secrets.view(resource.key)
        metrics.DKIM_FAILURES.labels(key.namespace, key.name, error.reason).inc()
        decision = self._keeper.decision(resource, spec)
        if view is None or decision is None or not view.life.sets:
            self.on_unusable(key)
            verdict = Verdict(False, error.reason, str(error), stalled=True)
            await self._runtime.reporter.report(resource, verdict, {})
        else:
            stuck = Statement(KEY_TROUBLE, ConditionStatus.TRUE, error.reason, str(error))
            signing = signing_statement(view.life, view.held, decision)
            await self._runtime.reporter.amend(resource, (stuck, signing), {})
        self.queue.add(key, self._runtime.settings.secret_poll)
