"""几条需求一起安排专家：谁也不超过自己的上限，换掉一位只动那一处，发出去的就是页面上的。"""

import re
from collections import Counter

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.needs import rules
from zhiqiao.needs.actions import invite_experts
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.needs.staffing import Wish, propose

pytestmark = pytest.mark.django_db

STAFFING = "/workbench/needs/staffing/"


@pytest.fixture
def experts(net):
    return [
        factories.expert(organisation=net.city, name=f"专家{n}", unit=f"单位{n % 4}", task_cap=2)
        for n in range(8)
    ]


@pytest.fixture
def needs(net, experts):
    return [factories.need(enterprise=net.enterprise, stage=Stage.MATCHING) for _ in range(3)]


def address(needs, **more):
    pairs = [("need", need.pk) for need in needs] + [(k, v) for k, vs in more.items() for v in vs]
    return STAFFING + "?" + "&".join(f"{key}={value}" for key, value in pairs)


def pairs_on(response):
    return set(response.context["proposal"].pairs)


def shown_lines(response):
    """The lists as the form of the page carries them."""
    return re.findall(r'name="line" value="([0-9:,-]+)"', response.content.decode())


def test_everybody_stays_within_her_own_limit_with_what_is_in_hand(net, needs, experts):
    other = factories.need(enterprise=net.sibling_enterprise, stage=Stage.MATCHING)
    invite_experts(other, experts[:2], by=net.sibling_clerk, at=timezone.now(), wanted=2)
    proposal = propose(needs, net.clerk, Wish(each=4, apart=False), at=timezone.now())
    load = Counter(expert for _, expert in proposal.pairs)
    in_hand = Counter({experts[0].pk: 1, experts[1].pk: 1})
    assert all(load[expert.pk] + in_hand[expert.pk] <= expert.task_cap for expert in experts)
    # 八位专家共还有 14 个空位，三条需求要 12 位：正好排满
    assert [line.lacking for line in proposal.lines] == [0, 0, 0]


def test_places_nobody_can_fill_are_told(net, needs, experts):
    proposal = propose(needs, net.clerk, Wish(each=5, apart=False), at=timezone.now())
    assert len(proposal.pairs) == 15
    proposal = propose(needs[:2], net.clerk, Wish(each=5, apart=True), at=timezone.now())
    assert [line.lacking for line in proposal.lines] == [1, 1]
    assert "有 2 个位置没有合适的人" in proposal.words


def test_one_of_a_unit_unless_it_does_not_matter(net, needs, experts):
    units = {expert.pk: expert.unit for expert in experts}
    apart = propose(needs, net.clerk, Wish(each=3), at=timezone.now())
    for line in apart.lines:
        mine = [units[seat.candidate.expert.pk] for seat in (*line.seats, *line.spare)]
        assert len(set(mine[:3])) == 3


def test_the_page_says_how_good_the_proposal_is(net, needs, as_person):
    response = as_person(net.clerk).get(address(needs))
    assert response.status_code == 200
    assert "已证明在这些条件下没有更高的安排" in response.context["proposal"].words
    assert len(pairs_on(response)) == 6
    assert "轴承" in response.content.decode()


def test_striking_one_out_changes_that_place_only(net, needs, as_person):
    client = as_person(net.clerk)
    before = pairs_on(client.get(address(needs)))
    need, expert = sorted(before)[0]
    sent = [f"{n}-{e}" for n, e in sorted(before)]
    response = client.get(address(needs, before=sent, out=[f"{need}-{expert}"]))
    after = pairs_on(response)
    assert before - after == {(need, expert)}
    assert len(after) == len(before)
    assert "撤下 1 处，补上 1 处，其余 5 处不变。" in response.content.decode()
    assert [one.expert.pk for _, one in response.context["proposal"].struck] == [expert]


def test_a_struck_pair_can_come_back(net, needs, as_person):
    client = as_person(net.clerk)
    first = pairs_on(client.get(address(needs)))
    pair = "{}-{}".format(*sorted(first)[0])
    struck = client.get(address(needs, struck=[pair]))
    assert sorted(first)[0] not in pairs_on(struck)
    assert pairs_on(client.get(address(needs, struck=[pair], back=[pair]))) == first


