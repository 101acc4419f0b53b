"""Any order of crashes, clock jumps, failures and meddling: no mail in flight that cannot be verified."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.planning.keylife.codec import from_text
from mailseal.planning.keylife.model import spec_fingerprint
from mailseal.records.dkim import DkimRecord
from support.keylife_world import UNLIMITED, World

FOREIGN_KEY = DkimRecord.for_ed25519(b"f" * 32).to_text()
WINDOW = {"from": "22:00", "to": "02:00", "timeZone": "Europe/Amsterdam"}
ONE_KEY = [{"algorithm": "Ed25519"}]
TWO_KEYS = [{"algorithm": "Ed25519"}, {"algorithm": "RSA"}]

crashes = st.just(UNLIMITED) | st.integers(0, 8)
spans = st.one_of(
    st.integers(1, 10).map(lambda count: timedelta(minutes=count)),
    st.integers(20, 90).map(lambda count: timedelta(minutes=count)),
    st.integers(3, 30).map(lambda count: timedelta(hours=count)),
    st.integers(2, 8).map(lambda count: timedelta(days=count)),
)
clock_errors = st.sampled_from([0, 0, 1, -1, 119, -119, 121, -3600, 40 * 86400, -40 * 86400])


def dkim_spec(**changes: object) -> DkimKeySpec:
    """A spec whose spans fit the world of `keylife_world`."""
    fields = {
        "domain": "zorg-voorbeeld.example",
        "providerRef": {"name": "dns"},
        "ttlSeconds": 3600,
        "keys": ONE_KEY,
        **changes,
    }
    return DkimKeySpec.model_validate(fields)


@st.composite
def specs(draw: st.DrawFn) -> DkimKeySpec:
    rotation = {
        "interval": draw(st.sampled_from(["10d", None])),
        "retireAfter": "5d",
        "propagationTime": "10m",
        "confirmation": draw(st.sampled_from(["Propagation", "Acknowledgement"])),
        "window": draw(st.sampled_from([None, WINDOW])),
    }
    revocation = {"method": draw(st.sampled_from(["EmptyKey", "Delete"])), "keepFor": "2d"}
    return dkim_spec(
        rotation=rotation, revocation=revocation, keys=draw(st.sampled_from([ONE_KEY, TWO_KEYS]))
    )


class KeyLifeMachine(RuleBasedStateMachine):
    """What may happen to one DkimKey, in any order."""

    @initialize(spec=specs(), begin=st.booleans())
    def create(self, spec: DkimKeySpec, begin: bool) -> None:
        """A new DkimKey, or one that has signed for a while."""
        self.world = World(spec)
        if begin:
            self.world.settle(timedelta(hours=36))

    @rule(crash_in=crashes)
    def operator_runs(self, crash_in: int) -> None:
        self.world.reconcile(crash_in)

    @rule(span=spans, crash_in=crashes)
    def time_passes_and_operator_runs(self, span: timedelta, crash_in: int) -> None:
        self.world.pass_time(span)
        self.world.reconcile(crash_in)

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.world.pass_time(span)

    @rule()
    def operator_wakes(self) -> None:
        """Exactly when it asked to, when a wait that is too short shows. The mail servers follow at once."""
        decision = self.world.decision
        if decision and decision.wake_at and decision.wake_at > self.world.now:
            self.world.pass_time(decision.wake_at - self.world.now)
        self.world.reconcile()
        self.world.reconcile()
        for mail_server in self.world.mail_servers:
            self.world.take_up(mail_server)

    @rule(number=st.integers(0, 1))
    def mail_server_takes_up_the_secret(self, number: int) -> None:
        self.world.sign()
        self.world.take_up(self.world.mail_servers[number])
        self.world.sign()

    @rule(works=st.booleans())
    def zone_transfer(self, works: bool) -> None:
        self.world.transfers_work = works
        self.world.transfer()

    @rule(writes=st.sampled_from(["work", "work", "fail", "lose the answer"]))
    def dns_writes(self, writes: str) -> None:
        self.world.writes = writes

    @rule(seconds=clock_errors)
    def clock_jumps(self, seconds: int) -> None:
        self.world.clock_error = timedelta(seconds=seconds)

    @rule(works=st.booleans())
    def status_writes(self, works: bool) -> None:
        self.world.status_works = works

    @rule()
    def status_is_lost(self) -> None:
        self.world.status = ""

    @rule()
    def secret_is_deleted(self) -> None:
        self.world.delete_secret()

    @rule()
    def secret_is_deleted_while_the_operator_writes(self) -> None:
        self.world.before_commit = self.world.delete_secret
        self.world.reconcile()
        self.world.before_commit = None

    @rule(data=st.data(), with_status_lost=st.booleans())
    def secret_is_restored(self, data: st.DataObject, with_status_lost: bool) -> None:
        """Some earlier version, from the first one on that signed."""
        versions = [secret for secret in self.world.history if from_text(secret.life).active]
        if versions and self.world.secret is not None:
            age = data.draw(st.integers(1, min(len(versions), 30)))
            self.world.restore_secret(versions[-age], with_status_lost=with_status_lost)

    @rule(data=st.data(), pem=st.sampled_from([None, FOREIGN_KEY]))
    def private_key_is_edited(self, data: st.DataObject, pem: str | None) -> None:
        if self.world.secret and self.world.secret.pems:
            self.world.edit_pem(data.draw(st.sampled_from(sorted(self.world.secret.pems))), pem)

    @rule(data=st.data(), value=st.sampled_from([None, FOREIGN_KEY]))
    def record_is_tampered_with(self, data: st.DataObject, value: str | None) -> None:
        if self.world.servers[0]:
            selector = data.draw(st.sampled_from(sorted(self.world.servers[0])))
            self.world.tamper_with_record(selector, value)

    @precondition(lambda self: not self.world.deleting)
    @rule(request=st.text(min_size=1, max_size=80))
    def rotation_is_asked_for(self, request: str) -> None:
        self.world.request = request

    @precondition(lambda self: not self.world.deleting)
    @rule(
        keys=st.sampled_from([ONE_KEY, TWO_KEYS]),
        template=st.sampled_from(["ms{date}-{random}", "k{random}"]),
    )
    def spec_changes(self, keys: list[dict[str, str]], template: str) -> None:
        fields = self.world.spec.model_dump(by_alias=True)
        self.world.spec = DkimKeySpec.model_validate({**fields, "keys": keys, "selectorTemplate": template})

    @precondition(lambda self: not self.world.deleting and len(self.world.history) > 6)
    @rule()
    def resource_is_deleted(self) -> None:
        self.world.deleting = True

    @invariant()
    def mail_under_way_verifies(self) -> None:
        if hasattr(self, "world"):
            self.world.sign()
            self.world.check_mail()

    def teardown(self) -> None:
        """When everything works again, all comes to its end: one set signs, or nothing is left."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.settle(timedelta(days=20))
        if world.life.active and not world.life.active.confirmed_at:
            world.settle(timedelta(minutes=20))
        life = world.life
        if world.deleting:
            assert not life.sets
            assert not [
                value for selector, value in world.servers[0].items() if world.heritage.get(selector) == value
            ]
            return
        active = life.active
        assert active is not None
        assert active.confirmed_at is not None
        assert active.made_for == spec_fingerprint(world.spec)
        assert world.secret is not None
        assert active.selectors == set(world.secret.selectors)
        assert active.selectors <= world.secret.pems.keys()
        assert len(life.sets) <= 4
        assert all(
            found.is_active or found.prepared_at > world.now - timedelta(days=20) for found in life.sets
        )


TestKeyLife = KeyLifeMachine.TestCase
TestKeyLife.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
