#!/usr/bin/env bash
# 重新生成全部锁文件。锁文件里只有名字、版本和摘要，没有任何地址。
# 想升级某个包：先删掉锁文件里它的那一段，或加参数 --upgrade 全部升级。
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${VENV:-.venv}"

compile() {
    "$venv/bin/uv" pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
        --python-version 3.11 "$@"
}

compile "$@" --extra build pyproject.toml -o requirements.lock
compile "$@" --extra build --extra dev --constraint requirements.lock pyproject.toml -o requirements-dev.lock
compile "$@" tools/requirements-node.in -o tools/requirements-node.lock

# 只取发布满三十天的版本：刚发布的版本里，各平台的构建程序常常还没有到齐，别的平台会装不上。
node_npm=(npm install --package-lock-only --ignore-scripts --no-audit --no-fund)
[[ " $* " == *" --upgrade "* ]] && rm -f package-lock.json
if [[ ! -f package-lock.json ]]; then
    rm -rf node_modules
    node_npm+=("--before=$(date -u -d '30 days ago' +%F)")
fi
"${node_npm[@]}"
# 赞助地址不是依赖的一部分，去掉后安装结果不变。
"$venv/bin/python" - <<'PY'
import json
from pathlib import Path

path = Path("package-lock.json")
lock = json.loads(path.read_text(encoding="utf8"))
for package in lock["packages"].values():
    package.pop("funding", None)
    package.pop("resolved", None)
path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf8")
PY

if grep -nE 'https?:|file:|--(extra-)?index|--find-links' requirements*.lock tools/*.lock package-lock.json; then
    echo "锁文件里出现了地址（见上），请检查本机的包管理器设置后重新生成。" >&2
    exit 1
fi
echo "锁文件已更新：requirements.lock requirements-dev.lock tools/requirements-node.lock package-lock.json"