def test_confirming_puts_each_list_into_its_need(net, needs, as_person):
    client = as_person(net.clerk)
    page = client.get(address(needs, each=["2"]))
    lines = shown_lines(page)
    sent = client.post(STAFFING, {"line": lines, "wanted": "1", "message": "请多指教"}, follow=True)
    assert [str(one) for one in sent.context["messages"]] == ["已为 3 条需求发出邀请，其余专家按次序候补。"]
    for line in page.context["proposal"].lines:
        invited = list(Invitation.objects.filter(need=line.need).order_by("rank"))
        wanted = [seat.candidate.expert.pk for seat in (*line.seats, *line.spare)]
        assert [one.expert_id for one in invited] == wanted
        assert [one.state for one in invited[:2]] == [InvitationState.SENT, InvitationState.QUEUED]
        assert invited[0].message == "请多指教"
        assert invited[0].why == list(line.seats[0].candidate.reasons)
    assert set(Need.objects.values_list("stage", flat=True)) == {Stage.INVITING}


def test_a_need_a_colleague_was_quicker_with_is_told_and_the_others_go(net, needs, experts, as_person):
    client = as_person(net.clerk)
    lines = shown_lines(client.get(address(needs)))
    outsider = factories.expert(organisation=net.city, name="局外人")
    invite_experts(needs[0], [outsider], by=net.second_clerk, at=timezone.now())
    sent = client.post(STAFFING, {"line": lines}, follow=True)
    good, bad = (str(one) for one in sent.context["messages"])
    assert good.startswith("已为 2 条需求发出邀请")
    assert needs[0].number in bad
    assert "周经办" in bad
    assert Invitation.objects.filter(need=needs[0]).count() == 1


def test_an_expert_whose_hands_are_full_meanwhile_stops_her_need_only(net, needs, experts, as_person):
    """Control: the limit is asked again by the invitation itself, whatever the page said."""
    full = experts[0]
    for _ in range(2):
        other = factories.need(enterprise=net.sibling_enterprise, stage=Stage.MATCHING)
        invite_experts(other, [full], by=net.sibling_clerk, at=timezone.now())
    assert not rules.is_reachable(full, timezone.now(), 2)
    lines = [
        f"{needs[0].pk}-{needs[0].version}:{full.pk}",
        f"{needs[1].pk}-{needs[1].version}:{experts[1].pk}",
    ]
    sent = as_person(net.clerk).post(STAFFING, {"line": lines}, follow=True)
    good, bad = (str(one) for one in sent.context["messages"])
    assert "1 条" in good
    assert full.name in bad


def test_needs_of_others_are_as_if_they_were_not_there(net, needs, experts, as_person):
    elsewhere = factories.need(enterprise=net.other_enterprise, stage=Stage.MATCHING)
    client = as_person(net.clerk)
    response = client.get(address([*needs, elsewhere]))
    assert [need.pk for need in response.context["needs"]] == [need.pk for need in needs]
    assert elsewhere.title not in response.content.decode()
    client.post(STAFFING, {"line": [f"{elsewhere.pk}-{elsewhere.version}:{experts[0].pk}"]})
    assert not Invitation.objects.filter(need=elsewhere).exists()


def test_a_need_at_another_stage_is_left_out_with_the_reason(net, needs, as_person):
    asked = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    proposal = as_person(net.clerk).get(address([*needs, asked])).context["proposal"]
    assert [need.pk for need, _ in proposal.skipped] == [asked.pk]
    assert len(proposal.lines) == 3


def test_ticks_of_the_register_lead_to_the_page(net, needs, as_person):
    client = as_person(net.clerk)
    response = client.post(reverse("needs:staffing_pick"), {"pick": [need.pk for need in needs]})
    assert response.status_code == 303
    page = client.get(response.headers["Location"])
    assert {need.pk for need in page.context["needs"]} == {need.pk for need in needs}


def test_without_a_tick_one_is_told(net, as_person):
    response = as_person(net.clerk).post(reverse("needs:staffing_pick"), {})
    assert (response.status_code, response.headers["Location"]) == (303, reverse("needs:register"))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "need=x",
        "need=99999999999999999999",
        "each=abc&even=7&apart=&out=1-&struck=--&before=1-1",
        "each=٣",
    ],
)
def test_nonsense_in_the_address_is_passed_over(net, needs, as_person, query):
    assert as_person(net.clerk).get(f"{STAFFING}?need={needs[0].pk}&{query}").status_code == 200


def test_the_hardest_need_first(net, needs, as_person):
    response = as_person(net.clerk).get(address(needs, even=["1"]))
    assert "得分最低的一项" in response.context["proposal"].words


def test_the_page_of_many_needs_asks_the_library_once_per_need(net, experts, as_person):
    """What grows with the number of needs is the search for each, not the page around it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = as_person(net.clerk)
    counts = []
    for number in (1, 2, 3):
        needs = [factories.need(enterprise=net.enterprise, stage=Stage.MATCHING) for _ in range(number)]
        client.get(address(needs))
        with CaptureQueriesContext(connection) as captured:
            client.get(address(needs))
        counts.append(len(captured))
    assert counts[2] - counts[1] == counts[1] - counts[0]
