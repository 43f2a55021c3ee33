# 智桥的常用命令。直接运行 make 看说明。
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
PORT ?= 8000
ARGS ?=
PYTHON3 := $(or $(PYTHON),python3)
export VENV

.PHONY: help setup setup-dev run test check format lock bench shots clean

help: ## 显示这份说明
	@echo "智桥常用命令："
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18
	@echo "变量：PORT=8000 端口，VENV=.venv 虚拟环境，ARGS=… 交给 test、bench、shots 的参数。"

setup: ## 准备运行环境：依赖、前端构建（没有变化时立即返回）
	@"$(PYTHON3)" tools/prepare.py --venv "$(VENV)"

setup-dev: ## 另外装上检查与测试的工具
	@"$(PYTHON3)" tools/prepare.py --dev --venv "$(VENV)"

run: export ZHIQIAO_HOME := $(or $(ZHIQIAO_HOME),$(CURDIR)/var)
run: setup ## 启动网站与后台任务；首次运行建库并生成演示数据
	@exec "$(VENV)/bin/zhiqiao" run --port "$(PORT)"

test: setup-dev ## 在 SQLite 与 PostgreSQL 上跑全部测试
	@exec "$(VENV)/bin/python" tools/run_tests.py $(ARGS)

check: setup-dev ## 检查格式、写法、类型、分层、迁移与仓库内容
	@exec tools/check.sh

format: setup-dev ## 统一格式并修正能自动修正的写法
	@"$(VENV)/bin/ruff" check --fix --quiet . ; "$(VENV)/bin/ruff" format .

lock: setup-dev ## 重新生成锁文件（需要 npm）
	@exec tools/lock.sh $(ARGS)

bench: setup-dev ## 量一量主要页面在一万与十万条需求时的耗时；ARGS=--figures 打印匹配引擎的指标表
	@exec "$(VENV)/bin/python" tools/bench.py $(ARGS)

shots: setup-dev ## 给每个主要页面截图（1280 与 360 像素），放在 shots/
	@exec "$(VENV)/bin/python" tools/shots.py $(ARGS)

clean: ## 删除环境、构建结果与缓存（不删运行数据）
	@test ! -f "$(VENV)/pyvenv.cfg" || rm -rf "$(VENV)"
	@rm -rf node_modules src/zhiqiao/kit/static/dist build dist shots test-results .cache
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info
	@find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
