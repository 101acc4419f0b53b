"""Names as reasons tell them."""

from __future__ import annotations

import dns.name
import dns.rdatatype


def told(name: dns.name.Name) -> str:
    """The name without its final dot."""
    return "the root zone" if name == dns.name.root else name.to_text(omit_final_dot=True)


def told_type(rdtype: dns.rdatatype.RdataType) -> str:
    """The type as zone files write it."""
    return dns.rdatatype.to_text(rdtype)
