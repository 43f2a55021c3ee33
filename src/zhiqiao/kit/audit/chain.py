"""The hash chain: writing an entry, and checking all of them."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from zhiqiao.kit.actors import By, actor_of

GENESIS = "0" * 64
_FACTS = (
    "at", "actor_kind", "actor_key", "actor_name", "verb",
    "subject_type", "subject_id", "before", "after", "reason",
)  # fmt: skip


@transaction.atomic
def record(
    verb: str,
    subject: models.Model | None,
    *,
    by: By,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one entry inside the caller's transaction: if it cannot be written, nothing is.

    The head row is locked until the caller commits. Take it last: lock business rows first.
    """
    from zhiqiao.kit.audit.models import AuditEntry, AuditHead

    head, _ = AuditHead.objects.select_for_update().get_or_create(pk=1, defaults={"digest": GENESIS})
    actor = actor_of(by)
    entry = AuditEntry(
        at=at,
        actor_kind=actor.kind,
        actor_key=actor.key,
        actor_name=actor.name,
        verb=verb,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        before=_plain(before),
        after=_plain(after),
        reason=reason,
        previous=head.digest,
    )
    entry.digest = _digest(entry)
    entry.save()
    head.digest, head.count = entry.digest, head.count + 1
    head.save(update_fields=("digest", "count"))


def verify(limit: int = 20) -> list[str]:
    """Check the whole chain and return what is wrong with it, in Chinese; empty = sound.

    Constant memory. Stops after ``limit`` findings.
    """
    from zhiqiao.kit.audit.models import AuditEntry, AuditHead

    findings: list[str] = []
    previous, count = GENESIS, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        count += 1
        if entry.previous != previous:
            findings.append(f"第 {entry.pk} 条与前一条接不上：中间有记录被删除或调换")
        if entry.digest != _digest(entry):
            findings.append(f"第 {entry.pk} 条的内容被改动过")
        previous = entry.digest
        if len(findings) >= limit:
            return findings
    head = AuditHead.objects.filter(pk=1).first()
    if head is not None and (head.digest, head.count) != (previous, count):
        findings.append(f"审计链应有 {head.count} 条，实际 {count} 条：末尾被截断或添加")
    if head is None and count:
        findings.append("审计链的末端记录不见了")
    return findings


def _digest(entry: Any) -> str:
    """Hash every fact of the entry together with the digest before it (SHA-256, hexadecimal)."""
    facts = {name: getattr(entry, name) for name in _FACTS}
    facts["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{entry.previous}\n{text}".encode()).hexdigest()


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Reduce values to what JSON gives back unchanged, so that the digest can be recomputed."""
    if values is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain
