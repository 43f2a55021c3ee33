"""检查与导入：要么全部，要么全不；错在哪里，说得清楚。"""

import io
import threading
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile
from django.db import IntegrityError, connection, transaction
from openpyxl import load_workbook

from tests.kit.sheet_samples import CLERK, DAYS, NOW, csv_file, named, save_day, workbook
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.clock.models import CalendarDay
from zhiqiao.kit.errors import Refused, refuse
from zhiqiao.kit.sheets import Column, ImportRun, Ledger, check, importing, load, new
from zhiqiao.kit.sheets.writer import CUT_MARK

pytestmark = pytest.mark.django_db

GOOD = "日期,名称,是否上班\n2026-10-01,国庆节,休息\n2026-10-10,调休,上班\n"


def names() -> dict[str, str]:
    return {f"{day.date}": day.name for day in CalendarDay.objects.all()}


def ledger(save_row, *columns: Column) -> Ledger:
    return Ledger("days", "工作日历", columns or DAYS.columns, save_row)


# --- 试运行与导入 --------------------------------------------------------------------------------------


def test_a_check_says_what_an_import_would_do_and_leaves_nothing():
    CalendarDay.objects.create(date=date(2026, 10, 1), working=False, name="国庆")
    CalendarDay.objects.create(date=date(2026, 10, 10), working=True, name="调休")
    report = check(DAYS, csv_file(GOOD + "2026-10-11,新的,休息\n"), by=CLERK, at=NOW)
    assert report.counts == {"rows": 3, "new": 1, "changed": 1, "same": 1, "bad": 0, "duplicates": 0}
    assert report.words == "试运行，没有保存。共 3 行：新增 1，更新 1，未变 1，有误 0。"
    assert (report.dry_run, report.saved, report.run) == (True, False, None)
    assert names() == {"2026-10-01": "国庆", "2026-10-10": "调休"}
    assert not ImportRun.objects.exists()


