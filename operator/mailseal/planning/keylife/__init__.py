"""The life of DKIM keys: Prepared, Published, Active, Retiring, Revoked, Gone. Pure."""
