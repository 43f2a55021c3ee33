import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import index_of, person
from zhiqiao_match import items_of
from zhiqiao_match.parts import (
    blend,
    category,
    chance_fit,
    discipline_fit,
    guess_disciplines,
    industry_fit,
    load_fit,
    outcome_fit,
    path_parts,
    region_fit,
    saturated,
)
from zhiqiao_match.rescore import closest

pytestmark = pytest.mark.anydb

fractions = st.floats(0, 1)


def test_saturated_is_one_half_at_the_half_point():
    assert [saturated(value, 0.5) for value in (0.0, 0.5, 1.5)] == [0.0, 0.5, 0.75]


@pytest.mark.parametrize(
    ("code", "letter"), [("110", "A"), ("190", "A"), ("210", "B"), ("360", "C"), ("430", "D"), ("630", "D")]
)
def test_category_follows_the_standard(code, letter):
    assert category(code) == letter


@pytest.mark.parametrize("code", ["", "x", "99"])
def test_category_of_no_code_is_empty(code):
    assert category(code) == ""


@pytest.mark.parametrize(
    ("own", "fit"),
    [(("430",), 1.0), (("910", "430"), 1.0), (("460",), 0.5), (("470",), 0.3), (("210",), 0.0), ((), 0.0)],
)
def test_discipline_fit_takes_the_best_discipline(own, fit):
    assert discipline_fit(own, {"430": 1.0, "460": 0.5}) == fit


@pytest.mark.parametrize(
    ("own", "wanted", "fit"),
    [
        ("43015", "430", 1.0),
        ("430", "43015", 0.6),
        ("43020", "43015", 0.6),
        ("4301510", "4301520", 0.8),
        ("460", "43015", 0.3),
        ("210", "43015", 0.0),
    ],
)
def test_disciplines_meet_further_up(own, wanted, fit):
    assert discipline_fit((own,), {wanted: 1.0}) == fit


@pytest.mark.parametrize(
    ("own", "wanted", "fit"),
    [
        ("C34", "C34", 1.0),
        ("3421", "C34", 1.0),
        ("C34", "C3421", 0.6),
        ("C3422", "C3421", 0.8),
        ("C35", "C34", 0.3),
        ("C", "C34", 0.3),
        ("C34", "C", 1.0),
        ("I65", "C34", 0.0),
        ("", "C34", 0.0),
    ],
)
def test_industries_meet_at_class_group_division_and_section(own, wanted, fit):
    assert industry_fit((own,), (wanted,)) == fit


def test_industry_fit_takes_the_best_pair():
    assert industry_fit(("I65", "C3421"), ("A01", "C34")) == 1.0
    assert industry_fit((), ("C34",)) == 0.0


def test_chance_is_halved_by_the_offers_named():
    assert [chance_fit(0, 20), chance_fit(20, 20), chance_fit(60, 20)] == [1.0, 0.5, 0.25]


def test_guessed_disciplines_are_those_of_the_nearest_people():
    people = [
        person(1, "焊接机器人焊缝检测", disciplines=("460",)),
        person(2, "焊接机器人焊缝检测技术", disciplines=("460", "510")),
        person(3, "焊", disciplines=("910",)),
        person(4, "水稻育种", disciplines=("210",)),
    ]
    items = [item for one in people for item in items_of(one)]
    near = closest("焊接机器人焊缝检测", items, library=index_of(people).statistics)
    guessed = guess_disciplines(near, {one.key: one for one in people})
    assert guessed["460"] == 1.0
    assert 0.2 <= guessed["510"] < 1.0
    assert guessed.keys() == {"460", "510"}


def test_paths_are_read_with_and_without_separators():
    assert path_parts("01.02.05.") == ("01", "02", "05")
    assert path_parts("/33/04") == ("33", "04")
    assert path_parts("000010000200003") == ("00001", "00002", "00003")
    assert path_parts("33") == ("33",)
    assert path_parts("") == ()


@pytest.mark.parametrize(
    ("own", "fit"),
    [
        ("01.02.05.", 1.0),
        ("01.02.05.09.", 1.0),
        ("01.02.", 2 / 3),
        ("01.02.06.", 2 / 3),
        ("01.", 1 / 3),
        ("02.02.05.", 0.0),
        ("", 0.0),
    ],
)
def test_region_fit_is_the_share_of_the_way_down(own, fit):
    assert region_fit(own, "01.02.05.") == fit


def test_load_fit_is_the_free_share():
    assert [load_fit(0, 4), load_fit(1, 4), load_fit(4, 4), load_fit(5, 4), load_fit(0, 0)] == [
        1,
        0.75,
        0,
        0,
        0,
    ]


def test_outcome_fit_shrinks_short_records_towards_the_prior():
    assert outcome_fit(0, 0, 3, 5) == 0.6
    assert outcome_fit(1, 1, 3, 5) == pytest.approx(4 / 6)
    assert outcome_fit(1, 1, 3, 5) < outcome_fit(9, 10, 3, 5)
    assert outcome_fit(95, 100, 3, 5) == pytest.approx(98 / 105)


@given(st.integers(0, 50), st.integers(0, 50))
def test_one_more_solved_service_never_lowers_the_outcome(solved, unsolved):
    served = solved + unsolved
    assert outcome_fit(solved + 1, served + 1, 2.8, 5) >= outcome_fit(solved, served, 2.8, 5)


def test_blend_is_the_weighted_sum():
    values = np.array([[1.0, 0.0], [0.5, 1.0]])
    assert blend(values, np.array([0.75, 0.25])).tolist() == [75.0, 62.5]


@pytest.mark.parametrize("shares", [[0.5, 0.6], [1.5, -0.5], [1.0]])
def test_blend_refuses_shares_that_are_none(shares):
    with pytest.raises(ValueError, match="share"):
        blend(np.zeros((1, 2)), np.array(shares))


@given(
    st.lists(st.tuples(fractions, fractions, fractions), min_size=2, max_size=8),
    st.data(),
)
def test_raising_one_part_never_lowers_that_persons_place(rows, data):
    values, shares = np.array(rows), np.array([0.5, 0.3, 0.2])
    who = data.draw(st.integers(0, len(rows) - 1))
    part = data.draw(st.integers(0, 2))
    raised = values.copy()
    raised[who, part] = data.draw(st.floats(values[who, part], 1))

    def place(table):
        return sorted(range(len(rows)), key=lambda row: (-blend(table, shares)[row], row)).index(who)

    assert place(raised) <= place(values)
