"""The benches of ranking and retrieval: their figures by hand, their refusals, and what they reach on real data."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zhiqiao.site.cli.bench import app
from zhiqiao.site.cli.bench.reading import rows_of

pytestmark = pytest.mark.anydb

TITLES = ("焊缝 视觉 检测", "锂 电池 正极", "水稻 育种", "废水 处理", "光伏 逆变器", "轴承 诊断")


def run(*arguments: object) -> tuple[int, str, str]:
    answer = CliRunner().invoke(app, [str(one) for one in arguments])
    return answer.exit_code, answer.stdout, answer.stderr


def told(*arguments: object) -> dict:
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def write(folder: Path, needs: str, outputs: str, pairs: str) -> Path:
    (folder / "needs.jsonl").write_text(needs, encoding="utf-8")
    (folder / "outputs.csv").write_text(outputs, encoding="utf-8")
    (folder / "pairs.csv").write_text(pairs, encoding="utf-8")
    return folder


def small(folder: Path, extra: str = "", level: str = "4") -> Path:
    """Six subjects with a need and four outputs each; a need's own outputs are graded 4, others 1."""
    chance = random.Random(3)
    needs = [{"id": f"n{at}", "title": text, "content": f"急需{text}技术"} for at, text in enumerate(TITLES)]
    outputs = [(f"o{at}-{copy}", f"{text} 方法") for at, text in enumerate(TITLES) for copy in range(4)]
    pairs = []
    for at in range(len(TITLES)):
        others = [name for name, _ in outputs if not name.startswith(f"o{at}-")]
        pairs += [(f"n{at}", f"o{at}-{copy}", level) for copy in range(4)]
        pairs += [(f"n{at}", name, "1") for name in chance.sample(others, 8)]
    return write(
        folder,
        "\n".join(json.dumps(need, ensure_ascii=False) for need in needs),
        "id,title_words\n" + "".join(f"{name},{words}\n" for name, words in outputs),
        "need_id,output_id,level\n" + "".join(",".join(pair) + "\n" for pair in pairs) + extra,
    )


def test_ranking_tells_every_measure_of_every_method(tmp_path):
    data = told("ranking", small(tmp_path))
    assert [data[name] for name in ("ndcg10", "map3", "recall50")] == [1.0, 1.0, 1.0]
    for peer in ("bm25_words", "bm25_bigrams", "random"):
        assert data[peer].keys() >= {"ndcg10", "map3", "recall50", "ci"}
    assert data["bm25_words"]["ndcg10"] == 1.0
    assert data["random"]["ndcg10"] < 0.9
    assert data["ratio"]["bm25_words"]["ndcg10"]["ratio"] == 1.0
    assert (data["needs"], data["clusters"]) == (6, 6)


def test_ranking_says_the_same_twice(tmp_path):
    folder = small(tmp_path)
    first, again = told("ranking", folder), told("ranking", folder)
    for data in (first, again):
        data.pop("noise")
        for figures in (data, *(data[peer] for peer in data["ratio"])):
            figures.pop("p50_ms", None)
    assert first == again


def test_the_table_is_for_people(tmp_path):
    code, out, _ = run("ranking", small(tmp_path))
    assert code == 0
    assert "NDCG@10" in out
    assert "BM25，词" in out
    assert "没有学过任何分级" in out


def test_unknown_identifiers_are_told_and_left_out(tmp_path):
    code, out, _ = run("ranking", small(tmp_path, "n0,nobody,4\nnobody,o0-1,4\n"))
    assert code == 0
    assert "2 条的需求或成果编号在另两个文件里找不到" in out


def test_twins_are_one_group(tmp_path):
    folder = small(tmp_path)
    needs = (folder / "needs.jsonl").read_text(encoding="utf-8")
    twin = needs.splitlines()[0].replace('"n0"', '"twin"')
    (folder / "needs.jsonl").write_text(f"{needs}\n{twin}", encoding="utf-8")
    pairs = (folder / "pairs.csv").read_text(encoding="utf-8")
    copied = "".join(
        line.replace("n0,", "twin,") + "\n" for line in pairs.splitlines() if line.startswith("n0,")
    )
    (folder / "pairs.csv").write_text(pairs + copied, encoding="utf-8")
    data = told("ranking", folder)
    assert (data["needs"], data["clusters"]) == (7, 6)


def test_needs_with_nine_grades_do_not_count(tmp_path):
    folder = small(tmp_path)
    lines = (folder / "pairs.csv").read_text(encoding="utf-8").splitlines()
    of_first = [line for line in lines if line.startswith("n0,")]
    kept = [line for line in lines if line not in of_first[9:]]
    (folder / "pairs.csv").write_text("\n".join(kept), encoding="utf-8")
    assert told("ranking", folder)["needs"] == 5
    (folder / "pairs.csv").write_text("\n".join([lines[0], *of_first[:9]]), encoding="utf-8")
    code, _, err = run("ranking", folder)
    assert code == 3
    assert "没有一个需求有 10 项以上打过分的成果" in err


