"""The command line speaks Chinese: help, wrong usage, and a database that is not there yet."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import typer
from django.db import DatabaseError, connection
from django.db.utils import InterfaceError, OperationalError
from typer import rich_utils

WRONG_USAGE, REFUSED = 2, 3
HELP = "显示这份说明"

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What Typer raises for every kind of wrong usage; it does not export the class itself."""

_USAGE_WORDS = (
    (r"Missing argument '?(?P<name>[^']+)'?", "缺少参数 {name}"),
    (r"Missing option '?(?P<name>[^']+)'?", "缺少选项 {name}"),
    (r"Missing command", "没有写要做什么"),
    (r"No such command '?(?P<name>[^']+)'?", "没有 {name} 这个命令"),
    (r"No such option:? '?(?P<name>[^' ?]+)'?", "没有 {name} 这个选项"),
    (r"Invalid value for '?(?P<name>[^':]+)'?: .*does not exist", "{name} 指的文件不存在"),
    (r"Invalid value for '?(?P<name>[^':]+)'?", "{name} 的值不对"),
    (r"Option '?(?P<name>[^' ]+)'? requires an argument", "{name} 后面要写一个值"),
    (r"Got unexpected extra arguments? \((?P<name>.+)\)", "多写了 {name}"),
)


def in_chinese(message: str) -> str:
    """Return a message about wrong usage in Chinese; one that is not known stays as it is."""
    for pattern, words in _USAGE_WORDS:
        if found := re.match(pattern, message):
            return words.format(**found.groupdict())
    return message


def run(app: typer.Typer) -> int:
    """Run the command line and return its exit code."""
    for name, words in (("ARGUMENTS", "参数"), ("OPTIONS", "选项"), ("COMMANDS", "命令")):
        setattr(rich_utils, f"{name}_PANEL_TITLE", words)
    command = typer.main.get_command(app)
    for each in _with_subcommands(command):
        option = each.get_help_option(each.make_context("zhiqiao", [], resilient_parsing=True))
        if option is not None:
            option.help = HELP
    try:
        return int(command.main(standalone_mode=False) or 0)
    except typer.Abort:
        return 1
    except _UsageError as wrong:
        return _wrong_usage(wrong)
    except DatabaseError as error:
        if told := _missing_database(error):
            return _say(told, REFUSED)
        raise


def _with_subcommands(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _with_subcommands(each)


def _wrong_usage(wrong: Any) -> int:
    message = wrong.format_message()
    if not message:  # help was printed instead
        return WRONG_USAGE
    path = wrong.ctx.command_path if wrong.ctx else "zhiqiao"
    return _say(f"{in_chinese(message)}。用法见：{path} --help", WRONG_USAGE)


def _missing_database(error: DatabaseError) -> str:
    """Tell a database that cannot be reached or was never set up from a fault of ours (empty)."""
    try:
        tables = connection.introspection.table_names()
    except (OperationalError, InterfaceError):
        return f"连不上数据库，请检查 DATABASE_URL 和数据库服务：{str(error).strip().splitlines()[0]}"
    if "django_migrations" not in tables:
        return "数据库还是空的，请先运行 zhiqiao migrate（或 zhiqiao run）。"
    missing = re.search(r"no such (?:table|column)|does not exist", str(error))
    return "数据库结构不是最新的，请先运行 zhiqiao migrate。" if missing else ""


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
