"""Who did what, when and why: written in the same transaction, chained, verifiable. See README.md."""

from zhiqiao.kit.audit.chain import record, verify

__all__ = ["record", "verify"]
