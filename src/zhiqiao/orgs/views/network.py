"""The network as screens: units level by level, the people at each, and what administrators change."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache

from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.forms import NewPasswordForm
from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.errors import Refused, refuse, require
from zhiqiao.kit.privacy import masked
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Choice, Column, Flag, Register, Text
from zhiqiao.orgs import actions, queries, rules
from zhiqiao.orgs.enums import Kind, OrgPerm
from zhiqiao.orgs.forms import (
    KINDS_BELOW,
    KnownPersonForm,
    NewPersonForm,
    OrganisationForm,
    ReasonForm,
)
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.orgs.roles import role
from zhiqiao.orgs.scope import covers, may_somewhere, roots_of, visible
from zhiqiao.orgs.search import organisations_with

FRESH_LINK = "fresh_account_link"
PAST_SHOWN = 20
_NARROWING = ("q", "kind", "closed")


def person_of(request: HttpRequest) -> Person:
    """Return who is at the screen. The front gate lets nobody in here who has not signed in."""
    return cast(Person, request.user)


def _kind_cell(one: Organisation) -> Any:
    return (
        one.get_kind_display() if one.is_active else badge(f"{one.get_kind_display()}（已撤销）", "warning")
    )


def _register(name: str, *columns: Column) -> Register:
    """Declare a register of organisations; the whole network and one level of it look the same."""
    return Register(
        name,
        columns=(
            Column("title", "组织", primary=True, href=Organisation.get_absolute_url, sort="name"),
            Column("kind", "类型", kind="badge", cell=_kind_cell),
            *columns,
            Column("below", "下级", kind="number", cell=lambda one: one.below or None),
            Column("code", "代码", kind="code", optional=True),
        ),
        filters=(
            Text("q", "名称或代码", where=organisations_with, suggest="suggest?in=organisations"),
            Choice("kind", "类型", choices=Kind.choices, many=True, hidden=True),
            Flag("closed", "只看已撤销", where=Q(is_active=False), more=True),
        ),
        order=("path", "pk"),
    )


NETWORK = _register("network", Column("parent.title", "上级"))
CHILDREN = _register("children")


def organisations(request: HttpRequest) -> HttpResponse:
    """Start at the top of one's part of the network; a search or a level shows all that fits, page by page."""
    seen = queries.organisations_for(request.user)
    narrowed = any(request.GET.get(name) for name in _NARROWING)
    rows = seen if narrowed else queries.top_of(request.user)
    listing = _listed(NETWORK, request, rows.select_related("parent"))
    context = {
        "listing": listing,
        "tabs": _tabs(request, queries.count_by_kind(seen), "从上往下"),
        "may_audit": may_somewhere(request.user, OrgPerm.AUDIT),
    }
    return render(request, "orgs/organisations.html", context)


def _listed(register: Register, request: HttpRequest, rows: Any) -> Any:
    listing = register.bind(request.GET, rows)
    below = queries.count_children(listing.page.rows)
    for one in listing.page.rows:
        one.below = below.get(one.pk, 0)
    return listing


def _tabs(request: HttpRequest, counts: dict[str, int], first: str) -> list[dict[str, Any]]:
    chosen = request.GET.getlist("kind")
    searched = bool(request.GET.get("q") or request.GET.get("closed"))
    levels = [
        {"title": Kind(kind).label, "url": f"?kind={kind}", "count": count, "current": chosen == [kind]}
        for kind, count in counts.items()
    ]
    return [{"title": first, "url": request.path, "current": not chosen and not searched}, *levels]


