"""一键找专家：索引跟着数据库走，看不到的人不出现，每个人都说得出为什么。"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import zhiqiao_match as engine
from tests import factories
from zhiqiao.directory import actions, finder
from zhiqiao.directory.actions import Belongings, Proof
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import Expert
from zhiqiao.kit.actors import SYSTEM

pytestmark = pytest.mark.django_db

NOW = timezone.now()
QUESTION = "轴承套圈磨削烧伤与裂纹怎样无损检测"


def ask(who, text: str = QUESTION, *, facts=lambda people: {}, limit: int = 10) -> finder.Found:
    return finder.find(engine.Query(text, limit=limit), who, facts=facts)


def names(found: finder.Found) -> list[str]:
    return [candidate.expert.name for candidate in found.candidates]


def grinding(name: str, organisation, **values) -> Expert:
    return factories.expert(
        name=name, organisation=organisation, evidence=("轴承套圈磨削烧伤无损检测",), **values
    )


def test_candidate_says_why_with_the_passage_that_fits():
    network = factories.network()
    expert = grinding("陆磨削", network.society)

    found = ask(network.clerk)

    candidate = found.candidates[0]
    excerpt, spans = candidate.evidence[0]
    assert candidate.expert == expert
    assert (excerpt.kind, excerpt.text) == ("论文", "轴承套圈磨削烧伤无损检测")
    assert [excerpt.text[start:end] for start, end in spans] == ["轴承套圈磨削烧伤", "无损检测"]
    assert [part.code for part in candidate.parts] == ["evidence", "discipline", "load", "outcome"]
    assert "轴承套圈磨削烧伤" in candidate.reasons[0]


def test_long_evidence_is_cut_around_the_words_that_fit():
    text = "早年从事农业机械研究。" * 20 + "后转向轴承套圈磨削烧伤的在线检测。" + "近年指导学生多人。" * 20
    evidence = engine.Evidence("e1", "biography", text)
    phrase = engine.Phrase("磨削烧伤", 3.0, ((text.index("磨削烧伤"), text.index("磨削烧伤") + 4),))

    excerpt, spans = finder.excerpt_of(engine.Highlight(evidence, (phrase,)))

    assert excerpt.kind == "简介"
    assert len(excerpt.text) <= finder.EXCERPT_CHARACTERS + 2
    assert [excerpt.text[start:end] for start, end in spans] == ["磨削烧伤"]


def test_a_change_is_found_at_once():
    network = factories.network()
    expert = grinding("陆磨削", network.society)
    assert names(ask(network.clerk)) == ["陆磨削"]

    actions.save_expert(
        expert,
        by=SYSTEM,
        at=NOW,
        belongings=Belongings(evidence=(Proof("paper", "茶树病虫害绿色防控"),)),
        changes={"keywords": "茶树栽培"},
    )

    assert names(ask(network.clerk)) == []
    assert names(ask(network.clerk, "茶树病虫害")) == ["陆磨削"]


@pytest.mark.django_db(transaction=True)
def test_what_a_transaction_rolls_back_is_not_kept():
    network = factories.network()
    grinding("陆磨削", network.society)
    assert names(ask(network.clerk)) == ["陆磨削"]

    with transaction.atomic():
        grinding("未成行", network.society)
        assert sorted(names(ask(network.clerk))) == ["未成行", "陆磨削"]
        transaction.set_rollback(True)
    grinding("后来者", network.society)  # takes the revision the rolled-back one had

    assert sorted(names(ask(network.clerk))) == ["后来者", "陆磨削"]


def test_out_of_sight_means_absent_and_unknown():
    network = factories.network()
    grinding("本区专家", network.district, sharing=Sharing.OWN)
    grinding("外市专家", network.other_city, sharing=Sharing.OWN)
    grinding("网络专家", network.other_city, sharing=Sharing.NETWORK)
    grinding("公开专家", network.other_city, sharing=Sharing.PUBLIC, consented_at=NOW)
    grinding("未同意者", network.other_city, sharing=Sharing.PUBLIC)
    everybody = {"本区专家", "外市专家", "网络专家", "公开专家", "未同意者"}
    visible = {
        "clerk": everybody - {"外市专家"},
        "neighbour": everybody - {"本区专家"},
        "contact": {"公开专家"},
        "anonymous": {"公开专家"},
        "system": everybody,
    }
    readers = {
        "clerk": network.clerk,
        "neighbour": network.neighbour,
        "contact": network.contact,
        "anonymous": AnonymousUser(),
        "system": SYSTEM,
    }

    for reader, who in readers.items():
        found = ask(who)
        assert set(names(found)) == visible[reader], reader
        for name in everybody - visible[reader]:
            unknown = [words.replace("查无此人", name) for words in found.why_not("查无此人")]
            assert found.why_not(name) == unknown, (reader, name)


def test_who_has_left_the_library_is_gone_for_the_public_and_explained_to_staff():
    network = factories.network()
    grinding("已离库者", network.society, sharing=Sharing.PUBLIC, consented_at=NOW, is_active=False)
    barred = {"barred": "已不在专家库"}

    def facts(people):
        return {key: finder.Facts(**barred) for key in people}

    assert names(ask(network.clerk, facts=facts)) == []
    assert ask(network.clerk, facts=facts).why_not("已离库者") == [
        "已离库者(临江大学机械学院)：已不在专家库。"
    ]
    assert "没有找到" in ask(AnonymousUser(), facts=facts).why_not("已离库者")[0]


def test_why_not_tells_namesakes_apart_by_unit():
    network = factories.network()
    grinding("王建国", network.society, unit="临江大学")
    factories.expert(
        name="王建国", organisation=network.society, unit="望海医院", keywords="", evidence=("心肌缺血",)
    )

    told = ask(network.clerk, limit=1).why_not(" 王建国 ")

    assert told == [
        "王建国(临江大学)：已经入选，排在第 1 位。",
        "王建国(望海医院)：登记的材料与需求没有共同的字词。",
    ]


def test_asking_about_nobody_says_what_to_write():
    assert ask(SYSTEM).why_not("  ") == ["请写上要问的专家姓名。"]


def test_number_of_queries_does_not_grow_with_the_library():
    network = factories.network()
    ask(network.clerk)  # her grants are read once and kept
    counts = []
    for size in (2, 30):
        while Expert.objects.count() < size:
            grinding(f"专家{Expert.objects.count()}", network.society)
        with CaptureQueriesContext(connection) as queries:
            ask(network.clerk, limit=30)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_thousand_experts_answer_quickly(capsys):
    """速度只打印，不断言：机器是共用的。"""
    network = factories.network()
    library(network.society, people=2000, proofs=8)
    spent = []
    for _ in range(6):
        started = time.perf_counter()
        found = ask(network.clerk, limit=20)
        spent.append(1000 * (time.perf_counter() - started))
    started = time.perf_counter()
    ask(AnonymousUser(), limit=20)
    public = 1000 * (time.perf_counter() - started)
    with capsys.disabled():
        print(
            f"\n  finder, 2,000 experts x 8 items: first {spent[0]:.0f} ms, "
            f"then {sorted(spent[1:])[2]:.0f} ms; visitor {public:.0f} ms"
        )
    assert len(found.candidates) == 20


SUBJECTS = (
    "轴承",
    "齿轮",
    "焊缝",
    "涂层",
    "电池",
    "传感器",
    "光伏",
    "催化剂",
    "机器人",
    "茶树",
    "污泥",
    "混凝土",
)
ASPECTS = ("疲劳寿命", "在线检测", "热处理", "数值模拟", "裂纹扩展", "表面改性", "失效分析", "工艺优化")


def library(organisation, *, people: int, proofs: int) -> None:
    """一个二千人的库：题目由词组合而成，不取自任何人。"""

    def titles(number: int):
        for turn in range(proofs):
            subject = SUBJECTS[(number * 7 + turn * 5) % len(SUBJECTS)]
            aspect = ASPECTS[(number * 3 + turn) % len(ASPECTS)]
            yield Proof(
                "paper", f"{subject}{aspect}的第{number}-{turn}号研究", f"面向{subject}的{aspect}方法。" * 8
            )

    rows = []
    for number in range(people):
        public = number % 40 == 0
        rows.append(
            (
                Expert(
                    name=f"专家{number}",
                    kind="society",
                    unit="临江大学",
                    organisation=organisation,
                    sharing=Sharing.PUBLIC if public else Sharing.NETWORK,
                    consented_at=NOW - timedelta(days=1) if public else None,
                ),
                Belongings(("460",), tuple(titles(number))),
            )
        )
    actions.add_experts(rows, by=SYSTEM, at=NOW, reason="速度测试")
