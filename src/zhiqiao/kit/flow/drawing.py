"""A loop drawn from its table, for ``docs/loops``."""

from zhiqiao.kit.flow.core import Flow
from zhiqiao.kit.flow.kinds import ClockKind, Step


def mermaid(flow: Flow) -> str:
    """Return the loop as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {stage.value}: {stage.label}" for stage in flow.stages]
    for step in flow.steps.values():
        lines += [f"    {source} --> {step.target}: {step.title}" for source in step.source]
    return "\n".join(lines)


def page(flow: Flow) -> str:
    """Return the whole Markdown page of a loop: drawing and table."""
    rows = "\n".join(_row(flow, step) for step in flow.steps.values())
    return (
        f"# {flow.title}\n\n"
        "本页由流程表生成（`zhiqiao docs loops`），请勿手改；流程改了而本页没有重新生成，测试会失败。\n\n"
        f"```mermaid\n{mermaid(flow)}\n```\n\n"
        "| 步骤 | 代码 | 从 | 到 | 谁可以办 | 之后多久应办下一步 |\n|---|---|---|---|---|---|\n"
        f"{rows}\n{_clocks(flow)}"
    )


def _clocks(flow: Flow) -> str:
    """Return the tables of clocks, ladder and pauses; nothing for a loop that has one clock per step."""
    if not any(kind.waits for kind in flow.clocks.values()):
        return ""
    kinds = "\n".join(_kind(flow, kind) for kind in flow.clocks.values())
    ladder = "\n".join(f"- 到期后 {rung.after}：{rung.title}" for rung in flow.ladder)
    pauses = "\n".join(f"- {kind.title}：最多 {kind.limit}" for kind in flow.pauses.values())
    stages = "、".join(str(flow.stages(stage).label) for stage in flow.pausable)
    return (
        "\n## 时限\n\n期限是默认值，单位和专项行动可以在“办理时限”页面另定。\n\n"
        "| 时限 | 代码 | 期限 | 等谁 | 由哪一步开始 | 到哪一步为止 | 到期前提醒 | 逾期逐级提醒 |\n"
        f"|---|---|---|---|---|---|---|---|\n{kinds}\n\n## 逾期逐级提醒\n\n{ladder}\n\n"
        f"## 暂停计时\n\n可以暂停的环节：{stages}。\n\n{pauses}\n"
    )


def _kind(flow: Flow, kind: ClockKind) -> str:
    starts = "、".join(step.title for step in flow.steps.values() if kind.name in step.starts)
    ends = "、".join(flow.steps[name].title for name in kind.ends) or "下一步"
    warn = f"提前 {kind.warn} 个工作日" if kind.warn else "不提醒"
    rungs = "、".join(rung.title for rung in flow.ladder_of(kind.name)) or "不提醒"
    return f"| {kind.title} | `{kind.name}` | {kind.within} | {kind.waits} | {starts} | {ends} | {warn} | {rungs} |"


def _row(flow: Flow, step: Step) -> str:
    sources = "、".join(flow.stages(source).label for source in step.source)
    who = (step.who.__doc__ or "").strip().splitlines()
    within = str(step.within) if step.within else "不计时"
    return (
        f"| {step.title} | `{step.name}` | {sources} | {flow.stages(step.target).label} "
        f"| {who[0] if who else ''} | {within} |"
    )
