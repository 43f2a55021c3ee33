#!/usr/bin/env bash
# 提交之前的全部静态检查。逐项都跑完，最后一次说清哪些没有通过。
set -uo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/${VENV:-.venv}/bin"
[[ "${VENV:-}" == /* ]] && bin="$VENV/bin"

# 检查只读代码，不碰任何人的数据：设置里的数据目录指向一个用完就删的地方。
ZHIQIAO_HOME="$(mktemp -d)"
export ZHIQIAO_HOME DJANGO_SETTINGS_MODULE=zhiqiao.site.settings
unset DATABASE_URL
trap 'rm -rf "$ZHIQIAO_HOME"' EXIT

failed=()
step() {
    local title="$1" began=$SECONDS
    shift
    if "$@"; then
        printf '✓ %s（%d 秒）\n' "$title" $((SECONDS - began))
    else
        printf '✗ %s\n' "$title"
        failed+=("$title")
    fi
}

step "格式" "$bin/ruff" format --check --quiet .
step "写法" "$bin/ruff" check --quiet .
step "类型" "$bin/mypy" --no-error-summary
step "分层" "$bin/lint-imports" --no-logo
step "迁移" "$bin/python" -m django makemigrations --check --dry-run
step "部署前自检" "$bin/python" -m django check --fail-level WARNING
step "仓库内容" "$bin/python" tools/check_tree.py

if ((${#failed[@]})); then
    echo "没有通过：${failed[*]}。格式问题可用 make format 修好。" >&2
    exit 1
fi
echo "检查全部通过。"
