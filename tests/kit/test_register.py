"""The one list mechanism: paging by key, filters from the URL, and what happens to nonsense in it."""

import datetime as dt
import itertools
import random

import pytest
from django.db import connection
from django.db.models import Q
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from zhiqiao.kit.flow.models import Transition
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.filters import read_day
from zhiqiao.kit.web.keyset import BadCursor, keys_of, read_cursor, read_page, write_cursor
from zhiqiao.kit.web.register import Choice, Column, DateRange, Flag, Register, Text

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
STEPS = [("submit", "提交"), ("accept", "受理"), ("invite", "邀请")]

LIST = Register(
    "transitions",
    columns=(
        Column("actor_name", "办理人", primary=True, href=lambda row: f"/t/{row.pk}", sort="actor_name"),
        Column("step", "步骤", cell=lambda row: badge(row.step)),
        Column("waited_minutes", "用时", kind="number", sort="waited_minutes"),
        Column("due_at", "时限", kind="when", sort="due_at"),
        Column("note", "说明", optional=True),
    ),
    filters=(
        Text("q", "办理人", fields=("actor_name", "note")),
        Choice("step", "步骤", choices=STEPS, many=True),
        Choice("source", "原环节", choices=[("draft", "草稿"), ("open", "在办")]),
        DateRange("at", "时间", field="at"),
        Flag("late", "只看逾期", where=lambda at: Q(due_at__lt=at)),
    ),
    order=("due_at", "-waited_minutes", "pk"),
    page_size=7,
)


def make(number, **facts):
    facts = {
        "flow": "needs", "subject_type": "needs.need", "subject_id": number, "step": "submit", "source": "draft",
        "target": "open", "actor_kind": "person", "actor_name": f"王{number}", "at": NOW, "waited_minutes": 0,
    } | facts  # fmt: skip
    return Transition.objects.create(**facts)


def make_mixed(count, seed=7):
    """Rows with many equal and many missing sort values: the hard case of paging."""
    dice = random.Random(seed)
    for number in range(count):
        due_at = dice.choice(
            (None, None, NOW, NOW + dt.timedelta(days=dice.randrange(4), microseconds=dice.randrange(2)))
        )
        make(number, due_at=due_at, waited_minutes=dice.randrange(4))


def bind(query="", **options):
    return LIST.bind(QueryDict(query), Transition.objects.all(), at=NOW, **options)


def query_of(url):
    return url.removeprefix("?")


def walk(first="", side="next_url", between=None):
    """Follow next (or previous) links to the end; the primary keys page by page."""
    pages, url = [], first
    for turn in itertools.count():
        assert turn < 200, "paging does not end"
        listing = bind(query_of(url))
        assert listing.notices == []
        pages.append([row.object.pk for row in listing.rows])
        url = getattr(listing, side)
        if not url:
            return pages
        if between:
            between(turn)
    return pages


def in_order(queryset=None):
    """The order promised, made by Python: NULLs last, then the longest wait, then the key."""
    rows = list(Transition.objects.all() if queryset is None else queryset)
    rows.sort(key=lambda row: (row.due_at is None, row.due_at or NOW, -row.waited_minutes, row.pk))
    return [row.pk for row in rows]


# ── Paging ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [0, 1, 7, 8, 60])
def test_paging_forward_visits_every_row_once_in_order(count):
    make_mixed(count)
    pages = walk()
    assert [key for page in pages for key in page] == in_order()
    assert all(len(page) == 7 for page in pages[:-1])


def test_paging_back_shows_the_same_pages_in_reverse():
    make_mixed(53)
    pages = walk()
    last = ""
    for _ in pages[1:]:
        last = bind(query_of(last)).next_url
    back = walk(last, "previous_url")
    assert list(itertools.chain(*back[::-1])) == in_order()
    assert bind(query_of(last)).previous_url != ""


def test_rows_inserted_meanwhile_neither_repeat_nor_hide_a_row():
    make_mixed(40)
    before = in_order()
    new = itertools.count(1000)

    def insert(turn):
        make(next(new), due_at=NOW - dt.timedelta(days=1))
        make(next(new), due_at=None)
        make(next(new), due_at=NOW, waited_minutes=turn % 4)

    seen = [key for page in walk(between=insert) for key in page]
    assert len(seen) == len(set(seen))
    assert [key for key in seen if key in set(before)] == before