def test_a_pool_without_anything_relevant_is_not_judged(tmp_path):
    data = told("ranking", small(tmp_path, level="1"))
    assert data["ndcg10"] is None
    assert data["map3"] is None
    assert data["ci"]["ndcg10"] == [None, None]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("pairs.csv", "need_id,output_id,level\nn0,o0-1,5\n", "第 1 条的等级是“5”，应为 1 到 4"),
        ("pairs.csv", "need_id,output_id,level\nn0,o0-1,高\n", "应为 1 到 4 的整数"),
        ("pairs.csv", "need,output,level\nn0,o0-1,4\n", "第 1 条没有“need_id”"),
        ("needs.jsonl", '{"id": "a"}\n{"id": ', "第 2 行不是 JSON"),
        ("needs.jsonl", "[1, 2]", "第 1 条不是一个对象"),
        ("needs.jsonl", '[{"id": 1}', "不是完整的 JSON：第 1 行"),
        ("needs.jsonl", '{"title": "甲"}', "第 1 条没有“id”"),
    ],
)
def test_a_bad_file_is_refused_with_place_and_remedy(tmp_path, file, text, words):
    folder = small(tmp_path)
    (folder / file).write_text(text, encoding="utf-8")
    code, out, err = run("ranking", folder, "--json")
    assert (code, out) == (3, "")
    assert words in err


def test_missing_files_are_wrong_usage(tmp_path):
    assert run("ranking", tmp_path / "nowhere")[0] == 2
    code, _, err = run("ranking", tmp_path)
    assert code == 2
    assert "needs.jsonl" in err


def test_customers_own_spreadsheets_are_read(tmp_path):
    table = tmp_path / "needs.csv"
    table.write_bytes("ID\tTitle\n1\t焊缝\n\n2\t水稻\n".encode("gb18030"))
    assert rows_of(table) == [{"id": "1", "title": "焊缝"}, {"id": "2", "title": "水稻"}]
    wrapped = tmp_path / "needs.json"
    wrapped.write_text('{"data": [{"id": 7}]}', encoding="utf-8-sig")
    assert rows_of(wrapped) == [{"id": 7}]
    table.write_bytes(b"\xff\xfe\x00\x81\x00")
    code, _, err = run("retrieval", table)
    assert code == 3
    assert "UTF-8" in err


# --- retrieval

QUESTIONS = ("洗洁精残留会致癌吗", "隔夜水能喝吗", "吃布洛芬会有依赖性吗", "微波炉加热有害吗")
REPLIES = ("洗洁精不含致癌物质", "隔夜的水可以喝", "布洛芬没有成瘾性，不会依赖", "微波炉加热无害")


@pytest.mark.parametrize(
    "rows",
    [
        [{"question": q, "answers": [a]} for q, a in zip(QUESTIONS, REPLIES, strict=True)],
        [{"question": q, "answer": a} for q, a in zip(QUESTIONS, REPLIES, strict=True)],
        [{"title": q, "body": a} for q, a in zip(QUESTIONS, REPLIES, strict=True)],
    ],
)
def test_retrieval_reads_every_usual_shape(tmp_path, rows):
    file = tmp_path / "qa.json"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    data = told("retrieval", file)
    assert [data[name] for name in ("r1", "r10", "mrr10")] == [1.0, 1.0, 1.0]
    assert data["bm25_bigrams"]["r1"] == 1.0
    assert data["random"]["r1"] == 0.25
    assert (data["questions"], data["answers"]) == (4, 4)


def test_the_same_answer_to_two_questions_is_one_text(tmp_path):
    rows = [{"question": q, "answer": REPLIES[0]} for q in (QUESTIONS[0], "洗洁精安全吗")]
    rows += [{"question": QUESTIONS[1], "answer": ""}, {"answer": "没有问题"}]
    file = tmp_path / "qa.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    data = told("retrieval", file)
    assert (data["questions"], data["answers"], data["r1"]) == (2, 1, 1.0)
    assert "有 2 条缺问题或缺答案" in run("retrieval", file)[1]


def test_a_file_without_questions_is_refused(tmp_path):
    file = tmp_path / "qa.json"
    file.write_text('[{"name": "甲"}]', encoding="utf-8")
    code, _, err = run("retrieval", file)
    assert code == 3
    assert "question" in err


# --- real data


def test_the_engine_ranks_real_outputs_better_than_bm25(real_data: Path):
    data = told("ranking", real_data / "need_output_pairs")
    assert data["bm25_words"]["ndcg10"] > 0.57
    assert data["ratio"]["bm25_words"]["ndcg10"]["ratio"] >= 1.14
    assert data["ratio"]["bm25_words"]["map3"]["ratio"] >= 1.20
    assert data["ratio"]["bm25_words"]["ndcg10"]["ci"][0] > 1.05
    assert data["ratio"]["bm25_words_title3"]["ndcg10"]["ratio"] >= 1.12
    assert data["ratio"]["bm25_words"]["recall50"]["ratio"] >= 1.4


def test_the_engine_finds_real_answers_better_than_bm25(real_data: Path):
    data = told("retrieval", real_data / "rumor_qa" / "jiaozhen_qa_110.json")
    assert data["bm25_bigrams"]["r1"] > 0.8
    assert data["ratio"]["bm25_bigrams"]["r1"]["ratio"] >= 1.05
