"""A clerk shows an enterprise a research output that may answer its need."""

from datetime import datetime

from django.db import transaction

from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit import audit, clock, jobs
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.models import Need, Recommendation


@transaction.atomic
def recommend_output(
    need: Need, output: ResearchOutput, *, by: By, at: datetime, note: str = ""
) -> Recommendation:
    """Recommend an output to the enterprise behind a need: kept with the case, and the enterprise is told.

    :raises Refused: ``by`` does not handle the need; the case is over; the output must not leave its own
        organisation; it has been recommended before.
    """
    require(rules.may_recommend(by, need, output))
    made, is_new = Recommendation.objects.get_or_create(
        need=need, output=output, defaults={"note": note, "by_name": actor_of(by).name, "at": at}
    )
    if not is_new:
        day = clock.local_date(made.at)
        refuse(
            "needs.recommended",
            f"{made.by_name}已在{day.month}月{day.day}日推荐过这项成果，企业在需求页上能看到，不必再推荐。",
        )
    after = {"output": output.pk, "title": output.title}
    audit.record("need.recommend", need, by=by, at=at, after=after, reason=note)
    jobs.enqueue("needs.tell_recommended", at=at, recommendation_id=made.pk)
    return made
