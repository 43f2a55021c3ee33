"""From one library to another: outputs and solved needs for a need, open needs for an expert or an output.

Every answer stays within what the reader may see, and nothing is offered without the words that both have in
common: an output that shares only single characters with a need is left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

import zhiqiao_match as engine
from zhiqiao.directory.models import Expert, ResearchOutput
from zhiqiao.directory.queries import outputs_for
from zhiqiao.directory.search import OUTPUTS
from zhiqiao.kit.search import Library, Reader
from zhiqiao.kit.web.passages import Passage, marked
from zhiqiao.needs.enums import SUCCESSES, InvitationState, Stage
from zhiqiao.needs.models import Need, Outcome
from zhiqiao.needs.queries import register_of_needs
from zhiqiao.needs.search import NEEDS
from zhiqiao.orgs.scope import Who
from zhiqiao_match.rescore import closest, phrase_weights
from zhiqiao_match.segment import Statistics

FEW, MANY = 3, 12
OPEN_TO_EXPERTS = (Stage.SUBMITTED, Stage.MATCHING, Stage.INVITING)
OPEN_TO_OUTPUTS = (*OPEN_TO_EXPERTS, Stage.ARRANGING, Stage.SCHEDULED, Stage.MET)

_LOOKED_AT = (
    8  # times as many as are shown are read in full, since the index looks at their heaviest words only
)
_TOLD = 4
_LONGEST = 4000

Row = TypeVar("Row", bound=Model)
Written = tuple[str, str]
"""What a row says: its title, whose words count more, and the rest."""


@dataclass(frozen=True, slots=True)
class Fit(Generic[Row]):
    """A row of another library that fits, and why.

    phrases : what both have in common, the rarest first. heading, passage : the row's title and the part of
    its text that show them; no passage where the text shows none.
    """

    row: Row
    phrases: tuple[str, ...]
    heading: Passage
    passage: Passage | None

    @property
    def words(self) -> str:
        """Say what both have in common: 都提到“磨削”“裂纹”."""
        return "都提到" + "".join(f"“{phrase}”" for phrase in self.phrases)


def outputs_for_need(need: Need, who: Who, top: int = FEW) -> list[Fit[ResearchOutput]]:
    """Return research outputs that may answer a need, nearest first."""
    return _fits(OUTPUTS, _need(need), outputs_for(who), _output, top)


def solved_like(need: Need, who: Who, top: int = FEW) -> list[Fit[Need]]:
    """Return needs like this one that ended solved or in cooperation, with who helped."""
    won = Outcome.objects.filter(superseded_at__isnull=True, confirmed_at__isnull=False, result__in=SUCCESSES)
    rows = register_of_needs(who).filter(stage=Stage.ARCHIVED, pk__in=won.values("need_id"))
    rows = rows.exclude(pk=need.pk).prefetch_related("outcomes", "invitations__expert")
    return _fits(NEEDS, _need(need), rows, _need, top)


def needs_for_expert(expert: Expert, who: Who, top: int = FEW) -> list[Fit[Need]]:
    """Return the needs still looking for an expert that fit her; those she was asked about are left out."""
    rows = register_of_needs(who).filter(stage__in=OPEN_TO_EXPERTS)
    rows = rows.exclude(pk__in=expert.invitations.values("need_id"))
    return _fits(NEEDS, _work_of(expert), rows, _need, top)


def needs_for_output(output: ResearchOutput, who: Who, top: int = FEW) -> list[Fit[Need]]:
    """Return the needs under way that an output may answer; where it was recommended, the row knows."""
    rows = register_of_needs(who).filter(stage__in=OPEN_TO_OUTPUTS)
    rows = rows.prefetch_related("recommendations")
    return _fits(NEEDS, _output(output), rows, _need, top)


def helpers_of(need: Need) -> list[Expert]:
    """Return the experts who took part in a case; ``need.invitations`` should be prefetched."""
    return [one.expert for one in need.invitations.all() if one.state == InvitationState.ACCEPTED]


def _fits(
    library: Library, asked: Written, rows: QuerySet[Row], read: Callable[[Row], Written], top: int
) -> list[Fit[Row]]:
    """Look a text up in a library, and keep what shares words with it that say something."""
    title, body = asked
    index = Reader(library, rows)
    keys = index.search(body[:_LONGEST], top * _LOOKED_AT, title=title).owners.tolist()
    known = rows.filter(pk__among=keys).in_bulk()
    items = [engine.Item(pk, "", _joined(read(row))) for pk, row in known.items()]
    near = closest(body[:_LONGEST], items, library=index.statistics, title=title)
    look = _Look(_joined(asked)[:_LONGEST], index.statistics)
    fits = (_fit(look, known[pk], *read(known[pk])) for pk in near.owners.tolist())
    return [fit for fit in fits if fit is not None][:top]


@dataclass(frozen=True, slots=True)
class _Look:
    """What is asked, and how often its words occur in the library that is asked."""

    text: str
    statistics: Statistics

    def weigh(self, phrases: Sequence[str]) -> list[float]:
        return phrase_weights(phrases, self.statistics)


def _fit(look: _Look, row: Row, title: str, body: str) -> Fit[Row] | None:
    phrases = engine.shared_phrases(look.text, _joined((title, body)), look.weigh)
    told = tuple(phrase.text for phrase in phrases if len(phrase.text) > 1)[:_TOLD]
    if not told:
        return None
    passage = marked(body, told)
    return Fit(row, told, marked(title, told, len(title)), passage if passage.spans else None)


def _need(need: Need) -> Written:
    return need.title, _joined((need.body, need.target))


def _output(output: ResearchOutput) -> Written:
    return output.title, output.abstract


def _work_of(expert: Expert) -> Written:
    proofs = ((proof.title, proof.text) for proof in expert.evidence.all())
    return expert.keywords, _joined(part for proof in proofs for part in proof)


def _joined(parts: Iterable[str]) -> str:
    """Put texts one after the other so that no phrase runs from one into the next."""
    return "。".join(part.strip().rstrip("。") for part in parts if part.strip())
