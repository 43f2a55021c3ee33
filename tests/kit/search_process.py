"""Another process on the test's database: ``python -m tests.kit.search_process merge|ask|tear``.

merge : writes the whole index anew, over and over, in many small steps, a line for each time it is done.
tear  : the same with the guard taken away: deltas go before the segment that holds them is in place.
ask   : reads a text per line and answers with what it finds.
"""

from __future__ import annotations

import json
import os
import sys
import time


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "zhiqiao.site.settings"
    import django

    django.setup()
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = os.environ["ZQ_TEST_DATABASE"]


def merge(*, torn: bool) -> None:
    from tests.kit.search_samples import NAME
    from zhiqiao.kit.search import merging, pages
    from zhiqiao.kit.search.models import Delta

    pages.PAGES_AT_ONCE = 8
    put_in_place = merging.put_in_place

    def put_in_place_torn(*given) -> None:
        Delta.objects.filter(token__among=list(given[3])).delete()
        time.sleep(0.5)
        put_in_place(*given)

    if torn:
        merging.put_in_place = put_in_place_torn
    while True:
        merging.merge_deltas(NAME, whole=True)
        print("merged", flush=True)


def ask() -> None:
    from tests.kit.search_samples import LIBRARY, rows
    from zhiqiao.kit.search import matching, search

    for line in sys.stdin:
        text = json.loads(line)
        print(json.dumps([search(LIBRARY, text, rows(), 20), matching(LIBRARY, text)]), flush=True)


if __name__ == "__main__":
    _set_up()
    {"merge": lambda: merge(torn=False), "tear": lambda: merge(torn=True), "ask": ask}[sys.argv[1]]()
