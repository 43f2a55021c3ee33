"""The largest sum: right on small cases by trying everything, proven on large ones, and every rule kept."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiqiao_match.assign import (
    BadProblem,
    Infeasible,
    Mix,
    Prices,
    Problem,
    assign,
    bound_of,
    in_words,
    spread,
    violations,
)

pytestmark = pytest.mark.anydb

QUICK = settings(max_examples=60, deadline=None)


@st.composite
def problems(draw: st.DrawFn, *, whole: bool = False, mixed: bool = True) -> Problem:
    """Make a table small enough to try everything: up to five people and three items."""
    people, items = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    value = st.integers(-3, 9) if whole else st.floats(-2, 5, allow_nan=False).map(lambda x: round(x, 3))
    grid = draw(st.lists(st.lists(value, min_size=items, max_size=items), min_size=people, max_size=people))
    wall = draw(st.lists(st.booleans(), min_size=people * items, max_size=people * items))
    barred = np.array(wall).reshape(people, items) & (draw(st.integers(0, 1)) == 1)
    mixes: tuple[Mix, ...] = ()
    if mixed:
        labels = draw(st.lists(st.sampled_from(["甲", "乙", ""]), min_size=people, max_size=people))
        senior = np.array(draw(st.lists(st.booleans(), min_size=people, max_size=people)))
        chosen = draw(st.integers(0, 3))
        mixes = spread(labels) * (chosen & 1) + (Mix("高级职称", senior, least=1),) * (chosen >> 1)
    cap = draw(st.lists(st.integers(0, 3), min_size=people, max_size=people))
    least = [draw(st.integers(0, min(1, most))) for most in cap]
    return Problem.make(
        grid, per_item=draw(st.integers(1, 2)), cap=cap, least=least, barred=barred, mixes=mixes
    )


def everything(problem: Problem) -> list[tuple[float, tuple[tuple[int, ...], ...]]]:
    """List every assignment that keeps the rules, with its sum."""
    people, items = problem.shape
    options = [list(combinations(range(people), int(problem.per_item[item]))) for item in range(items)]
    kept = [chosen for chosen in product(*options) if not violations(problem, chosen)]
    scores = problem.scores
    return [(sum(scores[p, i] for i, ps in enumerate(chosen) for p in ps), chosen) for chosen in kept]


@QUICK
@given(problems())
def test_the_sum_is_that_of_trying_everything(problem: Problem):
    possible = everything(problem)
    if not possible:
        with pytest.raises(Infeasible):
            assign(problem)
        return
    best = max(total for total, _ in possible)
    found = assign(problem)
    assert found.total == pytest.approx(best, abs=1e-6)
    assert violations(problem, found.chosen) == []
    assert found.certified


@QUICK
@given(problems(), st.data())
def test_any_prices_prove_a_bound(problem: Problem, data: st.DataObject):
    possible = everything(problem)
    people, items = problem.shape
    price = st.floats(-5, 5, allow_nan=False)
    item = np.array(data.draw(st.lists(price, min_size=items, max_size=items)))
    person = np.array(data.draw(st.lists(price, min_size=people, max_size=people)))
    mixes = tuple(
        (number, 0, -abs(data.draw(price)) if mix.least else abs(data.draw(price)))
        for number, mix in enumerate(problem.mixes)
    )
    bound = bound_of(problem, Prices(item, person, mixes))
    assert all(total <= bound + 1e-9 for total, _ in possible)


@QUICK
@given(problems(mixed=False))
def test_the_prices_of_an_answer_prove_it_without_the_solver(problem: Problem):
    try:
        found = assign(problem)
    except Infeasible:
        return
    assert found.prices is not None
    assert bound_of(problem, replace(found.prices, short=None)) == pytest.approx(found.total, abs=1e-6)


def test_a_better_sum_than_the_proof_allows_would_be_seen():
    """Control: a worse answer with the same proof is not certified."""
    problem = Problem.make([[3.0, 1.0], [2.0, 2.0]], per_item=1, cap=1)
    found = assign(problem)
    worse = replace(found, chosen=((1,), (0,)), total=3.0)
    assert (found.certified, worse.certified) == (True, False)
    assert in_words(found) == "总分 5，已证明在这些条件下没有更高的安排。"
    assert in_words(worse) == "总分 3，已证明最多不超过 5，即至多还差 40.00%。"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (((0,), (1, 2)), "第 1 项要 2 位，排了 1 位"),
        (((0, 0), (1, 2)), "第 1 项把同一个人排了两次"),
        (((0, 3), (1, 2)), "第 4 位应当回避第 1 项"),
        (((0, 1), (0, 2)), "第 1 位排了 2 项，上限 1 项"),
        (((1, 2), (1, 3)), "第 1 位排了 0 项，下限 1 项"),
        (((0, 1), (2, 3)), "指定的一对（2，2）没有排上"),
        (((0, 2), (1, 3)), "第 1 项的“同单位”有 2 位，最多 1 位"),
        (((1, 4), (0, 3)), "第 1 项的“高级职称”有 0 位，至少 1 位"),
    ],
)
def test_a_broken_rule_is_named(chosen, words):
    """Control of every property below: the checker, written apart from the solver, sees each kind of fault."""
    barred = np.zeros((5, 2), bool)
    barred[3, 0] = True
    unit, senior = np.array([1, 0, 1, 0, 0], bool), np.array([1, 0, 1, 1, 0], bool)
    problem = Problem.make(
        np.ones((5, 2)),
        per_item=2,
        cap=[1, 2, 1, 1, 1],
        least=[1, 0, 0, 0, 0],
        barred=barred,
        must=[(1, 1)],
        mixes=[Mix("同单位", unit, most=1), Mix("高级职称", senior, least=1)],
    )
    assert words in violations(problem, chosen)


@QUICK
@given(problems(), st.randoms(use_true_random=False))
def test_permuting_the_people_permutes_the_answer_up_to_ties(problem: Problem, chance):
    order = list(range(problem.shape[0]))
    chance.shuffle(order)
    turned = Problem.make(
        problem.scores[order],
        per_item=problem.per_item,
        cap=problem.cap[order],
        least=problem.least[order],
        barred=problem.barred[order],
        mixes=[replace(mix, members=mix.members[order]) for mix in problem.mixes],
    )
    try:
        found = assign(problem)
    except Infeasible:
        with pytest.raises(Infeasible):
            assign(turned)
        return
    there = assign(turned)
    assert there.total == pytest.approx(found.total, abs=1e-6)
    assert violations(problem, [[order[person] for person in people] for people in there.chosen]) == []


def large(people: int, items: int, seed: int = 1) -> Problem:
    rng = np.random.default_rng(seed)
    left, right = rng.dirichlet(np.full(20, 0.2), people), rng.dirichlet(np.full(20, 0.2), items)
    barred = rng.random((people, items)) < 0.02
    return Problem.make(left @ right.T + 0.01 * rng.random((people, items)), per_item=3, cap=6, barred=barred)


def test_a_large_table_is_solved_with_a_proof():
    problem = large(400, 300)
    found = assign(problem)
    assert found.certified
    assert found.prices is not None
    assert bound_of(problem, replace(found.prices, short=None)) == pytest.approx(found.total, rel=1e-9)
    assert violations(problem, found.chosen) == []


def test_the_same_table_gives_the_same_answer():
    assert assign(large(150, 100)).chosen == assign(large(150, 100)).chosen


def test_a_tight_table_needs_pairs_that_are_nobodys_favourites():
    """Everybody likes the same few people; the others have to be looked at too, and the proof covers them."""
    rng = np.random.default_rng(3)
    scores = rng.random((60, 1)) + 0.01 * rng.random((60, 40))
    problem = Problem.make(scores, per_item=3, cap=2)
    found = assign(problem)
    assert found.certified
    assert np.bincount([p for p, _ in found.pairs()], minlength=60).tolist() == [2] * 60


def test_one_of_a_unit_and_one_senior_on_each_item():
    problem = large(80, 30)
    labels = [f"单位{person % 9}" for person in range(80)]
    senior = np.arange(80) % 7 == 0
    mixed = replace(problem, mixes=(*spread(labels), Mix("高级职称", senior, least=1)))
    free, found = assign(problem), assign(mixed)
    assert violations(mixed, free.chosen) != []
    assert violations(mixed, found.chosen) == []
    assert found.total <= free.total
    assert found.gap <= 1e-3 * found.total


def test_must_pairs_are_there():
    problem = replace(large(50, 20), must=((7, 3), (8, 3), (9, 4)))
    found = assign(problem)
    assert {(7, 3), (8, 3), (9, 4)} <= set(found.pairs())
    assert found.certified


def test_an_item_without_enough_people_is_named():
    barred = np.zeros((4, 2), bool)
    barred[1:, 1] = True
    with pytest.raises(Infeasible) as impossible:
        assign(Problem.make(np.ones((4, 2)), per_item=2, cap=2, barred=barred))
    assert impossible.value.reasons == ("第 2 项要 2 位，除去回避和没有空的，只有 1 位可选。",)
    assert impossible.value.items == (1,)


def test_items_that_compete_for_the_same_few_are_counted_out():
    """Hall's condition: three items share two people of one task each, though enough others are about."""
    barred = np.zeros((8, 5), bool)
    barred[2:, :3] = True
    with pytest.raises(Infeasible) as impossible:
        assign(Problem.make(np.ones((8, 5)), per_item=1, cap=1, barred=barred))
    assert impossible.value.reasons[0] == (
        "第 1、2、3 项合起来要 3 人次，不需要回避的只有 2 位专家，最多能承担 2 人次。"
    )
    assert impossible.value.people == (0, 1)


