"""Composing the whole demo network in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from django.db import connection, transaction
from django.db.models import F

from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import refuse
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.jobs.models import Job
from zhiqiao.needs.enums import SUCCESSES, ClosingKind, InvitationState, MeetingState
from zhiqiao.needs.models import Attendance, Closing, Invitation, Need, Outcome, Programme
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.demo import cases, current, leftovers, lives, plan, talks
from zhiqiao.site.demo.experts import Library, make_experts
from zhiqiao.site.demo.moments import Diary
from zhiqiao.site.demo.names import People, phones
from zhiqiao.site.demo.network import PINGHU, XINDAI, Firm, Network, make_firms, make_network
from zhiqiao.site.demo.people import EXPERT, TOWN_CLERK, Staff, demo_firm, make_staff
from zhiqiao.site.demo.texts import Texts, fields

SEED = "zhiqiao demo"
FOUNDED = datetime(2020, 1, 6, 1, 30, tzinfo=UTC)
PROGRAMME = "shuangqian"
_TURNED_AWAY = 13  # needs of those years that were never counted in the campaign
_NEWS_DAYS = 3  # working days back for which messages are still sent

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the demo holds: counts of records, taken from the database after composing."""

    organisations: int
    enterprises: int
    experts: int
    enlisted: int
    needs: int
    programme_needs: int
    services: int
    closed: int
    successes: int
    open: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"已生成：组织 {self.organisations} 个（其中企业 {self.enterprises} 家），专家 {self.experts} 位，"
            f"需求 {self.needs} 项。双千行动：专家 {self.enlisted}，需求 {self.programme_needs}，"
            f"服务 {self.services}，办结 {self.closed}，解决或合作 {self.successes}，在办 {self.open}。"
        )


@transaction.atomic
def compose(at: datetime, *, progress: Progress = lambda words: None) -> Summary:
    """Compose the demo network as if ``at`` (aware) were now. The same ``at`` gives the same records.

    progress : is told in Chinese what is being done.
    :raises Refused: the database holds organisations already (code demo.not_empty).
    """
    if Organisation.objects.exists():
        refuse(
            "demo.not_empty", "数据库里已有组织，演示数据只能装进空库。请换一个数据目录（ZHIQIAO_HOME）再试。"
        )
    rng = Random(SEED)  # noqa: S311  (invented data, nothing secret)
    trades = fields()
    progress("正在建立组织网络……")
    people, numbers = People(rng), phones()
    network = make_network(FOUNDED)
    make_firms(network, {each.name: each for each in trades}, rng, FOUNDED)
    staff = make_staff(network, people, numbers, rng, FOUNDED)
    progress("正在登记专家……")
    library = make_experts(
        network,
        trades,
        people,
        numbers,
        rng,
        account=staff.by_login[EXPERT.login],
        at=FOUNDED + timedelta(days=30),
        today=clock.local_date(at),
    )
    programme = _programme(network, library)
    world = cases.World(Diary(at), staff.clerks, staff.contacts)
    world.know((*library.enlisted, *library.others))
    progress("正在办理 2020 年以来的需求……")
    hand = _Dealer(world, network, staff, library, Texts(trades, rng), rng)
    cases.play([*hand.of_programme(programme), *hand.turned_away(), *hand.on_desks()])
    progress("正在收尾……")
    _settle_outbox(world.diary)
    talks.compose(network, at)
    with connection.cursor() as cursor:  # the planner knows what came in; autovacuum would take a minute
        cursor.execute("ANALYZE")
    return _summary(programme)


def _programme(network: Network, library: Library) -> Programme:
    at = FOUNDED + timedelta(days=40)
    programme = Programme.objects.create(
        code=PROGRAMME,
        name="双千行动",
        organisation=network.city,
        starts_on=date(2020, 3, 1),
        ends_on=date(2021, 12, 31),
    )
    programme.experts.set([profile.expert for profile in library.enlisted])
    after = {"name": programme.name, "experts": len(library.enlisted)}
    audit.record("programme.add", programme, by=SYSTEM, at=at, after=after)
    return programme


