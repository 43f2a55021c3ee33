"""Words planted in another city never show: not in a page, list, search, count, export, calendar or error.

The control is the same walk by that city's own people: it hears what was planted, so the walk can hear.
"""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.site import canaries, far_city, matrix, watching
from tests.site.browser import Browser
from tests.site.canaries import Walk
from tests.site.far_city import FarCity
from tests.site.routes import all_routes
from tests.site.world import Seat, World
from zhiqiao.directory.models import Enterprise
from zhiqiao.needs import queries
from zhiqiao.needs.models import Need
from zhiqiao.orgs import scope
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.policy import POLICY

pytestmark = pytest.mark.django_db

NEAR = (
    "anonymous", "nobody", "expired", "clerk", "town_clerk", "leader", "administrator", "auditor",
    "society_clerk", "enterprise_contact", "contact in her enterprise", "clerk here, leader next door", "expert",
)  # fmt: skip
ON_BOTH = ("anonymous", "clerk", "contact in her enterprise", "clerk here, leader next door")
"""Readers who walk on every database; what the others may see is the same question, put once."""

MOST_PAGES = 320

_IMPORT_KEY = "the key of an import, compared and never shown"
_CONTACT = "shown only after a reason has been given, see below; else masked"
_KEPT = "kept with the record, on no page"
_IN_TIMELINE = "the timeline says it in its own words"
NOT_SHOWN = {
    "directory.enterprise.source_key": _IMPORT_KEY,
    "needs.need.source_key": _IMPORT_KEY,
    "own output.source_key": _IMPORT_KEY,
    "own expert.phone": _CONTACT,
    "own expert.email": _CONTACT,
    "shared expert.phone": _CONTACT,
    "shared expert.email": _CONTACT,
    "staff of the village.phone": _CONTACT,
    "staff of the village.email": _CONTACT,
    "kit.attachment.actor_name": _IN_TIMELINE,
    "kit.storedfile.actor_name": _IN_TIMELINE,
    "needs.closing.reason": _IN_TIMELINE,
    "needs.outcome.reported_by": _IN_TIMELINE,
    "needs.rating.by_name": _IN_TIMELINE,
    "kit.transition.data": "keys for figures",
    "needs.rating.items": "numbers by name; a word in its place is left out",
    "needs.invitation.why": "shown while the answer is awaited",
    "needs.meeting.link": "this meeting was on site",
    "needs.letter.header_id": "kept to know a letter again",
    "needs.letter.left_out": "names and reasons; a word in their place is left out",
    "needs.letter.settled_by": "this letter waits",
    "needs.messagemove.before": "kept for an undo",
    "needs.messagemove.undone_by": "this move stands",
    "needs.package.manifest": "compared by the command that verifies",
    "needs.package.words": "this package has not failed",
    "needs.packagelayout.updated_by": _KEPT,
    "needs.savedreply.updated_by": _KEPT,
    "needs.participant.email": _KEPT,
    "kit.clockterm.made_by": _KEPT,
    "needs.participant.key": _KEPT,
    "needs.participant.name": "messages carry the name as it was",
    "needs.pledge.approved_by": _KEPT,
    "needs.pledge.note": _KEPT,
    "directory.conflictdecision.findings": "shown as they were found; a word in their place is left out",
    "directory.merge.kept": "kept for a split",
    "needs.substitute.by_name": "nobody has settled this proposal",
    "directory.merge.filled": "kept for a split",
    "directory.merge.split_by_name": "this merge stands",
    "directory.merge.split_reason": "this merge stands",
}
"""Planted, but on no page that is read by GET: why."""


@pytest.fixture(scope="module")
def far(world: World, django_db_blocker) -> FarCity:
    """The other city with its canaries, inside the world of this module."""
    made = far_city.build(world)
    matrix.open_sessions(made.seats)
    return made