@pytest.mark.parametrize(
    ("least", "words"),
    [
        ([2, 2, 2, 2], "每人下限加起来是 8 项次，而总共只有 4 个位置，请降低下限。"),
        ([2, 2, 0, 0], "第 1、2 位的下限合起来是 4 项次，他们能参加的 2 项里最多只有 2 个位置。"),
    ],
)
def test_lower_limits_that_cannot_be_reached_are_named(least, words):
    barred = np.zeros((4, 4), bool)
    barred[:2, 2:] = True
    with pytest.raises(Infeasible) as impossible:
        assign(Problem.make(np.ones((4, 4)), per_item=1, cap=2, least=least, barred=barred))
    assert impossible.value.reasons[0] == words


def test_a_circle_with_nobody_free_is_named():
    mix = Mix("高级职称", np.array([True, False, False]), least=1)
    barred = np.array([[0, 1], [0, 0], [0, 0]], bool)
    with pytest.raises(Infeasible) as impossible:
        assign(Problem.make(np.ones((3, 2)), per_item=1, cap=2, barred=barred, mixes=[mix]))
    assert impossible.value.reasons == ("第 2 项至少要 1 位“高级职称”，可选的只有 0 位。",)


def test_places_may_stay_empty_when_that_is_allowed():
    problem = Problem.make([[1.0, 5.0], [2.0, 1.0]], per_item=2, cap=1)
    found = assign(problem, may_lack=True)
    assert (found.total, found.short.tolist(), found.certified) == (7.0, [1, 1], True)
    assert in_words(found).endswith("有 2 个位置没有合适的人，已排满能排的全部位置。")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"cap": [1, 2, 3]}, "每人上限给了 3 个，应当是 2 个。"),
        ({"cap": 1.5}, "每人上限应当是不小于 0 的整数。"),
        ({"cap": 1, "least": 2}, "第 1 位的下限 2 大于上限 1。"),
        ({"cap": 1, "barred": [[True, False], [False, False]], "must": [(0, 0)]}, "第 1 位对第 1 项既是指定又要回避。"),
        ({"cap": 1, "must": [(5, 0)]}, "指定的一对（6，1）不在表里。"),
    ],
)  # fmt: skip
def test_contradictions_are_told_before_solving(facts, words):
    with pytest.raises(BadProblem) as bad:
        Problem.make(np.ones((2, 2)), per_item=1, **facts)
    assert str(bad.value) == words


