"""What a layout is made of: the keys of a DkimKey that the Secret holds, and which of them sign now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ed25519

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.engine.dkimkeys import PrivateKey, load_private_key
from mailseal.engine.layouts.pem import SEED_SUFFIX, to_pem, to_seed
from mailseal.planning.keylife.model import KeyLife, LifeKey

PEM_SUFFIX = ".pem"


@dataclass(frozen=True, slots=True)
class LaidOutKey:
    """One key that the Secret holds. Its repr shows no private part."""

    selector: str
    algorithm: KeyAlgorithm
    private: PrivateKey = field(repr=False)
    pem: bytes = field(repr=False)
    """In the format that the spec asks for."""

    @property
    def file_name(self) -> str:
        """The key of the Secret's data under which the PEM stands."""
        return f"{self.selector}{PEM_SUFFIX}"


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a layout may depend on."""

    domain: str
    mount_path: str
    held: tuple[LaidOutKey, ...]
    """All keys of the Secret: of the sets that come, sign, or may still sign somewhere; oldest set first."""
    active: tuple[LaidOutKey, ...]
    """Those to sign with now, in the order of the spec; empty when nothing signs."""

    @classmethod
    def of(cls, spec: DkimKeySpec, life: KeyLife, private_keys: Mapping[str, bytes]) -> View:
        """The view of `life`, with the PEM texts of `private_keys` by selector. Raises `UnusableKey`."""
        wanted = [key for found, key in life.all_keys() if found.needs_private_keys]
        held = {
            key.selector: _laid_out(spec, key, private_keys[key.selector])
            for key in wanted
            if key.selector in private_keys
        }
        signing = life.active.keys if life.active else ()
        active = tuple(held[key.selector] for key in signing if key.selector in held)
        return cls(spec.domain, spec.secret.mount_path, tuple(held.values()), active)

    def path(self, key: LaidOutKey) -> str:
        """Where the mail server finds the PEM of a key."""
        return f"{self.mount_path}/{key.file_name}"

    def bare_path(self, key: LaidOutKey) -> str:
        """The same for software that reads Ed25519 keys as bare base64 only."""
        bare = isinstance(key.private, ed25519.Ed25519PrivateKey)
        return f"{self.mount_path}/{key.selector}{SEED_SUFFIX}" if bare else self.path(key)

    def seeds(self) -> dict[str, bytes]:
        """The files of the held Ed25519 keys in bare base64."""
        return {
            f"{key.selector}{SEED_SUFFIX}": to_seed(key.private)
            for key in self.held
            if isinstance(key.private, ed25519.Ed25519PrivateKey)
        }

    def first(self, algorithm: KeyAlgorithm) -> LaidOutKey | None:
        """The first key of an algorithm to sign with, for software that signs once with each."""
        return next((key for key in self.active if key.algorithm is algorithm), None)

    def of_one_algorithm(self) -> tuple[LaidOutKey, ...]:
        """The keys to sign with by software that knows one algorithm at a time: RSA if there is any.

        Every receiver verifies RSA, and only some verify Ed25519 (RFC 8463 section 5 lets signers use both).
        """
        rsa = tuple(key for key in self.active if key.algorithm is KeyAlgorithm.RSA)
        return rsa or self.active


def _laid_out(spec: DkimKeySpec, key: LifeKey, pem: bytes) -> LaidOutKey:
    private = load_private_key(pem)
    return LaidOutKey(key.selector, key.algorithm, private, to_pem(private, spec.secret.key_format))
