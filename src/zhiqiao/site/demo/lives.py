"""Lives that are over: cases of the campaign that were closed, and needs that were turned away."""

from datetime import date

from zhiqiao.needs import actions
from zhiqiao.needs.enums import EvidenceLevel, Result, UnsolvedReason
from zhiqiao.site.demo import words
from zhiqiao.site.demo.cases import Case, Life
from zhiqiao.site.demo.plan import Lot


def closed(case: Case, lot: Lot) -> Life:
    """The life of a case that was closed: from the question to the archive."""
    result, reason = str(lot.result), lot.reason
    yield from case.come_in(lot.day)
    yield from case.accept()
    if lot.meetings:
        yield from find_and_meet(case, lot.meetings, lot.anew)
    elif reason == UnsolvedReason.NO_EXPERT:
        yield from case.find_experts(in_vain=True)
    yield from case.later(1, 9, late=0.02, extra=6)
    case.report(result, reason)
    yield from case.agree()
    if case.rng.random() < 0.88:
        yield from case.later(0, 3, late=0.04)
        if case.team and case.rng.random() < 0.6:
            case.rate(result, by=case.expert())
        case.rate(result)
        yield from case.later(0, 2, late=0.05, extra=3)
    else:  # the enterprise lets the time for rating pass
        yield from case.until(case.world.diary.after(case.need.due_at or case.now, 1, case.rng))
    prove(case, result)
    actions.archive(case.need, by=case.clerk, at=case.now, note=case.rng.choice(words.ARCHIVED))
    case.let_go()


def find_and_meet(case: Case, meetings: int, anew: bool) -> Life:
    """Bring the two sides together as often as it took; ``anew`` with another expert from the second time on."""
    yield from case.find_experts()
    for number in range(meetings):
        if anew and number == 1:
            yield from case.later(2, 5)
            case.rematch(words.ANOTHER_EXPERT)
            yield from case.find_experts()
        yield from case.meet()


def prove(case: Case, result: str) -> None:
    """A third of the successes are backed by a contract or report."""
    if result in (Result.SOLVED, Result.COOPERATION) and case.rng.random() < 0.35:
        outcome = case.need.outcomes.get(superseded_at__isnull=True)
        actions.attach_proof(
            outcome,
            level=EvidenceLevel.DOCUMENT,
            by=case.clerk,
            at=case.now,
            note="已收到合同或验收报告复印件",
        )


def turned_away(case: Case, day: date, withdrawn: bool) -> Life:
    """The life of a need that was not taken on, or that the enterprise took back."""
    yield from case.come_in(day)
    yield from case.later(0, 2)
    if withdrawn:
        actions.withdraw(case.need, by=case.asker, at=case.now, note=case.rng.choice(words.WITHDRAWN))
    else:
        actions.reject(case.need, by=case.clerk, at=case.now, note=case.rng.choice(words.REJECTED))