@never_cache
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an organisation: what it is, who works there in which role, and what stands below it."""
    shown = get_object_or_404(queries.organisations_for(request.user).select_related("parent"), pk=pk)
    at = timezone.now()
    line = queries.above(shown)
    counts = queries.count_by_kind(shown.children.all())
    people = _people_rows(request, shown, at)
    context = {
        "organisation": shown,
        "crumbs": _seen_of(request, line),
        "listing": _listed(CHILDREN, request, shown.children.all()) if counts else None,
        "tabs": _tabs(request, counts, "全部") if len(counts) > 1 else [],
        "facts": _facts(shown, line),
        "people": people,
        "roles": _roles_among(people),
        "past": [
            {"held": held, "role": role(held.role).title}
            for held in queries.past_grants_at(shown, at)[:PAST_SHOWN]
        ],
        "managed": bool(covers(request.user, OrgPerm.MANAGE, shown)),
        "may_have_children": shown.kind in KINDS_BELOW and shown.is_active,
        "fresh_link": request.session.pop(FRESH_LINK, None),
        "link_days": settings.PASSWORD_RESET_TIMEOUT // 86400,
    }
    return render(request, "orgs/organisation.html", context)


def _seen_of(request: HttpRequest, line: list[Organisation]) -> list[Organisation]:
    roots = roots_of(request.user, OrgPerm.VIEW)
    return [one for one in line if any(one.is_within(root) for root in roots)]


def _facts(shown: Organisation, line: list[Organisation]) -> list[dict[str, Any]]:
    within = Organisation.objects.within(shown).exclude(pk=shown.pk)
    below = queries.count_by_kind(within)
    return [
        {"title": "全称", "value": shown.name},
        {"title": "类型", "value": shown.get_kind_display()},
        {"title": "上级", "value": " › ".join(one.title for one in line) or "没有，这是网络的最上一级"},
        {"title": "代码", "value": shown.code},
        {"title": "状态", "value": "在用" if shown.is_active else "已撤销"},
        {
            "title": "下级合计",
            "value": "\n".join(f"{Kind(kind).label} {count:,} 个" for kind, count in below.items()) or "没有",
        },
    ]


def _people_rows(request: HttpRequest, shown: Organisation, at: datetime) -> list[dict[str, Any]]:
    """Return the people at an organisation, each once, with her roles and what the reader may do about them."""
    rows: dict[int, dict[str, Any]] = {}
    for held in queries.grants_at(shown, at):
        row = rows.setdefault(held.person_id, _person_row(request, shown, held.person))
        may_revoke = not row["own"] and bool(rules.may_grant(person_of(request), held.role, shown))
        form = ReasonForm(auto_id=f"revoke_{held.pk}_%s")
        row["held"].append({"grant": held, "role": role(held.role), "may_revoke": may_revoke, "form": form})
    return list(rows.values())


def _person_row(request: HttpRequest, shown: Organisation, person: Person) -> dict[str, Any]:
    answer = queries.may_manage_account(request.user, person)
    own = person.pk == request.user.pk
    return {
        "person": person,
        "own": own,
        "login": "　".join(masked(login) for login in (person.phone, person.email) if login),
        "held": [],
        "may_manage": bool(answer),
        "why_not": "这是您自己" if own else "" if answer else str(answer),
        "switch": ReasonForm(auto_id=f"switch_{person.pk}_%s"),
        "link": ReasonForm(auto_id=f"link_{person.pk}_%s"),
    }


def _roles_among(people: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what each role held here may do, in words."""
    names = dict.fromkeys(one["role"].name for row in people for one in row["held"])
    return [{"title": role(name).title, "value": role(name).sentence} for name in names]


def _managed(request: HttpRequest, pk: int) -> Organisation:
    return get_object_or_404(queries.managed_by(request.user), pk=pk)


