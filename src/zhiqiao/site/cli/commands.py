"""The commands, each a few lines: read the words, call one function, print the answer."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils import timezone

from zhiqiao.kit.actors import Actor
from zhiqiao.kit.errors import Refused
from zhiqiao.site.cli.assigning import assign_file
from zhiqiao.site.cli.bench import app as bench
from zhiqiao.site.cli.drawing import app as drawing
from zhiqiao.site.cli.search import app as search

app = typer.Typer(
    help="智桥：科协的工作系统。", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(bench, name="bench")
app.add_typer(drawing, name="draw")
app.command("assign")(assign_file)
app.add_typer(search, name="search")
OPERATOR = Actor("system", "cli", "系统管理员（命令行）")
REFUSED = 3

Json = Annotated[bool, typer.Option("--json", help="用 JSON 输出，供程序读取")]


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _refuse(refused: Refused) -> typer.Exit:
    typer.secho(refused.refusal.message, fg="red", err=True)
    return typer.Exit(REFUSED)


@app.command()
def run(
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    web: Annotated[int, typer.Option(help="网站进程数")] = 2,
    demo: Annotated[bool, typer.Option(help="数据库为空时生成演示数据")] = True,
) -> None:
    """启动网站和后台任务；首次运行会建库并生成演示数据。"""
    from zhiqiao.site.cli.serve import serve

    raise typer.Exit(serve(host=host, port=port, web=web, with_demo=demo, by=OPERATOR))


@app.command()
def worker() -> None:
    """只启动后台任务（通知、到期、定时），可以同时开多个。"""
    from zhiqiao.site.cli.serve import work

    work()


@app.command()
def mail(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口；前面的邮件服务器把回信转到这里")] = 2525,
) -> None:
    """收信：启动一个小的 SMTP 服务，把回信读进各自的需求。"""
    from zhiqiao.site.cli.mailing import serve

    serve(host, port)


archive = typer.Typer(help="归档包。", no_args_is_help=True)
app.add_typer(archive, name="archive")


@archive.command("verify")
def archive_verify(
    file: Annotated[Path, typer.Argument(help="归档包（zip 文件）", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """核对归档包：每个文件都在、内容没变、没有多出来的，清单与系统登记一致。"""
    from zhiqiao.needs.packages import verify

    findings = verify(file)
    if as_json:
        _print_json({"file": file.name, "sound": not findings, "findings": findings})
    else:
        for finding in findings or ("完好：每个文件都与清单一致。",):
            typer.echo(finding)
    raise typer.Exit(1 if findings else 0)


@app.command()
def migrate() -> None:
    """建立或升级数据库结构。"""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1)


@app.command()
def demo(
    disable: Annotated[bool, typer.Option("--disable", help="停用全部演示账号")] = False,
    as_json: Json = False,
) -> None:
    """生成演示网络（空数据库），或停用演示账号。"""
    from zhiqiao.site import demo as demonstration

    try:
        if disable:
            count = demonstration.disable_all(by=OPERATOR, at=timezone.now())
            typer.echo(f"已停用 {count} 个演示账号。")
            return
        summary = demonstration.compose(timezone.now(), progress=lambda text: typer.echo(text, err=True))
    except Refused as refused:
        raise _refuse(refused) from None
    _print_json(summary.as_dict()) if as_json else typer.echo(str(summary))


@app.command("import")
def import_file(
    ledger: Annotated[str, typer.Argument(help="台账：needs experts enterprises organisations outputs")],
    file: Annotated[Path, typer.Argument(help="xlsx、csv 或 jsonl 文件", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不保存")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="有错的行跳过，其余保存")] = False,
    under: Annotated[str, typer.Option(help="放在哪个组织下（名称或代码），默认为根组织")] = "",
    errors: Annotated[Path | None, typer.Option(help="把有错的行写到这个 xlsx 文件")] = None,
    as_json: Json = False,
) -> None:
    """导入一份台账：要么全部保存，要么一行也不动（除非 --skip-bad）。"""
    from zhiqiao.site import imports

    try:
        report = imports.load_file(
            ledger,
            file,
            under=under,
            by=OPERATOR,
            at=timezone.now(),
            dry_run=dry_run,
            skip_bad=skip_bad,
            errors_to=errors,
        )
    except Refused as refused:
        raise _refuse(refused) from None
    if as_json:
        _print_json(report.as_json())
    else:
        for line in (report.words, *report.notes, *report.problems[:20], *report.duplicates[:20]):
            typer.echo(line)
    raise typer.Exit(1 if report.bad else 0)


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="技术难题，一句话也可以")],
    limit: Annotated[int, typer.Option(help="最多几位")] = 10,
    why_not: Annotated[str, typer.Option(help="问：为什么没有这位专家")] = "",
    with_team: Annotated[bool, typer.Option("--team", help="另外组一支人数最少、各管一面的团队")] = False,
    as_json: Json = False,
) -> None:
    """一键找专家：按技术难题找人，并说明理由。"""
    from zhiqiao.site.cli.finding import answer, answer_as_dict, answer_in_words, team_for

    found = answer(text, limit=limit)
    team = team_for(text) if with_team else None
    if as_json:
        _print_json(answer_as_dict(found, why_not, team))
        return
    for line in answer_in_words(found, why_not, team):
        typer.secho(line, bold=not line.startswith(" "))


@app.command()
def kpi(
    names: Annotated[list[str] | None, typer.Argument(help="指标代码，不写则全部")] = None,
    programme: Annotated[str, typer.Option(help="专项行动代码")] = "",
    as_json: Json = False,
) -> None:
    """列出指标和它们的数；每个数都由记录数出来。"""
    from zhiqiao import insights

    try:
        figures = insights.kpi(names or [], None, programme=programme)
    except KeyError as unknown:
        typer.secho(f"没有这个指标：{unknown.args[0]}。不写名称可以列出全部。", fg="red", err=True)
        raise typer.Exit(2) from None
    if as_json:
        _print_json(figures)
        return
    for figure in figures:
        typer.echo(f"{figure['name']:<24}{figure['value']!s:>10} {figure['unit']}  {figure['title']}")


@app.command()
def doctor(as_json: Json = False) -> None:
    """体检：数据库、审计链、后台任务、通知、日历、演示账号、检索索引。"""
    from zhiqiao.site.cli.doctor import examine

    findings = examine(timezone.now())
    if as_json:
        _print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            typer.secho(f"{'通过' if finding.ok else '注意'}  {finding}", fg=None if finding.ok else "yellow")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def docs(
    folder: Annotated[Path, typer.Argument(help="docs 文件夹", file_okay=False)] = Path("docs"),
) -> None:
    """由流程表生成 docs/loops 下的每一页。"""
    from zhiqiao.kit.flow import Flow, page

    target = folder / "loops"
    target.mkdir(parents=True, exist_ok=True)
    for flow in Flow.registry.values():
        (target / f"{flow.name}.md").write_text(page(flow), encoding="utf-8")
        typer.echo(f"已生成 {target / flow.name}.md")
