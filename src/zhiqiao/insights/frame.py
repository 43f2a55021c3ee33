"""What a reader asks for: whose eyes, which programme, which period, as of when. It lives in the URL."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.kit import clock
from zhiqiao.needs.models import Programme
from zhiqiao.needs.queries import programmes_for
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisations_for


@dataclass(frozen=True)
class Frame:
    """The question behind every number of a page.

    who : the reader; every row behind a number is one she may see.
    start, end : days on which a need was submitted, both included.
    as_of : the state of things at the end of this day; None = now.
    handler : only needs handled by this organisation. industry : only enterprises of this code.
    """

    who: Any
    programme: Programme | None = None
    start: date | None = None
    end: date | None = None
    as_of: date | None = None
    handler: Organisation | None = None
    industry: str = ""
    reason: str = ""

    @property
    def instant(self) -> datetime | None:
        """The end of the as-of day; None = now."""
        return None if self.as_of is None else clock.midnight(self.as_of + timedelta(days=1))

    def query(self, **changes: Any) -> str:
        """Return this question as a query string, changed as asked."""
        frame = replace(self, **changes)
        said = {
            "programme": frame.programme.code if frame.programme else "",
            "from": frame.start,
            "to": frame.end,
            "as_of": frame.as_of,
            "handler": frame.handler.pk if frame.handler else "",
            "industry": frame.industry,
            "why": frame.reason,
        }
        return urlencode({name: value for name, value in said.items() if value})


def read(params: QueryDict, who: Any) -> tuple[Frame, list[str]]:
    """Return the question a URL asks, and in words what could not be understood. Out of sight = unknown."""
    notices: list[str] = []
    programme = programmes_for(who).filter(code=params.get("programme", "")).first()
    if params.get("programme") and programme is None:
        notices.append("没有这个专项行动，已显示全部需求。")
    handler = None
    if params.get("handler", "").isdigit():
        handler = organisations_for(who).filter(pk=int(params["handler"][:18])).first()
    industry = params.get("industry", "")
    frame = Frame(
        who,
        programme,
        start=_day(params, "from", notices),
        end=_day(params, "to", notices),
        as_of=_day(params, "as_of", notices),
        handler=handler,
        industry=industry if industry in INDUSTRIES else "",
        reason=params.get("why", "")[:20],
    )
    return frame, notices


def _day(params: QueryDict, name: str, notices: list[str]) -> date | None:
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        notices.append(f"日期“{text[:20]}”看不懂，应写成 2026-11-22 这样，已忽略。")
        return None


def start_of(day: date) -> datetime:
    """Return the first instant of a day in Chinese time."""
    return datetime.combine(day, time.min, clock.CHINA)