def starts(world: World) -> Iterator[str]:
    """Every address that can be opened, for things of one's own and things far away."""
    for route in all_routes():
        if "GET" in POLICY[route.name] and route.name != "logout":
            for target in matrix.targets(world, route):
                if target.thing is None or target.thing.relation == "own":
                    yield route.url(target.values)


def walk(world: World, far: FarCity, seat: Seat, *, links: bool = False) -> Walk:
    """Open everything as one reader; what she writes on the way is taken back."""
    first = [*far.urls, *(far.links if links else ()), *starts(world)]
    with watching.undone():
        return Walk(far.aviary, seat.session).from_(dict.fromkeys(first), most=MOST_PAGES)


@pytest.mark.parametrize(
    "name", [name if name in ON_BOTH else pytest.param(name, marks=pytest.mark.anydb) for name in NEAR]
)
def test_nothing_of_another_city_shows_to(world, far, name):
    walked = walk(world, far, world.seat(name))
    assert walked.opened > 60
    assert {place: sorted(urls)[:3] for place, urls in walked.heard.items()} == {}
    assert walked.crashed == []


def test_control_its_own_people_hear_everything_that_was_planted(world, far, capsys):
    heard: dict[str, set[str]] = {}
    opened = 0
    for seat in far.seats:
        walked = walk(world, far, seat, links=True)
        opened += walked.opened
        for place, urls in walked.heard.items():
            heard.setdefault(place, set()).update(urls)
    silent = set(far.aviary.planted.values()) - set(heard)
    with capsys.disabled():
        told = f"{len(far.aviary.planted)} 只，种在 {len(set(far.aviary.planted.values()))} 个字段"
        print(f"\n金丝雀：{told}；本市的人打开 {opened} 页，在 {len(heard)} 个字段听到")
    assert sorted(silent) == sorted(NOT_SHOWN)


def test_every_model_with_words_is_planted(far):
    """A new model with a text field has to be put into the other city, or named here."""
    planted = {place.rsplit(".", 1)[0] for place in far.aviary.planted.values()}
    by_hand = {
        "accounts.person": "staff of the village",
        "directory.expert": "own expert",
        "directory.evidence": "own expert's evidence",
        "directory.researchoutput": "own output",
        "kit.auditentry": "audit",
        "kit.delivery": "notice",
        "kit.draft": "draft",
        "kit.importrun": "import",
    }
    missing = {
        label
        for label in far_city.worded_models() - set(NO_SCOPE)
        if label not in planted and by_hand.get(label) not in planted
    }
    assert missing == set()


NO_SCOPE = {
    "kit.audithead": "digests",
    "kit.calendarday": "the calendar is everybody's",
    "kit.workinghours": "the calendar is everybody's",
    "kit.job": "no page shows it",
    "kit.schedule": "no page shows it",
    "kit.submission": "keys of forms",
    "kit.collection": "names of libraries; the rest of the index is numbers",
    "kit.clock": "codes of flow, subject and clock",
    "directory.rankingweights": "one for the whole installation; whoever uses the finder sees what it goes by",
    "directory.conflictterm": "rules for everybody; no page shows them",
    "directory.capacityterm": "rules for everybody; no page shows them",
    "directory.mergedrow": "kept for a split; no page shows it",
}
"""Models whose words belong to nobody's scope: why."""


# ── Contacts: only for a reason, and then on record ─────────────────────────────────────────────────


def _reveal(far: FarCity, seat: Seat, expert, name: str) -> set[str]:
    with watching.undone():
        walked = Walk(far.aviary, seat.session)
        walked.send(f"/workbench/experts/{expert.pk}/", {"field": name, "reason": "约对接时间"})
    return set(walked.heard)


def test_a_contact_shared_with_nobody_else_is_not_told_for_any_reason(world, far):
    for name in NEAR:
        for field in ("phone", "email"):
            assert _reveal(far, world.seat(name), far.expert, field) == set(), name
            assert _reveal(far, world.seat(name), far.own_expert, field) == set(), name


