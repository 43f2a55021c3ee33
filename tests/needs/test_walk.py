"""Cases walk through the loop at random: no illegal step, no minute lost or counted twice, every figure recomputed.

`ZHIQIAO_WALK=100000 pytest -o faulthandler_timeout=0 tests/needs/test_walk.py` walks for long; `ZHIQIAO_WALK_SEED` repeats one walk.
"""

import os
import statistics
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count

from tests import factories
from tests.needs import oracle
from tests.needs.walking import Illegal, Walker
from zhiqiao.insights.board import waits_of
from zhiqiao.kit import audit, clock
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.flow import Flow, Transition, terms
from zhiqiao.kit.flow import clocks as running
from zhiqiao.needs import actions
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Closing, Need, Outcome

pytestmark = pytest.mark.django_db

STEPS = int(os.environ.get("ZHIQIAO_WALK") or (1500 if connection.vendor == "sqlite" else 400))
SEED = int(os.environ.get("ZHIQIAO_WALK_SEED") or 20261122)
FEW = 200


@pytest.fixture(autouse=True)
def fresh_rules():
    clock.forget()
    terms.forget()
    yield
    clock.forget()
    terms.forget()


def _wrong_figures(walker):
    """Recompute what the dashboard says from the transitions alone."""
    steps = list(Transition.objects.filter(flow="need", subject_id__in=walker.pks).order_by("id"))
    shown = waits_of(Transition.objects.filter(flow="need"))
    minutes, late = defaultdict(list), Counter()
    for one in steps:
        minutes[one.step].append(one.waited_minutes)
        late[one.step] += one.late
    for step, waited in minutes.items():
        counted = (shown[step].count, shown[step].median, shown[step].late)
        if counted != (len(waited), statistics.median(waited), late[step]):
            yield f"{step}: {counted}"
    last = {one.subject_id: one.target for one in steps}
    for kind, stage in (("completed", "archived"), ("rejected", "rejected")):
        ended = {pk for pk, target in last.items() if target == stage}
        if set(Closing.objects.filter(kind=kind).values_list("need_id", flat=True)) != ended:
            yield f"closed as {kind}"
    confirmed = {one.data["outcome"] for one in steps if one.step == "confirm"}
    if set(Outcome.objects.filter(confirmed_at__isnull=False).values_list("pk", flat=True)) != confirmed:
        yield "confirmed outcomes"
    standing = Counter(last.get(pk, "draft") for pk in walker.pks)
    counted = dict(Need.objects.order_by().values_list("stage").annotate(n=Count("pk")))
    if counted != dict(standing):
        yield f"standing {counted}, by history {dict(standing)}"
    audited = {(e.after or {}).get("transition") for e in AuditEntry.objects.filter(verb__startswith="need.")}
    if {one.pk for one in steps} - audited:
        yield "steps without an audit record"


def test_a_walk_at_random_breaks_nothing(capsys):
    walker = Walker(SEED)
    walker.walk(STEPS)
    found = [*oracle.problems(walker), *_wrong_figures(walker), *audit.verify()]
    with capsys.disabled():
        print(
            f"\n随机走步：{connection.vendor}，种子 {SEED}，{STEPS} 步，{len(walker.pks)} 件，"
            f"{Transition.objects.count()} 次办理，{sum(walker.refused.values())} 次被拒"
        )
    assert found == []
    assert [step for step in NEED_FLOW.steps if not walker.taken[step]] == []
    assert min(walker.taken["pause"], walker.taken["resume"], walker.taken["rules"]) > 0
    assert set(Need.objects.values_list("stage", flat=True)) >= {Stage.ARCHIVED, Stage.REJECTED}


def test_control_without_the_rule_an_illegal_step_is_seen(monkeypatch):
    monkeypatch.setattr(Flow, "check", lambda self, subject, step, by: True)
    with pytest.raises(Illegal):
        Walker(SEED).walk(FEW)


def test_control_a_clock_that_is_not_stopped_is_seen(monkeypatch):
    monkeypatch.setattr(running, "_is_ended", lambda kind, step: False)
    walker, found = Walker(SEED), []
    try:
        walker.walk(FEW)
    except Illegal as illegal:  # its pauses are counted into a stage they do not belong to
        found.append(str(illegal))
    found += oracle.problems(walker)
    assert any("clocks [" in problem for problem in found)


def test_control_a_pause_that_does_not_move_the_due_time_is_seen(monkeypatch):
    from zhiqiao.kit.flow import reckoning

    walker = Walker(SEED)
    need = factories.need(enterprise=walker.net.enterprise, stage=Stage.MATCHING, at=walker.now)
    until = walker.now + timedelta(days=9)
    actions.pause_clocks(need, reason="expert", until=until, note="等。", by=walker.net.clerk, at=walker.now)
    walker.now += timedelta(days=3)
    actions.resume_clocks(need, by=walker.net.clerk, at=walker.now)
    walker.pks.append(need.pk)
    assert list(oracle.problems(walker)) == []
    monkeypatch.setattr(
        reckoning, "_reckoned", lambda calendar, start, term, pauses: calendar.due(start, term).at
    )
    assert any("counted by days" in problem for problem in oracle.problems(walker))


def test_control_a_figure_that_was_changed_is_seen():
    walker = Walker(SEED)
    walker.walk(FEW)
    assert list(_wrong_figures(walker)) == []
    Need.objects.filter(stage=Stage.MATCHING).update(stage=Stage.MET)
    assert any(problem.startswith("standing") for problem in _wrong_figures(walker))
