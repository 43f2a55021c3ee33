"""准备环境的脚本：没变就跳过，变了就重做，够新的 Node 才用。"""

from __future__ import annotations

import pytest

import frontend
import prepare

pytestmark = pytest.mark.anydb


def test_a_stamp_is_remembered_for_the_next_run(tmp_path):
    prepare.Stamps(tmp_path)["packages"] = "abc"
    assert prepare.Stamps(tmp_path)["packages"] == "abc"


def test_a_damaged_stamp_file_counts_as_nothing_done(tmp_path):
    (tmp_path / "zhiqiao-stamps.json").write_text("{", encoding="utf8")
    assert prepare.Stamps(tmp_path)["packages"] is None


def test_the_digest_changes_with_content_and_with_absence(tmp_path):
    path = tmp_path / "a.lock"
    absent = prepare.digest(path)
    path.write_text("1", encoding="utf8")
    first = prepare.digest(path)
    path.write_text("2", encoding="utf8")
    assert len({absent, first, prepare.digest(path)}) == 3


def test_a_failing_command_says_which_step_and_shows_its_output(capfd):
    with pytest.raises(prepare.Unprepared, match="这一步没有做成"):
        prepare.run(["sh", "-c", "echo 原因; exit 3"], "这一步没有做成")
    assert "原因" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("not node", False),
    ],
)
def test_only_a_node_the_build_tool_accepts_is_used(tmp_path, version, enough):
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho '{version}'\n", encoding="utf8")
    node.chmod(0o755)
    assert frontend._is_new_enough(str(node)) is enough