def test_scores_that_are_no_numbers_are_refused_unless_barred():
    with pytest.raises(BadProblem):
        Problem.make([[np.nan, 1.0]], per_item=1, cap=1)
    assert assign(Problem.make([[np.nan], [1.0]], per_item=1, cap=1, barred=[[True], [False]])).total == 1.0


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e4, 1e12])
def test_the_unit_of_the_scores_does_not_matter(unit):
    problem = large(60, 40)
    plain = assign(problem)
    found = assign(replace(problem, scores=problem.scores * unit))
    assert found.chosen == plain.chosen
    assert found.total == pytest.approx(plain.total * unit, rel=1e-9)
    assert found.certified
    assert found.prices is not None
    scaled = replace(problem, scores=problem.scores * unit)
    assert bound_of(scaled, replace(found.prices, short=None)) == pytest.approx(found.total, rel=1e-7)


def test_a_circle_with_too_little_room_altogether_is_named():
    mix = Mix("高级职称", np.arange(30) < 9, least=1)
    with pytest.raises(Infeasible) as impossible:
        assign(Problem.make(np.ones((30, 20)), per_item=2, cap=2, mixes=[mix]))
    assert impossible.value.reasons == ("各项合起来至少要 20 人次“高级职称”，这些人最多能承担 18 人次。",)


def test_everybodys_favourites_are_shared_out():
    """All items like the same people: the favourites of each item alone would not fill half the places."""
    rng = np.random.default_rng(4)
    problem = Problem.make(rng.random((150, 1)) @ rng.random((1, 75)), per_item=3, cap=2)
    found = assign(problem)
    assert found.certified
    assert violations(problem, found.chosen) == []
