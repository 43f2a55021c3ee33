from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import index_of, person
from zhiqiao_match import team as team_module
from zhiqiao_match.team import assemble_team, fields_of, fits_of

pytestmark = pytest.mark.anydb

FIELDS = ("焊缝视觉检测", "锂电池回收", "水稻育种")


def test_a_need_falls_into_its_sentences_and_list_items():
    text = "1、焊缝在线检测；2、烟尘治理。\n（3）降耗\n焊缝在线检测！"
    assert fields_of("改造", text) == ("焊缝在线检测", "烟尘治理")
    assert fields_of("焊接车间改造", "") == ("焊接车间改造",)
    assert fields_of("", "") == ()


def test_one_person_who_covers_all_is_a_team_of_one():
    people = [person(1, FIELDS[0]), person(2, FIELDS[1]), person(3, *FIELDS[:2])]
    team = assemble_team(FIELDS[:2], fits_of(FIELDS[:2], people, index=index_of(people)))
    assert [member.key for member in team.members] == [3]
    assert [number for number, _ in team.members[0].fields] == [0, 1]
    assert team.sentence == "1 位专家覆盖 2 个方面；人数不能再少。"


def test_of_two_smallest_teams_the_better_fit_is_taken():
    team = assemble_team(FIELDS[:2], {1: {0: 0.5}, 2: {1: 0.9}, 3: {0: 0.8, 1: 0.4}, 4: {0: 0.7, 1: 0.6}})
    assert [member.key for member in team.members] == [4]


def test_every_field_is_with_the_member_who_fits_it_best():
    team = assemble_team(FIELDS, {1: {0: 0.9, 1: 0.4}, 2: {1: 0.8, 2: 0.5}})
    assert [(member.key, member.fields) for member in team.members] == [
        (1, ((0, 0.9),)),
        (2, ((1, 0.8), (2, 0.5))),
    ]


def test_fields_nobody_covers_are_told():
    people = [person(1, FIELDS[0])]
    team = assemble_team(FIELDS, fits_of(FIELDS, people, index=index_of(people)))
    assert team.uncovered == (1, 2)
    assert team.sentence == "1 位专家覆盖 1 个方面，还缺 “锂电池回收”、“水稻育种”；人数不能再少。"
    assert assemble_team(FIELDS, {}).sentence == "没有找到材料与这些方面相符的专家，请放宽条件或补充专家。"


def test_greedy_gives_a_bound_where_not_everything_can_be_tried(monkeypatch):
    # Greedy takes the widest each time (1, 2, 3) and needs three; two (4 and 5) would do.
    held = {1: [0, 1, 2, 3, 7, 8, 9, 10], 2: [4, 5, 11, 12], 3: [6, 13], 4: range(7), 5: range(7, 14)}
    fits = {key: dict.fromkeys(numbers, 0.5) for key, numbers in held.items()}
    names = tuple("甲乙丙丁戊己庚辛壬癸子丑寅卯")
    assert [member.key for member in assemble_team(names, fits).members] == [4, 5]
    monkeypatch.setattr(team_module, "MOST_TEAMS_TRIED", 0)
    greedy = assemble_team(names, fits)
    assert (len(greedy.members), greedy.bound, greedy.is_smallest) == (3, 2, False)
    assert greedy.sentence == "3 位专家覆盖 14 个方面；候选较多，没有逐一试完，最少也要 2 位。"


cover = st.dictionaries(st.integers(0, 4), st.sampled_from([0.4, 0.6, 0.9]), min_size=1)


@given(st.dictionaries(st.integers(1, 7), cover, max_size=6))
def test_the_team_is_the_smallest_and_best_there_is(fits):
    team = assemble_team(tuple("甲乙丙丁戊"), fits)
    wanted = {number for held in fits.values() for number in held}
    covering = [
        keys
        for size in range(len(fits) + 1)
        for keys in combinations(sorted(fits), size)
        if {number for key in keys for number in fits[key]} == wanted
    ]
    assert len(team.members) == len(covering[0]) == team.bound

    def quality(keys):
        return sum(max(fits[key].get(number, 0.0) for key in keys) for number in wanted)

    best = max(quality(keys) for keys in covering if len(keys) == len(covering[0]))
    assert quality([member.key for member in team.members]) == pytest.approx(best)
    assert {number for member in team.members for number, _ in member.fields} == wanted


@given(st.dictionaries(st.integers(1, 7), cover, max_size=6))
def test_greedy_covers_everything_and_never_claims_too_much(fits):
    exact = assemble_team(tuple("甲乙丙丁戊"), fits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team_module, "MOST_TEAMS_TRIED", 0)
        greedy = assemble_team(tuple("甲乙丙丁戊"), fits)
    assert greedy.uncovered == exact.uncovered
    assert greedy.bound <= len(exact.members) <= len(greedy.members)
