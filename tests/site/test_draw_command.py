"""zhiqiao draw：从保管人算哈希到审计复核，一步一个文件；改过一个字就过不了复核。"""

import json

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from zhiqiao.site.cli.drawing import app

pytestmark = pytest.mark.anydb

SECRETS = {"纪检": "青山不改绿水长流之一二三四五六七", "审计": "another long secret 20 chars"}


def run(*words: str, **more):
    return CliRunner().invoke(app, [str(word) for word in words], **more)


@pytest.fixture
def pool(tmp_path):
    path = tmp_path / "名单.xlsx"
    book = Workbook()
    book.active.append(["编号", "类别", "工作单位", "回避原因"])
    for number in range(30):
        circle = "管理" if number % 5 == 0 else "技术"
        book.active.append([f"E{number:03}", circle, f"单位{number % 9}", "同单位" if number == 7 else None])
    book.save(path)
    return path


def sealed(pool, record, *more):
    hashes = [
        run("commit", keeper, input=f"{secret}\n").stdout.split()[-1] for keeper, secret in SECRETS.items()
    ]
    words = [
        "seal",
        pool,
        "--record",
        record,
        "--purpose",
        "评审专家",
        "--seats",
        "技术=3",
        "--seats",
        "管理=1",
    ]
    words += ["--substitutes", "技术=2", "--per-unit", "1"]
    for keeper, digest in zip(SECRETS, hashes, strict=True):
        words += ["--hash", f"{keeper}={digest}"]
    return run(*words, *more)


def opened(record, *more):
    return run("open", record, *(w for k, s in SECRETS.items() for w in ("--secret", f"{k}={s}")), *more)


def test_from_the_commitment_to_the_audit(pool, tmp_path):
    record = tmp_path / "抽签.json"
    told = sealed(pool, record)
    assert told.exit_code == 0, told.output
    seal = json.loads(record.read_text(encoding="utf-8"))["seal"]
    assert seal in told.output
    assert "尚未开签" in run("check", record, "--seal", seal).output
    drawn = opened(record, "--json")
    assert drawn.exit_code == 0, drawn.output
    result = json.loads(drawn.stdout)
    assert (len(result["chosen"]), len(result["alternates"])) == (4, 2)
    assert "E007" not in result["chosen"] + result["alternates"]
    audit = run("check", record, "--seal", seal)
    assert (audit.exit_code, audit.output) == (0, "复核一致，名单与抽签记录没有改动。\n")


def test_a_changed_winner_fails_the_audit(pool, tmp_path):
    """Control: the same record passes before the change and not after it."""
    record = tmp_path / "抽签.json"
    sealed(pool, record)
    opened(record)
    assert run("check", record).exit_code == 0
    data = json.loads(record.read_text(encoding="utf-8"))
    data["chosen"][0] = "E029"
    record.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    audit = run("check", record)
    assert audit.exit_code == 1
    assert "重新推算的中签名单与记录不同。" in audit.output


def test_a_sealed_record_is_not_overwritten(pool, tmp_path):
    record = tmp_path / "抽签.json"
    sealed(pool, record)
    before = record.read_bytes()
    again = sealed(pool, record)
    assert (again.exit_code, record.read_bytes()) == (2, before)


def test_one_secret_missing_opens_nothing(pool, tmp_path):
    record = tmp_path / "抽签.json"
    sealed(pool, record)
    before = record.read_bytes()
    told = run("open", record, "--secret", f"纪检={SECRETS['纪检']}")
    assert (told.exit_code, record.read_bytes()) == (3, before)
    assert "缺少审计的密语" in told.stderr


def test_the_agreed_public_number_is_asked_for(pool, tmp_path):
    record = tmp_path / "抽签.json"
    sealed(pool, record, "--beacon", "11月30日福彩 3D 开奖号")
    assert "请填写事先约定的公开数值" in opened(record).stderr
    assert opened(record, "--beacon-value", "123").exit_code == 0


def test_wrong_words_and_files_are_told(pool, tmp_path):
    record = tmp_path / "抽签.json"
    words = ("seal", pool, "--record", record, "--purpose", "抽", "--hash", "甲=1")
    assert run(*words, "--seats", "技术=三").exit_code == 2
    assert run(*words[:-1], "甲", "--seats", "2").exit_code == 2
    assert run(*words, "--seats", "没有的层别=1").exit_code == 3
    assert run("seal", tmp_path / "没有.csv", *words[2:], "--seats", "技术=1").exit_code == 2
    assert run("check", tmp_path / "没有.json").exit_code == 2
    (tmp_path / "坏.json").write_text("{", encoding="utf-8")
    assert run("check", tmp_path / "坏.json").exit_code == 2
    assert run("commit", "甲", input="短\n").exit_code == 3
    assert not record.exists()
