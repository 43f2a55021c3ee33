"""Who takes what: experts for needs, reviewers for entries, with a proof of how good the answer is.

problem = Problem.make(scores, per_item=3, cap=6, barred=conflicts)
best = assign(problem)          # largest sum, proven: best.certified, in_words(best)
even = fair(problem)            # the worst item as high as possible for at most 1 % of the sum
spare = alternates(problem, best, 2)
repaired = reassign(changed_problem, best)   # fewest changes
hidden = lottery(problem, 0.5).draw("seed")  # no pair more likely than one half
"""

from zhiqiao_match.assign.bound import bound_of
from zhiqiao_match.assign.fair import fair
from zhiqiao_match.assign.lottery import Lottery, lottery
from zhiqiao_match.assign.model import (
    Assignment,
    BadProblem,
    Infeasible,
    Mix,
    Prices,
    Problem,
    spread,
    totals_of,
    violations,
)
from zhiqiao_match.assign.repair import Repair, alternates, reassign
from zhiqiao_match.assign.solve import assign
from zhiqiao_match.assign.words import in_words

__all__ = [
    "Assignment",
    "BadProblem",
    "Infeasible",
    "Lottery",
    "Mix",
    "Prices",
    "Problem",
    "Repair",
    "alternates",
    "assign",
    "bound_of",
    "fair",
    "in_words",
    "lottery",
    "reassign",
    "spread",
    "totals_of",
    "violations",
]
