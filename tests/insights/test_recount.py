"""Every number of the dashboard against a plain recount of the rows it opens, for every kind of reader."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from zhiqiao.insights import tables
from zhiqiao.insights.board import HANDLER, STAGE, Board, waits_of
from zhiqiao.insights.figures import FIGURES
from zhiqiao.insights.lens import read_lens
from zhiqiao.kit.flow import Transition
from zhiqiao.needs.enums import Result, Stage
from zhiqiao.needs.models import Need

pytestmark = pytest.mark.django_db
FILTERS = (
    {},
    {"from": "2020-01-01", "basis": "happened"},
    {"from": "2020-01-01", "to": "2020-12-31"},
    {"industry": "C"},
    {"as_of": "2020-01-31"},
)


@pytest.fixture
def net():
    made = factories.network(at=timezone.now() - timedelta(days=300))
    for enterprise in (made.enterprise, made.sibling_enterprise, made.other_enterprise):
        for stage in (Stage.INVITING, Stage.REJECTED):
            factories.need(enterprise=enterprise, stage=stage)
        for result in (Result.SOLVED, Result.PARTLY):
            factories.need(enterprise=enterprise, stage=Stage.ARCHIVED, result=result)
    factories.need(enterprise=made.enterprise, stage=Stage.DRAFT)
    return made


def boards(net):
    """A board for everybody, through every filter: a district, a city, the whole network, the operator."""
    whole = factories.person(role="leader", organisation=net.province)
    for reader in (net.leader, net.city_clerk, whole, None):
        for filters in FILTERS:
            yield Board(read_lens(filters, reader).lens)


def times(values):
    values = list(values)
    return {value: values.count(value) for value in values}


def test_numbers_of_every_board_are_the_rows_they_open(net):
    for board in boards(net):
        for name, figure in FIGURES.items():
            if not board.looks_back(name):
                continue
            rows = figure.rows(board.lens)
            assert board.count(name) == len(set(rows.values_list("pk", flat=True))), (name, board.lens)
            if figure.need is not None:
                held = rows.values_list(f"{figure.need}organisation_id", flat=True)
                assert board.by(name, HANDLER) == times(held)
                assert board.by(name, STAGE) == times(rows.values_list(f"{figure.need}stage", flat=True))
                asked = rows.values_list(f"{figure.need}enterprise__industry", flat=True)
                assert board.by_industry(name) == times(asked)


def test_whoever_sees_all_counts_what_the_operator_counts(net):
    whole = Board(read_lens({}, factories.person(role="leader", organisation=net.province)).lens)
    operator = Board(read_lens({}, None).lens)
    assert {name: whole.count(name) for name in FIGURES} == {name: operator.count(name) for name in FIGURES}
    assert whole.count("received") == Need.objects.filter(submitted_at__isnull=False).count() == 12


def test_months_and_steps_add_up(net):
    for board in boards(net):
        if board.lens.first or board.lens.as_of:
            continue
        rows = tables.trend(board)
        for place, name in enumerate(tables.TREND_FIGURES):
            assert sum(row["numbers"][place]["count"] for row in rows) == board.count(name), name
        seen = set(FIGURES["received"].rows(board.lens).values_list("pk", flat=True))
        taken = Transition.objects.filter(flow="need", subject_id__in=seen).values_list("step", flat=True)
        waits = waits_of(FIGURES["steps"].rows(board.lens))
        assert {step: wait.count for step, wait in waits.items()} == times(taken)
