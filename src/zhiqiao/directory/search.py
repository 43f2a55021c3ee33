"""The libraries of this app that can be searched: experts, outputs, enterprises. Never ways to reach anybody."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.directory.models import Enterprise, Evidence, Expert, ResearchOutput
from zhiqiao.kit.search import Library, changed, matching
from zhiqiao.kit.web.words import Matching
from zhiqiao.orgs.search import organisations_with
from zhiqiao_match import Item


def evidence_text(title: str, text: str) -> str:
    """Return what is matched of one evidence item."""
    return f"{title}\n{text}" if text else title


def _items(keys: Sequence[int]) -> Iterator[Item]:
    proofs = Evidence.objects.filter(expert__pk__among=keys).order_by("id")
    for owner, key, title, text in proofs.values_list("expert_id", "id", "title", "text"):
        yield Item(owner, f"e{key}", evidence_text(title, text))
    experts = Expert.objects.filter(pk__among=keys).exclude(keywords="").order_by("id")
    for owner, keywords in experts.values_list("pk", "keywords"):
        yield Item(owner, "keywords", keywords)


EXPERTS = Library("experts", Expert, _items)


def _cards(keys: Sequence[int]) -> Iterator[Item]:
    experts = Expert.objects.filter(pk__among=keys).order_by("id")
    for pk, *words in experts.values_list("pk", "name", "unit", "title", "position", "keywords"):
        yield Item(pk, "", "\n".join(word for word in words if word))


def _outputs(keys: Sequence[int]) -> Iterator[Item]:
    outputs = ResearchOutput.objects.filter(pk__among=keys).order_by("id")
    for pk, *words in outputs.values_list("pk", "title", "owner", "abstract"):
        yield Item(pk, "", "\n".join(word for word in words if word))


def _enterprises(keys: Sequence[int]) -> Iterator[Item]:
    """Yield what an enterprise's own row says; its name is its organisation's."""
    rows = Enterprise.objects.filter(pk__among=keys).order_by("id")
    for pk, code, industry, detail in rows.values_list("pk", "credit_code", "industry", "industry_text"):
        words = (code, INDUSTRIES.get(industry, ""), detail)
        if text := "\n".join(word for word in words if word):
            yield Item(pk, "", text)


EXPERT_CARDS = Library("expert_cards", Expert, _cards)
"""Experts by what is written on the card: name, unit, title, position, fields; their work is in ``EXPERTS``."""
OUTPUTS = Library("outputs", ResearchOutput, _outputs)
ENTERPRISES = Library("enterprises", Enterprise, _enterprises)


def experts_rewritten(keys: Iterable[int]) -> None:
    """Bring the index up to date with these experts and their evidence, in the transaction that wrote them."""
    listed = list(keys)
    changed(EXPERTS, listed)
    changed(EXPERT_CARDS, listed)


def written_of(expert: Expert) -> str:
    """Return what a search may find of an expert beside her card; ``evidence`` should be prefetched."""
    proofs = ("：".join(part for part in (one.title, one.text) if part) for one in expert.evidence.all())
    return "；".join(part for part in (expert.keywords, *proofs) if part)


def experts_with(word: str, match: Matching = matching) -> Q:
    """Return the condition that an expert's card or one of her papers, patents and projects holds a word."""
    return Q(pk__among=match(EXPERT_CARDS, word)) | Q(pk__among=match(EXPERTS, word))


def outputs_with(word: str, match: Matching = matching) -> Q:
    """Return the condition that an output's title, owner or abstract holds a word."""
    return Q(pk__among=match(OUTPUTS, word))


def enterprises_with(word: str, match: Matching = matching) -> Q:
    """Return the condition that an enterprise's name, credit code or trade holds a word."""
    return Q(pk__among=match(ENTERPRISES, word)) | organisations_with(word, match, "organisation__pk")
