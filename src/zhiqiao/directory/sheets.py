"""The ledgers of the libraries: experts, enterprises, research outputs."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from zhiqiao.directory import identity
from zhiqiao.directory.academies import DIVISIONS
from zhiqiao.directory.actions import (
    Belongings,
    Proof,
    add_enterprise,
    change_enterprise,
    save_expert,
    save_output,
)
from zhiqiao.directory.actions.identity import save_from_source
from zhiqiao.directory.codes import DISCIPLINES, INDUSTRIES
from zhiqiao.directory.enums import EvidenceKind, ExpertKind, OutputKind
from zhiqiao.directory.models import (
    Enterprise,
    Evidence,
    Expert,
    ExpertDiscipline,
    ResearchOutput,
    validate_credit_code,
)
from zhiqiao.kit.sheets import Column, Ledger, RowError, Run, Saved, changed, new, parse, same
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisation_named

SOURCE = "import"
FIRST_ELECTION = 1949  # some sources write 1901 where the year is not known


def experts_ledger(under: Organisation) -> Ledger:
    """Return the ledger whose experts are recommended by ``under``."""
    return Ledger("experts", "专家库", EXPERT_COLUMNS, lambda values, run: _save_expert(values, run, under))


def enterprises_ledger(under: Organisation) -> Ledger:
    """Return the ledger whose enterprises lie below ``under``."""
    return Ledger(
        "enterprises",
        "企业名录",
        ENTERPRISE_COLUMNS,
        lambda values, run: _save_enterprise(values, run, under),
    )


def outputs_ledger(under: Organisation) -> Ledger:
    """Return the ledger whose outputs are entered by ``under``."""
    return Ledger("outputs", "成果库", OUTPUT_COLUMNS, lambda values, run: _save_output(values, run, under))


EXPERT_COLUMNS = (
    Column("name", "姓名", required=True, parse=parse.text(60), example="张某某"),
    Column("kind", "类别", parse=parse.one_of({label: value for value, label in ExpertKind.choices}), help="院士、海智专家、学会专家……"),
    Column("unit", "单位", parse=parse.text(120), aliases=("工作单位", "institute"), example="某某大学机械学院"),
    Column("academy", "所属学术机构", parse=parse.text(60), help="中国科学院、中国工程院；填了即为院士"),
    Column("division", "学部", parse=parse.text(60)),
    Column("elected_year", "当选年份", parse=parse.whole(1900, 2100), half_width=True),
    Column("title", "职称", parse=parse.text(60), example="教授"),
    Column("position", "职务", parse=parse.text(60), aliases=("supervisor", "导师类别")),
    Column("disciplines", "学科", parse=parse.several(), help="GB/T 13745 一级学科的代码或名称，多个用分号隔开", example="机械工程"),
    Column("keywords", "研究方向", parse=parse.text(400), aliases=("关键词", "research", "研究方向与关键词"), example="焊接自动化；视觉检测"),
    Column("bio", "简介", aliases=("个人简介",)),
    Column("phone", "手机号", half_width=True, parse=parse.text(20), aliases=("联系电话", "电话")),
    Column("email", "邮箱", half_width=True, aliases=("电子邮箱",)),
    Column("source_key", "来源编号", half_width=True, aliases=("source_url", "url", "编号", "id"), help="原来的编号或网址，再次导入时据此认人"),
)  # fmt: skip

_EXPERT_FIELDS = ("name", "kind", "unit", "title", "position", "keywords", "phone", "email", "source_key")


def _save_expert(values: Mapping[str, Any], run: Run, under: Organisation) -> Saved:
    """Add an expert or change the one known by source key, else by name and unit. Namesakes stay apart."""
    values = {name: value for name, value in values.items() if value is not None}
    if values.get("academy"):
        values.setdefault("kind", ExpertKind.ACADEMICIAN)
        values.setdefault("unit", values["academy"])
        values.setdefault("title", "院士")
    fields = {name: values[name] for name in _EXPERT_FIELDS if name in values}
    belongings = Belongings(disciplines=_disciplines(values), evidence=_proofs(values))
    expert = _known_expert(values)
    if expert is None:
        twins = Expert.objects.filter(name=values["name"], merged_into__isnull=True).count()
        expert = Expert(organisation=under, source=SOURCE, **{"kind": ExpertKind.SOCIETY} | fields)
        save_expert(expert, by=run.by, at=run.at, belongings=belongings)
        return new(duplicate_of=f"库里已有 {twins} 位同名专家，按不同的人保存" if twins else "")
    changes = {name: value for name, value in fields.items() if getattr(expert, name) != value}
    if not changes and _hangs_already(expert, belongings):
        return same()
    save_from_source(expert, by=run.by, at=run.at, belongings=belongings, changes=changes)
    return changed()


def _known_expert(values: Mapping[str, Any]) -> Expert | None:
    try:
        return identity.known_row(values, source=SOURCE)
    except identity.Ambiguous:
        raise RowError(
            "库里有几位同名同单位的专家，已判断为不是同一人，分不清这一行是哪一位。请填手机号、邮箱，或在专家页上修改。",
            "name",
        ) from None


def _disciplines(values: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "disciplines" not in values:
        return DIVISIONS.get(values.get("division", ""))
    codes = {name: code for code, name in DISCIPLINES.items()}
    found = []
    for word in values["disciplines"]:
        code = word if word in DISCIPLINES else codes.get(word)
        if code is None:
            raise RowError(f"没有“{word}”这个学科，请填 GB/T 13745 一级学科的名称或三位代码", "disciplines")
        found.append(code)
    return tuple(found)


def _proofs(values: Mapping[str, Any]) -> tuple[Proof, ...] | None:
    if "bio" not in values:
        return None
    title = "".join((values.get("academy", ""), values.get("division", ""))) or f"{values['name']}简介"
    elected = values.get("elected_year", 0)
    return (
        Proof(EvidenceKind.BIOGRAPHY, title, values["bio"], elected if elected >= FIRST_ELECTION else None),
    )


def _hangs_already(expert: Expert, belongings: Belongings) -> bool:
    """Say whether nothing would change: of a merged person, among what this row of hers brought."""
    if belongings.disciplines is not None and expert.merged_into_id is None:
        own = ExpertDiscipline.objects.filter(identity.brought_by(expert, identity.DISCIPLINES))
        held = set(own.values_list("code", flat=True))
        if held != set(belongings.disciplines):
            return False
    if belongings.evidence is not None:
        proofs = Evidence.objects.filter(identity.brought_by(expert, identity.EVIDENCE))
        texts = set(proofs.exclude(kind=EvidenceKind.SERVICE).values_list("text", flat=True))
        return texts == {proof.text for proof in belongings.evidence}
    return True


ENTERPRISE_COLUMNS = (
    Column("name", "企业名称", required=True, parse=parse.text(120), aliases=("full_name", "名称", "企业"), example="某某科技有限公司"),
    Column("credit_code", "统一社会信用代码", half_width=True, aliases=("信用代码",)),
    Column("place", "区县/镇街", aliases=("area", "地区", "区县"), help="系统里的组织或地名；不在本网络内时归导入单位"),
    Column("industry_code", "行业代码", half_width=True, help="GB/T 4754，例：C34"),
    Column("industry_text", "行业", parse=parse.text(60), aliases=("industry",), example="专用机械"),
    Column("address", "地址", parse=parse.text(200)),
    Column("source_key", "来源编号", parse=parse.text(80), half_width=True, aliases=("ticker", "编号", "id", "证券代码")),
)  # fmt: skip


def _save_enterprise(values: Mapping[str, Any], run: Run, under: Organisation) -> Saved:
    """Enter an enterprise below the place it names, or change the one known by code, key or name."""
    values = {name: value for name, value in values.items() if value is not None}
    _check_enterprise(values)
    place = _place_of(values, run, under)
    fields: dict[str, Any] = {n: values[n] for n in ("industry_text", "address") if n in values}
    if "industry_code" in values:
        fields["industry"] = values["industry_code"]
    fields.setdefault("address", values.get("place", ""))
    known = _known_enterprise(values, under)
    if known is None:
        add_enterprise(
            name=values["name"],
            place=place,
            credit_code=values.get("credit_code", ""),
            source=SOURCE if values.get("source_key") else "",
            source_key=values.get("source_key", ""),
            by=run.by,
            at=run.at,
            **fields,
        )
        return new()
    if values.get("credit_code") and not known.credit_code:
        fields["credit_code"] = values["credit_code"]
    differing = {name: value for name, value in fields.items() if value and getattr(known, name) != value}
    if not differing:
        return same()
    change_enterprise(known, by=run.by, at=run.at, changes=differing)
    return changed()


def _check_enterprise(values: Mapping[str, Any]) -> None:
    if values.get("industry_code") and values["industry_code"] not in INDUSTRIES:
        raise RowError("应是 GB/T 4754 的门类或制造业大类代码，例如 C34", "industry_code")
    try:
        if values.get("credit_code"):
            validate_credit_code(values["credit_code"])
    except ValidationError as error:
        raise RowError("".join(error.messages), "credit_code") from None


def _place_of(values: Mapping[str, Any], run: Run, under: Organisation) -> Organisation:
    """An enterprise of another province has no place in this network; it stays with the importing unit."""
    name = values.get("place", "")
    if not name:
        return under
    if ("place", name) not in run.memo:
        run.memo["place", name] = organisation_named(name, under) or under
    found: Organisation = run.memo["place", name]
    return found


def _known_enterprise(values: Mapping[str, Any], under: Organisation) -> Enterprise | None:
    rows = Enterprise.objects.select_related("organisation")
    if values.get("credit_code"):
        known = rows.filter(credit_code=values["credit_code"]).first()
        if known is not None:
            return known
    if values.get("source_key"):
        return rows.filter(source=SOURCE, source_key=values["source_key"]).first()
    return rows.filter(
        organisation__name=values["name"],
        organisation__path__gte=under.path,
        organisation__path__lt=under.path_end,
    ).first()


OUTPUT_COLUMNS = (
    Column("title", "名称", required=True, parse=parse.text(300), aliases=("成果名称", "title_words"), example="焊缝缺陷在线识别系统"),
    Column("kind", "类别", parse=parse.one_of({label: value for value, label in OutputKind.choices})),
    Column("abstract", "简介", aliases=("摘要", "内容")),
    Column("owner", "完成单位", parse=parse.text(160), aliases=("单位",)),
    Column("trl", "技术就绪度", parse=parse.whole(1, 9), half_width=True, aliases=("TRL",)),
    Column("source_key", "编号", parse=parse.text(200), half_width=True, aliases=("id", "来源编号")),
)  # fmt: skip


def _save_output(values: Mapping[str, Any], run: Run, under: Organisation) -> Saved:
    """Enter an output, or change the one known by its number."""
    values = {name: value for name, value in values.items() if value is not None}
    key = values.get("source_key", "")
    known = ResearchOutput.objects.filter(source=SOURCE, source_key=key).first() if key else None
    if known is None:
        twin = ResearchOutput.objects.filter(title=values["title"], organisation=under).exists()
        output = ResearchOutput(organisation=under, source=SOURCE if key else "", **values)
        save_output(output, by=run.by, at=run.at)
        return new(duplicate_of="库里已有同名成果" if twin else "")
    differing = {name: value for name, value in values.items() if getattr(known, name) != value}
    if not differing:
        return same()
    for name, value in differing.items():
        setattr(known, name, value)
    save_output(known, by=run.by, at=run.at)
    return changed()