def test_control_its_own_staff_are_told_for_a_reason(far):
    administrator = next(seat for seat in far.seats if seat.name == "far administrator")
    assert "own expert.phone" in _reveal(far, administrator, far.own_expert, "phone")
    assert "own expert.email" in _reveal(far, administrator, far.own_expert, "email")
    assert _reveal(far, administrator, far.expert, "phone") == {"shared expert.phone"}
    assert _reveal(far, administrator, far.expert, "email") == set()  # "不显示" holds for everybody


# ── Within one case: what one party may not learn of the other ──────────────────────────────────────


def test_the_enterprise_does_not_learn_what_experts_wrote_to_the_association(far):
    """Neither why somebody declined nor what she was asked."""
    contact = next(seat for seat in far.seats if seat.name == "far contact")
    pages = [f"/my/needs/{far.need.pk}/", "/my/needs/", *far.urls, far.links[0]]
    with watching.undone():
        heard = Walk(far.aviary, contact.session).from_(pages, most=120).heard
    assert "needs.outcome.note" in heard
    assert set(heard) & {"needs.invitation.note", "needs.invitation.message", "needs.invitation.why"} == set()


def test_an_expert_who_declined_does_not_learn_how_it_went_on(far):
    with watching.undone():
        heard = set(Walk(far.aviary, "").from_([far.declined_link], most=1).heard)
    assert "needs.need.title" in heard
    later = (
        "needs.meeting",
        "needs.outcome",
        "needs.confirmation",
        "needs.rating",
        "needs.need.contact",
        "kit.t",
    )
    assert {place for place in heard if place.startswith(later)} == set()


# ── Asking by the back door ─────────────────────────────────────────────────────────────────────────


def _sheet(columns: dict[str, str]) -> SimpleUploadedFile:
    out = io.StringIO()
    csv.writer(out).writerows([columns.keys(), columns.values()])
    return SimpleUploadedFile("台账.csv", out.getvalue().encode("utf-8-sig"), content_type="text/csv")


def _probes(world: World, far: FarCity) -> list[tuple[str, dict]]:
    """Forms that name something far away by what an outsider may know: its number, code, name or key."""
    need = Need.objects.select_related("enterprise__organisation").get(pk=far.need.pk)
    enterprise, home = need.enterprise, world.places["district"]
    expert = type(far.own_expert).objects.get(pk=far.own_expert.pk)
    new_enterprise = {"name": "新企业", "place": home.pk, "credit_code": enterprise.credit_code}
    new_expert = {"name": expert.name, "unit": expert.unit, "organisation": home.pk, "kind": "society"}
    new_expert |= {"sharing": "own", "task_cap": 3}
    sheets = {
        "needs": {"需求名称": need.title, "企业名称": enterprise.organisation.name, "需求内容": "轴承裂纹"},
        "enterprises": {"企业名称": "新企业", "统一社会信用代码": enterprise.credit_code},
        "experts": {"姓名": expert.name, "单位": expert.unit},
        "organisations": {"名称": "新街道", "代码": "330199"},
    }
    uploads = [
        (f"/workbench/import/{name}/", {"under": home.pk, "file": _sheet(row)})
        for name, row in sheets.items()
    ]
    return [
        ("/workbench/enterprises/new/", new_enterprise),
        ("/workbench/experts/new/", new_expert),
        ("/ask/", {"text": "轴承裂纹", "enterprise": enterprise.pk}),
        ("/ask/", {"go": "search", "query": enterprise.organisation.name[:8], "text": "轴承"}),
        ("/find/", {"text": need.title}),
        ("/workbench/needs/bulk/", {"pick": [need.pk], "back": "/workbench/"}),
        ("/workbench/needs/bulk/", {"all": "1", "state": ""}),
        ("/workbench/needs/export/", {"reason": "核对台账"}),
        *uploads,
    ]


