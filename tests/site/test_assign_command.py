"""zhiqiao assign：自己的评分表排成名单，带候补和证明；随机分配凭种子可以复核。"""

import json

import pytest
import typer
from typer.testing import CliRunner

from zhiqiao.site.cli.assigning import assign_file

pytestmark = pytest.mark.anydb

TABLE = "专家,甲项,乙项\n张三,9,1\n李四,8,7\n王五,,6\n赵六,2,5\n"


def run(tmp_path, *words, text=TABLE):
    path = tmp_path / "评分.csv"
    path.write_text(text, encoding="utf-8")
    app = typer.Typer()
    app.command()(assign_file)
    return CliRunner().invoke(app, [str(path), *words])


def test_names_with_alternates_and_the_proof(tmp_path):
    told = run(tmp_path, "--per-item", "1", "--cap", "1")
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        "甲项：张三（候补 赵六）",
        "乙项：李四（候补 王五）",
        "1 个空格按回避处理。",
        "第一行或第一列不是数字，按名称处理。",
        "总分 16，已证明在这些条件下没有更高的安排。",
    ]


def test_a_list_in_a_file_and_as_json(tmp_path):
    out = tmp_path / "名单.csv"
    told = run(tmp_path, "--per-item", "1", "--cap", "1", "--even", "--out", str(out), "--json")
    assert told.exit_code == 0, told.output
    assert out.read_text(encoding="utf-8-sig").splitlines()[:2] == ["项目,专家,候补", "甲项,张三,赵六"]
    assert [one["people"] for one in json.loads(told.stdout)["items"]] == [["张三"], ["李四"]]


def test_a_draw_within_limits_can_be_done_again(tmp_path):
    words = ("--per-item", "1", "--cap", "1", "--limit", "0.5", "--json", "--seed")
    drawn = {run(tmp_path, *words, f"种子{n}").stdout for n in range(12)}
    assert len(drawn) > 1
    assert run(tmp_path, *words, "种子3").stdout == run(tmp_path, *words, "种子3").stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--limit", "0.5"), 2, "要写种子"),
        (("--limit", "0.1", "--seed", "甲"), 3, "凑不满 1 位"),
        (("--min-load", "1"), 3, "每人下限加起来是 4 项次"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path, words, code, told):
    result = run(tmp_path, "--per-item", "1", "--cap", "1", *words)
    assert result.exit_code == code
    assert told in result.stderr
