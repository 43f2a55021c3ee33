"""A colleague named by an expert who declined: a proposal that a clerk takes up or leaves."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from zhiqiao.directory.models import Expert
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.enums import SubstituteState
from zhiqiao.needs.models import Invitation, Substitute

_CONTACT = re.compile(r"@|(?:\d[\s\-]?){7,}")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom an expert named in her place, in her own words: name, unit, why."""

    name: str
    unit: str = ""
    note: str = ""


def name_substitute(invitation: Invitation, named: Named, *, by: By, at: datetime) -> Substitute | None:
    """Keep whom an expert named, for the clerk; part of her decline. Without a name nothing is kept.

    :raises Refused: it holds a telephone number or an e-mail address: a contact comes from the person herself.
    """
    if not named.name.strip():
        return None
    if _CONTACT.search(f"{named.name} {named.unit} {named.note}"):
        refuse("needs.substitute_contact", "请不要写同行的电话和邮箱，受理单位会向本人核实联系方式。")
    made = Substitute.objects.create(
        invitation=invitation,
        name=named.name.strip(),
        unit=named.unit.strip(),
        note=named.note.strip(),
        state=SubstituteState.OPEN,
        at=at,
    )
    audit.record("invitation.substitute", invitation, by=by, at=at, after={"substitute": made.pk})
    return made


@transaction.atomic
def take_substitute(substitute: Substitute, expert: Expert, *, by: By, at: datetime) -> None:
    """Say that this expert of the library is the colleague who was named. She is invited as anybody is."""
    if expert.name != substitute.name:
        refuse("needs.substitute_name", f"请选择库里叫“{substitute.name}”的专家，或先登记。")
    _settle(substitute, SubstituteState.TAKEN, expert, by=by, at=at)


@transaction.atomic
def leave_substitute(substitute: Substitute, *, by: By, at: datetime) -> None:
    """Put a proposal aside."""
    _settle(substitute, SubstituteState.LEFT, None, by=by, at=at)


def _settle(substitute: Substitute, state: str, expert: Expert | None, *, by: By, at: datetime) -> None:
    require(rules.is_handler(by, substitute.invitation.need))
    rows = Substitute.objects.filter(pk=substitute.pk, state=SubstituteState.OPEN)
    settled = rows.update(state=state, expert=expert, by_name=actor_of(by).name, settled_at=at)
    if not settled:
        refuse("needs.substitute_settled", "这条推荐已经处理过，请刷新查看。")
    after = {"state": state, "expert": expert.pk if expert else None}
    audit.record("substitute.settle", substitute, by=by, at=at, after=after)
