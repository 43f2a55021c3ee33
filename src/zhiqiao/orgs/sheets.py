"""The ledger of organisations: towns and villages below the districts that are there."""

from collections.abc import Mapping
from typing import Any

from zhiqiao.kit.sheets import Column, Ledger, RowError, Run, Saved, changed, new, parse, same
from zhiqiao.orgs.actions import add_organisation, add_organisations, rename
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation

SUFFIX = "科协"


def organisations_ledger(under: Organisation) -> Ledger:
    """Return the ledger whose towns and villages lie below ``under``."""
    return Ledger(
        "organisations", "组织名录", COLUMNS, lambda values, run: _save(values, run, under), finish=_add_all
    )


COLUMNS = (
    Column("county_code", "区县代码", half_width=True, parse=parse.text(6), help="六位行政区划代码", example="330482"),
    Column("county", "区县", parse=parse.text(60)),
    Column("city", "市", parse=parse.text(60)),
    Column("street_code", "镇街代码", required=True, half_width=True, parse=parse.text(9), example="330482001"),
    Column("street", "镇街", required=True, parse=parse.text(60), aliases=("乡镇街道",), example="当湖街道"),
    Column("village_code", "村社区代码", half_width=True, parse=parse.text(12), aliases=("村代码",)),
    Column("village", "村社区", parse=parse.text(60), aliases=("村", "社区")),
)  # fmt: skip


def _save(values: Mapping[str, Any], run: Run, under: Organisation) -> Saved:
    """Save a town, or with a village code a village and, if need be, its town."""
    if not values.get("village_code"):
        return _put(Kind.TOWN, values["street_code"], values["street"], _district(values, run, under), run)
    if not values.get("village"):
        raise RowError("有村社区代码，没有名称", "village")
    return _put(Kind.VILLAGE, values["village_code"], values["village"], _town(values, run, under), run)


def _put(kind: Kind, code: str, name: str, parent: Organisation, run: Run) -> Saved:
    """Put a new organisation in line to be added with its siblings, or rename the one that is there."""
    waiting: dict[Organisation, dict[str, Organisation]] = run.later
    if code in waiting.setdefault(parent, {}):
        raise RowError(
            "与本文件前面的一行代码相同", f"{'village' if kind is Kind.VILLAGE else 'street'}_code"
        )
    known = Organisation.objects.filter(kind=kind, code=code).first()
    if known is None:
        waiting[parent][code] = Organisation(name=name + SUFFIX, short_name=name, kind=kind, code=code)
        return new()
    if known.short_name == name:
        return same()
    rename(known, name=name + SUFFIX, short_name=name, by=run.by, at=run.at)
    return changed()


def _add_all(run: Run) -> None:
    """Add what is in line, parent by parent: 25,000 villages in a few thousand statements."""
    for parent, waiting in run.later.items():
        if waiting:
            add_organisations(waiting.values(), parent=parent, by=run.by, at=run.at)


def _town(values: Mapping[str, Any], run: Run, under: Organisation) -> Organisation:
    """Find a village's town by code; after a reorganisation its code is new, so then by name in its city."""
    key = ("town", values["street_code"])
    if key not in run.memo:
        towns = Organisation.objects.within(under).filter(kind=Kind.TOWN)
        found = towns.filter(code=values["street_code"]).first() or _same_name(towns, values)
        run.memo[key] = found or add_organisation(
            name=values["street"] + SUFFIX,
            short_name=values["street"],
            kind=Kind.TOWN,
            code=values["street_code"],
            parent=_district(values, run, under),
            by=run.by,
            at=run.at,
        )
    town: Organisation = run.memo[key]
    return town


def _same_name(towns: Any, values: Mapping[str, Any]) -> Organisation | None:
    """Accept a town of that name only if the city has just one."""
    city = values["street_code"][:4]
    named = list(towns.filter(short_name=values["street"], code__startswith=city)[:2])
    return named[0] if len(named) == 1 else None


def _district(values: Mapping[str, Any], run: Run, under: Organisation) -> Organisation:
    code = values.get("county_code") or values["street_code"][:6]
    key = ("district", code)
    if key not in run.memo:
        run.memo[key] = Organisation.objects.within(under).filter(kind=Kind.DISTRICT, code=code).first()
    district: Organisation | None = run.memo[key]
    if district is None:
        raise RowError(
            f"{under.title}下面没有代码为 {code} 的区县科协（可能已经撤并），请先添加区县或改用现在的代码",
            "county_code",
        )
    return district
