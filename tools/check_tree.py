#!/usr/bin/env python3
"""检查仓库里没有不该有的东西：本机的绝对路径、软件源地址、第三方的成品、遗留的冲突标记。

检查的是 git 认得的文件（含尚未提交的，不含被忽略的）。没有问题时不出声。
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1024 * 1024  # 字节；更大的文件多半是成品或数据
LONGEST_LINE = 2000  # 字符；源代码里更长的一行多半是压缩过的第三方代码
BUNDLE_SUFFIXES = {".js", ".mjs", ".css"}
BINARY_BUNDLES = (".whl", ".tgz", ".tar.gz", ".jar", ".so", ".min.js", ".min.css", ".map")

# 写成片段拼接，免得这份清单把自己也查出来。
RULES = (
    (
        "本机的绝对路径",
        r"(?<![\w./])/(?:w"
        + r"ork/(?:main|shared|\.)|ro"
        + r"ot/|ho"
        + r"me/\w+/|Us"
        + r"ers/\w+/|tm"
        + r"p/zq)",
    ),
    (
        "软件源地址",
        r"https?://[\w.-]*(?:py" + r"pi\.|pyth" + r"onhosted|np" + r"mjs|deb" + r"ian\.org/deb"
        r"|npm" + r"mirror|mirr" + r"ors?\.)",
    ),
    ("软件源地址", r"--(?:extra-)?index" + r"-url[ =]+http|\"reso" + r"lved\":"),
    ("没有解决的合并冲突", r"^(?:<{7}|>{7}) "),
)
PATTERNS = tuple((title, re.compile(pattern, re.MULTILINE)) for title, pattern in RULES)


@dataclass(frozen=True)
class Finding:
    """一处问题；line 为 0 表示整个文件。"""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


def listed(root: Path) -> list[Path]:
    """git 认得的文件，相对路径。"""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    return [Path(name) for name in names if name and (root / name).is_file()]


def findings_in(root: Path, path: Path) -> list[Finding]:
    """一个文件里的全部问题。"""
    data = (root / path).read_bytes()
    if path.name.endswith(BINARY_BUNDLES):
        return [Finding(path, 0, "第三方的成品或编译结果，应由锁文件在安装时取得")]
    if len(data) > LARGEST:
        return [Finding(path, 0, f"文件有 {len(data) // 1024} KB，数据与成品不放在仓库里")]
    if b"\0" in data[:8192]:
        return []
    text = data.decode("utf8", errors="replace")
    found = [
        Finding(path, text.count("\n", 0, match.start()) + 1, f"{title}：{match.group(0).strip()}")
        for title, pattern in PATTERNS
        for match in pattern.finditer(text)
    ]
    if path.suffix in BUNDLE_SUFFIXES and any(len(line) > LONGEST_LINE for line in text.splitlines()):
        found.append(Finding(path, 0, "有极长的行，像是压缩过的第三方代码"))
    return found


def main() -> int:
    found = [one for path in listed(ROOT) for one in findings_in(ROOT, path)]
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
