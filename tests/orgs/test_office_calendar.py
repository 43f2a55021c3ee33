"""The screens on which an administrator sets a unit's hours, days and deputies."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit import clock
from zhiqiao.kit.clock.models import CalendarDay, WorkingHours
from zhiqiao.orgs.models import Deputy, Grant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_calendar():
    clock.forget()
    yield
    clock.forget()


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def admin(net, client):
    client.force_login(factories.person(name="何管理", role="administrator", organisation=net.district))
    return client


def _today():
    return clock.local_date(timezone.now())


def _hours(**values):
    given = {"act": "hours", "hours-starts_on": _today(), "hours-hours": "08:30-12:00，14:00-17:30",
             "hours-weekdays": ["0", "1", "2", "3", "4", "5"], "hours-source": "区办通知"}  # fmt: skip
    return given | values


def test_hours_are_set_for_the_unit_and_what_lies_below_it(net, admin):
    where = reverse("orgs:calendar", args=(net.district.pk,))
    assert admin.post(where, _hours()).status_code == 302
    saturday = _today() + timedelta(days=(5 - _today().weekday()) % 7)
    assert WorkingHours.objects.get().place == net.district.path
    assert clock.calendar(net.town.path).intervals(saturday) == clock.intervals("08:30-12:00", "14:00-17:30")
    assert clock.calendar(net.sibling.path).intervals(saturday) != clock.calendar(net.town.path).intervals(
        saturday
    )
    page = admin.get(where).content.decode()
    assert "08:30-12:00，14:00-17:30" in page
    assert admin.post(where, _hours(**{"hours-follow": "on"})).status_code == 302
    assert WorkingHours.objects.get().week is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"hours-hours": "9点到12点"}, "hours"),
        ({"hours-hours": "09:00-12:00 11:00-13:00"}, "hours"),
        ({"hours-hours": ""}, "hours"),
        ({"hours-weekdays": []}, "weekdays"),
        ({"hours-starts_on": "2020-01-01"}, "starts_on"),
        ({"hours-source": ""}, "source"),
    ],
)
def test_hours_that_cannot_be_read_are_told_at_their_field(net, admin, values, field):
    answer = admin.post(reverse("orgs:calendar", args=(net.district.pk,)), _hours(**values))
    assert list(answer.context["forms"]["hours"].errors) == [field]
    assert not WorkingHours.objects.exists()


def test_a_day_is_set_and_withdrawn_with_a_reason(net, admin):
    where, on = reverse("orgs:calendar", args=(net.district.pk,)), _today() + timedelta(days=3)
    given = {"act": "day", "day-on": on, "day-kind": "hours", "day-hours": "9:00-12:00", "day-name": "检修",
             "day-source": "供电通知"}  # fmt: skip
    assert list(admin.post(where, given).context["forms"]["day"].errors) == ["hours"]
    assert admin.post(where, given | {"day-hours": "09:00-12:00"}).status_code == 302
    assert clock.calendar(net.town.path).intervals(on) == clock.intervals("09:00-12:00")
    admin.post(where, {"act": "withdraw", "on": on, "reason": ""})
    assert CalendarDay.objects.count() == 1
    assert admin.post(where, {"act": "withdraw", "on": on, "reason": "改期检修"}).status_code == 302
    assert not CalendarDay.objects.exists()


def test_what_the_unit_above_has_set_is_shown_and_cannot_be_withdrawn_here(net, admin):
    on = _today() + timedelta(days=4)
    city = factories.person(role="administrator", organisation=net.city)
    clock.declare_day(on, working=False, name="全市停工", by=city, at=timezone.now(), place=net.city.path)
    page = admin.get(reverse("orgs:calendar", args=(net.district.pk,)))
    assert [(row.title, row.whose, row.own) for row in page.context["days"]] == [
        ("全市停工", "临江市科协", False)
    ]
    admin.post(
        reverse("orgs:calendar", args=(net.district.pk,)), {"act": "withdraw", "on": on, "reason": "不要"}
    )
    assert CalendarDay.objects.count() == 1


def test_the_root_sets_the_calendar_of_the_whole_installation(net, client):
    client.force_login(factories.person(role="administrator", organisation=net.province))
    assert client.post(reverse("orgs:calendar", args=(net.province.pk,)), _hours()).status_code == 302
    assert WorkingHours.objects.get().place == ""
    assert clock.calendar().intervals(_today() + timedelta(days=7)) == clock.calendar(
        net.town.path
    ).intervals(_today() + timedelta(days=7))


def test_only_the_units_own_administrators_come_in(net, client):
    client.force_login(net.clerk)
    assert client.get(reverse("orgs:calendar", args=(net.district.pk,))).status_code == 403
    client.force_login(factories.person(role="administrator", organisation=net.sibling))
    assert client.get(reverse("orgs:calendar", args=(net.district.pk,))).status_code == 404


def test_a_deputy_is_appointed_and_ended_by_the_form(net, admin):
    held = Grant.objects.get(person=net.clerk)
    where = reverse("orgs:deputies", args=(held.pk,))
    stand_in = factories.person(name="代小代")
    given = {
        "login": stand_in.phone,
        "since": _today(),
        "until": _today() + timedelta(days=5),
        "reason": "休假",
    }
    assert admin.post(where, given).status_code == 302
    deputy = Deputy.objects.get()
    assert (deputy.person, deputy.grant) == (stand_in, held)
    assert Grant.objects.filter(person=stand_in, role="clerk", until=deputy.until).count() == 1
    again = admin.post(where, given)
    assert again.context["form"].non_field_errors() == ["这段时间已经指定过代理人，请先结束原来的。"]
    assert admin.post(where, {"deputy": deputy.pk, "reason": "提前回来"}).status_code == 302
    assert not Grant.objects.valid(timezone.now() + timedelta(seconds=1)).filter(person=stand_in).exists()
