"""The check of conflicts as a pure question: five sources, what is unknown, and what follows."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiqiao.directory import conflicts
from zhiqiao.directory.conflicts import (
    DEFAULTS,
    Check,
    Finding,
    Party,
    Status,
    Subject,
    Term,
    Tie,
    Work,
    check,
    near_party,
    same_party,
)
from zhiqiao.directory.enums import ConflictLevel, ConflictSource, Purpose, RelationKind

pytestmark = pytest.mark.anydb

ON = date(2026, 11, 22)
NAME = "青山精密轴承有限公司"
PARTY = Party(NAME, 7, "C34", frozenset({70}), frozenset({"主轴振动抑制方法"}))
CLEAN = Subject("临江大学机械学院")
NEED, PANEL = DEFAULTS[Purpose.NEED], DEFAULTS[Purpose.PANEL]


def _found(subject, terms=NEED, party=PARTY, on=ON):
    return [(one.source, one.level, one.is_unknown) for one in check(subject, party, terms, on)]


def test_nothing_is_found_about_a_stranger():
    assert _found(CLEAN) == []
    assert Check(check(CLEAN, PARTY, PANEL, ON)).status == Status.CLEAR


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        (NAME, [("employer", "decide", False)]),
        ("青山精密轴承有限公司技术中心", [("employer", "decide", False)]),
        ("青山精密轴承（有限公司）", [("employer", "decide", False)]),
        ("青山精密轴承集团", [("employer", "decide", True)]),
        ("临江大学—青山精密轴承联合实验室", [("employer", "decide", True)]),
        ("", [("employer", "decide", True)]),
        ("青山大学", []),
    ],
)
def test_the_employer_is_found_by_name_and_what_is_only_near_is_unknown(unit, found):
    assert _found(Subject(unit)) == found


TIES = [
    (RelationKind.EMPLOYED, "employer", "decide", "bar"),
    (RelationKind.STATION, "station", "note", "bar"),
    (RelationKind.CONTRACT, "station", "note", "bar"),
    (RelationKind.KIN, "kinship", "decide", "bar"),
    (RelationKind.TEACHER, "kinship", "decide", "bar"),
    (RelationKind.SHARES, "shares", "decide", "bar"),
    (RelationKind.BOARD, "shares", "decide", "bar"),
]


@pytest.mark.parametrize(("kind", "source", "serving", "judging"), TIES)
def test_every_declared_tie_counts_by_number_and_by_name(kind, source, serving, judging):
    for tie in (Tie(kind, enterprise=7), Tie(kind, party=NAME), Tie(kind, other=70)):
        assert _found(replace(CLEAN, ties=(tie,))) == [(source, serving, False)]
        assert _found(replace(CLEAN, ties=(tie,)), PANEL) == [(source, judging, False)]
    assert _found(replace(CLEAN, ties=(Tie(kind, enterprise=8),))) == []
    near = Tie(kind, party="青山精密轴承（集团）")
    assert _found(replace(CLEAN, ties=(near,))) == [(source, serving, True)]


def test_a_tie_that_ended_counts_for_the_years_of_its_term():
    def ended(on):
        return _found(replace(CLEAN, ties=(Tie(RelationKind.EMPLOYED, enterprise=7, ends_on=on),)))

    assert ended(date(2024, 11, 22)) == [("employer", "decide", False)]
    assert ended(date(2024, 11, 21)) == []
    leap = Subject("x大学", ties=(Tie(RelationKind.SHARES, 7, ends_on=date(2027, 2, 28)),))
    assert _found(leap, on=date(2028, 2, 29)) == [("shares", "decide", False)]


@pytest.mark.parametrize(
    ("work", "counts"),
    [
        (Work("套圈磨削工艺", 2023, names_party=True), True),
        (Work("套圈磨削工艺", 2022, names_party=True), False),
        (Work("套圈磨削工艺", None, names_party=True), True),
        (Work("主轴振动抑制方法", 2024), True),
        (Work("主轴 振动抑制方法。", 2024), True),
        (Work("别的题目", 2024), False),
    ],
)
def test_joint_work_counts_for_its_years_and_without_a_year_always(work, counts):
    subject = replace(CLEAN, works=(work,))
    assert _found(subject) == ([("coauthor", "note", False)] if counts else [])
    assert _found(subject, PANEL) == ([("coauthor", "bar", False)] if counts else [])


def test_who_is_employed_by_or_holds_shares_of_a_rival_stands_in_two_camps():
    rival = Tie(RelationKind.SHARES, enterprise=8, trade="C34")
    assert _found(replace(CLEAN, ties=(rival,))) == [("rival", "decide", False)]
    assert _found(replace(CLEAN, unit="渔浦轴承有限公司", unit_trade="C34")) == [("rival", "decide", False)]
    contract = Tie(RelationKind.CONTRACT, enterprise=8, trade="C34")
    assert _found(replace(CLEAN, ties=(contract, replace(rival, trade="C13")))) == []
    assert _found(replace(CLEAN, ties=(rival,)), party=replace(PARTY, trade="")) == []


def test_who_is_not_resolved_is_unknown_even_without_any_finding():
    (only,) = check(replace(CLEAN, is_resolved=False), PARTY, NEED, ON)
    assert (only.source, only.is_unknown, only.is_private) == ("identity", True, False)


def test_terms_are_data():
    terms = {**NEED, ConflictSource.EMPLOYER: Term(ConflictLevel.NOTE, 9)}
    assert _found(Subject(""), terms) == []
    assert _found(Subject(NAME), terms) == [("employer", "note", False)]


def test_names_too_short_to_say_anything_match_only_as_a_whole():
    assert same_party("甲厂", "甲厂")
    assert not same_party("甲厂二车间", "甲厂")
    assert not near_party("甲大学", "甲厂")


# ── What follows ────────────────────────────────────────────────────────────────────────────────────

PRIVATE = Finding(ConflictSource.KINSHIP, ConflictLevel.DECIDE, "亲属（本人申报）")
MISSING = Finding(ConflictSource.EMPLOYER, ConflictLevel.DECIDE, "没有登记单位", True, is_private=False)
HINT = Finding(ConflictSource.COAUTHOR, ConflictLevel.NOTE, "合作成果")
BAR = Finding(ConflictSource.SHARES, ConflictLevel.BAR, "持股")


@pytest.mark.parametrize(
    ("findings", "decision", "status", "may_ask"),
    [
        ((), None, Status.CLEAR, True),
        ((HINT,), None, Status.NOTED, True),
        ((PRIVATE,), None, Status.OPEN, False),
        ((MISSING,), None, Status.OPEN, False),
        ((replace(HINT, is_unknown=True),), None, Status.OPEN, False),
        ((PRIVATE,), True, Status.ALLOWED, True),
        ((PRIVATE, HINT), False, Status.BARRED, False),
        ((BAR,), True, Status.BARRED, False),
        ((replace(BAR, is_unknown=True),), None, Status.OPEN, False),
        ((replace(BAR, is_unknown=True),), True, Status.ALLOWED, True),
    ],
)
def test_findings_and_decision_give_the_status(findings, decision, status, may_ask):
    made = Check(findings, decision)
    assert (made.status, made.may_ask) == (status, may_ask)


def test_the_cause_is_told_only_to_those_who_may_read_it():
    excused = Check((PRIVATE, MISSING), False)
    assert excused.words(told=False) == "需回避，不能邀请：没有登记单位"
    assert excused.words(told=True) == "需回避，不能邀请：亲属（本人申报）；没有登记单位"
    assert Check((PRIVATE,)).words(told=False) == "是否需要回避待核实，暂不能邀请"
    assert Check((PRIVATE,), True).words(told=False) == ""


def test_a_decision_holds_for_what_was_known_then():
    known = conflicts.digest((PRIVATE, HINT))
    assert conflicts.digest((PRIVATE,)) == known
    assert conflicts.digest((PRIVATE, MISSING)) != known


FINDINGS = st.builds(
    Finding,
    st.sampled_from(list(ConflictSource)),
    st.sampled_from(list(ConflictLevel)),
    st.text(max_size=5),
    st.booleans(),
)


@given(st.lists(FINDINGS, max_size=5), FINDINGS, st.sampled_from((None, True, False)))
def test_one_more_finding_never_makes_somebody_askable(findings, more, decision):
    before, after = Check(tuple(findings), decision), Check((*findings, more), decision)
    if not before.may_ask and decision is None:
        assert not after.may_ask
    if any(one.stops for one in findings) and decision is None:
        assert not before.may_ask
