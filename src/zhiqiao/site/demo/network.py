"""The network of the demo: associations from the province to the village, societies, enterprises."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from random import Random

from zhiqiao.directory.actions import add_enterprise
from zhiqiao.directory.models import Enterprise
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.orgs.actions import add_organisations
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.demo import places
from zhiqiao.site.demo.names import Brands, credit_code
from zhiqiao.site.demo.texts import Field

HANGZHOU, BINJIANG, PINGHU, XINDAI = "330100", "330108", "330482", "330482102"

# Which society recommends the experts of which field.
SOCIETIES: dict[str, tuple[str, ...]] = {
    "杭州市精密传动与装备学会": ("machining",),
    "杭州市智能装备与机器人应用学会": ("equipment",),
    "杭州市车辆部件技术学会": ("vehicles",),
    "杭州市电机与储能技术学会": ("drives",),
    "杭州市传感与微系统应用学会": ("sensors",),
    "杭州市视觉检测技术学会": ("vision",),
    "杭州市数据智能应用学会": ("software",),
    "杭州市金属成形与热加工学会": ("metals",),
    "杭州市高分子应用技术学会": ("polymers",),
    "杭州市绿色化工工艺学会": ("chemicals",),
    "杭州市建筑材料应用学会": ("building",),
    "杭州市染整与功能纺织学会": ("textiles",),
    "杭州市食品加工与保鲜学会": ("food",),
    "杭州市水土环境技术学会": ("environment",),
    "杭州市药物制剂技术学会": ("medicine",),
    "杭州市医疗器械创新学会": ("devices",),
    "杭州市设施农业与装备学会": ("farming",),
}
ACADEMICIANS = "杭州市院士服务促进会"
OVERSEAS = "杭州市海外智力交流促进会"
_PROVINCIAL_SOCIETIES = ("浙江省工程装备协同学会", "浙江省材料应用协同学会", "浙江省绿色制造协同学会")
_PINGHU_SOCIETIES = ("平湖市箱包与服装技术学会", "平湖市汽车零部件技术学会")

# Enterprises per district, and the fields its industry leans to.
_LEANINGS: dict[str, tuple[int, str]] = {
    "330108": (30, "sensors vision software devices equipment drives"),
    "330109": (32, "vehicles machining metals chemicals textiles equipment polymers building"),
    "330110": (26, "software vision medicine devices equipment machining"),
    "330114": (24, "medicine vehicles drives chemicals sensors equipment"),
    "330113": (21, "textiles machining equipment polymers medicine"),
    "330111": (20, "metals drives environment building sensors"),
    "330106": (15, "software vision sensors environment"),
    "330105": (15, "environment software building food equipment"),
    "330112": (16, "drives farming metals devices food"),
    "330102": (11, "software building textiles food"),
    "330122": (13, "machining polymers farming drives"),
    "330182": (12, "chemicals farming building food"),
    "330127": (7, "food farming environment"),
    PINGHU: (24, "vehicles textiles machining polymers food equipment"),
}
_ROADS = (
    "云锦路",
    "启新路",
    "拓业街",
    "聚贤路",
    "求是里路",
    "望潮路",
    "明德街",
    "长风路",
    "立业大道",
    "听泉路",
)
_PARKS = ("江畔智造园", "云桥科创园", "湾畔生物医药园", "东岸装备产业园")
_UNIVERSITIES = ("吴越理工大学", "苕溪农林大学", "钱湖医学院")


@dataclass(slots=True)
class Firm:
    """An enterprise of the demo: its row, its field, its district, and who speaks for it."""

    enterprise: Enterprise
    field: Field
    district: Organisation
    contact_name: str = ""
    contact_phone: str = ""


@dataclass(slots=True)
class Network:
    """The organisations that the rest of the demo refers to, by code or name."""

    province: Organisation
    by_code: dict[str, Organisation]
    societies: dict[str, Organisation]
    firms: list[Firm] = field(default_factory=list)

    @property
    def city(self) -> Organisation:
        return self.by_code[HANGZHOU]

    @property
    def districts(self) -> list[Organisation]:
        """The districts and counties of the city, in the order of their codes."""
        codes = [code for code, _ in places.pairs(places.CITIES[HANGZHOU][1])]
        return [self.by_code[code] for code in codes]


def make_network(at: datetime) -> Network:
    """Enter the associations and societies."""
    code, name = places.PROVINCE
    province = _add([_association(Kind.PROVINCE, code, name, name)], None, at)[0]
    cities = [_association(Kind.CITY, code, name, name) for code, (name, _) in places.CITIES.items()]
    by_code = {each.code: each for each in [province, *_add(cities, province, at)]}
    for city_code, (city, text) in places.CITIES.items():
        rows = [
            _association(Kind.DISTRICT, code, _full(city, name), name) for code, name in places.pairs(text)
        ]
        by_code |= {each.code: each for each in _add(rows, by_code[city_code], at)}
    for names, kind in ((places.TOWNS, Kind.TOWN), (places.VILLAGES, Kind.VILLAGE)):
        for parent, text in names.items():
            above = by_code[parent].short_name.removesuffix("科协")
            rows = [_association(kind, code, f"{above}{name}", name) for code, name in places.pairs(text)]
            by_code |= {each.code: each for each in _add(rows, by_code[parent], at)}
    return Network(province, by_code, _societies(by_code, at))


def _association(kind: Kind, code: str, full: str, name: str) -> Organisation:
    return Organisation(name=f"{full}科学技术协会", short_name=f"{name}科协", kind=kind, code=code)


def _full(city: str, name: str) -> str:
    """A district is named with its city; a county or county-level city stands alone."""
    return f"{city}{name}" if name.endswith("区") else name


def _societies(by_code: dict[str, Organisation], at: datetime) -> dict[str, Organisation]:
    city, pinghu, province = by_code[HANGZHOU], by_code[PINGHU], by_code[places.PROVINCE[0]]
    made = []
    for parent, names in (
        (city, (*SOCIETIES, ACADEMICIANS, OVERSEAS)),
        (province, _PROVINCIAL_SOCIETIES),
        (pinghu, _PINGHU_SOCIETIES),
    ):
        made += _add([Organisation(name=name, kind=Kind.SOCIETY) for name in names], parent, at)
    homes = cycle([by_code[code] for code in ("330108", "330110", "330114", PINGHU)])
    for name, parent in zip(_PARKS, homes, strict=False):
        _add([Organisation(name=f"{name}科学技术协会", kind=Kind.PARK_ASSOCIATION)], parent, at)
    universities = [
        Organisation(name=f"{name}科学技术协会", kind=Kind.UNIVERSITY_ASSOCIATION) for name in _UNIVERSITIES
    ]
    _add(universities, city, at)
    return {each.name: each for each in made}


def _add(rows: list[Organisation], parent: Organisation | None, at: datetime) -> list[Organisation]:
    return add_organisations(rows, parent=parent, by=SYSTEM, at=at)


def make_firms(network: Network, fields: dict[str, Field], rng: Random, at: datetime) -> None:
    """Enter the enterprises: each in a district, with a trade that suits it and a valid credit code."""
    brands = Brands(rng)
    for code, (count, leanings) in _LEANINGS.items():
        district = network.by_code[code]
        below = [network.by_code[town] for town, _ in places.pairs(places.TOWNS.get(code, ""))]
        leaning = cycle(leanings.split())
        for number in range(count):
            place = below[number % len(below)] if below else district
            firm = _firm(network, fields[next(leaning)], district, place, brands.brand(), rng, at)
            network.firms.append(firm)
    _enterprise_associations(network, at)


def _firm(
    network: Network,
    trade: Field,
    district: Organisation,
    place: Organisation,
    brand: str,
    rng: Random,
    at: datetime,
) -> Firm:
    code, words, suffix = rng.choice(trade.industries)
    town = "平湖" if district.code == PINGHU else rng.choice(("杭州", "杭州", "浙江"))
    form = rng.choices(("有限公司", "股份有限公司"), (9, 1))[0]
    area = district.short_name.removesuffix("科协")
    enterprise = add_enterprise(
        name=f"{town}{brand}{suffix}{form}",
        place=place,
        by=SYSTEM,
        at=at,
        credit_code=credit_code(rng, district.code),
        industry=code,
        industry_text=words,
        address=f"{area}{rng.choice(_ROADS)}{rng.randint(1, 398)}号",
    )
    return Firm(enterprise, trade, district)


def _enterprise_associations(network: Network, at: datetime) -> None:
    """A few larger enterprises have an association of their own, beside them in the tree."""
    for firm in network.firms[:: len(network.firms) // 6][:6]:
        row = Organisation(
            name=f"{firm.enterprise.organisation.name}科学技术协会", kind=Kind.ENTERPRISE_ASSOCIATION
        )
        _add([row], firm.district, at)
