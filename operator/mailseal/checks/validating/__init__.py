"""DNSSEC validation of our own (RFC 4033 to 4035, 5155, 6840), so that no resolver's AD bit is believed.

From the trust anchor down: `anchors` says where a chain starts, `chain` and `zones` which zone holds a name
and whether its keys are proven, `signatures` whether an RRset is signed by them, `denial` (`nsec`, `nsec3`)
what the denials prove that `proofs` has found sound, `validator` what all this means for an answer.
"""

from mailseal.checks.validating.anchors import TrustAnchors, trust_anchors
from mailseal.checks.validating.validator import Validator

__all__ = ["TrustAnchors", "Validator", "trust_anchors"]
