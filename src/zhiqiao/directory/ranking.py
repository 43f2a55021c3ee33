"""The weights of the ranking: which are in force, and how a proposed version differs from them."""

from dataclasses import dataclass

from zhiqiao.directory.models import RankingWeights
from zhiqiao_match import Weights
from zhiqiao_match.learn import Proposal
from zhiqiao_match.model import PART_TITLES


@dataclass(frozen=True, slots=True)
class Share:
    """One part in the table of a version: its share of all in percent, before and after."""

    title: str
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


def in_force() -> Weights:
    """Return the weights that hold now."""
    rows = RankingWeights.objects.filter(is_accepted=True).order_by("-decided_at", "-pk")
    values = rows.values_list("values", flat=True).first()
    return Weights() if values is None else Weights.from_dict(values)


def shares_of(weights: Weights, beside: Weights) -> list[Share]:
    """Return the share of every part, beside those of another version."""
    return [
        Share(
            title,
            100 * beside.shares[code] / sum(beside.shares.values()),
            100 * share / sum(weights.shares.values()),
        )
        for (code, title), share in zip(PART_TITLES.items(), weights.shares.values(), strict=True)
    ]


def effect_of(row: RankingWeights) -> Proposal:
    """Return a stored proposal as the engine made it."""
    return Proposal(Weights.from_dict(row.values), row.cases, row.before, row.after, row.low, row.high)
