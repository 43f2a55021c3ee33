"""The ledger of needs: how a row of somebody's Excel becomes a case."""

from collections.abc import Mapping
from typing import Any

from zhiqiao.directory.actions import add_enterprise
from zhiqiao.directory.models import Enterprise, validate_credit_code
from zhiqiao.kit.sheets import Column, Ledger, RowError, Run, Saved, changed, new, parse, same
from zhiqiao.needs import actions, enums, queries
from zhiqiao.needs.models import Need
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisation_named

UNKNOWN_ENTERPRISE = "企业待核实"


def needs_ledger(under: Organisation) -> Ledger:
    """Return the ledger whose rows are filed with the associations below ``under``."""
    return Ledger("needs", "需求台账", COLUMNS, lambda values, run: _save(values, run, under))


COLUMNS = (
    Column(
        "title", "需求名称", required=True, parse=parse.text(120), aliases=("名称", "技术需求名称"), width=30,
        example="焊缝在线检测漏检率高",
    ),
    Column(
        "body", "描述", aliases=("需求内容", "content", "内容"), width=50,
        example="气孔和未熔合漏检，人工复检跟不上产线节拍。", help="没有描述时，以需求名称代替",
    ),
    Column("target", "指标要求", example="漏检率低于 1%，节拍 2 秒以内"),
    Column("source_key", "编号", parse=parse.text(80), aliases=("id", "原编号"), half_width=True, help="原台账里的编号，再次导入时据此认出同一条"),
    Column("enterprise", "企业", parse=parse.text(120), aliases=("企业名称", "单位"), example="某某科技有限公司"),
    Column("credit_code", "信用代码", half_width=True, aliases=("统一社会信用代码",), help="18 位，填了就按代码认企业"),
    Column("place", "区县/镇街", aliases=("区县", "镇街", "地区"), help="填写系统里的组织或地名，不填则归导入单位"),
    Column("contact_name", "联系人", parse=parse.text(40)),
    Column("contact_phone", "电话", half_width=True, aliases=("联系电话", "手机", "手机号"), parse=parse.text(20)),
    Column("contact_email", "邮箱", half_width=True, aliases=("电子邮箱",)),
    Column("kind", "类别", parse=parse.one_of({label: value for value, label in enums.Kind.choices})),
    Column("wanted_on", "期望时间", parse=parse.day, half_width=True, aliases=("期望完成",)),
    Column("budget_fen", "拟投入（万元）", parse=parse.fen_from_wan, half_width=True),
    Column("public", "是否公开", parse=parse.yes_no),
)  # fmt: skip


def _save(values: Mapping[str, Any], run: Run, under: Organisation) -> Saved:
    """File one row, or complete the need an earlier import made of it."""
    values = {name: value for name, value in values.items() if value is not None}
    known = _known(values, under)
    if known is not None:
        return _complete(known, values, run)
    title = values["title"]
    twins = queries.same_title([title], under).get(title, [])
    need = actions.file_need(
        enterprise=_enterprise(values, run, under),
        organisation=None,
        source=enums.Source.IMPORT,
        source_key=values.get("source_key", ""),
        by=run.by,
        at=run.at,
        **_fields(values),
    )
    run.memo.setdefault("made", []).append(need.pk)
    return new(duplicate_of=f"与{'、'.join(twins)}同名" if twins else "")


def _known(values: Mapping[str, Any], under: Organisation) -> Need | None:
    key = values.get("source_key")
    if not key:
        return None
    rows = Need.objects.select_related("organisation", "enterprise__organisation")
    return rows.filter(
        source=enums.Source.IMPORT,
        source_key=key,
        organisation__path__gte=under.path,
        organisation__path__lt=under.path_end,
    ).first()


def _complete(need: Need, values: Mapping[str, Any], run: Run) -> Saved:
    differing = {
        name: value for name, value in _fields(values, new_row=False).items() if getattr(need, name) != value
    }
    if not differing:
        return same()
    actions.revise(need, by=run.by, at=run.at, reason=f"再次导入，第 {run.row} 行", **differing)
    return changed()


def _fields(values: Mapping[str, Any], *, new_row: bool = True) -> dict[str, Any]:
    """Translate the row into fields of a need; empty cells are left out and so leave what is there."""
    fields = {name: values[name] for name in actions.EDITABLE if name in values}
    if new_row and not fields.get("body"):
        fields["body"] = fields["title"]
    if "public" in values:
        fields["visibility"] = enums.Visibility.PUBLIC if values["public"] else enums.Visibility.STAFF
    return fields


def _enterprise(values: Mapping[str, Any], run: Run, under: Organisation) -> Enterprise:
    """Find the enterprise by code, else by name; enter it if it is not there; a stand-in if none is named."""
    place = organisation_named(values["place"], under) if values.get("place") else under
    if place is None:
        raise RowError(f"“{values['place']}”不在{under.title}的组织里，请核对名称", "place")
    name, code = values.get("enterprise", ""), values.get("credit_code", "")
    memo_key = ("enterprise", code or name or UNKNOWN_ENTERPRISE, place.pk)
    if memo_key not in run.memo:
        run.memo[memo_key] = _find(name, code, place, under) or add_enterprise(
            name=name or UNKNOWN_ENTERPRISE,
            place=place,
            credit_code=_checked(code),
            by=run.by,
            at=run.at,
        )
    found: Enterprise = run.memo[memo_key]
    return found


def _find(name: str, code: str, place: Organisation, under: Organisation) -> Enterprise | None:
    rows = Enterprise.objects.select_related("organisation")
    if code:
        return rows.filter(credit_code=code).first()
    within = place if not name else under
    return rows.filter(
        organisation__name=name or UNKNOWN_ENTERPRISE,
        organisation__path__gte=within.path,
        organisation__path__lt=within.path_end,
    ).first()


def _checked(code: str) -> str:
    from django.core.exceptions import ValidationError

    try:
        if code:
            validate_credit_code(code)
    except ValidationError as error:
        raise RowError("".join(error.messages), "credit_code") from None
    return code
