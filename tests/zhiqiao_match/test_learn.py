import numpy as np
import pytest

from zhiqiao_match import Weights
from zhiqiao_match.learn import LEAST_EVIDENCE, PARTS, Case, fit, propose

pytestmark = pytest.mark.anydb

START = np.array(list(Weights().shares.values()))
REGION = PARTS.index("region")


def cases(count: int, part: int | None, seed: int = 4) -> list[Case]:
    """Cases of six people in which the outcome follows one part, or nothing."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        values = chance.random((6, len(PARTS)))
        gains = np.floor(4 * (chance.random(6) if part is None else values[:, part]))
        made.append(Case(values, gains, np.arange(1, 7)))
    return made


def test_the_part_that_decides_gains_share():
    learned = fit(cases(200, REGION), START)
    assert learned[REGION] > 2 * START[REGION]
    assert learned.sum() == pytest.approx(1)
    assert learned.min() >= 0
    assert learned[0] >= LEAST_EVIDENCE - 1e-9


def test_few_cases_move_less_than_many():
    few, many = (abs(fit(cases(count, REGION), START) - START).sum() for count in (10, 200))
    assert few < many / 2


def test_without_signal_hardly_anything_moves():
    proposal = propose(cases(200, None), Weights(), version="试")
    assert proposal is not None
    assert proposal.low <= 0.02
    assert "分不清" in proposal.sentence or "变差" in proposal.sentence


def test_a_proposal_tells_its_effect_on_cases_it_has_not_seen():
    proposal = propose(cases(120, REGION), Weights(), version="2027-1")
    assert proposal is not None
    assert proposal.low > 0
    assert proposal.weights.version == "2027-1"
    assert sum(proposal.weights.shares.values()) == pytest.approx(1, abs=0.01)
    assert proposal.sentence.endswith("变好是可信的。")


def test_the_same_cases_give_the_same_proposal():
    assert propose(cases(60, REGION), Weights(), version="试") == propose(
        cases(60, REGION), Weights(), version="试"
    )


def test_too_few_cases_and_cases_without_a_difference_propose_nothing():
    assert propose(cases(29, REGION), Weights(), version="试") is None
    flat = [Case(case.values, np.ones(6), case.places) for case in cases(100, None)]
    assert propose(flat, Weights(), version="试") is None


def test_success_far_down_the_list_counts_more():
    """One case likes region at the top of the list, the other load far down: the second one says more."""
    load = PARTS.index("load")

    def case(part: int, place: int) -> Case:
        values = np.zeros((2, len(PARTS)))
        values[0, part] = 1.0
        values[1, REGION + load - part] = 1.0
        return Case(values, np.array([1.0, 0.0]), np.array([place, 1]))

    # Within a case weights add up to one, so the two stand in one case each with a neutral pair beside them.
    def with_neutral(part: int, place: int) -> Case:
        own = case(part, place)
        values = np.vstack([own.values, np.zeros(len(PARTS)), np.zeros(len(PARTS))])
        return Case(values, np.array([2.0, 0.0, 2.0, 0.0]), np.append(own.places, [1, 1]))

    learned = fit([with_neutral(REGION, 1), with_neutral(load, 15)] * 50, START)
    assert learned[load] - START[load] > learned[REGION] - START[REGION]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Case(np.zeros((2, 3)), np.zeros(2), np.ones(2, int)),
        lambda: Case(np.zeros((2, len(PARTS))), np.zeros(2), np.zeros(2, int)),
        lambda: Case(np.zeros((2, len(PARTS))), -np.ones(2), np.ones(2, int)),
    ],
)
def test_impossible_cases_are_refused(make):
    with pytest.raises(ValueError, match=r".+"):
        make()


def test_weights_survive_being_stored():
    weights = Weights(version="x", region=0.2)
    assert Weights.from_dict(weights.as_dict()) == weights
    assert Weights.from_dict({}) == Weights()
    with pytest.raises(ValueError, match="unknown"):
        Weights.from_dict({"regoin": 1})
