"""A closed case becomes a solution card: drafted, edited, released, withdrawn."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.kit.search import changed
from zhiqiao.needs import knowledge, queries, rules, secrecy
from zhiqiao.needs.enums import NeedPerm, Result, Stage
from zhiqiao.needs.models import Need, SolutionCard
from zhiqiao.orgs.scope import covers


@transaction.atomic
def draft_card(need: Need, *, by: By, at: datetime) -> SolutionCard:
    """Begin the card of a closed case with what the case says, names taken out. One that exists is returned.

    :raises Refused: not the handler; not closed with a confirmed result that helps; confidential.
    """
    require(rules.is_handler(by, need))
    if known := SolutionCard.objects.filter(need=need).first():
        return known
    outcome = queries.current_outcome(need)
    if need.stage != Stage.ARCHIVED or outcome is None or outcome.confirmed_at is None:
        refuse("card.open", "需求办结归档、双方确认结果以后，才能整理成解决方案。")
    if outcome.result == Result.UNSOLVED:
        refuse("card.unsolved", "这条需求没有解决，没有可以给别人参考的做法。")
    if secrecy.is_secret(need):
        refuse("card.secret", "保密需求不整理成解决方案。")
    drafted = knowledge.draft_of(need)
    card = SolutionCard.objects.create(
        need=need, organisation=need.organisation, kind=need.kind, result=outcome.result, title=drafted.title,
        problem=drafted.problem, solution=drafted.solution, edited_at=at, edited_by=actor_of(by).name,
    )  # fmt: skip
    audit.record("card.draft", card, by=by, at=at, after={"need": need.pk})
    return card


@transaction.atomic
def save_card(card: SolutionCard, *, title: str, problem: str, solution: str, by: By, at: datetime) -> None:
    """Change a card that is not released."""
    require(covers(by, NeedPerm.HANDLE, card.organisation))
    if card.state == SolutionCard.State.RELEASED:
        refuse("card.released", "已经发布的解决方案不能直接改，请先撤下。")
    before = {"title": card.title, "problem": card.problem, "solution": card.solution}
    card.title, card.problem, card.solution = title.strip(), problem.strip(), solution.strip()
    card.edited_at, card.edited_by = at, actor_of(by).name
    card.save()
    after = {"title": card.title, "problem": card.problem, "solution": card.solution}
    audit.record("card.save", card, by=by, at=at, before=before, after=after)


@transaction.atomic
def release_card(card: SolutionCard, *, by: By, at: datetime) -> None:
    """Let anybody read a card, after looking once more for whose case it was.

    :raises Refused: something in it still tells; the words say what.
    """
    require(covers(by, NeedPerm.HANDLE, card.organisation))
    if not (card.title.strip() and card.problem.strip() and card.solution.strip()):
        refuse("card.empty", "标题、遇到的问题、怎样解决的都要写，才能发布。")
    found = knowledge.leaks(card.need, (card.title, card.problem, card.solution))
    if found:
        refuse("card.leaks", f"里面还能看出是谁：{'、'.join(found[:5])}。请改掉再发布。")
    rows = SolutionCard.objects.filter(pk=card.pk).exclude(state=SolutionCard.State.RELEASED)
    if rows.update(state=SolutionCard.State.RELEASED, released_at=at):
        audit.record("card.release", card, by=by, at=at, after={"title": card.title})
        changed(knowledge.SOLUTIONS, [card.pk])


@transaction.atomic
def withdraw_card(card: SolutionCard, *, by: By, at: datetime) -> None:
    """Take a released card away from readers; it can be changed and released again."""
    require(covers(by, NeedPerm.HANDLE, card.organisation))
    rows = SolutionCard.objects.filter(pk=card.pk, state=SolutionCard.State.RELEASED)
    if rows.update(state=SolutionCard.State.WITHDRAWN):
        audit.record("card.withdraw", card, by=by, at=at)
        changed(knowledge.SOLUTIONS, [card.pk])
