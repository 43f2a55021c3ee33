"""The real files go in: needs, experts, enterprises, towns and villages, outputs."""

import csv
import time

import pytest
from django.utils import timezone

from tests import factories
from zhiqiao.directory.enums import ExpertKind
from zhiqiao.directory.models import Enterprise, Expert, ResearchOutput
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.sheets import ImportRun
from zhiqiao.needs.models import Need
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.site import imports

pytestmark = pytest.mark.django_db
OPERATOR = Actor("system", "cli", "系统管理员（命令行）")


@pytest.fixture
def province(real_data):
    """浙江省科协, its cities and counties by their real codes."""
    root = factories.organisation(name="浙江省科协", kind=Kind.PROVINCE, parent=None)
    cities = {}
    with (real_data / "admin_divisions/cn_counties_gb2260_2026.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code, name = row["code"], row["name"]
            if not code.startswith("33") or code == "330000":
                continue
            if code.endswith("00"):
                cities[code[:4]] = factories.organisation(
                    name=f"{name}科协", short_name=name, kind=Kind.CITY, parent=root, code=code
                )
            else:
                parent = cities.get(code[:4], root)
                factories.organisation(
                    name=f"{name}科协", short_name=name, kind=Kind.DISTRICT, parent=parent, code=code
                )
    return root


def _load(name, path, **values):
    return imports.load_file(name, path, under="", by=OPERATOR, at=timezone.now(), **values)


def test_371_real_needs_are_filed_and_repeated_titles_are_offered_not_dropped(province, real_data):
    path = real_data / "tech_needs/tech_needs_bdci2019.jsonl"
    checked = _load("needs", path, dry_run=True)
    assert (checked.new, checked.bad, Need.objects.count()) == (371, 0, 0)
    report = _load("needs", path)
    assert (report.new, report.bad, report.saved) == (371, 0, True)
    assert Need.objects.filter(stage="submitted", source="import").count() == 371
    titles = list(Need.objects.values_list("title", flat=True))
    assert report.duplicate_count == len(titles) - len(set(titles)) == 24


def test_a_file_is_not_imported_twice_by_mistake_and_changes_nothing_on_purpose(province, real_data):
    path = real_data / "tech_needs/tech_needs_bdci2019.jsonl"
    _load("needs", path)
    with pytest.raises(Refused, match="已导入过"):
        _load("needs", path)
    report = _load("needs", path, again=True)
    assert (report.new, report.changed, report.same) == (0, 0, 371)
    assert ImportRun.objects.count() == 2


def test_1658_academicians_keep_their_namesakes_apart(province, real_data):
    report = _load("experts", real_data / "experts/cn_academicians_2020.csv")
    assert (report.new, report.bad) == (1658, 0), report.problems[:5]
    assert Expert.objects.filter(kind=ExpertKind.ACADEMICIAN).count() == 1658
    namesakes = Expert.objects.filter(name="郑哲敏").order_by("unit")
    assert list(namesakes.values_list("unit", flat=True)) == ["中国工程院", "中国科学院"]
    assert not Expert.objects.filter(disciplines__isnull=True).exists()
    mentors = _load("experts", real_data / "experts/zju_aeronautics_mentors.csv")
    assert (mentors.new, mentors.bad) == (149, 0)


@pytest.mark.anydb  # the large files once; the others show both databases
def test_5485_listed_enterprises_find_their_place(province, real_data):
    report = _load("enterprises", real_data / "enterprises/a_share_companies_2026.csv")
    assert (report.new, report.bad) == (5485, 0), report.problems[:5]
    assert Enterprise.objects.filter(address="浙江").count() == 735


@pytest.mark.anydb  # the large files once; the others show both databases
def test_streets_and_25527_villages_become_organisations_whatever_was_reorganised_between(
    province, real_data
):
    began = time.perf_counter()
    streets = _load("organisations", real_data / "admin_divisions/zj_streets_2025.csv")
    assert (streets.new, streets.bad) == (1387, 0)
    villages = _load("organisations", real_data / "admin_divisions/zj_villages_nbs2020.csv")
    print(f"\n{villages.rows} villages in {time.perf_counter() - began:.0f} s")
    assert (villages.new, villages.bad) == (25527, 0)
    assert Organisation.objects.filter(kind=Kind.VILLAGE).count() == 25527
    assert not Organisation.objects.filter(kind=Kind.VILLAGE).exclude(parent__kind=Kind.TOWN).exists()
    reorganised = Organisation.objects.get(kind=Kind.DISTRICT, code="330114")
    assert Organisation.objects.within(reorganised).filter(kind=Kind.VILLAGE).exists()


@pytest.mark.anydb  # the large files once; the others show both databases
def test_outputs_without_a_title_are_refused_by_row_and_the_others_saved_only_on_request(province, real_data):
    path = real_data / "need_output_pairs/outputs.csv"
    report = _load("outputs", path)
    assert (report.bad, report.saved, ResearchOutput.objects.count()) == (11, False, 0)
    assert str(report.problems[0]).endswith("『名称』没有填")
    report = _load("outputs", path, skip_bad=True)
    assert (report.bad, report.new, ResearchOutput.objects.count()) == (11, 7289, 7289)
