"""导出：范围之内的，一条不多一条不少；谁、为什么、多少条，都在审计里；公式不会跑起来。"""

from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse

from tests import factories
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs import registers
from zhiqiao.needs.enums import Stage

pytestmark = pytest.mark.django_db

EXPORT = "/workbench/needs/export/"


def rows_of(response):
    assert response.headers["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(BytesIO(response.content)).worksheets[0]
    heads, *rows = sheet.iter_rows(values_only=True)
    assert heads == tuple(column.title for column in registers.NEEDS.columns)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_the_export_holds_exactly_the_rows_in_scope(net, as_person):
    own = factories.need(enterprise=net.enterprise, stage=Stage.RATING)
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT)
    sibling = factories.need(enterprise=net.sibling_enterprise)
    elsewhere = factories.need(enterprise=net.other_enterprise)
    reason = {"reason": "报送季度报表"}
    exported = {
        person.name: [row["编号"] for row in rows_of(as_person(person).post(EXPORT, reason))]
        for person in (net.clerk, net.city_clerk, net.neighbour)
    }
    assert exported == {
        net.clerk.name: [own.number],
        net.city_clerk.name: [sibling.number, own.number],
        net.neighbour.name: [elsewhere.number],
    }


def test_the_export_follows_the_conditions_of_the_register(net, as_person):
    factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    rating = factories.need(enterprise=net.enterprise, stage=Stage.RATING)
    response = as_person(net.clerk).post(f"{EXPORT}?stage=rating", {"reason": "核对待评价"})
    (row,) = rows_of(response)
    assert (row["编号"], row["环节"], row["结果"], row["受理单位"]) == (
        rating.number, "待评价", "部分解决", "青山区科协",
    )  # fmt: skip


def test_whoever_may_see_but_not_export_gets_nothing(net, as_person):
    """市里的领导、区里的经办人：看得到全市，只能导出本区。"""
    own = factories.need(enterprise=net.enterprise)
    sibling = factories.need(enterprise=net.sibling_enterprise)
    both = factories.person(name="两个身份", role="leader", organisation=net.city)
    factories.grant(person=both, role="clerk", organisation=net.district)
    client = as_person(both)
    listing = client.get(reverse("needs:register")).context["listing"]
    assert {row.object.pk for row in listing.rows} == {own.pk, sibling.pk}
    assert [row["编号"] for row in rows_of(client.post(EXPORT, {"reason": "核对"}))] == [own.number]
    assert as_person(net.leader).post(EXPORT, {"reason": "想看看"}).status_code == 403


def test_an_export_is_on_record_with_its_purpose(net, as_person):
    factories.need(enterprise=net.enterprise)
    as_person(net.clerk).post(f"{EXPORT}?stage=submitted", {"reason": "报送季度报表"})
    entry = AuditEntry.objects.get(verb="needs.export")
    assert (entry.actor_name, entry.reason, entry.after) == (
        net.clerk.name, "报送季度报表", {"count": 1, "filters": "stage=submitted"},
    )  # fmt: skip


def test_without_a_purpose_nothing_leaves_and_nothing_is_recorded(net, as_person):
    factories.need(enterprise=net.enterprise)
    response = as_person(net.clerk).post(EXPORT, {"reason": " "})
    assert "请写明导出的用途" in response.content.decode()
    assert not AuditEntry.objects.filter(verb="needs.export").exists()


def test_a_title_that_looks_like_a_formula_stays_text(net, as_person):
    factories.need(enterprise=net.enterprise, title='=HYPERLINK("http://x","点我")')
    response = as_person(net.clerk).post(EXPORT, {"reason": "核对"})
    sheet = openpyxl.load_workbook(BytesIO(response.content)).worksheets[0]
    types = {cell.data_type for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=")}
    assert types == {"s"}


def test_no_contact_leaves_with_the_list(net, as_person):
    factories.need(enterprise=net.enterprise, contact_phone="13877776666", contact_name="金丝雀联系人")
    response = as_person(net.clerk).post(EXPORT, {"reason": "核对"})
    cells = [str(value) for row in rows_of(response) for value in row.values()]
    assert [text for text in cells if "13877776666" in text or "金丝雀" in text] == []
