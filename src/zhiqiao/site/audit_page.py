"""The audit page: who did what to whom, when and why. Whoever searches it is on record as well."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.flow import Flow
from zhiqiao.kit.privacy import CONTACT, CREDENTIAL, masked
from zhiqiao.kit.web.cells import exact_words, when
from zhiqiao.kit.web.register import Choice, Column, DateRange, Register, Text
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Grant, Organisation, Scope
from zhiqiao.orgs.scope import Who, below, is_operator, roots_of
from zhiqiao.site import roles

VERBS = {
    "account.open": "开通账号",
    "account.link": "生成设置密码链接",
    "account.password": "设置密码",
    "account.disable": "停用账号",
    "account.enable": "启用账号",
    "orgs.add": "添加组织",
    "orgs.rename": "组织更名",
    "orgs.grant": "授权",
    "orgs.revoke": "撤销授权",
    "expert.add": "登记专家",
    "expert.add_many": "批量登记专家",
    "expert.change": "修改专家",
    "expert.contact": "查看专家联系方式",
    "expert.service": "记入专家服务",
    "expert.merge": "合并专家",
    "expert.merged_away": "并入另一位专家",
    "expert.split": "拆开合并的专家",
    "expert.tell_apart": "记为不是同一人",
    "expert.not_apart": "撤销“不是同一人”",
    "expert.leave": "登记休假",
    "expert.leave_cancel": "取消休假",
    "expert.declare": "登记需要回避的关系",
    "expert.undeclare": "撤销登记的关系",
    "expert.ties": "查看需要回避的关系",
    "conflict.read": "查看回避的原因",
    "conflict.decide": "决定是否回避",
    "invitation.skip": "轮到时跳过候补",
    "invitation.substitute": "推荐同行",
    "substitute.settle": "处理推荐的同行",
    "enterprise.change": "修改企业",
    "output.add": "登记成果",
    "output.change": "修改成果",
    "need.revise": "修改需求",
    "need.recommend": "向企业推荐成果",
    "ranking.propose": "提出新的排序权重",
    "ranking.decide": "决定排序权重",
    "need.enterprise": "改换需求的企业",
    "need.invite_more": "补充邀请",
    "need.rate": "评价",
    "needs.export": "导出需求",
    "programme.add": "设立专项行动",
    "insights.export": "导出统计明细",
    "invitation.accepted": "接受邀请",
    "invitation.declined": "婉拒邀请",
    "invitation.cancelled": "取消邀请",
    "invitation.lapse": "邀请逾期未答复",
    "invitation.promote": "改邀候补专家",
    "meeting.move": "改期",
    "meeting.cancel": "取消对接",
    "outcome.answer": "确认或不认可结果",
    "outcome.proof": "补充结果证据",
    "files.attach": "上传附件",
    "files.detach": "移除附件",
    "clock.declare_day": "设置节假日或调休",
    "clock.withdraw_day": "取消节假日设置",
    "clock.declare_hours": "设置工作时间",
    "clock.declare_term": "设置办理时限",
    "need.pause": "暂停计时",
    "need.resume": "恢复计时",
    "need.hurry": "转为应急计时",
    "need.unhurry": "取消应急计时",
    "need.recount": "重算时限",
    "need.remind": "时限提醒",
    "orgs.deputy": "指定代理人",
    "orgs.deputy_end": "结束代理",
    "audit.search": "查询审计记录",
    "talk.write": "往来",
    "talk.follow": "关注往来",
    "talk.move": "来信改归",
    "talk.undo_move": "撤销改归",
    "talk.save_reply": "保存常用语",
    "talk.delete_reply": "删除常用语",
    "letter.claim": "认领来信",
    "letter.pass": "转交来信",
    "letter.discard": "不处理来信",
    "package.ask": "制作归档包",
    "package.done": "归档包完成",
    "package.open": "下载归档包",
    "package.layout": "修改归档目录",
    "need.open": "查看保密详情",
    "pledge.enter": "登记保密承诺",
    "pledge.withdraw": "收回保密承诺",
    "card.draft": "整理解决方案",
    "card.save": "修改解决方案",
    "card.release": "发布解决方案",
    "card.withdraw": "撤下解决方案",
}
"""What an entry's verb is called; the steps of a loop bring their own names."""