def test_control_paging_by_offset_repeats_rows_in_the_same_situation():
    make_mixed(40)
    order = ("due_at", "-waited_minutes", "pk")
    seen, new = [], itertools.count(1000)
    for start in range(0, 40, 7):
        seen += [row.pk for row in Transition.objects.order_by(*order)[start : start + 7]]
        make(next(new), due_at=NOW - dt.timedelta(days=1))
        make(next(new), due_at=None)
    assert len(seen) > len(set(seen))


@pytest.mark.parametrize(
    "sort", ["waited_minutes", "-waited_minutes", "due_at", "-due_at", "actor_name", "-actor_name"]
)
def test_every_clickable_order_pages_through_all_rows_with_empty_values_last(sort):
    make_mixed(45)
    pages = walk(f"?sort={sort}")
    keys = [key for page in pages for key in page]
    assert sorted(keys) == sorted(Transition.objects.values_list("pk", flat=True))
    assert len(keys) == 45
    if sort.endswith("due_at"):
        rows = Transition.objects.in_bulk()
        empty = [rows[key].due_at is None for key in keys]
        assert empty == sorted(empty)


def test_a_middle_key_that_may_be_empty_pages_both_ways():
    make_mixed(50)
    keys = keys_of(Transition, ("waited_minutes", "-due_at", "pk"))
    whole = read_page(Transition.objects.all(), keys, size=100).rows
    place, forward = None, []
    while True:
        page = read_page(Transition.objects.all(), keys, size=6, after=place)
        forward += page.rows
        if not page.has_next:
            break
        place = tuple(key.of(page.rows[-1]) for key in keys)
    assert forward == whole
    place, back = tuple(key.of(whole[-1]) for key in keys), whole[-1:]
    while page.has_previous or place:
        page = read_page(Transition.objects.all(), keys, size=6, before=place)
        back = page.rows + back
        if not page.has_previous:
            break
        place = tuple(key.of(page.rows[0]) for key in keys)
    assert back == whole


def test_a_page_costs_the_same_number_of_queries_with_1_and_100_rows():
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert bind().rows
        return len(seen)

    make(1)
    one = queries()
    make_mixed(100)
    assert queries() == one


@pytest.mark.sqlite_only
def test_a_deep_page_starts_inside_an_index():
    keys = keys_of(Transition, ("pk",))
    with CaptureQueriesContext(connection) as seen:
        read_page(Transition.objects.all(), keys, size=5, after=(500,))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {seen.captured_queries[0]['sql']}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "SEARCH" in plan
    assert "SCAN" not in plan


def test_an_order_without_a_primary_key_at_its_end_is_refused():
    with pytest.raises(ValueError, match="主键"):
        Register("bad", columns=LIST.columns, order=("due_at",))
    with pytest.raises(ValueError, match="主键"):
        keys_of(Transition, ("due_at",))


# ── The place in the URL ────────────────────────────────────────────────────────────────────────────


def test_a_place_survives_the_url_with_microseconds_and_empty_values():
    keys = keys_of(Transition, ("due_at", "waited_minutes", "pk"))
    at = NOW + dt.timedelta(microseconds=123)
    for row in (make(1, due_at=at), make(2, due_at=None)):
        assert read_cursor(write_cursor(row, keys, salt="s"), keys, salt="s") == (row.due_at, 0, row.pk)


@pytest.mark.parametrize("text", ["", "x", "W10", "W10:abc", "1", "\x00", "%", "🙂", "a" * 3000])
def test_a_place_that_we_did_not_write_is_refused(text):
    with pytest.raises(BadCursor):
        read_cursor(text, keys_of(Transition, ("pk",)), salt="s")


def test_a_changed_or_foreign_place_leads_to_the_first_page_with_a_word():
    make_mixed(20)
    place = query_of(bind().next_url)
    for query in (
        place[:-1] + ("A" if place[-1] != "A" else "B"),
        f"{place}&sort=waited_minutes",
        "after=nonsense",
        "before=1",
    ):
        listing = bind(query)
        assert listing.notices == ["网址里的翻页位置已经失效，已回到第一页。"]
        assert len(listing.rows) == 7
        assert listing.previous_url == ""


def test_a_place_after_which_nothing_is_left_leads_to_the_first_page_with_a_word():
    make_mixed(8)
    place = query_of(bind().next_url)
    Transition.objects.filter(pk__in=in_order()[6:]).delete()
    listing = bind(place)
    assert listing.notices == ["这里已经没有记录了，已回到第一页。"]
    assert len(listing.rows) == 6


# ── Filters and the rest of the URL ─────────────────────────────────────────────────────────────────


def names(listing):
    return sorted(row.object.actor_name for row in listing.rows)


