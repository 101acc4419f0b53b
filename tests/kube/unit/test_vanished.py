"""Resources that vanish while nobody watches: the watch that comes back does not tell of them."""

from __future__ import annotations

from support.fakeoperator import DNS, FakeCluster


async def test_one_that_never_had_our_finalizer_does_not_hold_its_provider(cluster: FakeCluster) -> None:
    """It is found to be gone when the operator asks for its finalizer."""
    async with cluster.operator() as controller:
        other, kube = cluster.mail_domain("other"), cluster.kube
        await cluster.wait_ready(DNS, other)
        kube.delayed = []
        gone = cluster.mail_domain()
        told, kube.delayed = kube.delayed, None
        del kube.objects[gone]
        for _, body in told:
            controller.remember(body)
        controller.changed(gone)
        kube.delete(other)
        await cluster.wait_gone(other)
        kube.delete(DNS)
        await cluster.wait_gone(DNS)