ROLES = {role.name: role.title for role in roles.ROLES}
_SECRET = (CONTACT, CREDENTIAL)
_LONGEST = 60
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def entries_for(who: Who) -> QuerySet[AuditEntry]:
    """Return the entries a person may read: about what belongs to the part of the network she audits.

    An entry about nothing in particular (an export, a bulk import, a search of this page) belongs where the
    person works who did it; with a foot outside, or done by the system, it is for whoever audits everything.
    """
    entries = AuditEntry.objects.all()
    roots = roots_of(who, OrgPerm.AUDIT)
    if is_operator(who) or _is_everything(roots):
        return entries
    allowed = Q(pk__in=())
    if roots:
        for model in _placed_models():
            allowed |= Q(subject_type=model._meta.label_lower, subject_id__in=_keys_within(model, roots))
        people = _people_within(roots)
        allowed |= Q(subject_type="accounts.person", subject_id__in=people)
        allowed |= Q(subject_type="", actor_kind="person", actor_key__in=people)
    return entries.filter(allowed)


def _is_everything(roots: list[Organisation]) -> bool:
    held = {root.pk for root in roots}
    return bool(held) and not Organisation.objects.filter(parent__isnull=True).exclude(pk__in=held).exists()


def _placed_models() -> Iterable[type[Model]]:
    """Yield the models whose rows belong to an organisation, as they say themselves."""
    return (model for model in apps.get_models() if isinstance(getattr(model, "SCOPE", None), Scope))


def _keys_within(model: type[Model], roots: list[Organisation]) -> QuerySet[Any]:
    """Return the keys, as text, of the rows that belong to these roots; sharing does not count here."""
    belongs = Q(pk__in=())
    for lookup in model.SCOPE.organisations:  # type: ignore[attr-defined]
        belongs |= Q(**{f"{lookup}__in": below(roots)})
    return _as_text(model._base_manager.filter(belongs), "pk")


def _people_within(roots: list[Organisation]) -> QuerySet[Any]:
    """Return the keys, as text, of the people whose every role, ever, was within these roots."""
    grants = Grant.objects.filter(organisation__in=below(roots))
    elsewhere = Grant.objects.exclude(organisation__in=below(roots)).values("person_id")
    return _as_text(grants.exclude(person__in=elsewhere), "person_id")


