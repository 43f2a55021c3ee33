"""The 85 needs of 双千行动 that are still open: left lying in 2021, taken up again in the weeks before now.

Their services and confirmed outcomes of the campaign's years stay as they were, so that the figures as of
the end of 2021 are the published ones too; their present steps have due times a clerk can act on.
"""

from datetime import timedelta

from zhiqiao.needs import actions
from zhiqiao.needs.enums import Result, Stage
from zhiqiao.site.demo import words
from zhiqiao.site.demo.cases import Case, Life
from zhiqiao.site.demo.plan import Lot


def life(case: Case, lot: Lot) -> Life:
    """The life of one that is still open."""
    yield from case.come_in(lot.day)
    if lot.stage == Stage.RETURNED:
        yield from _ago(case, 3 + 2 * lot.turn)
        actions.send_back(case.need, by=case.clerk, at=case.now, note=words.LEFTOVER_RETURNED)
        return
    yield from case.accept()
    yield from case.find_experts()
    if lot.meetings:
        yield from case.meet()
    yield from _NOW[Stage(lot.stage)](case, lot.turn)


def _ago(case: Case, days: int) -> Life:
    """Go on some working days before the demo's present."""
    at = case.world.diary.ago(days, case.rng)
    yield from case.until(max(at, case.now + timedelta(minutes=7)))


def _matching(case: Case, turn: int) -> Life:
    """Three are overdue: the step is due on the third working day."""
    yield from _rematch(case, 5 + turn if turn < 3 else 1 + turn % 3)


def _rematch(case: Case, days: int) -> Life:
    yield from _ago(case, days)
    case.rematch(words.LEFTOVER)


def _inviting(case: Case, turn: int) -> Life:
    """An expert has until tomorrow or so to answer; for every third one the first has already declined."""
    yield from _rematch(case, 5)
    yield from _ago(case, 2)
    case.invite(3)
    if turn % 3 == 0:
        yield from _ago(case, 1)
        case.decline(case.waiting())
        case.settle_line()


def _arranging(case: Case, turn: int) -> Life:
    """One is overdue: a date should be fixed within five working days."""
    answered = 6 if turn == 0 else 1 + turn % 4
    yield from _rematch(case, answered + 4)
    yield from _ago(case, answered + 2)
    case.invite(2)
    yield from _ago(case, answered)
    case.say_yes(case.waiting())
    case.settle_line()


def _scheduled(case: Case, turn: int) -> Life:
    """They meet again in the next days; for three the day is over and the minutes are overdue."""
    yield from _ago(case, 9 if turn < 3 else 1 + turn % 4)
    diary = case.world.diary
    if turn < 3:
        starts_at = diary.meeting_time(diary.ago(5 + turn, case.rng), 1, case.rng)
    else:
        starts_at = diary.ahead(1 + turn % 6, 9 + 5 * (turn % 2), 30)
    case.schedule(starts_at)


def _met(case: Case, turn: int) -> Life:
    """The result was put on record at last, and the enterprise does not agree with it."""
    yield from _ago(case, 10)
    case.report(Result.PARTLY if turn % 2 else Result.SOLVED)
    yield from _ago(case, 7 + turn if turn < 2 else 1 + turn % 4)
    case.dispute()


def _confirming(case: Case, turn: int) -> Life:
    """The result waits for both sides, or for one of them."""
    yield from _ago(case, 7 if turn < 2 else 2 + turn % 3)
    case.report((Result.PARTLY, Result.COOPERATION, Result.SOLVED)[turn % 3])
    if turn % 2:
        yield from _ago(case, 1)
        case.answer(case.asker if turn % 4 == 1 else case.expert())


def _rating(case: Case, turn: int) -> Life:
    """Confirmed as partly solved; the enterprise has not rated yet."""
    yield from _ago(case, 9)
    case.report(Result.PARTLY)
    for by in (case.asker, case.expert()):
        yield from _ago(case, 3 - turn % 2)
        case.answer(by)


def _closing(case: Case, turn: int) -> Life:
    """Rated, and ready to be archived; one is overdue."""
    yield from _ago(case, 12)
    case.report(Result.PARTLY)
    for by in (case.asker, case.expert()):
        yield from _ago(case, 7)
        case.answer(by)
    yield from _ago(case, 4 if turn == 0 else 1)
    case.rate(Result.PARTLY)


_NOW = {
    Stage.MATCHING: _matching,
    Stage.INVITING: _inviting,
    Stage.ARRANGING: _arranging,
    Stage.SCHEDULED: _scheduled,
    Stage.MET: _met,
    Stage.CONFIRMING: _confirming,
    Stage.RATING: _rating,
    Stage.CLOSING: _closing,
}
