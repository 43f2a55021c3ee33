"""Who is who: merging two rows and splitting them again, telling people apart, and files read once more."""

from datetime import date

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from zhiqiao.directory import identity, queries
from zhiqiao.directory.actions import Belongings, Proof, save_expert
from zhiqiao.directory.actions.identity import (
    merge_experts,
    pointing_at_experts,
    split_experts,
    take_back,
    tell_apart,
)
from zhiqiao.directory.models import Distinction, Expert, Leave, Merge
from zhiqiao.directory.search import EXPERTS
from zhiqiao.directory.sheets import experts_ledger
from zhiqiao.insights.lens import Lens
from zhiqiao.insights.queries import experts as experts_counted
from zhiqiao.kit import audit
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.search import matching
from zhiqiao.kit.sheets import RowError, Run
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Attendance, Invitation, Programme

pytestmark = pytest.mark.django_db

AT = timezone.now()
WHY = "电话核实，同一人调动单位"


@pytest.fixture
def net():
    return factories.network()


def _twins(net, **values):
    one = factories.expert(organisation=net.district, name="何同舟", unit="临江大学", **values)
    two = factories.expert(
        organisation=net.town,
        name="何同舟",
        unit="望海研究院",
        evidence=("主轴振动抑制",),
        phone="13700009999",
    )
    return one, two


def _everything() -> dict[str, list[dict]]:
    """Every row that names an expert, and the experts themselves; without the marks of the index."""
    models = {model for model, _ in pointing_at_experts()} | {Expert}
    rows = {
        m._meta.label: list(m._base_manager.order_by("pk").values()) for m in models - {Distinction, Merge}
    }
    for row in rows["directory.Expert"]:
        del row["updated_at"]
    return rows


def _refused(act, *args, **values) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    return refused.value.refusal.code


# ── Merging ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_hangs_on_the_other_row_hangs_on_the_survivor(net):
    one, two = _twins(net)
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET, experts=[two])
    programme = Programme.objects.create(
        code="p", name="双千", organisation=net.city, starts_on=date(2026, 1, 1)
    )
    programme.experts.add(two)
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert need.invitations.get().expert == one
    assert Attendance.objects.get(expert__isnull=False).expert == one
    assert list(programme.experts.all()) == [one]
    assert {item.title for item in one.evidence.all()} == {"高速轴承疲劳寿命预测方法", "主轴振动抑制"}
    two.refresh_from_db()
    assert (two.merged_into, two.is_active) == (one, False)
    assert list(queries.experts_for(net.clerk)) == [one]
    assert audit.verify() == []


def test_the_index_finds_the_survivor_by_what_the_other_row_brought(net):
    one, two = _twins(net)
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert set(Expert.objects.filter(pk__among=matching(EXPERTS, "主轴振动"))) == {one}
    split_experts(Merge.objects.get(), by=net.clerk, at=AT, reason="是两个人")
    assert set(Expert.objects.filter(pk__among=matching(EXPERTS, "主轴振动"))) == {two}


def test_a_meeting_both_rows_attended_counts_as_one_service(net):
    one, two = _twins(net)
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET, experts=[one])
    Attendance.objects.create(meeting=need.meetings.get(), side="expert", expert=two, name=two.name)
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert Attendance.objects.filter(expert__isnull=False).count() == 1
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    assert set(Attendance.objects.filter(expert__isnull=False).values_list("expert", flat=True)) == {
        one.pk,
        two.pk,
    }


def test_an_invitation_the_survivor_has_too_keeps_its_link_and_its_place(net):
    one, two = _twins(net)
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[one, two])
    before = set(need.invitations.values_list("pk", "expert_id"))
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert set(need.invitations.values_list("pk", "expert_id")) == before


def test_only_empty_fields_are_filled_and_a_contact_brings_its_visibility(net):
    one, two = _twins(net)
    Expert.objects.filter(pk=one.pk).update(phone="", position="")
    Expert.objects.filter(pk=two.pk).update(phone_visibility="nobody", position="所长", title="研究员")
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    one.refresh_from_db()
    assert (one.phone, one.phone_visibility) == ("13700009999", "nobody")
    assert (one.position, one.title, one.unit) == ("所长", "教授", "临江大学")


def test_her_account_moves_with_her(net):
    one, two = _twins(net)
    account = factories.person(name="何同舟")
    Expert.objects.filter(pk=two.pk).update(person=account)
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    one.refresh_from_db()
    assert one.person == account
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.person, two.person) == (None, account)


def test_the_pool_is_counted_by_persons(net):
    one, two = _twins(net)
    before = experts_counted(Lens(net.clerk, AT)).count()
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert experts_counted(Lens(net.clerk, AT)).count() == before - 1


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_of_another_city_is_not_merged(net):
    one, _ = _twins(net)
    far = factories.expert(organisation=net.other_city, name="何同舟")
    assert _refused(merge_experts, one, far, by=net.clerk, at=AT, reason=WHY) == "scope.not_covered"
    assert _refused(tell_apart, one, far, by=net.clerk, at=AT, reason=WHY) == "scope.not_covered"
    assert Merge.objects.count() == 0


