"""The libraries of this app that can be searched: needs as staff read them, and as anybody does."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q

from zhiqiao.kit.search import Library, changed, matching
from zhiqiao.kit.web.words import Matching
from zhiqiao.needs import knowledge as knowledge  # registers its own library
from zhiqiao.needs import published
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Need
from zhiqiao.orgs.search import organisations_with
from zhiqiao_match import Item

_OPEN = (Visibility.PUBLIC, Visibility.MASKED, Visibility.NETWORK)


def _items(keys: Sequence[int]) -> Iterator[Item]:
    """Yield what staff read. A confidential need is found by its number alone: every look at it is on record."""
    rows = Need.objects.filter(pk__among=keys).exclude(stage=Stage.DRAFT).order_by("id")
    for pk, visibility, number, *words in rows.values_list(
        "pk", "visibility", "number", "title", "body", "target"
    ):
        told = (number,) if visibility == Visibility.SECRET else (*words, number)
        yield Item(pk, "", "\n".join(word for word in told if word))


def _published(keys: Sequence[int]) -> Iterator[Item]:
    """Yield what anybody may read: without contacts, and without the name of whoever stays unnamed."""
    rows = Need.objects.filter(pk__among=keys, visibility__in=_OPEN)
    rows = rows.exclude(stage=Stage.DRAFT).select_related("enterprise__organisation").order_by("id")
    for need in rows:
        words = (need.title, need.body, need.target)
        shown = [published.public_text(need, word) for word in words if word]
        yield Item(need.pk, "", "\n".join((*shown, need.number or "")))


NEEDS = Library("needs", Need, _items)
PUBLISHED = Library("published", Need, _published)
"""The same needs as the portal shows them: the words of its search never tell whose a masked need is."""


def rewritten(keys: Iterable[int]) -> None:
    """Bring the index up to date with these needs, in the transaction that wrote them."""
    listed = list(keys)
    changed(NEEDS, listed)
    changed(PUBLISHED, listed)


def written_of(need: Need) -> str:
    """Return what a search may find of a need beside its title."""
    return "\n".join(part for part in (need.body, need.target) if part)


def needs_with(word: str, match: Matching = matching) -> Q:
    """Return the condition that a need's text or number, or its enterprise's name, holds a word."""
    named = organisations_with(word, match, "enterprise__organisation__pk") & ~Q(visibility=Visibility.SECRET)
    return Q(pk__among=match(NEEDS, word)) | named


def published_with(word: str, match: Matching = matching) -> Q:
    """Return the condition that what anybody may read of a need holds a word."""
    named = organisations_with(word, match, "enterprise__organisation__pk") & Q(visibility=Visibility.PUBLIC)
    return Q(pk__among=match(PUBLISHED, word)) | named