def test_words_must_all_occur_and_full_width_or_control_characters_do_not_matter():
    make(1, actor_name="王敏", note="ABC 立方氮化硼")
    make(2, actor_name="李敏", note="立方氮化硼")
    assert names(bind("q=立方　ＡＢＣ")) == ["王敏"]
    assert names(bind("q=%00李敏%07")) == ["李敏"]
    assert bind("q=立方").tags == [("办理人：立方", "?")]


def test_several_choices_are_joined_and_each_can_be_taken_away():
    make(1, step="submit")
    make(2, step="accept")
    make(3, step="invite")
    listing = bind("step=submit&step=accept&source=draft")
    assert names(listing) == ["王1", "王2"]
    assert listing.tags == [
        ("步骤：提交", "?step=accept&source=draft"),
        ("步骤：受理", "?step=submit&source=draft"),
        ("原环节：草稿", "?step=submit&step=accept"),
    ]
    assert listing.clear_url == "?"


def test_days_are_whole_days_of_the_site_and_both_ends_count():
    make(1, at=dt.datetime(2026, 2, 28, 15, 59, 59, tzinfo=dt.UTC))  # 28th, 23:59:59 in Shanghai
    make(2, at=dt.datetime(2026, 2, 28, 16, 0, tzinfo=dt.UTC))  # 1st, 00:00
    make(3, at=dt.datetime(2026, 3, 2, 15, 59, 59, tzinfo=dt.UTC))  # 2nd, 23:59:59
    make(4, at=dt.datetime(2026, 3, 2, 16, 0, tzinfo=dt.UTC))  # 3rd, 00:00
    listing = bind("at_from=2026-03-01&at_to=2026/3/2")
    assert names(listing) == ["王2", "王3"]
    assert listing.tags == [("时间：2026-03-01 至 2026-03-02", "?")]
    assert names(bind("at_from=2026-03-03")) == ["王4"]
    assert names(bind("at_to=2026-02-28")) == ["王1"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", dt.date(2026, 3, 1)),
        ("2026年3月1日", dt.date(2026, 3, 1)),
        ("2026.3.1", dt.date(2026, 3, 1)),
        ("2026-02-30", None),
        ("昨天", None),
        ("9999-12-31", None),
        ("0001-01-01", None),
        ("", None),
    ],
)
def test_days_are_read_as_people_write_them(text, day):
    assert read_day(text) == day


def test_days_the_wrong_way_round_are_exchanged_and_said():
    make(1, at=NOW)
    listing = bind("at_from=2026-12-01&at_to=2026-11-01")
    assert names(listing) == ["王1"]
    assert listing.notices == ["“时间”的开始日期晚于结束日期，已对调。"]


def test_a_flag_knows_the_present():
    make(1, due_at=NOW - dt.timedelta(minutes=1))
    make(2, due_at=NOW + dt.timedelta(minutes=1))
    assert names(bind("late=1")) == ["王1"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("step=fly", "“步骤”里没有“fly”这一项，已忽略。"),
        ("source=draft&source=open", "“原环节”只能选一项，已取“草稿”。"),
        ("at_from=soon", "“时间”的开始日期“soon”看不懂，已忽略。请写成 2026-03-01。"),
        ("late=maybe", "“只看逾期”的值“maybe”看不懂，已忽略。"),
        ("sort=password", "不能按“password”排序，已按通常的顺序显示。"),
        ("sort=step", "不能按“step”排序，已按通常的顺序显示。"),
        ("cols=step,secret", "没有叫“secret”的列，已忽略。"),
        (f"q={'长' * 120}", "“办理人”只取了前 100 个字。"),
    ],
)
def test_a_value_that_cannot_be_understood_is_said_and_left_out(query, said):
    make(1, actor_name="长" * 80, note="长" * 120)
    listing = bind(query)
    assert listing.notices == [said]
    assert len(listing.rows) == 1


def test_random_urls_never_fail():
    make_mixed(9)
    dice = random.Random(3)
    parts = ["after", "before", "sort", "cols", "step", "source", "at_from", "at_to", "late", "q", "x", "=", "&", "-", "due_at",
             "pk", "%00", "%ff", "9" * 30, "🙂", "'", '"><b>', "2026-01-01", ",", "[]", "submit"]  # fmt: skip
    for _ in range(400):
        query = "".join(dice.choice([*parts, "=", "&"]) for _ in range(dice.randrange(12)))
        listing = bind(query)
        render_to_string("kit/register.html", {"register": listing})
        assert len(listing.rows) <= 7