@pytest.mark.parametrize("act", [merge_experts, tell_apart])
def test_a_decision_needs_its_reason(net, act):
    assert _refused(act, *_twins(net), by=net.clerk, at=AT, reason=" ") == "directory.reason_missing"


def test_two_people_who_both_sign_in_are_not_one(net):
    one, two = _twins(net)
    for row in (one, two):
        Expert.objects.filter(pk=row.pk).update(person=factories.person())
    assert _refused(merge_experts, one, two, by=net.clerk, at=AT, reason=WHY) == "directory.two_accounts"


def test_told_apart_is_never_merged_nor_offered_until_it_is_taken_back(net):
    one, two = _twins(net)
    Expert.objects.filter(pk=two.pk).update(unit=one.unit)
    assert len(identity.pairs_for(net.clerk).pairs) == 1
    apart = tell_apart(one, two, by=net.clerk, at=AT, reason="两个学院，年龄差二十岁")
    assert tell_apart(two, one, by=net.clerk, at=AT, reason="再说一次") == apart
    assert identity.pairs_for(net.clerk).pairs == []
    assert _refused(merge_experts, one, two, by=net.clerk, at=AT, reason=WHY) == "directory.told_apart"
    take_back(apart, by=net.clerk, at=AT)
    assert len(identity.pairs_for(net.clerk).pairs) == 1


def test_merges_are_split_from_the_latest(net):
    one, two = _twins(net)
    three = factories.expert(organisation=net.district, name="何同舟")
    first = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    second = merge_experts(one, three, by=net.clerk, at=AT, reason=WHY)
    assert _refused(split_experts, first, by=net.clerk, at=AT, reason="x") == "directory.split_later_first"
    split_experts(second, by=net.clerk, at=AT, reason="是两个人")
    split_experts(first, by=net.clerk, at=AT, reason="是两个人")
    assert _refused(split_experts, first, by=net.clerk, at=AT, reason="x") == "directory.split_already"


# ── Splitting gives back exactly what was ───────────────────────────────────────────────────────────


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_merging_and_splitting_restores_every_row(net, data):
    """Whatever hangs on either row, in common or not, over one merge or a chain of two."""
    Expert.objects.exclude(merged_into=None).update(merged_into=None)
    rows = [
        factories.expert(
            organisation=net.district,
            name="何同舟",
            disciplines=data.draw(st.lists(st.sampled_from(("460", "430", "520")), unique=True)),
            evidence=data.draw(st.lists(st.sampled_from(("甲方法研究", "乙装置设计", "丙材料")), max_size=3)),
            phone=data.draw(st.sampled_from(("", "13700001111"))),
            position=data.draw(st.sampled_from(("", "主任"))),
            resting_until=data.draw(st.sampled_from((None, date(2026, 12, 1)))),
        )
        for _ in range(3)
    ]
    programme = Programme.objects.create(
        code=f"p{rows[0].pk}", name="双千", organisation=net.city, starts_on=date(2026, 1, 1)
    )
    programme.experts.add(*data.draw(st.lists(st.sampled_from(rows), unique=True)))
    for asked in data.draw(st.lists(st.lists(st.sampled_from(rows), min_size=1, unique=True), max_size=2)):
        need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
        for rank, row in enumerate(asked):
            Invitation.objects.create(need=need, expert=row, rank=rank, state="lapsed", created_at=AT)
        meeting = need.meetings.create(mode="site", state="held", starts_at=AT, created_at=AT)
        for row in asked:
            Attendance.objects.create(meeting=meeting, side="expert", expert=row, name=row.name)
    for row in data.draw(st.lists(st.sampled_from(rows))):
        Leave.objects.create(
            expert=row, starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1), by_name="x", at=AT
        )
    before = _everything()
    merges = [merge_experts(rows[1], rows[2], by=SYSTEM, at=AT, reason=WHY)]
    if data.draw(st.booleans()):
        merges.append(merge_experts(rows[0], rows[1], by=SYSTEM, at=AT, reason=WHY))
    served = Attendance.objects.filter(expert__isnull=False)
    assert served.count() == len(set(served.values_list("expert", "meeting")))
    for merge in reversed(merges):
        split_experts(merge, by=SYSTEM, at=AT, reason="是两个人")
    assert _everything() == before


def test_control_the_comparison_sees_a_row_that_was_not_put_back(net):
    one, two = _twins(net)
    before = _everything()
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    merge.rows.filter(table="directory.evidence").delete()
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    assert _everything() != before


def test_what_came_after_the_merge_stays_and_a_corrected_field_keeps_its_value(net):
    one, two = _twins(net)
    Expert.objects.filter(pk=one.pk).update(phone="")
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    one.refresh_from_db()
    save_expert(one, by=net.clerk, at=AT, changes={"phone": "13711112222"})
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[one])
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    one.refresh_from_db()
    assert one.phone == "13711112222"
    assert need.invitations.get().expert == one
    assert Distinction.objects.get(revoked_at=None).reason == "是两个人"


