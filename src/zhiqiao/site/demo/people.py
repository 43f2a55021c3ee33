"""Who signs in to the demo: one account per role, and the clerks and contacts who did the work of 2020."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from zhiqiao.accounts.actions import disable, open_account
from zhiqiao.accounts.models import Person
from zhiqiao.kit.actors import SYSTEM, By
from zhiqiao.orgs.actions import grant
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.demo.names import People
from zhiqiao.site.demo.network import BINJIANG, HANGZHOU, PINGHU, XINDAI, Firm, Network

DEMO_PASSWORD = "zhiqiao-demo-2026"  # noqa: S105  (public on purpose; production refuses to start with it)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account to try: what to sign in with, as whom, where, and what to do first."""

    login: str
    name: str
    role: str
    title: str
    place: str
    try_first: str

    @property
    def password(self) -> str:
        return DEMO_PASSWORD


ADMINISTRATOR = DemoAccount(
    "13800000001", "沈亦川", "administrator", "系统管理员", "浙江省科协",
    "打开“组织”，看省、市、区县到村的网络；给一位同事授权，再收回。",
)  # fmt: skip
CITY_CLERK = DemoAccount(
    "13800000002", "陆知衡", "clerk", "市经办人", "杭州市科协",
    "打开“待办”，受理今天到期的需求；在需求页旁边一键找专家，按顺序发出邀请。",
)  # fmt: skip
DISTRICT_CLERK = DemoAccount(
    "13800000003", "许惠棠", "clerk", "区县经办人", "滨江区科协",
    "只看得到滨江区的需求：登记一次对接的纪要，再登记结果请双方确认。",
)  # fmt: skip
TOWN_CLERK = DemoAccount(
    "13800000004", "顾云樵", "town_clerk", "镇街联络员", "新埭镇科协",
    "走访企业后，替一家新埭镇的企业提一条需求，看它由平湖市科协受理。",
)  # fmt: skip
LEADER = DemoAccount(
    "13800000005", "闻承岳", "leader", "分管领导", "杭州市科协",
    "打开“驾驶舱”，选“双千行动”，点开 478、520、393、223 任何一个数字，看它数的是哪些记录。",
)  # fmt: skip
AUDITOR = DemoAccount(
    "13800000006", "章守谦", "auditor", "审计员", "浙江省科协",
    "打开“审计记录”（/workbench/audit/），看谁在什么时候办了什么；只能看，不能办。",
)  # fmt: skip
SOCIETY_CLERK = DemoAccount(
    "13800000007", "骆书岚", "society_clerk", "学会联络人", "杭州市精密传动与装备学会",
    "打开“专家”，给本学会推荐的一位专家补一条论文或专利。",
)  # fmt: skip
ENTERPRISE_CONTACT = DemoAccount(
    "13800000008", "倪启航", "enterprise_contact", "企业联系人", "滨江区的一家企业",
    "打开“我的需求”，确认一条等您确认的结果，或把草稿提交上去。",
)  # fmt: skip
EXPERT = DemoAccount(
    "13800000009", "申屠允恺", "", "专家", "杭州市视觉检测技术学会",
    "打开“我的邀请”，答复一份等您答复的邀请；再到“我的接受邀请设置”里写明暂不打扰。",
)  # fmt: skip

DEMO_ACCOUNTS = [
    ADMINISTRATOR, CITY_CLERK, DISTRICT_CLERK, TOWN_CLERK, LEADER,
    AUDITOR, SOCIETY_CLERK, ENTERPRISE_CONTACT, EXPERT,
]  # fmt: skip


@dataclass(slots=True)
class Staff:
    """The people of the demo by what they do. ``clerks`` by the code of their district."""

    by_login: dict[str, Person]
    clerks: dict[str, Person]
    contacts: dict[int, Person]

    def clerk_of(self, firm: Firm) -> Person:
        return self.clerks[firm.district.code]


def make_staff(network: Network, people: People, phones: Iterator[str], rng: Random, at: datetime) -> Staff:
    """Open the accounts: with the demo password for one per role, without any for all the others."""
    by_login = {each.login: _open(each.name, each.login, DEMO_PASSWORD, at) for each in DEMO_ACCOUNTS}
    city, binjiang = network.city, network.by_code[BINJIANG]
    posts = (
        (ADMINISTRATOR, network.province),
        (CITY_CLERK, city),
        (DISTRICT_CLERK, binjiang),
        (TOWN_CLERK, network.by_code[XINDAI]),
        (LEADER, city),
        (AUDITOR, network.province),
        (SOCIETY_CLERK, network.societies[SOCIETY_CLERK.place]),
    )
    for account, organisation in posts:
        _grant(by_login[account.login], account.role, organisation, at)
    clerks = {HANGZHOU: by_login[CITY_CLERK.login], BINJIANG: by_login[DISTRICT_CLERK.login]}
    for district in (*network.districts, network.by_code[PINGHU]):
        if district.code not in clerks:
            clerks[district.code] = _open(people.name(), next(phones), None, at)
            _grant(clerks[district.code], "clerk", district, at)
    return Staff(by_login, clerks, _contacts(network, by_login, people, phones, rng, at))


def _contacts(
    network: Network,
    by_login: dict[str, Person],
    people: People,
    phones: Iterator[str],
    rng: Random,
    at: datetime,
) -> dict[int, Person]:
    """Name a contact for every enterprise; about half of them have an account and ask for themselves."""
    contacts: dict[int, Person] = {}
    shown = demo_firm(network)
    for firm in network.firms:
        firm.contact_name, firm.contact_phone = people.name(), next(phones)
        if firm is shown:
            person = by_login[ENTERPRISE_CONTACT.login]
            firm.contact_name, firm.contact_phone = person.name, ENTERPRISE_CONTACT.login
        elif rng.random() < 0.45:
            person = _open(firm.contact_name, firm.contact_phone, None, at)
        else:
            continue
        _grant(person, "enterprise_contact", firm.enterprise.organisation, at)
        contacts[firm.enterprise.pk] = person
    return contacts


def demo_firm(network: Network) -> Firm:
    """Return the enterprise whose contact can be tried: the first of 滨江 that does machine vision."""
    return next(
        firm for firm in network.firms if firm.district.code == BINJIANG and firm.field.name == "vision"
    )


def _open(name: str, phone: str, password: str | None, at: datetime) -> Person:
    return open_account(name=name, phone=phone, password=password, by=SYSTEM, at=at, is_demo=True)


def _grant(person: Person, role: str, organisation: Organisation, at: datetime) -> None:
    grant(person, role, organisation, by=SYSTEM, at=at)


def disable_all(*, by: By, at: datetime) -> int:
    """Close every demo account that is still open; return how many. For ``zhiqiao demo --disable``."""
    people = list(Person.objects.filter(is_demo=True, is_active=True).order_by("pk"))
    for person in people:
        disable(person, by=by, at=at, reason="停用演示账号")
    return len(people)
