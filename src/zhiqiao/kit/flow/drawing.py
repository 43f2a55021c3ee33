"""A loop drawn from its table, for ``docs/loops``."""

from zhiqiao.kit.flow.core import Flow, Step


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
        f"{rows}\n"
    )


def _row(flow: Flow, step: Step) -> str:
    sources = "、".join(flow.stages(source).label for source in step.source)
    who = (step.who.__doc__ or "").strip().splitlines()
    within = str(step.within) if step.within else "不计时"
    return (
        f"| {step.title} | `{step.name}` | {sources} | {flow.stages(step.target).label} "
        f"| {who[0] if who else ''} | {within} |"
    )
