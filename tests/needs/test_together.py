"""Two people, or one double click, at the same instant: one step is taken, and the other is told.

The control takes the guard away and shows that the same test would then see a double step.
"""

from collections import Counter
from threading import Barrier, Thread

import pytest
from django.db import connection, models
from django.utils import timezone

from tests import factories
from zhiqiao.kit import audit
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import Transition
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Invitation, Need, NumberSeries

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 6


@pytest.fixture
def net():
    return factories.network()


def _all_at_once(*acts):
    """Run every act in its own thread and connection, released together; count how each one ended."""
    barrier, ends = Barrier(len(acts)), []

    def run(act):
        prepared = act()
        barrier.wait()
        try:
            prepared()
            ends.append("done")
        except Refused as refused:
            ends.append(refused.refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(ends)


def _accepting(need, clerk):
    def prepare():
        mine = Need.objects.select_related("organisation", "enterprise__organisation").get(pk=need.pk)
        return lambda: actions.accept(mine, by=clerk, at=timezone.now())

    return prepare


def _sound(need):
    """Entity, history and audit agree."""
    need.refresh_from_db()
    steps = Transition.objects.filter(subject_type="needs.need", subject_id=need.pk)
    assert need.stage == steps.last().target
    assert need.version == steps.count()
    assert audit.verify() == []


def test_of_many_clerks_one_accepts(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    ends = _all_at_once(*[_accepting(need, net.clerk if n % 2 else net.second_clerk) for n in range(CROWD)])
    assert ends == {"done": 1, "flow.moved_on": CROWD - 1}
    assert Transition.objects.filter(step="accept").count() == 1
    _sound(need)


def test_control_without_the_conditional_update_all_of_them_would(net, monkeypatch):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    guarded = models.QuerySet.filter

    def unguarded(self, *args, **kwargs):
        kwargs = {k: v for k, v in kwargs.items() if not (self.model is Need and k in ("stage", "version"))}
        return guarded(self, *args, **kwargs)

    monkeypatch.setattr(models.QuerySet, "filter", unguarded)
    ends = _all_at_once(*[_accepting(need, net.clerk) for _ in range(CROWD)])
    monkeypatch.undo()
    assert ends["done"] > 1
    assert Transition.objects.filter(step="accept").count() > 1


def test_an_expert_who_clicks_yes_and_no_at_once_has_answered_once(net):
    need = factories.need(
        enterprise=net.enterprise,
        stage=Stage.INVITING,
        experts=[factories.expert(organisation=net.city) for _ in range(2)],
    )
    first = need.invitations.order_by("rank")[0]

    def answer(act, **values):
        def prepare():
            mine = Invitation.objects.select_related("expert", "need").get(pk=first.pk)
            return lambda: act(mine, by=links.expert_actor(mine), at=timezone.now(), **values)

        return prepare

    ends = _all_at_once(
        answer(actions.accept_invitation),
        answer(actions.decline_invitation, reason="busy"),
        answer(actions.accept_invitation),
    )
    assert (ends["done"], ends["needs.answered"]) == (1, 2)
    _sound(need)


def test_the_last_silence_and_the_yes_cannot_both_win(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING)
    invitation = need.invitations.get()

    def yes():
        mine = Invitation.objects.select_related("expert", "need").get(pk=invitation.pk)
        return lambda: actions.accept_invitation(mine, by=links.expert_actor(mine), at=timezone.now())

    def silence():
        mine = Invitation.objects.get(pk=invitation.pk)
        return lambda: actions.lapse_invitation(mine, at=mine.due_at)

    _all_at_once(yes, silence)
    need.refresh_from_db()
    invitation.refresh_from_db()
    assert (invitation.state, need.stage) in {("accepted", "arranging"), ("lapsed", "matching")}
    _sound(need)


def test_both_sides_confirming_at_once_settle_the_outcome_once(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    outcome = need.outcomes.get()
    invitation = need.invitations.select_related("expert").get(state="accepted")

    def confirm(by):
        def prepare():
            mine = type(outcome).objects.get(pk=outcome.pk)
            return lambda: actions.answer_outcome(mine, agrees=True, by=by, at=timezone.now())

        return prepare

    ends = _all_at_once(confirm(links.enterprise_actor(need)), confirm(links.expert_actor(invitation)))
    assert ends == {"done": 2}
    assert Transition.objects.filter(step="confirm").count() == 1
    _sound(need)


def test_numbers_given_at_once_are_all_different_and_without_gaps(net):
    def submit():
        need = actions.ask(
            enterprise=net.enterprise,
            by=net.contact,
            at=timezone.now(),
            title="轴承",
            body="裂纹",
            contact_name="陈工",
            contact_phone="13800001111",
        )
        return lambda: actions.submit(need, by=net.contact, at=timezone.now())

    assert _all_at_once(*[submit] * CROWD) == {"done": CROWD}
    numbers = sorted(Need.objects.values_list("number", flat=True))
    assert [int(number[-4:]) for number in numbers] == list(range(1, CROWD + 1))
    assert NumberSeries.objects.get().last == CROWD
