"""The speed bench of the finder, at tiny sizes: what it compares is the same, and what it must say is said."""

import json

import pytest
from typer.testing import CliRunner

from zhiqiao.site.cli import cluster
from zhiqiao.site.cli.bench import app, finder, synthetic, texts
from zhiqiao.site.cli.bench.report import Noise, Report, markdown, table

pytestmark = pytest.mark.anydb
EXPERTS = 300


@pytest.fixture
def needs_file(tmp_path):
    rows = [
        {"title": "高温合金热处理", "content": f"需要提高第{n}种轴承的寿命，降低噪声。"} for n in range(6)
    ]
    path = tmp_path / "needs.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def no_server(monkeypatch):
    def refuse(*arguments, **named):
        raise cluster.NoCluster("没有找到 PostgreSQL 的服务器程序。")

    monkeypatch.setattr(finder, "postgres_server", refuse)


def run(*words: str):
    return CliRunner().invoke(app, ["finder", *words])


def test_bench_tells_every_engine_and_the_ratios(needs_file):
    answer = run("--experts", str(EXPERTS), "--needs", "5", "--queries", str(needs_file), "--json")

    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    left_out = told["left_out"].keys()
    measured = {*finder.OWN, *finder.PEERS} - left_out
    assert "zhiqiao-sqlite" in measured
    assert told["engines"].keys() == told["p50_ms"].keys() == told["p95_ms"].keys() == measured
    assert told["ratio_p50"].keys() == measured - set(finder.OWN)
    assert all(told["ratio_p50"].values())
    assert all(engine["seen_at_once"] and engine["answered"] == 5 for engine in told["engines"].values())
    assert told["same_answers"] is (None if "zhiqiao-postgres" in left_out else True)
    assert told["noise"].keys() == {"p50_ms", "p95_ms", "spread"}


def test_bench_says_what_it_leaves_out(needs_file, no_server):
    peers = ("--peers", "postgres-fts", "--needs", "2")
    answer = run("--experts", "30", *peers, "--queries", str(needs_file), "--json")

    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["left_out"] == dict.fromkeys(
        ("zhiqiao-postgres", "postgres-fts"), "没有找到 PostgreSQL 的服务器程序。"
    )
    assert told["engines"].keys() == {"zhiqiao-sqlite"}


def test_bench_refuses_an_unknown_peer():
    answer = run("--peers", "lucene")

    assert answer.exit_code == 2
    assert "没有这个同类：lucene" in answer.stderr


def test_synthetic_experts_are_the_same_every_time_and_for_every_size():
    few, many = ([drawn for chunk in synthetic.compose().texts(n) for drawn in chunk] for n in (20, 40))

    assert many[:20] == few
    assert len({drawn.text for drawn in many}) == 40
    assert 150 < sum(len(drawn.text) for drawn in many) / 40 < 250


def test_words_of_needs_take_their_place_in_the_vocabulary():
    needs = ["渗碳，轴承，渗碳轴承"] * 2

    assert synthetic.words_of(needs) == {"渗碳": 4, "轴承": 4}
    assert set(synthetic.compose(needs).words[:2]) == {"渗碳", "轴承"}


def test_heaviest_tokens_are_the_rare_ones_that_somebody_has():
    material = texts.Material(None, "bigrams")
    written = texts.Written(None, 100, material, texts.Counter({"甲乙": 1, "乙丙": 50, "丙丁": 0}))

    assert written.heaviest("甲乙丙丁") == ["甲乙", "乙丙"]


def test_table_aligns_chinese_and_numbers():
    assert table(("引擎", "毫秒"), (("智桥", 1.5), ("a", None))) == [
        "引擎   毫秒",
        "智桥  1.500",
        "a         —",
    ]


def test_markdown_of_a_report():
    report = Report("题", ("引擎", "毫秒"), (("智桥", 12),), {})

    assert markdown(report) == "| 引擎 | 毫秒 |\n| --- | ---: |\n| 智桥 | 12 |"


def test_noise_is_a_ratio_of_one_or_more():
    noise = Noise()
    for _ in range(3):
        noise()

    assert noise.as_dict()["spread"] >= 1
