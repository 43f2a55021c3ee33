"""The clocks of a case on its page, the forms that pause it, and the page on which a unit sets its terms."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tests import factories
from zhiqiao.kit import clock
from zhiqiao.kit.clock import CHINA
from zhiqiao.kit.flow import terms
from zhiqiao.needs import clocks_page
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Need

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def fresh_rules():
    clock.forget()
    terms.forget()
    yield
    clock.forget()
    terms.forget()


def fresh(need):
    return Need.objects.select_related("enterprise__organisation", "organisation").get(pk=need.pk)


@pytest.fixture
def as_admin(net, client):
    client.force_login(factories.person(name="何管理", role="administrator", organisation=net.district))
    return client


def test_the_page_of_a_need_says_what_runs_until_when_and_who_is_waited_for(net, client):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, at=MONDAY))
    shown = clocks_page.panel(need, MONDAY)
    assert [(line.title, line.waits, line.words) for line in shown.lines] == [
        ("约定对接", "青山区科协", "还剩 5 个工作日"),
        ("举行对接", "青山区科协", "还剩 15 个工作日"),
    ]
    client.force_login(net.clerk)
    page = client.get(need.get_absolute_url()).content.decode()
    assert "约定对接" in page
    assert 'aria-label="时限"' in page


def test_a_clerk_pauses_and_resumes_by_the_form(net, client):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MET))
    client.force_login(net.clerk)
    where = reverse("needs:step", args=(need.pk, "pause"))
    until = clock.local_date(datetime.now(UTC)) + timedelta(days=2)
    assert "等经费落实（最多 30 个工作日）" in client.get(where).content.decode()
    answer = client.post(where, {"reason": "budget", "until": until, "note": "等立项批复。"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert fresh(need).paused_until is not None
    page = client.get(need.get_absolute_url()).content.decode()
    assert "已暂停计时" in page
    assert client.post(reverse("needs:step", args=(need.pk, "resume")), {}).status_code == 302
    assert fresh(need).paused_until is None


def test_an_administrator_sets_a_term_by_the_form_and_sees_where_each_comes_from(net, as_admin):
    where = reverse("needs:terms", args=(net.district.pk,))
    today = clock.local_date(datetime.now(UTC))
    given = {"clock": "triage", "amount": 7, "warn_days": 2, "escalates": "on", "open_too": "on",
             "starts_on": today, "source": "区发〔2026〕3号"}  # fmt: skip
    assert as_admin.post(where, given).status_code == 302
    rows = {row.kind.name: row for row in as_admin.get(where).context["rows"]}
    assert (str(rows["triage"].term.within), rows["triage"].whose) == ("7 个工作日", "青山区科协")
    assert (str(rows["acceptance"].term.within), rows["acceptance"].whose) == ("2 个工作日", "系统默认")
    bad = as_admin.post(where, given | {"warn_days": 9, "starts_on": "2020-01-01"})
    assert set(bad.context["form"].errors) == {"warn_days", "starts_on"}
    assert as_admin.get(reverse("needs:terms", args=(net.sibling.pk,))).status_code == 404
