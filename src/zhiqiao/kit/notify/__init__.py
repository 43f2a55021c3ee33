"""Telling people: a notice is a class, a delivery is a row. See README.md."""

from zhiqiao.kit.notify.core import Message, Notice, Recipient, autodiscover, send

__all__ = ["Message", "Notice", "Recipient", "autodiscover", "send"]
