"""跑测试的脚本：什么算通过，什么算失败，总结行认不认得出来。"""

from __future__ import annotations

import pytest

import run_tests

pytestmark = pytest.mark.anydb

PASSED = run_tests.Round("SQLite", 0, "== 3 passed in 1.0s ==")
FAILED = run_tests.Round("PostgreSQL", 1, "== 1 failed in 1.0s ==")
NOTHING = run_tests.Round("PostgreSQL", 5, "== no tests ran in 0.1s ==")
MISSING = [run_tests.PIECES[0]]


@pytest.mark.parametrize(
    ("rounds", "missing", "strict", "expected"),
    [
        ([PASSED], [], "1", 0),
        ([PASSED], MISSING, "", 0),
        ([PASSED], MISSING, "1", 1),
        ([PASSED, FAILED], [], "", 1),
        ([PASSED, NOTHING], [], "", 1),
        ([], [], "", 1),
    ],
)
def test_the_exit_code_follows_the_rounds_and_what_was_left_out(
    monkeypatch, rounds, missing, strict, expected
):
    monkeypatch.setenv("ZHIQIAO_REQUIRE_ALL", strict)
    assert run_tests.report(rounds, missing, 1.0) == expected


def test_both_summaries_are_repeated_at_the_end(capsys):
    run_tests.report([PASSED, FAILED], [], 1.0)
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if "==" in line] == [PASSED.summary, FAILED.summary]


@pytest.mark.parametrize(
    "line",
    [
        "==== 12 passed in 3.51s ====",
        "=== 1 failed, 28 passed, 1 skipped in 33.46s ===",
        "812 passed, 2 deselected in 301.20s (0:05:01)",
        "======= 2 passed, 1 error in 61.00s (0:01:01) =======",
        "no tests ran in 0.02s",
    ],
)
def test_a_summary_line_is_recognised(line):
    assert run_tests.SUMMARY.match(line)


@pytest.mark.parametrize(
    "line", ["==== short test summary info ====", "SKIPPED [1] a.py:3: in 3s", "..... [ 50%]"]
)
def test_other_lines_are_not_taken_for_the_summary(line):
    assert not run_tests.SUMMARY.match(line)
