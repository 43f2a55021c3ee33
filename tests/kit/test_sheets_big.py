"""十万行：时间有数，内存有界，倒数第二行出错也不留下任何东西。

在单独的进程里跑：只有这样，量到的内存才是这次导入自己的。
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.anydb

ROWS = 100_000
MOST_MEMORY_MIB = 256
MOST_CPU_SECONDS = 90  # 实测约 20 秒；看处理器时间而不看钟，机器忙不忙结果都一样

SCRIPT = """
import json, sys, time
from datetime import date
from pathlib import Path

import django

django.setup()

from django.db import connection
from tests.kit.sheet_samples import CLERK, NOW, big_workbook

from zhiqiao.kit.clock.models import CalendarDay
from zhiqiao.kit.sheets import Column, ImportRun, Ledger, RowError, load, new, parse

# getrusage would tell the parent's peak, which a new process inherits; the kernel keeps a mark of our own.
Path("/proc/self/clear_refs").write_text("5")


def peak_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


folder, rows = Path(sys.argv[1]), int(sys.argv[2])
with connection.schema_editor() as editor:
    editor.create_model(CalendarDay)
    editor.create_model(ImportRun)


def save(values, run):
    CalendarDay.objects.create(date=values["date"], working=False, name=values["n1"])
    if values["n2"] == "坏":
        raise RowError("这一行不行", "n2")
    return new()


texts = [Column(f"n{i}", f"内容{i}", parse=parse.text(200)) for i in range(1, 12)]
ledger = Ledger("days", "日历", (Column("date", "日期", required=True, parse=parse.day, half_width=True), *texts), save)
titles = [column.title for column in ledger.columns]


def cell(row, index):
    return f"{date.fromordinal(row)}" if index == 0 else f"第{row}行第{index}列浙江省杭州市"


def csv_with_an_error_near_the_end():
    path = folder / "十万行.csv"
    with path.open("w", encoding="gb18030") as file:
        file.write(",".join(titles) + "\\n")
        for row in range(1, rows + 1):
            line = [cell(row, index) for index in range(len(titles))]
            if row == rows - 1:
                line[2] = "坏"
            file.write(",".join(line) + "\\n")
    return path


def measured(path):
    started, cpu = time.perf_counter(), time.process_time()
    report = load(ledger, path, by=CLERK, at=NOW)
    return {
        "words": report.words,
        "problems": [str(problem) for problem in report.problems],
        "left": CalendarDay.objects.count(),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mib": peak_mib(),
    }


book = folder / "十万行.xlsx"
big_workbook(book, rows, titles, cell)
print(json.dumps([measured(csv_with_an_error_near_the_end()), measured(book)]))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("big")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'big.sqlite3'}",
        "ZHIQIAO_HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(["src", ".", os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(ROWS)],
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_hundred_thousand_rows_of_a_workbook_are_imported(runs):
    assert runs[1]["words"] == f"已导入。共 {ROWS} 行：新增 {ROWS}，更新 0，未变 0，有误 0。"
    assert runs[1]["left"] == ROWS


def test_an_error_in_row_99_999_leaves_nothing(runs):
    assert runs[0]["problems"] == [f"第 {ROWS} 行『内容2』这一行不行"]  # 第 1 行是表头
    assert runs[0]["left"] == 0
    assert runs[0]["words"].startswith("没有导入任何一行")


def test_memory_stays_bounded_and_time_in_proportion(runs, record_property):
    for kind, run in zip(("csv", "xlsx"), runs, strict=True):
        figures = {name: run[name] for name in ("seconds", "cpu_seconds", "peak_mib")}
        for name, figure in figures.items():
            record_property(f"{kind}_{name}", figure)
        print(f"{kind}: {figures}")
    assert max(run["peak_mib"] for run in runs) < MOST_MEMORY_MIB
    assert max(run["cpu_seconds"] for run in runs) < MOST_CPU_SECONDS
