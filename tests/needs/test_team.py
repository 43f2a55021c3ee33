"""组一支团队：人数最少、各管一面；只在看得到、请得动的人里组；整队进邀请名单。"""

import pytest

from tests import factories
from zhiqiao.directory.enums import Sharing
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.finder import team_for_need

pytestmark = pytest.mark.django_db

GRINDING, COATING = "轴承套圈磨削裂纹怎样消除", "类金刚石涂层附着力不足"


@pytest.fixture
def need(net):
    return factories.need(
        enterprise=net.enterprise,
        stage=Stage.MATCHING,
        title="精密轴承",
        body=f"{GRINDING}。{COATING}。",
        target="",
    )


def expert(net, name, *work, **values):
    return factories.expert(organisation=net.city, name=name, keywords="", evidence=work, **values)


def covered(team):
    return {member.expert.name: [one.words for one in member.covers] for member in team.members}


def test_two_fields_need_two_people_unless_one_knows_both(net, need):
    expert(net, "磨一", "轴承套圈磨削裂纹消除方法")
    expert(net, "涂一", "类金刚石涂层附着力研究")
    team = team_for_need(need, net.clerk)
    assert covered(team) == {"磨一": [GRINDING], "涂一": [COATING]}
    assert "人数不能再少" in team.sentence
    expert(net, "全才", "轴承套圈磨削裂纹消除", "类金刚石涂层附着力不足的机理")
    assert covered(team_for_need(need, net.clerk)) == {"全才": [GRINDING, COATING]}


def test_each_part_comes_with_the_evidence_that_speaks_for_it(net, need):
    expert(net, "磨一", "齿轮箱噪声", "轴承套圈磨削裂纹消除方法")
    cover = team_for_need(need, net.clerk).members[0].covers[0]
    excerpt, spans = cover.evidence
    assert (excerpt.kind, excerpt.text) == ("论文", "轴承套圈磨削裂纹消除方法")
    assert "轴承套圈磨削裂纹" in [excerpt.text[start:end] for start, end in spans]


def test_what_is_no_subject_can_be_left_out(net, need, as_person):
    expert(net, "磨一", "轴承套圈磨削裂纹消除方法")
    expert(net, "涂一", "类金刚石涂层附着力研究")
    url = f"/workbench/needs/{need.pk}/team/"
    client = as_person(net.clerk)
    assert covered(client.get(url, {"field": "1"}).context["team"]) == {"涂一": [COATING]}
    everything = covered(client.get(url).context["team"])
    for odd in ("99", "x", "", "²"):
        assert covered(client.get(url, {"field": odd}).context["team"]) == everything


def test_what_nobody_covers_is_said(net, need):
    expert(net, "磨一", "轴承套圈磨削裂纹消除方法")
    team = team_for_need(need, net.clerk)
    assert team.uncovered == (COATING,)
    assert f"还缺 “{COATING}”" in team.sentence


def test_only_who_can_be_seen_and_asked_is_in_a_team(net, need):
    far = factories.expert(
        organisation=net.other_city,
        name="远方",
        keywords="",
        evidence=("类金刚石涂层附着力研究",),
        sharing=Sharing.OWN,
    )
    expert(net, "忙人", "类金刚石涂层附着力研究", task_cap=0)
    expert(net, "磨一", "轴承套圈磨削裂纹消除方法")
    assert covered(team_for_need(need, net.clerk)) == {"磨一": [GRINDING]}
    # 对照：那边的人看得到
    assert far.name in covered(team_for_need(need, net.neighbour))


def test_the_whole_team_goes_into_the_line_of_invitations_at_once(net, need, as_person):
    for name, work in (("磨一", "轴承套圈磨削裂纹消除方法"), ("涂一", "类金刚石涂层附着力研究")):
        expert(net, name, work)
    client = as_person(net.clerk)
    page = client.get(f"/workbench/needs/{need.pk}/team/").content.decode()
    assert "邀请这支团队" in page
    part = client.get(f"/workbench/needs/{need.pk}/team/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    keys = [member.expert.pk for member in team_for_need(need, net.clerk).members]
    url = f"/workbench/needs/{need.pk}/do/invite/?{'&'.join(f'expert={key}' for key in keys)}&wanted=2"
    form = client.get(url).context["form"]
    assert form["wanted"].value() == 2
    ranks = {f"rank_{key}": place for place, key in enumerate(keys, start=1)}
    client.post(url, {**ranks, "wanted": 2, "message": "请两位一起来。", "_once": "k"})
    states = need.invitations.order_by("rank").values_list("expert_id", "state")
    assert list(states) == [(key, InvitationState.SENT) for key in keys]


def test_nobody_fits_is_a_sentence_too(net, need, as_person):
    page = as_person(net.clerk).get(f"/workbench/needs/{need.pk}/team/").content.decode()
    assert "没有找到材料与这些方面相符的专家" in page
    assert "邀请这支团队" not in page