def _as_text(rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    return rows.order_by().annotate(as_text=Cast(field, CharField())).values("as_text")


def verbs() -> list[tuple[str, str]]:
    """Return every verb with its name: those above, and each step of each loop."""
    steps = (
        (f"{flow.name}.{step.name}", step.title)
        for flow in Flow.registry.values()
        for step in flow.steps.values()
    )
    return [*VERBS.items(), *((verb, title) for verb, title in steps if verb not in VERBS)]


def _verb(entry: AuditEntry) -> str:
    return dict(verbs()).get(entry.verb, entry.verb)


def _kind_of(subject_type: str) -> str:
    """Return what a kind of subject is called."""
    try:
        return str(apps.get_model(subject_type)._meta.verbose_name) if subject_type else ""
    except LookupError:  # kept in history longer than in the code
        return subject_type


def _changes(entry: AuditEntry, places: dict[str, str]) -> str:
    """Return what an entry changed, a line per field; contacts are masked here as everywhere.

    places : names of organisations by key, for entries that hold the key alone.
    """
    before, after = entry.before or {}, entry.after or {}
    lines = []
    for name in dict.fromkeys((*before, *after)):
        old, new = (_shown(entry.subject_type, name, values.get(name), places) for values in (before, after))
        words = f"{old or '空'} → {new or '空'}" if name in before and name in after else old or new
        if words:
            lines.append(f"{_field(entry.subject_type, name)}：{words}")
    return "\n".join(lines)


def _field(subject_type: str, name: str) -> str:
    try:
        return str(getattr(apps.get_model(subject_type)._meta.get_field(name), "verbose_name", name))
    except (LookupError, ValueError, FieldDoesNotExist):
        return _OTHERS.get(name, name)


_OTHERS = {
    "count": "数量", "names": "名称", "role": "角色", "organisation": "组织", "until": "至",
    "conditions": "条件", "field": "项目", "title": "名称", "name": "名称",
}  # fmt: skip


def _shown(subject_type: str, name: str, value: Any, places: dict[str, str]) -> str:
    if value in (None, ""):
        return ""
    if name == "organisation":
        return places.get(str(value), str(value))
    if name == "role" and value in ROLES:
        return ROLES[value]
    if name == "field":
        return _field(subject_type, str(value))
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    if _is_secret(subject_type, name):
        return masked(text)
    if _INSTANT.match(text):
        return exact_words(datetime.fromisoformat(text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _is_secret(subject_type: str, name: str) -> bool:
    try:
        personal = getattr(apps.get_model(subject_type), "PERSONAL", {})
    except (LookupError, ValueError):
        return False
    return personal.get(name) in _SECRET


def _subject_kinds() -> list[tuple[str, str]]:
    models: list[type[Model]] = [Person, *_placed_models()]
    return [(model._meta.label_lower, str(model._meta.verbose_name)) for model in models]


AUDIT = Register(
    "audit",
    columns=(
        Column("at", "时间", kind="badge", cell=lambda entry: when(entry.at, "exact")),
        Column("actor_name", "谁", primary=True),
        Column("verb", "做了什么", cell=_verb),
        Column("subject", "对象", cell=lambda entry: entry.subject_words),
        Column("changes", "内容", cell=lambda entry: entry.changes_words),
        Column("reason", "理由"),
        Column("subject_id", "对象编号", kind="code", optional=True),
        Column("id", "序号", kind="code", optional=True),
    ),
    filters=(
        DateRange("at", "时间"),
        Text("who", "谁", fields=("actor_name",), placeholder="操作人姓名"),
        Choice("verb", "动作", choices=verbs, many=True),
        Choice("kind", "对象类型", choices=_subject_kinds, field="subject_type", many=True),
        Text("subject", "对象编号", where=lambda word: Q(subject_id=word), more=True),
        Text("reason", "理由", fields=("reason",), more=True),
    ),
    order=("-pk",),
)


@never_cache
def audit_page(request: HttpRequest) -> HttpResponse:
    """Search the audit entries of one's part of the network; each search is itself an entry."""
    listing = AUDIT.bind(request.GET, entries_for(request.user))
    _record(request, listing.query)
    _put_into_words(listing.page.rows)
    return render(request, "site/audit.html", {"listing": listing})


def _put_into_words(entries: list[AuditEntry]) -> None:
    """Give each entry of a page the words for its subject and its content; few queries for all of them."""
    names = _names([(entry.subject_type, entry.subject_id) for entry in entries])
    values = [part for entry in entries for part in (entry.before, entry.after) if part]
    places = _known(
        "orgs.organisation", {str(part["organisation"]) for part in values if "organisation" in part}
    )
    for entry in entries:
        entry.subject_words = names[entry.subject_type, entry.subject_id]  # type: ignore[attr-defined]
        entry.changes_words = _changes(entry, places)  # type: ignore[attr-defined]


def _record(request: HttpRequest, conditions: str) -> None:
    """Write down that somebody looked, once per search: turning the pages of one is not another."""
    if request.session.get("audited") == conditions:
        return
    request.session["audited"] = conditions
    audit.record(
        "audit.search",
        None,
        by=cast(Person, request.user),
        at=timezone.now(),
        after={"conditions": conditions or "全部"},
    )


def _names(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what the subjects are called now, in one query per kind; what is gone keeps its number."""
    by_type: dict[str, set[str]] = {}
    for kind, key in subjects:
        by_type.setdefault(kind, set()).add(key)
    words: dict[tuple[str, str], str] = {}
    for kind, keys in by_type.items():
        known = _known(kind, keys)
        for key in keys:
            title = _kind_of(kind)
            words[kind, key] = f"{title}：{known[key]}" if key in known else f"{title} {key}".strip()
    return words


def _known(kind: str, keys: set[str]) -> dict[str, str]:
    try:
        model = apps.get_model(kind) if kind else None
    except LookupError:
        model = None
    if model is None:
        return {}
    rows = model._base_manager.filter(pk__in=[key for key in keys if key.isdecimal()])
    if related := [field.name for field in model._meta.fields if field.is_relation]:
        rows = rows.select_related(*related)  # names are often made of what a row points to
    return {str(row.pk): str(row) for row in rows}