def test_chosen_columns_keep_their_order_and_the_heading_always_stays():
    make(1)
    assert [column.key for column in bind().columns] == ["actor_name", "step", "waited_minutes", "due_at"]
    chosen = bind("cols=note&cols=step")
    assert [column.key for column in chosen.columns] == ["actor_name", "step", "note"]
    assert chosen.url() == "?cols=actor_name%2Cstep%2Cnote"
    assert bind("cols=due_at,waited_minutes,step,actor_name").url() == "?"


def test_a_head_sorts_up_then_down_then_as_usual():
    make(1)
    heads = {head.column.key: head for head in bind("step=submit").heads}
    assert (heads["due_at"].url, heads["step"].url) == ("?step=submit&sort=due_at", "")
    up = {head.column.key: head for head in bind("sort=due_at").heads}["due_at"]
    assert (up.direction, up.url) == ("asc", "?sort=-due_at")
    down = {head.column.key: head for head in bind("sort=-due_at").heads}["due_at"]
    assert (down.aria_sort, down.url) == ("descending", "?")


def test_parameters_of_the_page_around_are_carried_along():
    make_mixed(9)
    listing = bind("tab=mine&step=submit")
    assert listing.tags == [("步骤：提交", "?tab=mine")]
    assert bind(query_of(listing.next_url)).url() == "?tab=mine&step=submit"
    assert listing.kept == [("tab", "mine")]


def test_choices_may_come_with_the_reader():
    make(1, source="其他")
    assert bind("source=其他").notices == ["“原环节”里没有“其他”这一项，已忽略。"]
    assert names(bind("source=其他", choices={"source": [("其他", "其他")]})) == ["王1"]


def test_two_filters_with_one_name_are_refused():
    with pytest.raises(ValueError, match="重名"):
        Register(
            "bad", columns=LIST.columns, filters=(Text("a", "甲"), Flag("a", "乙", where=Q())), order=("pk",)
        )
    with pytest.raises(ValueError, match="sort"):
        Register("bad", columns=LIST.columns, filters=(Text("sort", "甲"),), order=("pk",))


# ── Counting, files, bulk ───────────────────────────────────────────────────────────────────────────


def test_the_count_is_exact_up_to_a_bound():
    make_mixed(11)
    small = Register("small", columns=LIST.columns, order=("pk",), count_bound=10)
    assert str(bind().total) == "11"
    assert str(small.bind(QueryDict(), Transition.objects.all()).total) == "10+"
    assert int(bind("step=accept").total) == 0


def test_a_file_has_the_same_rows_in_the_same_order_without_markup():
    make_mixed(20)
    make(99, step="accept", actor_name="<b>", waited_minutes=1234, due_at=NOW)
    heads, *rows = bind("sort=-waited_minutes").table()
    assert heads == ["办理人", "步骤", "用时", "时限"]
    assert rows[0] == ["<b>", "accept", 1234, NOW]
    assert len(rows) == 21
    assert [row.pk for row in bind("step=accept").everything()] == list(
        Transition.objects.filter(step="accept").values_list("pk", flat=True)
    )


def test_bulk_takes_the_ticked_rows_or_everything_under_the_filters():
    kept = [make(number, step=step).pk for number, step in enumerate(("submit", "accept", "accept"))]
    scope = Transition.objects.exclude(pk=kept[0])
    ticked = LIST.picked(QueryDict(f"pick={kept[0]}&pick={kept[1]}&pick=x&pick="), scope)
    assert [row.pk for row in ticked] == [kept[1]]
    everything = LIST.picked(QueryDict("all=1&state=step%3Daccept"), Transition.objects.all())
    assert sorted(row.pk for row in everything) == kept[1:]


# ── On the page ─────────────────────────────────────────────────────────────────────────────────────


def page(query="", **context):
    return render_to_string("kit/register.html", {"register": bind(query), **context})


def test_cells_are_escaped_labelled_for_cards_and_open_their_row():
    row = make(1, actor_name="<script>")
    html = page()
    assert "<script>" not in html
    assert f'<a href="/t/{row.pk}" data-open>&lt;script&gt;</a>' in html
    assert 'data-label="步骤"' in html


def test_an_empty_register_says_whether_filters_are_the_cause():
    assert "这里还没有记录" in page()
    assert "没有符合这些条件的记录" in page("step=submit")


def test_rows_without_filters_show_no_tags_and_one_page_has_no_links():
    make(1)
    html = page()
    assert "filter-tag" not in html
    assert 'rel="next"' not in html
