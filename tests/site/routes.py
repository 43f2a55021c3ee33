"""Every URL of the site with its parameters, read from the URL tree itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Route:
    """One URL: its full name, its pattern, and its parameters with their converters ("pk": "int")."""

    name: str
    pattern: str
    parameters: Mapping[str, str]

    def url(self, values: Mapping[str, Any]) -> str:
        """Return the path with these values; what an integer cannot be is left to the caller."""
        return reverse(self.name, kwargs={name: self._fit(name, values[name]) for name in self.parameters})

    def _fit(self, name: str, value: Any) -> Any:
        return int(value) if self.parameters[name] == "int" else value


def all_routes() -> list[Route]:
    """Return every URL in the order of the URL tree."""
    return list(_walk(get_resolver(), "", "", {}))


def _walk(
    resolver: URLResolver, namespace: str, prefix: str, parameters: Mapping[str, str]
) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        here = {**parameters, **_converters(entry)}
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, inner, pattern, here)
        else:
            yield Route(f"{namespace}{entry.name}", pattern, here)


def _converters(entry: URLPattern | URLResolver) -> dict[str, str]:
    made = getattr(entry.pattern, "converters", {})
    return {name: type(one).__name__.removesuffix("Converter").lower() for name, one in made.items()}
