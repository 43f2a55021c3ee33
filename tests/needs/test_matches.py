"""从一个库到另一个库：需求对成果、对先例，专家和成果对需求；推荐成果给企业。"""

import pytest

from tests import factories
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit import jobs
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, matches, rules
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Need, Recommendation

pytestmark = pytest.mark.django_db

GRINDING = "高速轴承套圈磨削裂纹控制"
BATTERY = "防爆锂电池热失控预警"


def output(net, title, *, abstract="", at=None, sharing=Sharing.NETWORK, home=None):
    from django.utils import timezone

    made = ResearchOutput(
        title=title, abstract=abstract, organisation=home or net.city, sharing=sharing, owner="临江大学"
    )
    return directory.save_output(made, by=SYSTEM, at=at or timezone.now())


def titles(fits):
    return [fit.row.title for fit in fits]


# ── 找得到、说得出 ──────────────────────────────────────────────────────────────────────────────────


def test_a_need_finds_outputs_that_share_words_and_says_which(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=GRINDING)
    output(net, "轴承套圈磨削烧伤在线检测仪", abstract="用于套圈磨削裂纹的早期发现。")
    output(net, "稻田除草机器人")
    found = matches.outputs_for_need(need, net.clerk)
    assert titles(found) == ["轴承套圈磨削烧伤在线检测仪"]
    assert "“轴承套圈磨削”" in found[0].words
    passage = found[0].heading
    assert "轴承套圈磨削" in [passage.text[start:end] for start, end in passage.spans]


def test_only_needs_that_ended_well_are_precedents_and_tell_who_helped(net):
    won = factories.need(
        enterprise=net.enterprise, stage=Stage.ARCHIVED, title=f"{GRINDING}甲", result="solved"
    )
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, title=f"{GRINDING}乙", result="unsolved")
    factories.need(enterprise=net.enterprise, stage=Stage.MET, title=f"{GRINDING}丙")
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=GRINDING)
    found = matches.solved_like(need, net.clerk)
    assert [fit.row for fit in found] == [won]
    helper = won.invitations.get().expert
    assert matches.helpers_of(found[0].row) == [helper]


def test_an_expert_finds_needs_that_still_look_for_somebody_but_not_those_she_was_asked_about(net):
    expert = factories.expert(organisation=net.city, evidence=("轴承套圈磨削裂纹机理",))
    asked = factories.need(
        enterprise=net.enterprise, stage=Stage.INVITING, title=f"{GRINDING}一", experts=[expert]
    )
    looking = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=f"{GRINDING}二")
    factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=BATTERY, body="电池", target="")
    factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, title=f"{GRINDING}三")
    assert [fit.row for fit in matches.needs_for_expert(expert, net.clerk)] == [looking]
    assert asked.stage == Stage.INVITING


def test_an_output_finds_needs_under_way(net):
    made = output(net, "锂电池热失控预警装置")
    near = factories.need(enterprise=net.enterprise, stage=Stage.MET, title=BATTERY)
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, title=f"{BATTERY}旧")
    assert [fit.row for fit in matches.needs_for_output(made, net.clerk)] == [near]


def test_nothing_beyond_the_readers_sight_is_offered(net):
    far_need = factories.need(enterprise=net.other_enterprise, stage=Stage.MATCHING, title=GRINDING)
    far_output = output(net, "轴承套圈磨削裂纹仪", sharing=Sharing.OWN, home=net.other_district)
    expert = factories.expert(organisation=net.city, evidence=("轴承套圈磨削裂纹机理",))
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=f"{GRINDING}甲")
    assert matches.outputs_for_need(need, net.clerk) == []
    assert [fit.row for fit in matches.needs_for_expert(expert, net.clerk)] == [need]
    # 对照：那边的人看得到
    assert titles(matches.outputs_for_need(far_need, net.neighbour)) == [far_output.title]
    assert [fit.row for fit in matches.needs_for_expert(expert, net.neighbour)] == [far_need]


def test_a_changed_need_is_found_by_its_new_words_at_once(net):
    made = output(net, "锂电池热失控预警装置")
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=GRINDING)
    assert matches.needs_for_output(made, net.clerk) == []
    actions.revise(need, by=net.clerk, at=need.stage_at, reason="企业更正", title=BATTERY)
    assert [fit.row for fit in matches.needs_for_output(made, net.clerk)] == [need]


