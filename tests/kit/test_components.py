"""The components of the design system: what they say, that they escape, that they keep to the content policy."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django import forms
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory

from zhiqiao.kit.web import cells, specimens
from zhiqiao.kit.web.fields import problems
from zhiqiao.kit.web.icons import ICONS
from zhiqiao.kit.web.styleguide import SCREENS, styleguide

pytestmark = pytest.mark.django_db  # limits are reckoned with the calendar, shells name the installation

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "zhiqiao"
CSS = ROOT / "frontend" / "css"
NOW = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)  # a Friday, 10:00 in Shanghai


def draw(source, **context):
    return Template("{% load zq %}" + source).render(Context(context))


def tidy(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# ── Words and small pieces ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "words"),
    [(1037, "1,037"), (0, "0"), (None, "—"), ("", "—"), (1.5, "1.5"), (2.0, "2"), ("多", "多")],
)
def test_numbers_line_up_and_nothing_is_a_dash(value, words):
    assert cells.number(value) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(393, 478, "82%"), (1, 478, "0.2%"), (0, 478, "0%"), (3, 0, ""), (None, 5, "")],
)
def test_a_share_needs_a_whole(part, whole, words):
    assert cells.share(part, whole) == words


def test_a_time_says_it_short_and_exactly():
    html = draw("{% when at 'short' now %}", at=NOW - dt.timedelta(minutes=12), now=NOW)
    assert 'title="2026年11月20日 09:48"' in html
    assert tidy(html) == "12 分钟前 2026年11月20日 09:48"
    assert tidy(draw("{% when at 'exact' %}", at=NOW)) == "2026年11月20日 10:00"
    assert tidy(draw("{% when at 'date' %}", at=NOW)) == "2026年11月20日"
    assert tidy(draw("{% when at %}", at=None)) == "—"


def test_a_day_without_an_hour_is_said_as_a_day():
    day = dt.date(2026, 11, 19)
    assert cells.when_words(day, NOW) == "昨天"
    assert cells.when_words(dt.date(2025, 3, 1), NOW) == "2025年3月1日"
    assert cells.when_words(dt.date(2026, 3, 1), NOW) == "3月1日"


def test_a_limit_is_red_only_when_it_is_over():
    tones = [
        re.search(r"due-(\w+)", draw("{% due at now %}", at=NOW + delta, now=NOW)).group(1)
        for delta in (dt.timedelta(hours=-1), dt.timedelta(hours=5), dt.timedelta(days=9))
    ]
    assert tones == ["late", "soon", "calm"]
    assert draw("{% due at now %}", at=None, now=NOW) == ""


@pytest.mark.parametrize(
    ("spans", "html"),
    [
        ([], "a&lt;b&gt;c"),
        ([(1, 3)], "a<mark>&lt;b</mark>&gt;c"),
        ([(3, 9), (0, 1)], "<mark>a</mark>&lt;b<mark>&gt;c</mark>"),
        ([(0, 3), (1, 4)], "<mark>a&lt;b</mark><mark>&gt;</mark>c"),
        ([(2, 1), (-5, 0), (9, 12)], "a&lt;b&gt;c"),
    ],
)
def test_marking_escapes_and_bears_odd_spans(spans, html):
    assert draw("{% mark text spans %}", text="a<b>c", spans=spans) == html


def test_every_form_gets_a_fresh_key():
    first, second = (
        re.search(r'name="_once" value="([0-9a-f]{32})"', draw("{% once %}")).group(1) for _ in range(2)
    )
    assert first != second


def test_an_unknown_icon_is_refused_and_a_labelled_one_speaks():
    with pytest.raises(TemplateSyntaxError, match="没有叫 nose 的图标"):
        draw("{% icon 'nose' %}")
    assert 'aria-hidden="true"' in draw("{% icon 'search' %}")
    assert 'role="img" aria-label="提醒"' in draw("{% icon 'bell' label='提醒' %}")


def test_the_icon_sheet_and_the_list_of_names_are_equal():
    drawn = re.findall(r"^\.icon-([\w-]+) \{ --icon", (CSS / "icons.css").read_text(), flags=re.M)
    assert sorted(drawn) == sorted(ICONS)


# ── Fields ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bad_form():
    return specimens.bad_form()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("title", '<input type="text" name="title" maxlength="60" aria-describedby="id_title_helptext"'),
        ("text", '<textarea name="text" cols="40" rows="5"'),
        ("field", '<select name="field"'),
        ("wanted_by", '<input type="date" name="wanted_by"'),
        ("budget", '<input type="number" name="budget" min="0"'),
        ("papers", '<input type="file" name="papers"'),
        ("agreed", '<input type="checkbox" name="agreed"'),
    ],
)
def test_each_widget_has_one_label_and_its_control(name, expected):
    html = draw("{% field bound %}", bound=specimens.NeedForm()[name])
    assert expected in html
    assert html.count(f'for="id_{name}"') == 1


@pytest.mark.parametrize("name", ["open_to", "wants"])
def test_a_list_of_options_is_a_fieldset_with_a_legend(name):
    html = draw("{% field bound %}", bound=specimens.NeedForm()[name])
    assert html.count("<fieldset") == html.count("<legend>") == 1
    assert f'<label class="option" for="id_{name}_0">' in html


def test_only_fields_that_may_stay_empty_are_marked():
    form = specimens.NeedForm()
    marked = [name for name in form.fields if "可选" in draw("{% field bound %}", bound=form[name])]
    assert marked == ["wants", "wanted_by", "budget", "papers"]


def test_a_date_is_kept_in_the_form_in_which_the_browser_reads_it():
    form = specimens.NeedForm(initial={"wanted_by": dt.date(2026, 3, 1)})
    assert 'value="2026-03-01"' in draw("{% field form.wanted_by %}", form=form)


def test_an_error_is_tied_to_its_field_and_said_with_its_name(bad_form):
    html = draw("{% field form.phone %}", form=bad_form)
    assert "错误：请填写“联系电话”" in tidy(html)
    assert 'aria-describedby="bad_phone_error"' in html
    assert 'aria-invalid="true"' in html


def test_the_summary_says_the_same_words_and_leads_to_each_field(bad_form):
    html = draw("{% error_summary form %}", form=bad_form)
    links = re.findall(r'<a href="#([\w]+)">(.*?)</a>', html)
    assert links == [
        ("bad_title", "请填写“一句话说清要解决什么”"),
        ("bad_field", "“所属领域”里没有这一项，请重新选择"),
        ("bad_open_to_0", "请选择“谁可以看到”"),
        ("bad_budget", "“意向投入（万元）”不能小于 0"),
        ("bad_phone", "请填写“联系电话”"),
        ("bad_agreed", "请勾选“同意把需求内容提供给被邀请的专家”"),
    ]
    for field, words in links:
        assert f'id="{field}"' in (whole := draw("{% fields form %}", form=bad_form))
        assert f"错误：{words}" in whole
    assert "有 6 处需要修改" in html
    assert draw("{% error_summary form %}", form=specimens.NeedForm()).strip() == ""


def test_the_forms_own_words_are_left_as_they_are():
    class Own(forms.Form):
        code = forms.CharField(error_messages={"required": "请写统一社会信用代码，在营业执照上"})

        def clean(self):
            raise forms.ValidationError("这家企业已经登记过")

    assert problems(Own({})) == [
        ("这家企业已经登记过", ""),
        ("请写统一社会信用代码，在营业执照上", "id_code"),
    ]


def test_the_title_of_a_page_with_errors_says_so_first(bad_form):
    assert "<title>错误：请您看看这个技术难题 - 智桥</title>" in whole_page("link", form=bad_form)
    assert "<title>请您看看这个技术难题 - 智桥</title>" in whole_page("link")


def test_autocomplete_hint_and_example_are_set_from_the_page():
    html = draw(
        "{% field form.phone autocomplete='tel' hint='只给受理的人看' example='例：0571-8888' %}",
        form=specimens.NeedForm(),
    )
    assert 'autocomplete="tel"' in html
    assert "只给受理的人看" in html
    assert 'aria-describedby="id_phone_helptext"' in html


# ── Records and numbers ─────────────────────────────────────────────────────────────────────────────


def test_the_step_bar_says_where_one_is_without_colour():
    html = draw("{% stepbar steps %}", steps=specimens.STEPS)
    assert "第 4 步，共 8 步" in html
    assert html.count('aria-current="step"') == 1
    assert "邀请专家 ，正在办理 还剩 6 个工作小时" in tidy(html)


def test_a_funnel_opens_every_number_and_never_divides_by_nothing():
    html = draw("{% funnel rows %}", rows=specimens.FUNNEL)
    assert re.findall(r'funnel-share">(.*?)<', html) == ["", "82%", "47%", "39%"]
    assert html.count('class="funnel-row" href="#"') == 4
    assert 'width="82.2%"' in html
    assert "还没有数字" in draw("{% funnel rows %}", rows=[])
    assert 'width="0.0%"' in draw("{% funnel rows %}", rows=[{"title": "收到", "count": 0}])


def test_a_small_number_still_shows_as_a_bar():
    html = draw("{% bars rows %}", rows=[{"title": "甲", "count": 100000}, {"title": "乙", "count": 1}])
    assert 'width="0.6%"' in html


def test_a_tile_without_an_address_is_no_link():
    assert draw("{% tile '办结' 393 '/n' unit='项' %}").startswith('<a class="tile" href="/n">')
    assert "<a" not in draw("{% tile '满意度' None %}")


def test_what_people_wrote_is_escaped_everywhere():
    evil = '"><script>alert(1)</script>'
    now = NOW
    pieces = (
        draw(
            "{% timeline e %}",
            e=[
                {
                    "who": evil,
                    "when": now,
                    "what": evil,
                    "note": evil,
                    "attachments": [{"title": evil, "url": evil}],
                }
            ],
        ),
        draw("{% facts r %}", r=[{"title": evil, "value": evil, "note": evil}]),
        draw("{% stepbar s %}", s=[{"title": evil, "state": "now", "due_words": evil}]),
        draw("{% reasons p %}", p=[{"title": evil, "value": 0.5, "sentence": evil}]),
        draw(
            "{% candidate c %}",
            c={"name": evil, "title": evil, "href": evil, "score": 3, "tags": [evil], "blocked": evil},
        ),
        draw("{% tile t 1 t unit=t note=t %}{% badge t %}{% empty t t t t %}{% mark t %}", t=evil),
        draw(
            "{% funnel r %}{% bars r %}{% tabs r %}",
            r=[{"title": evil, "count": 1, "href": evil, "url": evil, "note": evil}],
        ),
        draw(
            "{% notice 'info' title=t %}{{ t }}{% endnotice %}{% confirm t title=t action=t %}{{ t }}{% endconfirm %}",
            t=evil,
        ),
    )
    assert [piece for piece in pieces if "<script>" in piece] == []


def test_confirming_brings_its_own_form_or_joins_the_bulk_form():
    alone = draw(
        "{% confirm '删除' title='删除这一批' action='/x' count=1037 tone='danger' %}<p>原因</p>{% endconfirm %}"
    )
    assert alone.count("<form") == alone.count('name="_once"') == 1
    assert "将影响 1,037 条" in tidy(alone)
    joined = draw("{% confirm '转交' title='转交' action='/x' form='bulk-needs' %}{% endconfirm %}")
    assert "<form" not in joined
    assert 'form="bulk-needs" formaction="/x"' in joined


# ── Whole pages ─────────────────────────────────────────────────────────────────────────────────────


def whole_page(screen, **context):
    """A screen of the styleguide with extra context, as a visitor without an account gets it."""
    request = RequestFactory().get("/styleguide/", {"screen": screen} if screen else {})
    if not context:
        return styleguide(request).content.decode()
    good_form = specimens.NeedForm()
    return render_to_string(
        "kit/styleguide/link.html", {"request": request, "good_form": good_form, "facts": [], **context}
    )


@pytest.mark.parametrize("screen", ["", *SCREENS])
def test_no_page_holds_what_the_content_policy_forbids(screen):
    html = whole_page(screen)
    assert re.findall(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", html) == []


def test_the_check_above_sees_what_is_forbidden():
    bad = [
        '<p style="x">',
        "<p onclick=x>",
        "<script>x</script>",
        "<style>x</style>",
        '<a href="javascript:x">',
    ]
    found = [
        re.findall(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", one) for one in bad
    ]
    assert [len(one) for one in found] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("screen", ["", *SCREENS])
def test_a_page_has_one_main_heading_and_no_two_equal_ids(screen):
    html = whole_page(screen)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.count("<main") == 1
    if screen:
        assert html.count("<h1") == 1


def test_templates_hold_no_inline_code_or_style():
    forbidden = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=\"|javascript:")
    found = [
        path.name for path in SOURCE.glob("**/templates/**/*.html") if forbidden.search(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("cookies", [{"theme": "dark", "elder": "on"}, {"theme": '"><b>', "elder": "1"}, {}])
def test_the_first_paint_follows_the_cookies_and_nothing_else(cookies):
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    tag = re.search(r"<html[^>]*>", render_to_string("404.html", {}, request=None) if not cookies else draw(
        "<html{% face %}>", request=request)).group(0)  # fmt: skip
    assert tag in ('<html data-theme="dark" data-elder>', "<html>", '<html lang="zh-CN">')
    assert ("dark" in tag) == (cookies.get("theme") == "dark")


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_nothing_and_says_what_to_do(name):
    html = HttpResponse(render_to_string(name)).content.decode()
    assert "<h1>" in html
    assert "<li>" in html
    assert "回到首页" in html


def test_the_page_for_a_broken_server_depends_on_no_tag():
    assert "{%" not in (SOURCE / "kit" / "templates" / "500.html").read_text()


# ── Colours ─────────────────────────────────────────────────────────────────────────────────────────

TEXT_PAIRS = [
    (ink, ground)
    for ink in ("ink", "ink-2", "ink-3", "accent", "accent-strong", "danger", "warning", "success")
    for ground in ("paper", "ground", "sunken")
] + [
    ("accent-strong", "accent-tint"),
    ("ink", "accent-tint"),
    ("success", "success-tint"),
    ("warning", "warning-tint"),
    ("danger", "danger-tint"),
    ("ink", "highlight"),
    ("on-fill", "accent-fill"),
    ("on-fill", "accent-fill-strong"),
    ("on-fill", "danger-fill"),
]


def colour_sets():
    """The values in each of the four looks, put together as the browser does."""
    text = (CSS / "tokens.css").read_text()
    blocks = {
        head.strip(): dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
        for head, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", text)
    }
    light, dark = blocks[":root"], blocks[':root[data-theme="dark"]']
    elder, elder_dark = blocks[":root[data-elder]"], blocks[':root[data-elder][data-theme="dark"]']
    return blocks, {
        "light": light,
        "dark": light | dark,
        "elder": light | elder,
        "elder dark": light | dark | elder | elder_dark,
    }


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_reckoned_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("look", ["light", "dark", "elder", "elder dark"])
def test_text_is_readable_and_edges_are_seen_in_every_look(look):
    colours = colour_sets()[1][look]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXT_PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    edges = {ground: contrast(colours["edge"], colours[ground]) for ground in ("paper", "ground")}
    assert {ground: ratio for ground, ratio in edges.items() if ratio < 3} == {}


def test_dark_by_choice_and_dark_by_system_are_the_same():
    blocks = colour_sets()[0]
    assert blocks[':root[data-theme="dark"]'] == blocks[':root:not([data-theme="light"])']
    assert (
        blocks[':root[data-elder][data-theme="dark"]']
        == blocks[':root[data-elder]:not([data-theme="light"])']
    )
