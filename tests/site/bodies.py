"""What to send by POST: nothing at all, and every form of the page filled in by somebody who may see it all.

Filled in means valid as far as one can tell from the page: text in every box, the last choice of every
list, so that what is sent names objects of another city whenever the form could.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from tests.site import matrix, pages
from tests.site.pages import Field, Form
from tests.site.world import Seat, World

_WORDS = {
    "phone": "13800002222",
    "email": "tianxie@example.cn",
    "contact_phone": "13800002222",
    "contact_email": "tianxie@example.cn",
    "login": "13800002222",
    "link": "https://example.cn/huiyi",
    "url": "https://example.cn/wenxian",
    "year": "2024",
    "credit_code": "",
    "code": "",
    "password": "qiao-2026-xin",
    "new": "qiao-2026-xin",
    "again": "qiao-2026-xin",
}
_TEXT = "填写的一段话，说明理由和安排"


def bodies(world: World, strong: Seat, cell_route: Any, target: matrix.Target) -> list[dict[str, Any]]:
    """Return what to send to one URL: nothing, some words, each form of its page filled in."""
    sent: list[dict[str, Any]] = [{}]
    if not target.exists:
        return sent
    sent += BY_HAND.get(cell_route.name, lambda world: [])(world)
    probe = matrix.Cell(cell_route, "GET", strong, target, "")
    response = matrix.ask(probe)
    if probe.got == matrix.NOT_ALLOWED:
        return [*sent, {"reason": _TEXT, "note": _TEXT}]
    if "text/html" in response.headers.get("Content-Type", ""):
        page = pages.read(response.whole.decode())
        sent += [fill(form) for form in page.forms if _comes_back(form, probe.url)]
    return sent


def _comes_back(form: Form, url: str) -> bool:
    here = urlsplit(form.action).path
    return form.method == "post" and here in ("", ".", urlsplit(url).path)


def fill(form: Form) -> dict[str, Any]:
    """Return the form as somebody would send it who fills in everything."""
    sent: dict[str, Any] = {}
    for one in form.fields:
        value = _value(one)
        if one.name == "_once" or value is None:
            continue
        if one.kind == "checkbox" and one.name in sent:
            sent[one.name] = [*_list(sent[one.name]), value]
        else:
            sent[one.name] = value
    return sent


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(one: Field) -> Any:
    if one.kind in ("hidden", "submit"):
        return one.value
    if one.kind in ("button", "file", "image", "reset"):
        return None
    if one.kind in ("checkbox", "radio"):
        return None if one.name.endswith(("DELETE", "urgent")) else one.value or "on"
    if one.kind == "select":
        return next((value for value in reversed(one.options) if value), "")
    return one.value or _typed(one)


def _typed(one: Field) -> str:
    soon = timezone.localtime() + timedelta(days=3)
    kinds = {
        "date": f"{soon:%Y-%m-%d}",
        "datetime-local": f"{soon:%Y-%m-%dT10:00}",
        "time": "10:00",
        "number": "3",
        "tel": "13800002222",
        "email": "tianxie@example.cn",
        "url": "https://example.cn/wenxian",
    }
    if one.kind in kinds:
        return kinds[one.kind]
    name = one.name.rsplit("-", 1)[-1]
    if name in _WORDS:
        return _WORDS[name]
    if name.endswith(("_on", "_at", "until", "date", "day")):
        return f"{soon:%Y-%m-%d}"
    return _TEXT


def _pick_all(world: World) -> list[dict[str, Any]]:
    """Tick every need there is; and ask for everything that the filters find."""
    everything = [str(thing.pk) for thing in world.things["needs.need"]]
    return [{"pick": everything}, {"all": "1", "state": ""}]


BY_HAND = {"needs:bulk": _pick_all}
"""What a form cannot be made to say by filling it in."""
