"""Matchmaking days: nobody in two places, mutual wishes first, limits and tables kept."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiqiao_match.slots import Day, Plan, plan

pytestmark = pytest.mark.anydb

QUICK = settings(max_examples=50, deadline=None)
FIRMS, EXPERTS = [f"企业{n}" for n in range(6)], [f"专家{n}" for n in range(5)]


def faults(day: Day, made: Plan) -> list[str]:
    """List what is wrong with a timetable, apart from how it was made."""
    found = []
    people = Counter((m.round, name) for m in made.meetings for name in (m.firm, m.expert))
    found += [f"{name} twice in round {round}" for (round, name), times in people.items() if times > 1]
    tables = Counter((m.round, m.table) for m in made.meetings)
    found += [f"table {table} twice" for (_, table), times in tables.items() if times > 1]
    found += ["no such table" for m in made.meetings if not 0 <= m.table < day.tables]
    found += ["no such round" for m in made.meetings if not 0 <= m.round < day.rounds]
    pairs = Counter((m.firm, m.expert) for m in made.meetings)
    found += [f"{pair} meet twice" for pair, times in pairs.items() if times > 1]
    found += [f"{pair} must not meet" for pair in pairs if pair in day.barred]
    found += [f"{pair} was not wished" for pair in pairs if pair not in day.wishes()]
    for limit, side in ((day.firm_limit, "firm"), (day.expert_limit, "expert")):
        load = Counter(getattr(m, side) for m in made.meetings)
        found += [f"{name} too often" for name, times in load.items() if limit and times > limit]
    found += ["away" for m in made.meetings for n in (m.firm, m.expert) if m.round in day.away.get(n, ())]
    return found


@st.composite
def days(draw: st.DrawFn, *, with_absence: bool) -> Day:
    pairs = st.tuples(st.sampled_from(FIRMS), st.sampled_from(EXPERTS))
    wish = st.dictionaries(pairs, st.sampled_from([0.5, 1.0, 2.0]), max_size=18)
    rounds = draw(st.integers(1, 4))
    away = st.dictionaries(
        st.sampled_from(FIRMS + EXPERTS), st.frozensets(st.integers(0, rounds - 1), max_size=2), max_size=3
    )
    return Day(
        draw(wish),
        draw(wish),
        rounds,
        draw(st.integers(1, 4)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 3)),
        away=draw(away) if with_absence else {},
        barred=frozenset(draw(st.lists(pairs, max_size=2))),
    )


@QUICK
@given(days(with_absence=False))
def test_a_timetable_keeps_every_rule(day: Day):
    made = plan(day)
    assert faults(day, made) == []
    assert made.certified
    held = {(m.firm, m.expert) for m in made.meetings}
    assert held | {pair for pair, _ in made.left_out} == set(day.wishes())


@QUICK
@given(days(with_absence=True))
def test_absences_are_respected(day: Day):
    made = plan(day)
    assert faults(day, made) == []
    assert made.certified


@QUICK
@given(days(with_absence=False))
def test_mutual_wishes_come_first(day: Day):
    """No other choice of meetings within the limits holds more mutual ones."""
    mutual = [pair for pair in day.wishes() if day.is_mutual(pair)][:9]
    if len([pair for pair in day.wishes() if day.is_mutual(pair)]) > 9:
        return
    firm_limit = min(day.firm_limit or day.rounds, day.rounds)
    expert_limit = min(day.expert_limit or day.rounds, day.rounds)

    def possible(pairs) -> bool:
        firms, experts = Counter(f for f, _ in pairs), Counter(e for _, e in pairs)
        within = all(n <= firm_limit for n in firms.values()) and all(
            n <= expert_limit for n in experts.values()
        )
        return within and len(pairs) <= day.rounds * day.tables

    most = max(
        size for size in range(len(mutual) + 1) if any(possible(some) for some in combinations(mutual, size))
    )
    assert sum(m.mutual for m in plan(day).meetings) == most


def test_a_full_day_fills_every_table_of_every_round():
    wishes = {(f, e): 1.0 for f in FIRMS for e in EXPERTS}
    made = plan(Day(wishes, wishes, rounds=6, tables=5))
    assert Counter(m.round for m in made.meetings) == dict.fromkeys(range(6), 5)
    assert made.left_out == ()


def test_tables_suffice_because_rounds_are_made_even():
    wishes = {(f, e): 1.0 for f in FIRMS for e in EXPERTS[:2]}
    made = plan(Day(wishes, {}, rounds=6, tables=2))
    assert Counter(m.round for m in made.meetings) == dict.fromkeys(range(6), 2)


def test_who_was_left_out_is_told_why():
    wishes = {("甲", "张"): 1.0, ("乙", "张"): 2.0, ("丙", "李"): 1.0}
    made = plan(Day(wishes, {("乙", "张"): 1.0}, rounds=2, tables=1, expert_limit=1))
    assert [(m.firm, m.expert, m.mutual) for m in made.meetings if m.expert == "张"] == [("乙", "张", True)]
    assert made.left_out == ((("甲", "张"), "张已排满 1 场"),)


def test_a_fault_would_be_seen():
    """Control: the checker sees a person in two places."""
    day = Day({("甲", "张"): 1.0, ("甲", "李"): 1.0}, {}, rounds=2, tables=2)
    made = plan(day)
    first, second = made.meetings
    clash = type(second)(first.round, 1 - first.table, second.firm, second.expert, second.mutual)
    assert faults(day, Plan((first, clash), (), 0.0, 0.0)) == [f"甲 twice in round {first.round}"]


@pytest.mark.parametrize(
    "facts",
    [{"rounds": 0, "tables": 1}, {"rounds": 1, "tables": 0}],
)
def test_a_day_without_rounds_or_tables_is_refused(facts):
    with pytest.raises(ValueError, match="至少是 1"):
        Day({}, {}, **facts)


def test_nobody_wishes_anything():
    assert plan(Day({}, {}, 3, 3)).meetings == ()
