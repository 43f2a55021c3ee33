"""要求一项不少时，跳过就是失败；唯一的例外是真实数据的目录确实不在。"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.anydb

ROOT = Path(__file__).resolve().parents[2]
SKIPS = "import pytest\n\ndef test_left_out():\n    pytest.skip('缺一样东西')\n"
NEEDS_DATA = "def test_real(real_data):\n    assert real_data.is_dir()\n"


def outcome(tmp_path: Path, source: str, *, strict: bool, data: Path) -> int:
    """用同一份 conftest 单独跑一个测试文件，返回退出码。"""
    (tmp_path / "test_it.py").write_text(source, encoding="utf8")
    environment = {**os.environ, "ZHIQIAO_TEST_DATA": str(data), "ZHIQIAO_REQUIRE_ALL": "1" if strict else ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    command += ["--rootdir", str(tmp_path), "-p", "tests.conftest", str(tmp_path / "test_it.py")]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True).returncode


@pytest.mark.parametrize(("strict", "expected"), [(True, 1), (False, 0)])
def test_a_skip_fails_only_when_everything_is_required(tmp_path, strict, expected):
    assert outcome(tmp_path, SKIPS, strict=strict, data=tmp_path) == expected


def test_absent_real_data_may_be_left_out(tmp_path):
    assert outcome(tmp_path, NEEDS_DATA, strict=True, data=tmp_path / "absent") == 0


def test_present_real_data_is_used(tmp_path):
    assert outcome(tmp_path, NEEDS_DATA, strict=True, data=tmp_path) == 0
