"""Every field that can hold words about a person says whether it does: PERSONAL or PLAIN of its model."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from zhiqiao.kit.privacy import CONTACT, IDENTITY, Personal

pytestmark = pytest.mark.anydb

APPS = ("accounts", "orgs", "directory", "needs", "insights", "zhiqiao_site")
"""Apps that know the domain. The kit's tables hold what these hand it and are named in its README."""

WORDY = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)
BIRTHDAYS = ("birth", "born", "birthday")


def wordy_fields(model: type[models.Model]) -> set[str]:
    """Return the model's own fields that can hold words about a person, or her date of birth.

    E-mail, URL, slug and file fields are kinds of these. ``Meta.proxy`` models have none of their own.
    """
    return {
        field.name
        for field in model._meta.local_fields
        if isinstance(field, WORDY) or any(part in field.name for part in BIRTHDAYS)
    }


def complaints(found: Iterable[type[models.Model]]) -> list[str]:
    """Say which fields are unmarked, marked twice, or marked without being there."""
    return [problem for model in found for problem in _complaints_of(model)]


def _complaints_of(model: type[models.Model]) -> Iterator[str]:
    personal = vars(model).get("PERSONAL", {})
    plain = vars(model).get("PLAIN", ())
    label = model._meta.label
    for name in sorted(wordy_fields(model) - set(personal) - set(plain)):
        yield f"{label}.{name}: neither in PERSONAL nor in PLAIN"
    for name in sorted(set(personal) & set(plain)):
        yield f"{label}.{name}: in both PERSONAL and PLAIN"
    known = {field.name for field in model._meta.get_fields()}
    for name in sorted((set(personal) | set(plain)) - known):
        yield f"{label}.{name}: no such field"
    for name, what in personal.items():
        if not (isinstance(what, Personal) and what.kind and what.purpose and what.keep_days > 0):
            yield f"{label}.{name}: without class, purpose or retention"


def our_models() -> list[type[models.Model]]:
    """Return the models of every app of ours that knows the domain, those made for relations included."""
    labels = {config.label for config in apps.get_app_configs()}
    return [m for label in APPS if label in labels for m in apps.get_app_config(label).get_models()]


def test_every_field_that_can_hold_words_about_a_person_is_marked():
    found = our_models()
    assert len(found) >= 14
    # NumberSeries and the like have no such field and need no marks
    assert complaints(found) == []


def test_every_app_of_ours_is_looked_at():
    ours = {c.label for c in apps.get_app_configs() if c.name.startswith("zhiqiao.")}
    assert ours - {"kit"} == set(APPS)


def test_contacts_of_people_are_marked_as_such_everywhere():
    """A field named like a way to reach somebody is CONTACT, whoever added it."""
    reach = [
        (model._meta.label, name, vars(model)["PERSONAL"].get(name))
        for model in our_models()
        for name in wordy_fields(model)
        if name.endswith(("phone", "email", "mobile", "wechat"))
    ]
    assert {what for _, _, what in reach} == {CONTACT}
    assert len(reach) >= 6


@isolate_apps("zhiqiao.needs")
def test_control_an_unmarked_field_is_found():
    class Visitor(models.Model):
        name = models.CharField(max_length=20)
        phone = models.CharField(max_length=20)
        email = models.EmailField()
        home = models.URLField()
        answers = models.JSONField()
        birth_date = models.DateField()
        born_on = models.DateField()
        age = models.IntegerField()

        PERSONAL: ClassVar[dict[str, Personal]] = {"name": IDENTITY, "gone": CONTACT}
        PLAIN = ("name", "phone")

        class Meta:
            app_label = "needs"

    assert complaints([Visitor]) == [
        "needs.Visitor.answers: neither in PERSONAL nor in PLAIN",
        "needs.Visitor.birth_date: neither in PERSONAL nor in PLAIN",
        "needs.Visitor.born_on: neither in PERSONAL nor in PLAIN",
        "needs.Visitor.email: neither in PERSONAL nor in PLAIN",
        "needs.Visitor.home: neither in PERSONAL nor in PLAIN",
        "needs.Visitor.name: in both PERSONAL and PLAIN",
        "needs.Visitor.gone: no such field",
    ]


@isolate_apps("zhiqiao.needs")
def test_control_a_mark_inherited_from_another_model_does_not_count():
    class Base(models.Model):
        PERSONAL: ClassVar[dict[str, Personal]] = {"name": IDENTITY}

        class Meta:
            app_label = "needs"
            abstract = True

    class Guest(Base):
        name = models.CharField(max_length=20)

        class Meta:
            app_label = "needs"

    assert complaints([Guest]) == ["needs.Guest.name: neither in PERSONAL nor in PLAIN"]
