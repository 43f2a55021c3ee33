"""The access table: for every URL and method, who gets in. A URL without a row lets nobody in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Access:
    """Who gets past the gate of one URL and method. Rows of a list and single objects are scoped after it.

    kind : "public", "signed_in", "link" (a signed token in the path) or "holds".
    permissions : for "holds", at least one of these, held anywhere.
    subject : the object named in the path, as "app.model"; reached only within scope, else 404.
    """

    kind: str
    permissions: tuple[str, ...] = ()
    subject: str = ""


PUBLIC = Access("public")
SIGNED_IN = Access("signed_in")
LINK = Access("link")


def holds(*permissions: str, subject: str = "") -> Access:
    """Let in whoever holds one of the permissions anywhere."""
    return Access("holds", tuple(permissions), subject)


Policy = Mapping[str, Mapping[str, Access]]


def url_names(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[str]:
    """Yield the full name of every URL of the site; an unnamed one is yielded as its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from url_names(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}" if entry.name else str(entry.pattern)