def test_editing_her_evidence_does_not_keep_a_split_from_finding_it(net):
    one, two = _twins(net)
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    proofs = tuple(Proof(e.kind, e.title, e.text, e.year, e.url) for e in one.evidence.all())
    more = (*proofs, Proof("paper", "新写的一篇"))
    save_expert(one, by=net.clerk, at=AT, belongings=Belongings(evidence=more))
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    assert [item.title for item in two.evidence.all()] == ["主轴振动抑制"]
    assert {item.title for item in one.evidence.all()} == {"高速轴承疲劳寿命预测方法", "新写的一篇"}


# ── A file read once more ───────────────────────────────────────────────────────────────────────────


def _read(net, **values) -> str:
    ledger = experts_ledger(net.district)
    return ledger.save_row(values, Run(by=SYSTEM, at=AT)).change


@pytest.mark.parametrize("keyed", [True, False])
def test_reading_a_file_again_after_a_merge_creates_nothing_and_undoes_nothing(net, keyed):
    lines = [
        {"name": "何同舟", "unit": "临江大学", "bio": "研究高速主轴。", "title": "教授"},
        {"name": "何同舟", "unit": "望海研究院", "bio": "研究振动抑制。", "title": "研究员"},
    ]
    if keyed:
        lines = [line | {"source_key": f"k{n}"} for n, line in enumerate(lines)]
    assert [_read(net, **line) for line in lines] == ["new", "new"]
    one, two = Expert.objects.order_by("pk")
    merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    before = _everything()
    assert [_read(net, **line) for line in lines] == ["same", "same"]
    assert _everything() == before


def test_news_in_a_file_about_the_row_merged_away_reach_the_survivor_and_go_back_with_a_split(net):
    for number, unit in enumerate(("临江大学", "望海研究院")):
        _read(net, name="何同舟", unit=unit, bio=f"简介{number}。", source_key=f"k{number}")
    one, two = Expert.objects.order_by("pk")
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason=WHY)
    assert _read(net, name="何同舟", unit="望海研究院二所", bio="新的简介。", source_key="k1") == "changed"
    assert set(one.evidence.values_list("text", flat=True)) == {"简介0。", "新的简介。"}
    one.refresh_from_db()
    assert one.unit == "临江大学"
    assert _read(net, name="何同舟", unit="临江大学", bio="再改的简介。", source_key="k0") == "changed"
    assert set(one.evidence.values_list("text", flat=True)) == {"再改的简介。", "新的简介。"}
    split_experts(merge, by=net.clerk, at=AT, reason="是两个人")
    two.refresh_from_db()
    assert (two.unit, [item.text for item in two.evidence.all()]) == ("望海研究院二所", ["新的简介。"])


def test_a_line_that_fits_two_people_told_apart_is_asked_back(net):
    one, two = (factories.expert(organisation=net.district, name="何同舟", unit="临江大学") for _ in "ab")
    tell_apart(one, two, by=net.clerk, at=AT, reason="两个学院")
    with pytest.raises(RowError, match="分不清这一行是哪一位"):
        _read(net, name="何同舟", unit="临江大学", title="院长")
    assert _read(net, name="何同舟", unit="临江大学", phone=two.phone, title="院长") == "changed"
    two.refresh_from_db()
    assert two.title == "院长"


# ── Pairs that may be one ───────────────────────────────────────────────────────────────────────────


def test_namesakes_are_offered_only_with_something_else_in_common(net):
    def row(unit, **values):
        return factories.expert(organisation=net.district, name="何同舟", unit=unit, evidence=(), **values)

    a, b = row("临江大学"), row("临江大学机械学院")
    c = row("望海医院", phone=a.phone)
    row("平川农场")
    factories.expert(organisation=net.other_city, name="何同舟", unit="临江大学")
    told = [(p.first, p.second, p.reasons) for p in identity.pairs_for(net.clerk).pairs]
    assert told == [(a, b, ("姓名和单位相同",)), (a, c, ("姓名和手机号相同",))]


def test_the_same_evidence_speaks_for_one_person_and_the_shortest_titles_do_not(net):
    titles = ("高速轴承疲劳寿命预测方法", "简介")
    rows = [
        factories.expert(organisation=net.district, name="何同舟", unit=unit, evidence=(title,))
        for unit, title in zip(("甲所", "乙院", "丙厂", "丁局"), (*titles, *titles), strict=True)
    ]
    pairs = identity.pairs_for(net.clerk).pairs
    assert [(p.first, p.second) for p in pairs] == [(rows[0], rows[2])]


def test_pairs_are_read_in_stretches_of_names(net, monkeypatch):
    monkeypatch.setattr(identity, "NAMES_AT_ONCE", 2)
    for name in "甲乙丙":
        for _ in "ab":
            factories.expert(organisation=net.district, name=name)
    first = identity.pairs_for(net.clerk)
    rest = identity.pairs_for(net.clerk, first.after)
    assert (first.names, rest.names, rest.after) == (2, 1, "")
    assert len({p.first.name for p in (*first.pairs, *rest.pairs)}) == 3