@pytest.mark.parametrize("name", ["clerk", "administrator", "contact in her enterprise", "town_clerk"])
def test_forms_that_name_what_is_far_away_learn_nothing_about_it(world, far, name):
    """What was typed may come back; what stands beside it in the other city may not."""
    for url, values in _probes(world, far):
        typed = {place for value in values.values() for place in far.aviary.seen_in(str(value))}
        if upload := values.get("file"):
            upload.seek(0)
            typed |= far.aviary.seen_in(upload.read().decode("utf-8-sig"))
            upload.seek(0)
        with watching.undone():
            walked = Walk(far.aviary, world.seat(name).session)
            walked.send(url, values)
        assert set(walked.heard) <= typed, url
        assert walked.crashed == [], url


SEARCH_PAGES = (
    "/workbench/search/?q={}", "/workbench/needs/?q={}", "/workbench/experts/?q={}", "/workbench/enterprises/?q={}",
    "/workbench/outputs/?q={}", "/workbench/organisations/?q={}", "/needs/?q={}", "/find/?q=轴承&name={}",
    "/workbench/audit/?q={}",
)  # fmt: skip


SEARCHABLE = (
    "name",
    "title",
    "number",
    "code",
    "unit",
    "keywords",
    "body",
    "owner",
    "reason",
    "text",
    "address",
)


@pytest.mark.parametrize("name", ["anonymous", "clerk", "auditor", "contact in her enterprise"])
def test_asking_for_a_hidden_word_and_for_a_word_that_is_nowhere_looks_the_same(world, far, name):
    """Counts, suggestions and "did you mean" must not tell that something is there."""
    places = {place: number for number, place in far.aviary.planted.items() if place.endswith(SEARCHABLE)}
    browser = Browser(world.seat(name).session)
    for page in SEARCH_PAGES:
        nothing = _told(browser, page, "QX999k" + "q" * 9)
        telling = [
            place
            for place, number in places.items()
            if _told(browser, page, far.aviary.words[number]) != nothing
        ]
        assert telling == [], page


def _told(browser: Browser, page: str, word: str) -> str:
    """What a page says to a search, without the word itself and what differs from one request to the next."""
    with watching.undone():  # a search of the audit record is itself put on record
        response = browser.get(page.format(word))
    text = canaries.text_of(response).replace(word, "¤").replace(word.lower(), "¤").replace(word.upper(), "¤")
    text = re.sub(r'name="(_once|csrfmiddlewaretoken|csrf-token)" (value|content)="[^"]*"', "", text)
    text = re.sub(r"<time.*?</time>|用时 .*? 毫秒", "", text)
    text = re.sub(r'(id|for|aria-\w+|href)="[^"]*\d[^"]*"', "", text)
    return f"{response.status_code} {re.sub(r'(Set-Cookie|Content-Length|Expires|Date): .*', '', text)}"


def test_control_a_search_that_looks_everywhere_is_heard(world, far, monkeypatch):
    monkeypatch.setattr(queries, "needs_within", lambda who: Need.objects.all())
    walked = Walk(far.aviary, world.seat("clerk").session).from_(["/workbench/needs/?q=QX"], most=1)
    assert "needs.need.title" in walked.heard
    with pytest.raises(AssertionError):
        test_asking_for_a_hidden_word_and_for_a_word_that_is_nowhere_looks_the_same(world, far, "clerk")


def test_control_a_published_need_that_forgets_its_mask_is_heard(world, far, monkeypatch):
    from zhiqiao.needs import published

    monkeypatch.setattr(published, "enterprise_name", lambda need: str(need.enterprise))
    walked = Walk(far.aviary, "").from_([f"/needs/{far.masked.pk}/"], most=1)
    assert set(walked.heard) == {"masked.name"}


def test_control_a_grant_above_hears_as_much_as_the_city_itself(world, far, monkeypatch):
    monkeypatch.setattr(scope, "below", lambda roots: Organisation.objects.all())
    url = f"/workbench/enterprises/{Enterprise.objects.get(pk=far.enterprise.pk).pk}/"
    assert Walk(far.aviary, world.seat("clerk").session).from_([url], most=1).heard