@dataclass(slots=True)
class _Dealer:
    """Hands out the cases: which enterprise has which need, and what becomes of it."""

    world: cases.World
    network: Network
    staff: Staff
    library: Library
    texts: Texts
    rng: Random

    def _case(self, firm: Firm, programme: Programme | None = None, **more: object) -> cases.Case:
        text = more.pop("text", None) or self.texts.take(firm.field)
        own = Random(f"{SEED} {self.rng.random()}")  # noqa: S311
        return cases.Case(self.world, firm, text, own, programme, **more)  # type: ignore[arg-type]

    def of_programme(self, programme: Programme) -> Iterator[cases.Life]:
        """Yield the 478 lives of 双千行动."""
        firms = [firm for firm in self.network.firms if firm.district.code != PINGHU]
        weights = [self.rng.choice((1, 1, 2, 2, 3, 5)) for _ in firms]
        for lot in plan.lots(self.rng):
            case = self._case(self.rng.choices(firms, weights)[0], programme)
            if lot.result is None:
                yield leftovers.life(case, lot)
            else:
                yield lives.closed(case, lot)

    def turned_away(self) -> Iterator[cases.Life]:
        """Yield needs of the same years that were rejected or withdrawn."""
        for number in range(_TURNED_AWAY):
            case = self._case(self.rng.choice(self.network.firms))
            day = date(2020, 4, 1) + timedelta(days=self.rng.randrange(600))
            yield lives.turned_away(case, day, withdrawn=number % 3 == 0)

    def on_desks(self) -> Iterator[cases.Life]:
        """Yield what lies on the desks today."""
        shown = demo_firm(self.network)
        for place in current.DESK:
            firm = shown if place.shown in ("firm", "both") else self._firm(place, shown)
            more: dict[str, object] = {}
            expert = None
            if place.shown in ("expert", "both"):
                expert = self.library.shown
                more["text"] = self.texts.take(firm.field, expert.problems)
            if place.shown == "town":
                more["author"] = self.staff.by_login[TOWN_CLERK.login]
            yield current.life(self._case(firm, **more), place, expert)  # type: ignore[arg-type]
        yield current.draft(self._case(shown))

    def _firm(self, place: current.Place, shown: Firm) -> Firm:
        """Choose an enterprise of the district: one of 新埭镇 for its clerk, one of his field for the expert."""
        xindai = self.network.by_code[XINDAI]
        fitting = [
            firm
            for firm in self.network.firms
            if firm.district.code == place.district
            and firm is not shown
            and (place.shown != "town" or firm.enterprise.organisation.parent_id == xindai.pk)
            and (place.shown != "expert" or firm.field is self.library.shown.field)
        ]
        return self.rng.choice(fitting)


def _settle_outbox(diary: Diary) -> None:
    """Let nobody be told about years gone by: only the last days' messages, and clocks that run, stay."""
    since = diary.ago(_NEWS_DAYS, Random(SEED)).replace(hour=0, minute=0)  # noqa: S311
    settled = Transition.objects.filter(dispatched_at__isnull=True, at__lt=since)
    settled.update(dispatched_at=F("at"))
    fresh = set(Transition.objects.filter(dispatched_at__isnull=True).values_list("pk", flat=True))
    waiting = dict(Invitation.objects.filter(state=InvitationState.SENT).values_list("pk", "sent_at"))
    gone = [
        job.pk
        for job in Job.objects.only("pk", "name", "arguments")
        if not _is_live(job, fresh, waiting, since)
    ]
    for start in range(0, len(gone), 500):
        Job.objects.filter(pk__in=gone[start : start + 500]).delete()


def _is_live(job: Job, fresh: set[int], waiting: dict[int, datetime | None], since: datetime) -> bool:
    if job.name == "kit.dispatch":
        return job.arguments["transition_id"] in fresh
    invitation = job.arguments.get("invitation_id")
    if job.name == "needs.tell_invited":
        sent_at = waiting.get(invitation)
        return sent_at is not None and sent_at >= since
    return invitation in waiting


def _summary(programme: Programme) -> Summary:
    """Count what was made, and stand by the published figures."""
    needs = Need.objects.filter(programmes=programme, submitted_at__isnull=False)
    closings = Closing.objects.filter(need__in=needs, kind=ClosingKind.COMPLETED)
    outcomes = Outcome.objects.filter(
        need__in=needs, confirmed_at__isnull=False, superseded_at__isnull=True, result__in=SUCCESSES
    )
    services = Attendance.objects.filter(
        meeting__need__in=needs, meeting__state=MeetingState.HELD, expert__isnull=False
    )
    made = Summary(
        organisations=Organisation.objects.count(),
        enterprises=Organisation.objects.filter(enterprise__isnull=False).count(),
        experts=programme.experts.model.objects.count(),
        enlisted=programme.experts.count(),
        needs=Need.objects.count(),
        programme_needs=needs.count(),
        services=services.count(),
        closed=closings.count(),
        successes=outcomes.count(),
        open=needs.filter(closing__isnull=True).count(),
    )
    published = (plan.NEEDS, plan.CLOSED, plan.SUCCESSES, plan.SERVICES)
    if (made.programme_needs, made.closed, made.successes, made.services) != published:
        raise AssertionError(f"the demo does not give the published figures: {made}")
    return made
