"""What anybody may read of a need: no contacts, and no enterprise where it asked to stay unnamed."""

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.needs import queries
from zhiqiao.needs.enums import SUCCESSES, ClosingKind, Stage, Visibility
from zhiqiao.needs.models import Closing, Need, Outcome

UNNAMED = "该企业"
REMOVED = "（联系方式略）"

# Phones (mobile, landline, 400), e-mail addresses, and QQ or WeChat numbers that somebody wrote into the text.
_CONTACTS = re.compile(
    r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
    r"|(?<!\d)0\d{2,3}[- ]?[2-9]\d{6,7}(?!\d)"
    r"|(?<!\d)[48]00[- ]?\d{3}[- ]?\d{4}(?!\d)"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:QQ|qq|微信|微信号|WeChat)[号:： ]*[\w-]{5,20}"
)

STANDINGS = {
    "matching": "正在找专家",
    "talking": "专家对接中",
    "closed": "已办结",
}
_STAGES = {
    "matching": (Stage.MATCHING, Stage.INVITING),
    "talking": (Stage.ARRANGING, Stage.SCHEDULED, Stage.MET, Stage.CONFIRMING, Stage.RATING, Stage.CLOSING),
    "closed": (Stage.ARCHIVED,),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Three counts of records: needs received, cases closed, and those solved or in cooperation."""

    received: int
    closed: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class PublicNeed:
    """A need as anybody reads it."""

    pk: int
    number: str
    title: str
    body: str
    target: str
    kind: str
    enterprise: str
    standing: str
    tone: str
    handler: str
    submitted_at: object


def public(need: Need) -> PublicNeed:
    """Return what anybody may read of a published need (``queries.published_needs``)."""
    standing, tone = standing_of(need)
    return PublicNeed(
        pk=need.pk,
        number=need.number or "",
        title=public_text(need, need.title),
        body=public_text(need, need.body),
        target=public_text(need, need.target),
        kind=need.get_kind_display(),
        enterprise=enterprise_name(need),
        standing=standing,
        tone=tone,
        handler=need.organisation.title,
        submitted_at=need.submitted_at,
    )


def enterprise_name(need: Need) -> str:
    """Return the enterprise as its need allows it to be shown."""
    return str(need.enterprise) if need.visibility == Visibility.PUBLIC else masked_enterprise(need)


def masked_enterprise(need: Need) -> str:
    """Say only of what trade an enterprise is: 某专用设备制造企业."""
    trade = INDUSTRIES.get(need.enterprise.industry, "").split("、")[0].removesuffix("业")
    return f"某{trade}企业" if trade else "某企业"


def public_text(need: Need, text: str) -> str:
    """Take contacts out of a text, and the enterprise's names where it asked to stay unnamed."""
    if need.visibility != Visibility.PUBLIC:
        for name in names_of_enterprise(need):
            text = text.replace(name, UNNAMED)
    return without_contacts(text)


def without_contacts(text: str) -> str:
    """Take telephones, e-mail addresses and the like out of a text."""
    return _CONTACTS.sub(REMOVED, text)


def names_of_enterprise(need: Need) -> list[str]:
    """Return the spellings of an enterprise's name, the longest first."""
    organisation = need.enterprise.organisation
    core = re.sub(r"(股份|集团)?(有限)?(责任)?公司$", "", organisation.name)
    found = {organisation.name, organisation.short_name, core}
    return sorted((name for name in found if len(name) > 2), key=len, reverse=True)


def standing_of(need: Need) -> tuple[str, str]:
    """Say how far a published need is, and in which tone; a closed one shows its confirmed outcome.

    ``need.outcomes`` should be prefetched.
    """
    if need.stage == Stage.ARCHIVED:
        outcome = queries.current_outcome(need)
        if outcome is not None and outcome.confirmed_at is not None:
            return outcome.get_result_display(), "success" if outcome.result in SUCCESSES else "neutral"
    for name, stages in _STAGES.items():
        if need.stage in stages:
            return STANDINGS[name], "accent" if name != "closed" else "neutral"
    return "", "neutral"


def in_standing(names: list[str]) -> Q:
    """Return the condition that a need is in one of these standings."""
    return Q(stage__in=[stage for name in names for stage in _STAGES[name]])


def published(who: object = None) -> QuerySet[Need]:
    """Return the published needs with what their cards show; whoever has signed in may read more of them."""
    return queries.published_needs(who).prefetch_related("outcomes")


def recent(count: int) -> list[PublicNeed]:
    """Return the latest published needs that are still under way."""
    rows = published().exclude(stage=Stage.ARCHIVED).order_by("-submitted_at", "-pk")
    return [public(need) for need in rows[:count]]


def solved(count: int) -> list[PublicNeed]:
    """Return the published needs that ended solved or in cooperation, latest first."""
    won = Outcome.objects.filter(superseded_at__isnull=True, confirmed_at__isnull=False, result__in=SUCCESSES)
    rows = published().filter(stage=Stage.ARCHIVED, pk__in=won.values("need_id"))
    return [public(need) for need in rows.order_by("-stage_at", "-pk")[:count]]


def figures() -> Figures:
    """Count the records now: submitted at least once; closed with an outcome; of these, the successes."""
    completed = Closing.objects.filter(kind=ClosingKind.COMPLETED)
    won = Outcome.objects.filter(
        superseded_at__isnull=True,
        confirmed_at__isnull=False,
        result__in=SUCCESSES,
        need__closing__kind=ClosingKind.COMPLETED,
    )
    return Figures(Need.objects.filter(number__isnull=False).count(), completed.count(), won.count())