def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a unit below another."""
    parent = _managed(request, pk)
    form = OrganisationForm(parent, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.add_organisation(
                **form.cleaned_data, parent=parent, by=person_of(request), at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, refused.refusal.message)
        except IntegrityError:
            form.add_error("code", "这个代码刚刚被别的组织用了，请核对。")
        else:
            messages.success(request, f"已添加{added.name}。")
            return redirect(added)
    kinds = KINDS_BELOW.get(parent.kind, ())
    return render(request, "orgs/add.html", {"form": form, "parent": parent, "kinds": kinds})


def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody who has an account a role here."""
    here = _managed(request, pk)
    initial = {"login": request.GET.get("login", "")[:120]}
    form = KnownPersonForm(request.user, here, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        person, name = form.cleaned_data["person"], form.cleaned_data["role"]
        try:
            actions.grant(
                person, name, here, by=person_of(request), at=timezone.now(), until=form.until_instant()
            )
        except Refused as refused:
            form.add_error("role", refused.refusal.message)
        except IntegrityError:
            form.add_error("role", "刚刚已经有人授予了这个角色。")
        else:
            messages.success(request, f"{person.name}已是{here.title}的{role(name).title}，下次操作起生效。")
            return redirect(here)
    return render(request, "orgs/grant.html", {"form": form, "organisation": here})


def person_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account with its first role here. It has no password: its owner sets one by a one-time link."""
    here = _managed(request, pk)
    form = NewPersonForm(request.user, here, request.POST or None)
    taken = False
    if request.method == "POST" and form.is_valid():
        try:
            person = _appoint(request, here, form)
        except Refused as refused:
            taken = refused.refusal.code == "account.taken"
            words = "这个手机号或邮箱已有账号，请改用“给已有账号授权”。" if taken else refused.refusal.message
            form.add_error("phone" if form.cleaned_data["phone"] else "email", words)
        else:
            _keep_link(request, person)
            return redirect(here)
    return render(request, "orgs/person_new.html", {"form": form, "organisation": here, "taken": taken})


@transaction.atomic
def _appoint(request: HttpRequest, here: Organisation, form: NewPersonForm) -> Person:
    at, given = timezone.now(), form.cleaned_data
    person = accounts.open_account(
        name=given["name"],
        phone=given["phone"],
        email=given["email"],
        password=None,
        by=person_of(request),
        at=at,
    )
    actions.grant(person, given["role"], here, by=person_of(request), at=at, until=form.until_instant())
    return person


def _keep_link(request: HttpRequest, person: Person) -> None:
    """Keep a link by which a person sets her password, for the next page to show once."""
    person.refresh_from_db()
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse("orgs:set_password", args=(uid, default_token_generator.make_token(person)))
    request.session[FRESH_LINK] = {"name": person.name, "url": f"{settings.SITE_URL}{path}"}


def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role away from somebody, with the reason."""
    grants = Grant.objects.select_related("organisation", "person")
    held = get_object_or_404(visible(grants, request.user, OrgPerm.MANAGE), pk=pk)

    def act(reason: str) -> str:
        if held.person_id == request.user.pk:
            refuse("orgs.own_grant", "不能撤销自己的授权，请由上级管理员办理。")
        actions.revoke(held, by=person_of(request), at=timezone.now(), reason=reason)
        return f"已撤销{held.person.name}的“{role(held.role).title}”，对方已打开的页面随即失效。"

    return _with_reason(request, act, back=held.organisation)


def disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account at once."""

    def act(person: Person, reason: str) -> str:
        accounts.disable(person, by=person_of(request), at=timezone.now(), reason=reason)
        return f"{person.name}的账号已停用，已打开的页面随即失效。"

    return _on_account(request, pk, act)


def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""

    def act(person: Person, reason: str) -> str:
        accounts.enable(person, by=person_of(request), at=timezone.now(), reason=reason)
        return f"{person.name}的账号已启用，可以用原来的密码登录。"

    return _on_account(request, pk, act)


def new_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new one-time link for somebody who has lost hers or forgotten the password."""

    def act(person: Person, reason: str) -> str:
        if not person.is_active:
            refuse("orgs.disabled", f"{person.name}的账号已停用，请先启用。")
        audit.record("account.link", person, by=person_of(request), at=timezone.now(), reason=reason)
        _keep_link(request, person)
        return f"已为{person.name}生成新的设置密码链接。"

    return _on_account(request, pk, act)


def _on_account(request: HttpRequest, pk: int, act: Callable[[Person, str], str]) -> HttpResponse:
    person = get_object_or_404(queries.people_managed_by(request.user, timezone.now()), pk=pk)

    def allowed(reason: str) -> str:
        require(queries.may_manage_account(request.user, person))
        return act(person, reason)

    return _with_reason(request, allowed, back=_where(request))


def _with_reason(
    request: HttpRequest, act: Callable[[str], str], *, back: Organisation | None
) -> HttpResponse:
    """Do something that needs a reason, and say on the next page what came of it."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有办理：{form.errors['reason'][0]}")
    else:
        try:
            messages.success(request, act(form.cleaned_data["reason"]))
        except Refused as refused:
            messages.error(request, refused.refusal.message)
    return redirect(back or "orgs:list")


def _where(request: HttpRequest) -> Organisation | None:
    """Return the organisation from whose page the form was sent."""
    here = request.POST.get("organisation", "")
    return queries.organisations_for(request.user).filter(pk=int(here)).first() if here.isdecimal() else None


@never_cache
def set_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let the owner of a new account set her password; the link works once and for a few days."""
    person = _person_behind(uid, token)
    if person is None:
        return render(request, "orgs/link_over.html", status=410)
    form = NewPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = Actor("link", f"account:{person.pk}", person.name)
        accounts.change_password(person, password=form.cleaned_data["new"], by=by, at=timezone.now())
        messages.success(request, "密码已设好，请用手机号或邮箱和新密码登录。")
        return redirect("login")
    return render(request, "orgs/set_password.html", {"form": form, "person": person})


def _person_behind(uid: str, token: str) -> Person | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    person = Person.objects.filter(pk=pk, is_active=True).first()
    return person if person and default_token_generator.check_token(person, token) else None
