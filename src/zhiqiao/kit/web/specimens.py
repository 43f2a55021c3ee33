"""What the styleguide shows: invented cases in the shapes the components take."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms

from zhiqiao.kit.web.passages import marked
from zhiqiao.kit.web.suggesting import Suggestion

Shape = dict[str, Any]

LONG = (
    "面向超硬材料行业的高韧性立方氮化硼单晶合成工艺及其在航空发动机难加工材料精密磨削中的应用研究，"
    "要求在不改变现有六面顶压机的前提下把单晶静压强度提高百分之三十以上并给出可以放大的工艺窗口"
)


@dataclass(frozen=True)
class Need:
    """One row of the sample register."""

    pk: int
    number: str
    title: str
    enterprise: str
    district: str
    stage: str
    tone: str
    due_at: dt.datetime | None
    candidates: int
    received_at: dt.datetime


_TITLES = (
    ("高韧性立方氮化硼单晶研制", "远山超硬材料有限公司", "余杭区", "匹配", "accent"),
    ("焊缝在线检测漏检率偏高", "启明重型装备股份有限公司", "萧山区", "受理", "accent"),
    ("防爆锂电池低温放电性能改进", "安泰矿用电器有限公司", "临平区", "邀请", "accent"),
    ("中药配方颗粒溶化性一致性控制", "百草堂制药有限公司", "桐庐县", "对接", "accent"),
    ("印染废水中锑的深度去除", "清源印染有限公司", "萧山区", "已办结", "success"),
    ("冷链车厢多点温度预测与调控", "北岭冷链物流有限公司", "钱塘区", "匹配", "accent"),
    ("注塑件翘曲变形的快速仿真", "晨光模具有限公司", "富阳区", "退回补充", "warning"),
    ("稻虾共作水质溶氧预警", "东湖农业合作社", "建德市", "已办结", "success"),
    ("伺服电机转矩脉动抑制算法", "凌云智能驱动有限公司", "滨江区", "受理", "accent"),
    (LONG, "长风航空零部件精密制造（杭州）有限公司", "西湖区", "邀请", "accent"),
)


def needs(now: dt.datetime, count: int = 12) -> list[Need]:
    made = []
    for place in range(count):
        title, enterprise, district, stage, tone = _TITLES[place % len(_TITLES)]
        hours = (-30, 3, 20, 52, None, 76, 100, None, -5, 124)[place % len(_TITLES)]
        made.append(
            Need(
                pk=place + 1,
                number=f"XQ-2026-{371 - place:04d}",
                title=title,
                enterprise=enterprise,
                district=district,
                stage=stage,
                tone=tone,
                due_at=None if hours is None else now + dt.timedelta(hours=hours),
                candidates=(12, 8, 0, 23, 5, 17, 2, 9, 31, 4)[place % 10],
                received_at=now - dt.timedelta(hours=5 + 31 * place),
            )
        )
    return made


def worklist(now: dt.datetime) -> list[Shape]:
    steps = {
        "受理": "受理",
        "匹配": "找专家",
        "邀请": "催专家回复",
        "对接": "补会议纪要",
        "退回补充": "看补充内容",
    }
    return [
        {
            "title": need.title,
            "href": "#",
            "step": steps[need.stage],
            "due_at": need.due_at,
            "number": need.number,
            "organisation": need.enterprise,
            "pick": {"name": "pick", "value": need.pk, "form": "bulk-work"},
        }
        for need in sorted(needs(now, 10), key=lambda one: (one.due_at is None, one.due_at))
        if need.stage in steps
    ]


STEPS = [
    {"title": "提交", "state": "done"},
    {"title": "受理", "state": "done"},
    {"title": "匹配", "state": "done"},
    {"title": "邀请专家", "state": "now", "due_words": "还剩 6 个工作小时"},
    {"title": "对接", "state": "todo"},
    {"title": "成效", "state": "todo"},
    {"title": "双方确认", "state": "todo"},
    {"title": "评价归档", "state": "todo"},
]


def events(now: dt.datetime) -> list[Shape]:
    hours = dt.timedelta(hours=1)
    return [
        {"who": "系统", "when": now - 0.2 * hours, "what": "第一位专家谢绝，已转邀第二位", "tone": "accent"},
        {
            "who": "林教授",
            "when": now - 0.3 * hours,
            "what": "谢绝邀请",
            "note": "这个方向我做得不多，建议找从事高压合成的同行。",
            "tone": "warning",
        },
        {
            "who": "周敏 · 余杭区科协",
            "when": now - 26 * hours,
            "what": "邀请 3 位专家",
            "note": "按顺序邀请，每位两个工作日。",
        },
        {
            "who": "周敏 · 余杭区科协",
            "when": now - 30 * hours,
            "what": "受理",
            "attachments": [{"title": "合成工艺参数表.xlsx", "url": "#", "size": "86 KB"}],
        },
        {"who": "远山超硬材料有限公司", "when": now - 52 * hours, "what": "提交需求", "tone": "success"},
    ]


FACTS = [
    {"title": "提出单位", "value": "远山超硬材料有限公司", "href": "#"},
    {"title": "联系人", "value": "陈工", "note": "电话登录后可见，查看会留下记录"},
    {"title": "所在区县", "value": "余杭区"},
    {"title": "学科", "value": "材料科学 / 超硬材料"},
    {"title": "意向投入", "value": "80 万元（2026年）"},
    {"title": "希望完成", "value": ""},
]

REASONS = [
    {"title": "证据", "value": 0.92, "sentence": "3 篇论文、1 项专利提到“立方氮化硼”“高压合成”", "href": "#"},
    {"title": "学科", "value": 0.8, "sentence": "材料科学，二级学科一致"},
    {"title": "距离", "value": 0.6, "sentence": "同在杭州，约 18 公里"},
    {"title": "在办", "value": 0.35, "sentence": "手上有 2 件在办，上限 3 件", "tone": "warning"},
]


def candidates() -> list[Shape]:
    return [
        {
            "rank": 1,
            "name": "林知远",
            "title": "教授",
            "organisation": "江南理工大学 材料学院",
            "href": "#",
            "score": 92,
            "tags": ["海智专家", "双千行动"],
            "parts": REASONS,
            "pick": {"name": "expert", "value": 1, "checked": True, "form": "invite"},
        },
        {
            "rank": 2,
            "name": "苏文琪",
            "title": "研究员",
            "organisation": "东海超硬材料研究所",
            "href": "#",
            "score": 87,
            "tags": ["学会专家"],
            "parts": [
                {"title": "证据", "value": 0.84, "sentence": "2 项专利提到“六面顶压机”“单晶”"},
                {"title": "学科", "value": 1, "sentence": "材料科学 / 超硬材料，完全一致"},
                {"title": "过往", "value": 0.7, "sentence": "办过 4 件同类需求，3 件有成效"},
            ],
            "pick": {"name": "expert", "value": 2, "form": "invite"},
        },
        {
            "rank": 3,
            "name": "韩书衡",
            "title": "院士",
            "organisation": "江南理工大学",
            "href": "#",
            "score": 85,
            "parts": REASONS[:2],
            "blocked": "在办已满 3 件，11月28日前不再接受邀请",
        },
    ]


FUNNEL = [
    {"title": "收到需求", "count": 478, "href": "#", "of": None},
    {"title": "办结", "count": 393, "href": "#", "of": 478},
    {"title": "解决或合作", "count": 223, "href": "#", "of": 478},
    {"title": "双方确认", "count": 187, "href": "#", "of": 478},
]

BARS = [
    {"title": title, "count": count, "href": "#"}
    for title, count in (
        ("余杭区", 96), ("萧山区", 83), ("滨江区", 71), ("钱塘区", 58), ("西湖区", 44),
        ("临平区", 37), ("富阳区", 31), ("桐庐县", 22), ("建德市", 14), ("淳安县", 0),
    )
]  # fmt: skip

WHY_NOT = [
    {"title": "技术路线不合", "count": 61, "href": "#"},
    {"title": "企业改变计划", "count": 42, "href": "#"},
    {"title": "没有合适的专家", "count": 38, "href": "#", "tone": "warning"},
    {"title": "费用谈不拢", "count": 21, "href": "#"},
    {"title": "超过时限", "count": 8, "href": "#", "tone": "danger"},
]

MONTHS = [
    ("2026-01", 31, 22), ("02", 18, 20), ("03", 44, 29), ("04", 52, 41), ("05", 47, 46), ("06", 61, 50),
    ("07", 55, 58), ("08", 49, 51), ("09", 66, 55), ("10", 58, 60), ("11", 43, 37),
]  # fmt: skip


class NeedForm(forms.Form):
    """Every kind of field once."""

    title = forms.CharField(
        label="一句话说清要解决什么", max_length=60, help_text="像对同行打电话那样说，不必写公司简介。"
    )
    text = forms.CharField(
        label="具体情况",
        max_length=2000,
        widget=forms.Textarea,
        help_text="现在怎么做、卡在哪里、希望达到什么指标。",
    )
    field = forms.ChoiceField(
        label="所属领域",
        choices=[("", "请选择"), ("material", "材料"), ("energy", "能源"), ("health", "生物医药")],
    )
    open_to = forms.ChoiceField(
        label="谁可以看到",
        choices=[("public", "公开，任何人都能看到标题和内容"), ("experts", "只给被邀请的专家看")],
        widget=forms.RadioSelect,
    )
    wants = forms.MultipleChoiceField(
        label="希望得到",
        choices=[("advice", "上门诊断"), ("joint", "联合攻关"), ("buy", "购买成果")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    wanted_by = forms.DateField(label="希望完成的日期", required=False, help_text="例：2026-12-31。")
    budget = forms.IntegerField(label="意向投入（万元）", min_value=0, required=False)
    phone = forms.CharField(label="联系电话", max_length=20)
    papers = forms.FileField(label="附件", required=False, help_text="图纸、检测报告等，单个不超过 20 MB。")
    agreed = forms.BooleanField(label="同意把需求内容提供给被邀请的专家")


def bad_form() -> NeedForm:
    """A form as it comes back: what was typed is kept."""
    return NeedForm(
        {
            "title": "",
            "text": "磨料静压强度不够",
            "field": "glass",
            "wanted_by": "",
            "budget": "-3",
            "phone": "",
        },
        auto_id="bad_%s",
    )


SUGGESTED = [
    (Suggestion("轴承套圈磨削裂纹", "需求"), [(4, 6)]),
    (Suggestion("顾清和", "专家", passage=marked("高速轴承套圈磨削烧伤机理与抑制", ["磨削"])), []),
    (Suggestion(LONG, "成果"), []),
]
