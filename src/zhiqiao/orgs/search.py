"""The library of this app that can be searched: organisations by name and code."""

from collections.abc import Iterator, Sequence

from django.db.models import Q

from zhiqiao.kit.search import Library, matching
from zhiqiao.kit.web.words import Matching
from zhiqiao.orgs.models import Organisation
from zhiqiao_match import Item


def _items(keys: Sequence[int]) -> Iterator[Item]:
    rows = Organisation.objects.filter(pk__among=keys).order_by("id")
    for pk, *words in rows.values_list("pk", "name", "short_name", "code"):
        yield Item(pk, "", "\n".join(word for word in words if word))


ORGANISATIONS = Library("organisations", Organisation, _items)


def organisations_with(word: str, match: Matching = matching, path: str = "pk") -> Q:
    """Return the condition that an organisation's name or code holds a word; ``path`` leads to its key."""
    return Q(**{f"{path}__among": match(ORGANISATIONS, word)})
