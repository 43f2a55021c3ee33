"""The certificate as a clerk can read it out."""

from __future__ import annotations

from zhiqiao_match.assign.model import FEWEST_CHANGES, Assignment


def in_words(found: Assignment) -> str:
    """This says in Chinese how good an assignment is, and how that is known."""
    sentences = [_total(found)]
    if found.worst_bound is not None:
        sentences.append(_worst(found, found.worst_bound))
    if lacking := int(found.short.sum()):
        sentences.append(f"有 {lacking} 个位置没有合适的人，已排满能排的全部位置。")
    return "".join(sentences)


def _total(found: Assignment) -> str:
    if found.worst_bound is not None:
        if found.certified:
            return f"总分 {found.total:.4g}，与只求总分最高的安排一样高。"
        share = found.gap / abs(found.bound) if found.bound else 0.0
        return f"总分 {found.total:.4g}，比只求总分最高的安排少 {_percent(share)}。"
    if found.certified and found.method == FEWEST_CHANGES:
        return f"总分 {found.total:.4g}，已证明改动不能更少，改动同样少的安排里没有总分更高的。"
    if found.certified:
        return f"总分 {found.total:.4g}，已证明在这些条件下没有更高的安排。"
    share = found.gap / abs(found.bound) if found.bound else 0.0
    return f"总分 {found.total:.4g}，已证明最多不超过 {found.bound:.4g}，即至多还差 {_percent(share)}。"


def _worst(found: Assignment, bound: float) -> str:
    if bound - found.worst <= found.grain:
        return f"得分最低的一项是 {found.worst:.4g}，已证明不能更高。"
    return f"得分最低的一项是 {found.worst:.4g}，已证明最多不超过 {bound:.4g}。"


def _percent(share: float) -> str:
    return "不到 0.01%" if share < 1e-4 else f"{share:.2%}"
