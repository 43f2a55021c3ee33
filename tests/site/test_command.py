"""The command ``zhiqiao``: Chinese for people, JSON for programs, exit codes that mean something."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories
from zhiqiao.kit import files
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs.models import Need
from zhiqiao.site.cli.chinese import run
from zhiqiao.site.cli.commands import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process: exit code, standard output, standard error."""

    def go(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["zhiqiao", *words])
        code = run(app)
        return code, *capsys.readouterr()

    return go


@pytest.fixture
def net():
    return factories.network()


def test_help_is_chinese_and_names_every_command(command):
    code, told, _ = command("--help")
    assert code == 0
    named = re.findall(r"^│ ([a-z]+) +[一-鿿]", told, re.M)
    assert {"run", "worker", "migrate", "demo", "import", "find", "kpi", "doctor", "docs"} <= {*named}
    assert "显示这份说明" in told
    assert "Show this message" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["find"], "缺少参数 text。用法见：zhiqiao find --help"),
        (["found"], "没有 found 这个命令。用法见：zhiqiao --help"),
        (["find", "电池", "--colour"], "没有 --colour 这个选项。用法见：zhiqiao find --help"),
        (["find", "电池", "--limit", "many"], "--limit 的值不对。用法见：zhiqiao find --help"),
        (["import", "needs", "nowhere.csv"], "file 指的文件不存在。用法见：zhiqiao import --help"),
        (["kpi", "happiness"], "没有这个指标：happiness。不写名称可以列出全部。"),
    ],
)
def test_wrong_usage_is_told_in_chinese_with_exit_code_2(command, words, told):
    code, _, err = command(*words)
    assert (code, err.strip().splitlines()[-1]) == (2, told)


def test_find_answers_people_and_programs(command, net):
    expert = factories.expert(
        organisation=net.society, name="齐传动", keywords="行星齿轮箱 谐波减速器 传动误差"
    )
    code, told, _ = command("find", "谐波减速器的传动误差太大")
    assert code == 0
    assert told.startswith(f"1. {expert}")
    code, told, _ = command("find", "谐波减速器的传动误差太大", "--json", "--why-not", "李四光")
    answer = json.loads(told)
    assert [one["id"] for one in answer["candidates"]] == [expert.pk]
    assert "没有找到“李四光”" in answer["why_not"][0]


def test_find_draws_each_part_and_offers_a_team(command, net):
    text = "谐波减速器的传动误差太大。伺服电机发热严重。"
    for name, work in (("齐传动", "谐波减速器传动误差"), ("温治热", "伺服电机发热与散热")):
        factories.expert(organisation=net.society, name=name, keywords=work, evidence=(work,))
    code, told, _ = command("find", text, "--team")
    assert code == 0
    assert re.search(r"^   证据 ▇+·* .*“传动误差”", told, re.M)
    assert "组一支团队：2 位专家覆盖 2 个方面；人数不能再少。" in told
    team = json.loads(command("find", text, "--team", "--json")[1])["team"]
    covers = {one["name"]: [part["text"] for part in one["covers"]] for one in team["members"]}
    assert covers == {"齐传动": ["谐波减速器的传动误差太大"], "温治热": ["伺服电机发热严重"]}
    assert team["uncovered"] == []


def test_a_dry_run_saves_nothing_and_bad_rows_give_exit_code_1(command, net, tmp_path):
    sheet = tmp_path / "需求.csv"
    sheet.write_text(
        "需求名称,需求内容,企业名称\n轴承异响,转速一高就响,青山精密轴承有限公司\n,没有名称,\n", "utf-8"
    )
    code, told, _ = command("import", "needs", str(sheet), "--json")
    assert (code, json.loads(told)["saved"], Need.objects.count()) == (1, False, 0)
    sheet.write_text("需求名称,需求内容,企业名称\n轴承异响,转速一高就响,青山精密轴承有限公司\n", "utf-8")
    assert command("import", "needs", str(sheet), "--dry-run")[0] == 0
    assert Need.objects.count() == 0
    assert command("import", "needs", str(sheet))[0] == 0
    assert Need.objects.get().title == "轴承异响"


def test_a_refused_import_gives_exit_code_3(command, net, tmp_path):
    sheet = tmp_path / "x.csv"
    sheet.write_text("a,b\n1,2\n", "utf-8")
    code, _, err = command("import", "weather", str(sheet))
    assert (code, err.startswith("没有“weather”这种台账")) == (3, True)


def test_figures_are_readable_by_a_program(command, net):
    factories.need(enterprise=net.enterprise)
    code, told, _ = command("kpi", "--json")
    assert code == 0
    values = {one["name"]: one["value"] for one in json.loads(told)}
    assert (values["received"], values["closed"]) == (1, 0)


# ── doctor ──────────────────────────────────────────────────────────────────────────────────────────


def findings(command) -> dict[str, bool]:
    return {one["name"]: one["ok"] for one in json.loads(command("doctor", "--json")[1])}


def test_doctor_finds_a_changed_audit_entry(command, net):
    assert findings(command)["审计链"] is True
    table = AuditEntry._meta.db_table  # past the model, which refuses
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET reason = '后来改的' WHERE id = (SELECT min(id) FROM {table})")
    assert findings(command)["审计链"] is False
    assert command("doctor")[0] == 1


def test_doctor_finds_a_lost_and_a_cut_attachment(command, net, tmp_path):
    from django.core.files.base import ContentFile

    at = timezone.now()
    kept = files.store(ContentFile("甲方说明\n".encode(), name="说明.txt"), by=SYSTEM, at=at)
    assert findings(command)["附件"] is True
    files.path_of(kept).write_bytes(b"")
    assert findings(command)["附件"] is False
    files.path_of(kept).unlink()
    assert findings(command)["附件"] is False


# ── a database that is not there ────────────────────────────────────────────────────────────────────


def outside(home, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own, on an empty data folder."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"ZHIQIAO_HOME": str(home)} | ({"DATABASE_URL": url} if url else {})
    code = "import sys; sys.argv[0] = 'zhiqiao'; from zhiqiao.site.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.anydb
def test_an_empty_database_is_told_and_not_a_traceback(tmp_path):
    done = outside(tmp_path, "find", "电池")
    assert (done.returncode, done.stderr) == (
        3,
        "数据库还是空的，请先运行 zhiqiao migrate（或 zhiqiao run）。\n",
    )


@pytest.mark.anydb
def test_a_database_that_does_not_answer_is_told(tmp_path):
    done = outside(tmp_path, "find", "电池", url="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 3
    assert done.stderr.startswith("连不上数据库，请检查 DATABASE_URL 和数据库服务：")