# ── 推荐给企业 ──────────────────────────────────────────────────────────────────────────────────────


def test_a_recommendation_is_kept_with_the_case_and_the_enterprise_is_told(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=GRINDING)
    made = output(net, "套圈磨削裂纹在线检测仪", abstract="早期发现。")
    client = as_person(net.clerk)
    url = f"/workbench/needs/{need.pk}/recommend/"
    response = client.post(url, {"output": made.pk, "note": "可以先借来试用。", "_once": "k1"}, follow=True)
    assert "已推荐给" in response.content.decode()
    kept = Recommendation.objects.get()
    assert (kept.need, kept.output, kept.note, kept.by_name) == (
        need,
        made,
        "可以先借来试用。",
        net.clerk.name,
    )
    assert f"推荐成果：{made.title}" in client.get(need.get_absolute_url()).content.decode()
    jobs.run_ready()
    told = Delivery.objects.get(notice="needs.recommended", channel="site")
    assert (told.person, told.title) == (net.contact, f"为您的需求找到一项成果：{made.title}")
    page = as_person(net.contact).get(f"/my/needs/{need.pk}/").content.decode()
    assert made.title in page
    assert "可以先借来试用。" in page


def test_the_same_output_is_recommended_once(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    made = output(net, "检测仪")
    actions.recommend_output(need, made, by=net.clerk, at=need.stage_at)
    with pytest.raises(Refused, match=r"已在.*推荐过"):
        actions.recommend_output(need, made, by=net.second_clerk, at=need.stage_at)
    assert Recommendation.objects.count() == 1


def test_who_may_recommend_what(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    made = output(net, "检测仪")
    own = output(net, "内部成果", sharing=Sharing.OWN)
    assert rules.may_recommend(net.clerk, need, made) is True
    assert "由青山区科协经办人办理" in str(rules.may_recommend(net.leader, need, made))
    assert "请先请临江市科协放宽共享范围" in str(rules.may_recommend(net.clerk, need, own))
    need.stage = Stage.ARCHIVED
    assert "已归档" in str(rules.may_recommend(net.clerk, need, made))


def test_an_output_out_of_sight_cannot_be_recommended(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    hidden = output(net, "远处的成果", sharing=Sharing.OWN, home=net.other_district)
    url = f"/workbench/needs/{need.pk}/recommend/"
    page = as_person(net.clerk).post(url, {"output": hidden.pk, "_once": "k"}, follow=True).content.decode()
    assert "没有推荐出去" in page
    assert "远处的成果" not in page
    assert Recommendation.objects.count() == 0


# ── 页面 ────────────────────────────────────────────────────────────────────────────────────────────


def test_each_page_shows_what_fits_as_a_part_and_as_a_page(net, as_person):
    expert = factories.expert(organisation=net.city, evidence=("轴承套圈磨削裂纹机理",))
    made = output(net, "轴承套圈磨削裂纹检测仪")
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title=GRINDING)
    client = as_person(net.clerk)
    for url, words in (
        (f"/workbench/needs/{need.pk}/matches/", made.get_absolute_url()),
        (f"/workbench/experts/{expert.pk}/needs/", need.get_absolute_url()),
        (f"/workbench/outputs/{made.pk}/needs/", need.get_absolute_url()),
    ):
        page = client.get(url).content.decode()
        part = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert words in page
        assert words in part
        assert "<html" in page
        assert "<html" not in part
        assert "<mark>" in part
    for url in (need.get_absolute_url(), expert.get_absolute_url(), made.get_absolute_url()):
        assert 'hx-trigger="load"' in client.get(url).content.decode()


def test_whoever_sees_no_needs_is_not_offered_any(net, as_person):
    clerk = factories.person(role="society_clerk", organisation=net.society)
    expert = factories.expert(organisation=net.society)
    client = as_person(clerk)
    assert "可以帮上忙的需求" not in client.get(expert.get_absolute_url()).content.decode()
    assert client.get(f"/workbench/experts/{expert.pk}/needs/").status_code == 403
    assert Need.objects.count() == 0
