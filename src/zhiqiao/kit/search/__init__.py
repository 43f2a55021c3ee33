"""Full-text search in the database itself: exact, within scope, as new as the last change. See README.md."""

from zhiqiao.kit.search import lookups as _lookups  # noqa: F401 – registers pk__among
from zhiqiao.kit.search.finding import Reader, matching, search, suggest
from zhiqiao.kit.search.library import Library, autodiscover
from zhiqiao.kit.search.merging import build, rebuild
from zhiqiao.kit.search.writing import changed

__all__ = [
    "Library",
    "Reader",
    "autodiscover",
    "build",
    "changed",
    "matching",
    "rebuild",
    "search",
    "suggest",
]
