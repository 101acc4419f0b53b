"""The operator process: metrics, leadership, and the work of the leader."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

import kopf
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config.config_exception import ConfigException
from prometheus_client import REGISTRY

from mailseal.kube.api import KubeApi
from mailseal.kube.checkgauges import CheckCollector
from mailseal.kube.checkmemory import CheckMemory
from mailseal.kube.controller import Controller, utc_now
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.handlers import kopf_settings, registry_for
from mailseal.kube.httpserver import serving
from mailseal.kube.leader import LeaseTerms, lead
from mailseal.kube.loopwatch import watched_loop
from mailseal.kube.settings import OperatorSettings
from mailseal.kube.store import Store

CLUSTER_ID_CHARACTERS = 8

logger = logging.getLogger(__name__)


class NoCluster(Exception):
    """There is no Kubernetes configuration to use."""


async def run_operator(
    settings: OperatorSettings,
    stop: asyncio.Event,
    listen: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Run until `stop` is set.

    `listen` has the signals set `stop`; it is called again when a library has taken them for itself.
    Raises `LeadershipLost`, `NoCluster`, `ApiError`, `OSError`.
    """
    listen()
    await _load_config()
    store = Store()
    checks = CheckMemory(enabled=settings.checks.enabled)
    collectors = (StatusCollector(store), CheckCollector(store, checks))
    for collector in collectors:
        REGISTRY.register(collector)
    started = asyncio.Event()
    try:
        async with ApiClient() as client, serving(settings, REGISTRY, started.is_set):
            api = KubeApi(client)
            operator_id = settings.operator_id or (await api.cluster_id())[:CLUSTER_ID_CHARACTERS]
            started.set()
            logger.info("operator id %s", operator_id)

            async def work() -> None:
                await _work(Controller(api, settings, operator_id, store, clock, checks), settings, listen)

            with watched_loop():
                await _until(stop, _lead(api, settings, work))
    finally:
        for collector in collectors:
            REGISTRY.unregister(collector)


async def _load_config() -> None:
    try:
        await config.load_config()  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise NoCluster(
            f"no Kubernetes configuration ({error}): run in a cluster, or set KUBECONFIG to a file"
        ) from error


async def _lead(api: KubeApi, settings: OperatorSettings, work: Callable[[], Awaitable[None]]) -> None:
    if not settings.leader_election:
        await work()
        return
    identity = settings.identity or f"{socket.gethostname()}-{os.getpid()}"
    terms = LeaseTerms(settings.lease_namespace, settings.lease_name, identity, settings.lease_duration)
    await lead(api, terms, work)


async def _work(controller: Controller, settings: OperatorSettings, listen: Callable[[], None]) -> None:
    """Watch and work until cancelled or until one of both fails."""
    working = asyncio.create_task(controller.run(), name="controller")
    watching = asyncio.create_task(_watch(controller, settings, listen), name="kopf")
    tasks = (working, watching)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _watch(controller: Controller, settings: OperatorSettings, listen: Callable[[], None]) -> None:
    """Run kopf, which takes the signals for itself when it starts: `listen` takes them back."""
    watchers = await kopf.spawn_tasks(
        registry=registry_for(controller),
        settings=kopf_settings(settings),
        standalone=True,
        clusterwide=not settings.watch_namespaces,
        namespaces=list(settings.watch_namespaces),
    )
    listen()
    ours = asyncio.all_tasks() - set(watchers)
    await kopf.run_tasks(watchers, ignored=ours)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Await `work`, or cancel it when `stop` is set."""
    running = asyncio.create_task(work, name="operator")
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        running.cancel()
    with suppress(asyncio.CancelledError):
        await running
