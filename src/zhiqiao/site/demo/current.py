"""What lies on the desks today: needs of the last weeks at every stage, with clocks that run.

Each line of ``DESK`` is one need. ``days`` is how many working days ago its last step was taken; what went
before is spread over the days before that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from zhiqiao.needs import actions
from zhiqiao.needs.enums import Result, Source, Stage, Visibility
from zhiqiao.site.demo import words
from zhiqiao.site.demo.cases import Case, Life
from zhiqiao.site.demo.experts import Profile


@dataclass(frozen=True, slots=True)
class Place:
    """One need on a desk. ``shown`` gives it to the enterprise or the expert whose account can be tried."""

    stage: Stage
    district: str
    days: int
    shown: str = ""


DESK = (
    Place(Stage.SUBMITTED, "330108", 2),  # due today
    Place(Stage.SUBMITTED, "330108", 1),
    Place(Stage.SUBMITTED, "330108", 4),  # overdue
    Place(Stage.SUBMITTED, "330106", 2),
    Place(Stage.SUBMITTED, "330110", 1),
    Place(Stage.SUBMITTED, "330109", 1),
    Place(Stage.SUBMITTED, "330114", 2),
    Place(Stage.SUBMITTED, "330482", 1, "town"),
    Place(Stage.SUBMITTED, "330482", 2, "town"),
    Place(Stage.RETURNED, "330108", 3, "firm"),
    Place(Stage.MATCHING, "330108", 3),  # due today
    Place(Stage.MATCHING, "330108", 1),
    Place(Stage.MATCHING, "330110", 2),
    Place(Stage.MATCHING, "330113", 1),
    Place(Stage.MATCHING, "330482", 2),
    Place(Stage.INVITING, "330108", 1, "expert"),
    Place(Stage.INVITING, "330109", 2),
    Place(Stage.INVITING, "330111", 1),
    Place(Stage.ARRANGING, "330108", 5),  # due today
    Place(Stage.ARRANGING, "330110", 2),
    Place(Stage.ARRANGING, "330105", 1),
    Place(Stage.SCHEDULED, "330108", 3, "both"),
    Place(Stage.SCHEDULED, "330112", 4),
    Place(Stage.SCHEDULED, "330482", 3),
    Place(Stage.MET, "330108", 6),
    Place(Stage.MET, "330114", 12),
    Place(Stage.CONFIRMING, "330108", 2, "firm"),
    Place(Stage.CONFIRMING, "330106", 3),
    Place(Stage.RATING, "330110", 2),
    Place(Stage.CLOSING, "330108", 1),
    Place(Stage.ARCHIVED, "330108", 4),
    Place(Stage.ARCHIVED, "330109", 9),
    Place(Stage.ARCHIVED, "330110", 15),
    Place(Stage.ARCHIVED, "330482", 7),
)


def life(case: Case, place: Place, expert: Profile | None) -> Life:
    """Bring a need to its stage, so that its last step was taken ``place.days`` working days ago.

    expert : who is asked first; None leaves the choice to the case.
    """
    yield from _STAGES[place.stage](case, place.days, expert)


def draft(case: Case) -> Life:
    """The enterprise whose account can be tried has begun to write and not finished."""
    yield from case.until(case.world.diary.ago(1, case.rng))
    case.write(case.asker, case.now, Source.SELF)


def _ago(case: Case, days: int) -> Life:
    at = case.world.diary.ago(days, case.rng)
    yield from case.until(max(at, case.now + timedelta(minutes=9)) if hasattr(case, "now") else at)


def _submitted(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _ago(case, days)
    yield from case.open(case.now)


def _returned(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _submitted(case, days + 1, expert)
    yield from _ago(case, days)
    actions.send_back(case.need, by=case.clerk, at=case.now, note=words.INCOMPLETE[0])


def _matching(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _submitted(case, days + 2, expert)
    yield from _ago(case, days)
    actions.accept(case.need, by=case.clerk, at=case.now)


def _invited(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _matching(case, days + 2, expert)
    yield from _ago(case, days)
    asked = set() if expert is None else {expert.expert.pk}
    others = case.world.pick(case.text.problem, 3 - len(asked), case.now, asked, case.rng)
    case.ask_these([*([expert] if expert else []), *others])


def _inviting(case: Case, days: int, expert: Profile | None) -> Life:
    """Without a wish the first one asked has declined already, and the next one is being waited for."""
    yield from _invited(case, days if expert else days + 1, expert)
    if expert is None:
        yield from _ago(case, days)
        case.decline(case.waiting())
        case.settle_line()


def _arranging(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _invited(case, days + 2, expert)
    yield from _ago(case, days)
    case.say_yes(case.waiting())
    case.settle_line()


def _scheduled(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _arranging(case, days + 2, expert)
    yield from _ago(case, days)
    case.schedule(case.world.diary.ahead(1 + days % 3, 14))


def _met(case: Case, days: int, expert: Profile | None) -> Life:
    """The meeting takes place some days after it was fixed; ``days`` is counted roughly from there."""
    yield from _arranging(case, days + 9, expert)
    yield from case.meet()


def _confirming(case: Case, days: int, expert: Profile | None) -> Life:
    """The expert has confirmed; the enterprise's answer is waited for."""
    yield from _met(case, days + 5, expert)
    yield from _ago(case, days)
    case.report(case.rng.choice((Result.SOLVED, Result.COOPERATION)))
    yield from _ago(case, max(days - 1, 1))
    case.answer(case.expert())


def _rating(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _confirming(case, days + 2, expert)
    yield from _ago(case, days)
    case.answer(case.asker)


def _closing(case: Case, days: int, expert: Profile | None) -> Life:
    yield from _rating(case, days + 1, expert)
    yield from _ago(case, days)
    case.rate(Result.SOLVED)


def _archived(case: Case, days: int, expert: Profile | None) -> Life:
    case.visibility = Visibility.PUBLIC
    yield from _closing(case, days + 1, expert)
    yield from _ago(case, days)
    actions.archive(case.need, by=case.clerk, at=case.now, note=words.ARCHIVED[0])
    case.let_go()


_STAGES: dict[Stage, Callable[[Case, int, Profile | None], Life]] = {
    Stage.SUBMITTED: _submitted,
    Stage.RETURNED: _returned,
    Stage.MATCHING: _matching,
    Stage.INVITING: _inviting,
    Stage.ARRANGING: _arranging,
    Stage.SCHEDULED: _scheduled,
    Stage.MET: _met,
    Stage.CONFIRMING: _confirming,
    Stage.RATING: _rating,
    Stage.CLOSING: _closing,
    Stage.ARCHIVED: _archived,
}
