"""A select is drawn without Django's templates; it must say the same."""

import re

import pytest
from django import forms

from zhiqiao.kit.web.fields import drawn

pytestmark = pytest.mark.anydb
NESTED = [("", "不限"), ("甲组", [(1, "一 & 二"), (2, "<三>")]), ("x", '引"号')]


class Chosen(forms.Form):
    plain = forms.ChoiceField(label="单选", choices=NESTED, required=False)
    told = forms.ChoiceField(
        label="带说明",
        choices=NESTED,
        help_text="说明",
        widget=forms.Select(attrs={"class": "wide", "data-x": True}),
    )


def parts(html: str) -> list[str]:
    """Return tags and words in order; attributes sorted, white space between tags dropped."""
    found = []
    for tag, text in re.findall(r"<([^>]*)>([^<]*)", html):
        name, *attributes = re.findall(r'[^\s"]+(?:="[^"]*")?', tag)
        found += [name, *sorted(attributes), text.strip()]
    return [part for part in found if part]


@pytest.mark.parametrize("data", [None, {"plain": "2", "told": ""}, {"plain": "x", "told": "none"}], ids=str)
@pytest.mark.parametrize("name", ["plain", "told"])
def test_a_select_says_what_django_says(data, name):
    bound = Chosen(data)[name]
    described = drawn(bound)["described"]
    expected = bound.as_widget(attrs={"aria-describedby": described} if described else {})

    shown = drawn(Chosen(data)[name])["control"]
    assert parts(shown) == parts(str(expected))
    assert "<三>" not in shown


def test_the_comparison_would_notice_another_choice():
    one, other = (drawn(Chosen({"plain": value})["plain"])["control"] for value in ("1", "2"))
    assert parts(one) != parts(other)