def test_an_import_does_what_the_check_said():
    said = check(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
    report = load(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
    assert report.counts == said.counts
    assert report.words == "已导入。共 2 行：新增 2，更新 0，未变 0，有误 0。"
    assert names() == {"2026-10-01": "国庆节", "2026-10-10": "调休"}


def test_an_empty_cell_leaves_what_is_there_and_a_clear_mark_clears_it():
    CalendarDay.objects.create(date=date(2026, 10, 1), working=False, name="国庆", source="文号")
    load(DAYS, csv_file("日期,名称,依据（文号）\n2026-10-01,,[清空]\n"), by=CLERK, at=NOW)
    day = CalendarDay.objects.get()
    assert (day.name, day.source) == ("国庆", "")


def test_possible_duplicates_are_shown_and_saved_all_the_same():
    report = load(DAYS, csv_file("日期,名称\n2026-10-01,国庆节\n2026-10-02,国庆节\n"), by=CLERK, at=NOW)
    assert (report.new, report.duplicate_count) == (2, 1)
    assert [str(each) for each in report.duplicates] == ["第 3 行疑似重复：与 2026-10-01 同名"]


def test_control_characters_and_full_width_digits_do_not_reach_the_database():
    load(DAYS, csv_file("日期,名称\n２０２６－１０－０１,国\x1d庆\u200b节\n"), by=CLERK, at=NOW)
    assert names() == {"2026-10-01": "国庆节"}


def test_a_path_and_an_uploaded_file_are_imported_alike(tmp_path):
    path = tmp_path / "放假安排.csv"
    path.write_text(GOOD, encoding="gb18030")
    assert load(DAYS, path, by=CLERK, at=NOW).file_name == "放假安排.csv"
    assert load(DAYS, io.BytesIO(GOOD.encode()), name="另一份.csv", by=CLERK, at=NOW).same == 2


def in_memory(content: bytes, name: str) -> UploadedFile:
    return SimpleUploadedFile(name, content)


def on_disk(content: bytes, name: str) -> UploadedFile:
    file = TemporaryUploadedFile(name, "", len(content), None)
    file.write(content)
    return file


@pytest.mark.parametrize("received", [in_memory, on_disk])
def test_files_from_forms_of_every_size_are_read_and_stay_open(received):
    lines = (
        '{"date": "2026-10-01", "name": "国庆节"}\n{"date": "2026-10-10", "name": "调休", "working": "上班"}'
    )
    book = workbook(("日期", "名称"), ("2026-10-01", "国庆节"), ("2026-10-10", "调休")).getvalue()
    for content, name in ((GOOD.encode("gb18030"), "a.csv"), (lines.encode(), "a.jsonl"), (book, "a.xlsx")):
        file = received(content, name)
        assert check(DAYS, file, by=CLERK, at=NOW).new == 2
        file.seek(0)
        assert file.read() == content  # 检查之后，调用者还要用它
        file.close()


# --- 有误的行 -----------------------------------------------------------------------------------------

BAD = "日期,名称,是否上班\n2026-10-01,国庆节,休息\n十月二日,国庆节,放假\n,中秋,休息\n2026-10-04,错误,休息\n"


def test_every_mistake_is_said_with_row_and_column():
    report = check(DAYS, csv_file(BAD), by=CLERK, at=NOW)
    assert [str(problem) for problem in report.problems] == [
        "第 3 行『日期』应写成 2026-11-22 这样的日期，现在是“十月二日”",
        "第 3 行『是否上班』请填 上班、休息 之一，现在是“放假”",
        "第 4 行『日期』没有填",
        "第 5 行『名称』这个名称不能用",
    ]
    assert (report.new, report.bad) == (1, 3)


def test_a_formula_is_refused_with_its_place():
    book = workbook(("日期", "名称"), ("2026-10-01", "国庆节"), ("2026-10-02", '="中"&"秋"'))
    report = check(DAYS, book, by=CLERK, at=NOW)
    assert [str(problem) for problem in report.problems] == ["第 3 行『名称』是公式，请粘贴为数值后再导入"]


def test_bad_rows_stop_the_whole_import():
    report = load(DAYS, csv_file(BAD), by=CLERK, at=NOW)
    assert (report.saved, names()) == (False, {})
    assert report.words.startswith("没有导入任何一行，请改正后再试。")
    assert report.run == ImportRun.objects.get()
    assert report.run.state == "refused"


def test_good_rows_are_saved_where_asked_and_bad_ones_come_back_to_be_corrected():
    report = load(DAYS, csv_file(BAD), by=CLERK, at=NOW, skip_bad=True)
    assert names() == {"2026-10-01": "国庆节"}
    assert report.words == "已导入。共 4 行：新增 1，更新 0，未变 0，有误 3。有误的行没有导入。"
    assert (report.run.state, report.run.counts["bad"]) == ("partly", 3)

    book = load_workbook(io.BytesIO(report.error_book()))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert rows[0] == ["原行号", "日期", "名称", "是否上班", "错误说明"]
    assert rows[2] == [4, None, "中秋", "休息", "日期没有填"]
    book.active["B2"], book.active["D2"], book.active["B3"], book.active["C4"] = (
        "2026-10-02",
        "休息",
        "2026-10-03",
        "国庆节",
    )
    corrected = io.BytesIO()
    book.save(corrected)
    again = load(DAYS, named(corrected.getvalue(), "改正.xlsx"), by=CLERK, at=NOW)
    assert (again.new, again.bad, again.unknown) == (3, 0, [])
    assert len(names()) == 4


def test_what_a_refused_row_wrote_before_it_was_refused_is_undone():
    """save_day 先写库再拒绝“错误”，第 5 行的日期却不能留下。"""
    load(DAYS, csv_file(BAD), by=CLERK, at=NOW, skip_bad=True)
    assert "2026-10-04" not in names()


def refusing(words):
    def save(values, run):
        refuse("x", words)

    return save


def invalid(values, run):
    CalendarDay(date=values["date"], working=True, intervals=[["9", "10"]]).full_clean()


def clashing(values, run):
    CalendarDay.objects.create(date=date(2026, 1, 1), working=False)
    return new()


@pytest.mark.parametrize(
    ("save", "expected"),
    [
        (refusing("这位专家已谢绝联系。"), "第 2 行：这位专家已谢绝联系"),
        (invalid, "第 2 行：时间应写成 09:00 这样的形式：'9'"),
    ],
)
def test_refusals_of_rules_and_models_become_words_of_their_row(save, expected):
    report = check(ledger(save), csv_file("日期\n2026-10-01\n"), by=CLERK, at=NOW)
    assert [str(problem) for problem in report.problems] == [expected]


def test_a_clash_in_the_database_is_the_fault_of_its_row_only():
    report = load(
        ledger(clashing), csv_file("日期\n2026-10-01\n2026-10-02\n"), by=CLERK, at=NOW, skip_bad=True
    )
    assert [str(problem) for problem in report.problems] == [
        "第 3 行：与已有的或本文件中的另一行冲突（编号或名称重复）"
    ]
    assert len(names()) == 1


def test_an_error_nobody_expected_saves_nothing_and_is_not_swallowed():
    def broken(values, run):
        CalendarDay.objects.create(date=values["date"], working=False)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load(ledger(broken), csv_file("日期\n2026-10-01\n"), by=CLERK, at=NOW)
    assert not CalendarDay.objects.exists()
    assert not ImportRun.objects.exists()


def test_the_memo_forgets_what_a_refused_row_had_made():
    def remembering(values, run):
        if "day" not in run.memo:
            run.memo["day"] = CalendarDay.objects.create(date=values["date"], working=False)
        if values.get("name") == "错误":
            refuse("x", "不行。")
        run.memo["day"].refresh_from_db()  # 若记着已被撤销的那一行，这里会找不到
        return new()

    text = "日期,名称\n2026-10-01,错误\n2026-10-02,甲\n2026-10-03,乙\n"
    assert load(ledger(remembering), csv_file(text), by=CLERK, at=NOW, skip_bad=True).new == 2


def test_text_cut_at_export_is_not_taken_back_in():
    file = csv_file(f'日期,依据（文号）\n2026-10-01,"很长{CUT_MARK}"\n')
    report = check(DAYS, file, by=CLERK, at=NOW)
    assert [str(problem) for problem in report.problems] == [
        "第 2 行『依据（文号）』在导出时被截断，请从原记录里复制全文"
    ]


def test_the_screen_shows_the_first_hundred_mistakes_and_the_workbook_all():
    text = "日期\n" + "x\n" * 250
    report = check(DAYS, csv_file(text), by=CLERK, at=NOW)
    assert (len(report.problems), report.bad) == (100, 250)
    assert len(list(load_workbook(io.BytesIO(report.error_book())).active.iter_rows())) == 251


def test_a_report_for_programs_and_its_notes():
    file = workbook(("日期", "天气"), ("【示例】2026-10-01", "晴"), ("2026-10-02", "雨"), more={"备注": []})
    report = check(DAYS, file, by=CLERK, at=NOW)
    assert report.notes == [
        "只读取了工作表“Sheet1”，没有读取：备注。",
        "不认识、已略过的列：天气。",
        "跳过示例 1 行。",
    ]
    assert report.as_json()["unknown_columns"] == ["天气"]
    assert (report.as_json()["new"], report.as_json()["saved"]) == (1, False)


# --- 同一份文件 ---------------------------------------------------------------------------------------


def test_the_same_file_is_recognised_and_imported_again_only_on_purpose():
    first = load(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
    assert first.run.sha256 == first.sha256
    said = check(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
    assert said.notes == ["这份文件 11月20日 已导入过（李工，2 行）。"]
    with pytest.raises(Refused) as refused:
        load(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
    assert refused.value.refusal.code == "sheet.again"
    assert load(DAYS, csv_file(GOOD), by=CLERK, at=NOW, again=True).same == 2
    assert load(DAYS, csv_file(GOOD), by=CLERK, at=NOW, again=True).same == 2
    assert ImportRun.objects.filter(state="done").count() == 3


def test_a_refused_file_may_be_tried_again_and_another_ledger_does_not_know_it():
    load(DAYS, csv_file(BAD), by=CLERK, at=NOW)
    assert load(DAYS, csv_file(BAD), by=CLERK, at=NOW, skip_bad=True).saved
    other = Ledger("others", "另一个", DAYS.columns, save_day)
    assert load(other, csv_file(BAD), by=CLERK, at=NOW, skip_bad=True).saved


def test_the_run_says_who_when_and_how_many():
    load(DAYS, csv_file(GOOD), by=Actor("person", "9", "王工"), at=datetime(2026, 11, 21, tzinfo=UTC))
    run = ImportRun.objects.get()
    assert (run.ledger, run.file_name, run.size, run.state) == (
        "days",
        "台账.csv",
        len(GOOD.encode()),
        "done",
    )
    assert (run.actor_kind, run.actor_key, run.actor_name) == ("person", "9", "王工")
    assert run.at == datetime(2026, 11, 21, tzinfo=UTC)
    assert run.counts == {"rows": 2, "new": 2, "changed": 0, "same": 0, "bad": 0, "duplicates": 0}


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_of_one_file_at_the_same_time_one_is_refused():
    barrier, answers = threading.Barrier(2, timeout=20), []

    def slow(values, run):
        return save_day(values, run)

    def importing_it() -> None:
        try:
            barrier.wait()
            answers.append(load(ledger(slow), csv_file(GOOD), by=CLERK, at=NOW).words[:3])
        except Refused as refused:
            answers.append(refused.refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=importing_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["sheet.again", "已导入"]
    assert ImportRun.objects.count() == 1


# --- 半途而废 -----------------------------------------------------------------------------------------


def many(count: int, last: str = "") -> io.BytesIO:
    rows = (f"{date.fromordinal(700_000 + i)},第{i}天\n" for i in range(count))
    return csv_file("日期,名称\n" + "".join(rows) + last)


def test_a_cancelled_import_leaves_nothing(monkeypatch):
    monkeypatch.setattr(importing, "_TICK", 0.0)
    seen = []

    def progress(phase: str, rows: int) -> None:
        seen.append((phase, rows))
        if (phase, rows) == ("保存", 40):
            raise InterruptedError("用户取消")

    with pytest.raises(InterruptedError):
        load(DAYS, many(50), by=CLERK, at=NOW, progress=progress)
    assert (seen[0], seen[49], seen[-1]) == (("读取", 1), ("读取", 50), ("保存", 40))
    assert not CalendarDay.objects.exists()
    assert not ImportRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_in_the_last_row_leaves_nothing():
    report = load(DAYS, many(2000, "3000-01-01,错误\n"), by=CLERK, at=NOW)
    assert (report.new, report.bad, report.saved) == (2000, 1, False)
    assert not CalendarDay.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_the_transaction_that_error_would_leave_rows(monkeypatch):
    """控制：拿掉事务，上一个测试就会看见留下的行。"""

    class Nothing:
        def __enter__(self):
            return None

        def __exit__(self, *_):
            return False

    without = SimpleNamespace(atomic=Nothing, set_rollback=lambda rollback: None)
    monkeypatch.setattr(importing, "transaction", without)
    load(DAYS, many(50, "3000-01-01,错误\n"), by=CLERK, at=NOW)
    assert CalendarDay.objects.count() == 51


def test_an_import_inside_a_transaction_of_the_caller_obeys_it():
    def outer() -> None:
        with transaction.atomic():
            load(DAYS, csv_file(GOOD), by=CLERK, at=NOW)
            raise IntegrityError("调用者的别的步骤失败了")

    with pytest.raises(IntegrityError):
        outer()
    assert not CalendarDay.objects.exists()
