"""仓库内容检查要查得出问题，也不冤枉正常的文件。"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.anydb

ROOT = Path(__file__).resolve().parents[2]


def load_tool():
    spec = importlib.util.spec_from_file_location("check_tree", ROOT / "tools" / "check_tree.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check_tree = load_tool()


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def findings(repository):
    return [one for path in check_tree.listed(repository) for one in check_tree.findings_in(repository, path)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'HERE = "/ho' + 'me/someone/project"\n'),
        ("a.md", "见 /ro" + "ot/notes\n"),
        ("a.lock", "--index" + "-url https://example.org/simple\n"),
        ("a.txt", "https://registry.np" + "mjs.org/vite\n"),
        ("a.json", '{"reso' + 'lved": "x"}\n'),
        ("a.py", "<" * 7 + " HEAD\n"),
        ("a.js", "x" * 3000 + "\n"),
        ("lib.min.js", "short\n"),
        ("big.csv", "x" * (1024 * 1024 + 1)),
    ],
)
def test_a_planted_fault_is_found_with_its_file(repository, name, text):
    (repository / name).write_text(text, encoding="utf8")
    assert [one.path for one in findings(repository)] == [Path(name)]


def test_the_line_number_points_at_the_fault(repository):
    (repository / "a.py").write_text('x = 1\ny = "/Us' + 'ers/me/x"\n', encoding="utf8")
    assert [one.line for one in findings(repository)] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "见 https://docs.djangoproject.com/",
        'path("work/", view)',
        "/usr/bin/chromium",
        "needs/work/x",
        "/tmp/x",
    ],
)
def test_ordinary_text_passes(repository, text):
    (repository / "a.py").write_text(text + "\n", encoding="utf8")
    assert findings(repository) == []


def test_what_git_ignores_is_not_looked_at(repository):
    (repository / ".gitignore").write_text("dist/\n", encoding="utf8")
    (repository / "dist").mkdir()
    (repository / "dist" / "x.min.js").write_text("x", encoding="utf8")
    assert findings(repository) == []
