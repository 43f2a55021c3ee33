"""Why no assignment keeps all the rules: who is short of whom, proven by counting, in Chinese."""

from __future__ import annotations

import numpy as np

from zhiqiao_match.assign.master import Index, Master
from zhiqiao_match.assign.model import Infeasible, Problem

SHOWN = 8


def impossible(problem: Problem) -> Infeasible:
    """This returns the error that says why a problem has no answer; the plainest proof first.

    Loads between limits and full items exist together exactly if each exists without the other (Mendelsohn
    & Dulmage 1958), so the upper and the lower limits are looked at apart, each by Hall's condition (1935).
    """
    for find in (_lonely_item, _crowded_items, _idle_people, _poor_mix):
        found = find(problem)
        if found is not None:
            sentences, items, people = found
            return Infeasible(sentences, items=items, people=people)
    if problem.must:
        return Infeasible(["指定的专家与其他规则不能同时做到，请减少指定或放宽上限。"])
    return Infeasible(["人员构成的规则（同单位、职称等）与人数、上限不能同时做到，请放宽其中一条。"])


Found = tuple[list[str], list[int], list[int]] | None


def _lonely_item(problem: Problem) -> Found:
    """Find one item that has too few people for itself alone."""
    free = (~problem.barred & (problem.cap > 0)[:, None]).sum(axis=0)
    lacking = np.flatnonzero(free < problem.per_item)
    if not len(lacking):
        return None
    sentences = [
        f"第 {item + 1} 项要 {problem.per_item[item]} 位，除去回避和没有空的，只有 {free[item]} 位可选。"
        for item in lacking[:SHOWN]
    ]
    if len(lacking) > SHOWN:
        sentences.append(f"这样的共有 {len(lacking)} 项。")
    return sentences, lacking.tolist(), []


def _crowded_items(problem: Problem) -> Found:
    """Find items that together want more places than the people they may have can give."""
    total, supply = int(problem.per_item.sum()), int(problem.cap.sum())
    if total > supply:
        words = f"总共要 {total} 人次，所有专家的上限加起来只有 {supply} 人次。"
        return [words], list(range(problem.shape[1])), list(range(problem.shape[0]))
    items = _hall_items(problem)
    return None if items is None else _told(problem, _smaller(problem, items))


def _hall_items(problem: Problem) -> Index | None:
    bare = Problem(problem.scores, problem.per_item, problem.cap, problem.least * 0, problem.barred)
    best = Master(bare, short_price=1.0, weights=np.where(bare.barred, -np.inf, 0.0)).optimise()
    items = np.flatnonzero(best.prices.item < -0.5)
    return items if len(items) and _missing(problem, items) > 0 else None


def _missing(problem: Problem, items: Index) -> int:
    """Return by how much these items want more than all people together can give them."""
    reach = (~problem.barred[:, items]).sum(axis=1)
    return int(problem.per_item[items].sum() - np.minimum(problem.cap, reach).sum())


def _smaller(problem: Problem, items: Index) -> Index:
    """Leave out items one by one while the proof still holds, so that a person can check it."""
    kept = items
    for item in items if len(items) <= 400 else ():
        fewer = kept[kept != item]
        if len(fewer) and _missing(problem, fewer) > 0:
            kept = fewer
    return kept


def _told(problem: Problem, items: Index) -> Found:
    open_pairs = ~problem.barred[:, items]
    people = np.flatnonzero(open_pairs.any(axis=1) & (problem.cap > 0))
    places = int(np.minimum(problem.cap, open_pairs.sum(axis=1)).sum())
    words = (
        f"{_list('第', items, '项')}合起来要 {int(problem.per_item[items].sum())} 人次，"
        f"不需要回避的只有 {len(people)} 位专家，最多能承担 {places} 人次。"
    )
    return [words, "请增加专家、提高这些专家的上限，或减少每项人数。"], items.tolist(), people.tolist()


def _idle_people(problem: Problem) -> Found:
    """Find people whose lower limits cannot all be reached."""
    floor, places = int(problem.least.sum()), int(problem.per_item.sum())
    if floor > places:
        words = f"每人下限加起来是 {floor} 项次，而总共只有 {places} 个位置，请降低下限。"
        return [words], [], np.flatnonzero(problem.least).tolist()
    reach = np.minimum(1, ~problem.barred).sum(axis=1)
    stuck = np.flatnonzero(reach < problem.least)
    if len(stuck):
        words = f"{_list('第', stuck, '位')}能参加的项目数少于自己的下限。"
        return [words, "请降低下限或减少回避。"], [], stuck.tolist()
    return _hall_people(problem)


def _hall_people(problem: Problem) -> Found:
    turned = Problem(
        problem.scores.T, problem.least, problem.per_item, problem.per_item * 0, problem.barred.T
    )
    people = _hall_items(turned)
    if people is None:
        return None
    people = _smaller(turned, people)
    open_pairs = ~problem.barred[people]
    items = np.flatnonzero(open_pairs.any(axis=0))
    places = int(np.minimum(problem.per_item, open_pairs.sum(axis=0)).sum())
    words = (
        f"{_list('第', people, '位')}的下限合起来是 {int(problem.least[people].sum())} 项次，"
        f"他们能参加的 {len(items)} 项里最多只有 {places} 个位置。"
    )
    return [words, "请降低这些人的下限。"], items.tolist(), people.tolist()


def _poor_mix(problem: Problem) -> Found:
    """Find an item whose rule of composition cannot be kept even alone."""
    for mix in problem.mixes:
        free = (~problem.barred & (mix.members & (problem.cap > 0))[:, None]).sum(axis=0)
        lacking = np.flatnonzero(free < np.minimum(mix.least, problem.per_item))
        wanted = int(np.minimum(mix.least, problem.per_item).sum())
        supply = int(np.minimum(problem.cap, (~problem.barred).sum(axis=1))[mix.members].sum())
        if not len(lacking) and wanted > supply:
            words = f"各项合起来至少要 {wanted} 人次“{mix.title}”，这些人最多能承担 {supply} 人次。"
            return [words], [], np.flatnonzero(mix.members).tolist()
        if len(lacking):
            item = int(lacking[0])
            words = f"第 {item + 1} 项至少要 {mix.least} 位“{mix.title}”，可选的只有 {free[item]} 位。"
            return [words], [item], np.flatnonzero(mix.members).tolist()
    return None


def _list(before: str, numbers: Index, after: str) -> str:
    shown = "、".join(str(number + 1) for number in numbers[:SHOWN].tolist())
    more = f"等 {len(numbers)} " if len(numbers) > SHOWN else " "
    return f"{before} {shown}{more}{after}"
