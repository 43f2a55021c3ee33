"""`zhiqiao search` 与体检：看得见索引的状况，少告诉了索引的改动查得出来，重建就好。"""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from tests import factories
from zhiqiao.directory.models import Evidence, Expert
from zhiqiao.directory.search import EXPERTS
from zhiqiao.kit.search import search
from zhiqiao.kit.search.library import known
from zhiqiao.site.cli.doctor import _index
from zhiqiao.site.cli.search import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert() -> Expert:
    network = factories.network()
    return factories.expert(organisation=network.society, keywords="", evidence=("轴承套圈磨削烧伤",))


def run(*words: str):
    return CliRunner().invoke(app, words)


def unsound() -> list[str]:
    return [str(finding) for finding in _index(timezone.now()) if not finding.ok]


def test_status_tells_rows_and_what_waits(expert):
    told = {row["name"]: row for row in json.loads(run("status", "--json").stdout)}
    assert sorted(told) == sorted(known)
    assert (told["experts"]["rows"], told["experts"]["owners"], told["experts"]["waiting"]) == (1, 1, 1)
    assert "experts" in run("status").stdout


def test_a_change_past_the_actions_is_noticed_and_mended(expert):
    assert unsound() == []
    Evidence.objects.filter(expert=expert).update(title="茶树病虫害防控")
    assert unsound() == ["检索索引（experts）：抽查有 1 行与数据不符，请运行 zhiqiao search rebuild experts"]

    assert run("rebuild", "experts").stdout == "experts：1 条文字已重建。\n"

    assert unsound() == []
    assert [key for key, _ in search(EXPERTS, "茶树病虫害", Expert.objects.all(), 5)] == [expert.pk]


def test_an_unknown_library_is_refused_with_the_names_there_are():
    refused = run("rebuild", "nobody")
    assert refused.exit_code == 2
    assert "experts" in refused.stderr
