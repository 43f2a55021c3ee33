"""After the assignment: substitutes, repairs with few changes, and assignment by chance within limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zhiqiao_match.test_assign import QUICK, everything, large, problems
from zhiqiao_match.assign import (
    BadProblem,
    Infeasible,
    Problem,
    alternates,
    assign,
    in_words,
    lottery,
    reassign,
    spread,
    violations,
)

pytestmark = pytest.mark.anydb


@QUICK
@given(problems(), st.integers(0, 99))
def test_a_repair_keeps_as_many_pairs_as_anybody_could(problem: Problem, pick: int):
    try:
        before = assign(problem)
    except Infeasible:
        return
    person, item = before.pairs()[pick % len(before.pairs())]
    barred = problem.barred.copy()
    barred[person, item] = True
    changed = replace(problem, barred=barred)
    possible = everything(changed)
    if not possible:
        with pytest.raises(Infeasible):
            reassign(changed, before)
        return
    old = set(before.pairs())
    most = max(len({(p, i) for i, ps in enumerate(chosen) for p in ps} & old) for _, chosen in possible)
    repair = reassign(changed, before)
    assert violations(changed, repair.assignment.chosen) == []
    assert len(repair.kept) == most
    assert set(repair.kept) | set(repair.added) == set(repair.assignment.pairs())
    assert set(repair.dropped) == old - set(repair.kept)


def test_striking_out_one_pair_of_a_large_table_changes_little():
    problem = large(150, 100)
    before = assign(problem)
    barred = problem.barred.copy()
    barred[before.chosen[5][0], 5] = True
    repair = reassign(replace(problem, barred=barred), before)
    assert repair.dropped == ((before.chosen[5][0], 5),)
    assert len(repair.added) == 1
    assert repair.assignment.certified


def test_an_answer_that_still_fits_stays_as_it_is():
    problem = large(60, 40)
    before = assign(problem)
    assert reassign(problem, before).assignment.chosen == before.chosen


def test_substitutes_have_room_all_at_once_and_are_allowed():
    problem = replace(large(60, 30), mixes=spread([f"单位{person % 12}" for person in range(60)]))
    found = assign(problem)
    spare = alternates(problem, found, 2)
    load = np.zeros(60, int)
    for item, (people, more) in enumerate(zip(found.chosen, spare, strict=True)):
        assert len(more) == 2
        assert not set(more) & set(people)
        assert not problem.barred[list(more), item].any()
        for one in more:
            assert all(
                mix.members[list(people)].sum() + mix.members[one] <= 1
                for mix in problem.mixes
                if mix.members[one]
            )
        for one in (*people, *more):
            load[one] += 1
    assert (load <= problem.cap).all()


def test_nobody_left_means_no_substitutes():
    problem = Problem.make(np.ones((2, 2)), per_item=1, cap=1)
    assert alternates(problem, assign(problem), 2) == ((), ())


SMALL = Problem.make(
    np.round(np.random.default_rng(5).random((7, 4)), 3),
    per_item=2,
    cap=2,
    least=1,
    barred=np.random.default_rng(6).random((7, 4)) < 0.1,
)


def test_no_pair_is_likelier_than_its_limit_and_the_draws_agree():
    given_odds = lottery(SMALL, 0.6)
    assert given_odds.probability.max() <= 0.6 + 1e-9
    assert given_odds.expected <= given_odds.best
    expected = np.zeros(SMALL.shape)
    expected[given_odds.people, given_odds.items] = given_odds.probability
    seen = np.zeros(SMALL.shape)
    for number in range(1500):
        drawn = given_odds.draw(f"第 {number} 次")
        assert violations(SMALL, drawn.chosen) == []
        for pair in drawn.pairs():
            seen[pair] += 1
    # 1500 次里一对的标准差至多 .013
    assert np.abs(seen / 1500 - expected).max() < 0.055


def test_without_a_limit_chance_has_nothing_to_say():
    found = lottery(SMALL, 1.0)
    assert found.expected == pytest.approx(found.best)
    assert found.draw("甲").total == pytest.approx(found.best)


def test_the_same_seed_draws_the_same():
    odds = lottery(large(40, 20), 0.5)
    assert odds.draw("种子").chosen == lottery(large(40, 20), 0.5).draw("种子").chosen
    assert odds.draw("种子").chosen != odds.draw("另一粒").chosen


def test_a_limit_of_its_own_for_a_pair():
    limits = np.full(SMALL.shape, 0.8)
    limits[2, 1] = 0.0
    found = lottery(SMALL, limits)
    assert (2, 1) not in set(zip(found.people.tolist(), found.items.tolist(), strict=True))


def test_a_limit_too_low_is_told():
    with pytest.raises(Infeasible) as impossible:
        lottery(Problem.make(np.ones((3, 2)), per_item=2, cap=2), 0.5)
    assert impossible.value.reasons == ("第 1 项可选的人在这个概率上限下凑不满 2 位，请提高上限。",)


def test_rules_of_composition_do_not_go_with_chance():
    with pytest.raises(BadProblem):
        lottery(replace(SMALL, mixes=spread(["甲", "甲", "", "", "", "", ""])), 0.5)
    with pytest.raises(BadProblem):
        lottery(SMALL, 1.5)


def test_a_repair_says_that_it_could_not_change_less():
    problem = Problem.make([[3.0, 1.0], [2.0, 2.0], [1.0, 1.0]], per_item=1, cap=1)
    before = assign(problem)
    changed = replace(problem, barred=np.array([[True, False], [False, False], [False, False]]))
    repair = reassign(changed, before)
    assert (repair.dropped, repair.added) == (((0, 0),), ((2, 0),))
    assert in_words(repair.assignment) == "总分 3，已证明改动不能更少，改动同样少的安排里没有总分更高的。"


def test_every_item_gets_a_substitute_before_any_gets_two():
    problem = Problem.make([[9.0, 1.0], [8.0, 7.0], [0.0, 6.0], [2.0, 5.0]], per_item=1, cap=1)
    assert alternates(problem, assign(problem), 2) == ((3,), (2,))
