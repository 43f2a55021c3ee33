"""检索索引：写在数据库里，和逐条计算的答案永远一样。"""

from __future__ import annotations

import contextlib

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.kit.search_samples import (
    LIBRARY,
    NAME,
    drop,
    matched_by_force,
    put,
    put_many,
    rows,
    scored_by_force,
)
from tests.zhiqiao_match.samples import large_library, texts
from zhiqiao.kit import jobs
from zhiqiao.kit.jobs.models import Job
from zhiqiao.kit.search import (
    changed,
    finding,
    matching,
    merging,
    pages,
    rebuild,
    search,
    snapshot,
    suggest,
    writing,
)
from zhiqiao.kit.search.health import differing
from zhiqiao.kit.search.library import known
from zhiqiao.kit.search.models import PAGE_BITS, Collection, Delta, Page, Segment
from zhiqiao.kit.tasks import tidy_index
from zhiqiao_match import Index, blocks

pytestmark = pytest.mark.django_db

TYPED = large_library(90, 24)[12].text[:2]

keys = st.integers(1, 12)
said = st.lists(texts.map(lambda text: text.replace("\0", " ")), max_size=3)  # PostgreSQL keeps no NUL
typed = texts | st.lists(
    st.sampled_from(["焊", "焊接", "机器人", "plc", "C", "5g", "，", "锂离子", "ots"]), max_size=2
).map(" ".join)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, said),
        st.tuples(st.just("put"), keys, said),
        st.tuples(st.just("drop"), keys),
        st.tuples(st.just("roll back"), keys, said),
        st.tuples(st.just("merge")),
        st.tuples(st.just("merge whole")),
        st.tuples(st.just("rebuild")),
        st.tuples(st.just("forget")),
        st.tuples(st.just("import"), st.dictionaries(st.integers(13, 20), said, min_size=1, max_size=4)),
    ),
    max_size=12,
)


def take(step: tuple) -> None:
    match step:
        case ("put", key, said):
            put(key, *said)
        case ("drop", key):
            drop(key)
        case ("roll back", key, said):
            with transaction.atomic():
                put(key, *said)
                search(LIBRARY, "焊接", rows(), 3)  # whatever was read here must not be taken for true later
                transaction.set_rollback(True)
        case ("merge",):
            merging.merge_deltas(NAME)
        case ("merge whole",):
            merging.merge_deltas(NAME, whole=True)
        case ("rebuild",):
            rebuild(LIBRARY)
        case ("import", many):
            rows().filter(pk__in=many).delete()
            put_many(many)
        case ("forget",):
            snapshot.forget()


@contextlib.contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def small(monkeypatch):
    """Small pages, slices and segments, so that short examples meet every border."""
    monkeypatch.setattr(blocks, "PAGE_BYTES", 120)
    monkeypatch.setattr(blocks, "POSTINGS_AT_ONCE", 50)
    monkeypatch.setattr(merging, "ITEMS_AT_ONCE", 3)
    monkeypatch.setattr(writing, "MANY", 3)


@settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps, typed, st.integers(1, 4), st.sets(keys))
def test_the_index_answers_as_a_look_at_every_row(small, happened, text, top, hidden):
    with rolled_back():
        for step in happened:
            take(step)
        visible = rows().exclude(pk__in=hidden)
        assert search(LIBRARY, text, visible, top) == scored_by_force(text, visible, top)
        assert matching(LIBRARY, text) == matched_by_force(text)
        rebuild(LIBRARY)
        whole = Index.build(LIBRARY.everything())
        assert snapshot.snapshot(NAME).statistics.counts.tolist() == whole.statistics.counts.tolist()
        assert search(LIBRARY, text, visible, top) == scored_by_force(text, visible, top)


def library(count: int) -> dict[int, list[str]]:
    """Compose rows of one to three texts each."""
    said = [item.text for item in large_library(3 * count, 24)]
    return {key: said[3 * key : 3 * key + 1 + key % 3] for key in range(1, count)}


def test_rows_numbered_otherwise_are_found_in_the_same_order():
    said = library(80)
    put_many(said)
    answers = search(LIBRARY, said[7][0], rows(), 40)
    rows().delete()
    changed(LIBRARY, said)
    moved = {key: 5000 - 37 * key for key in said}
    put_many({moved[key]: texts for key, texts in said.items()})

    again = search(LIBRARY, said[7][0], rows(), 40)

    assert sorted((moved[key], score) for key, score in answers) == sorted(again)


def test_whoever_has_many_middling_texts_is_not_missed_behind_single_good_ones(monkeypatch):
    monkeypatch.setattr(finding, "LEAST_TRIED", 1)
    monkeypatch.setattr(finding, "FIRST_TRY", 1)
    text = "锂离子电池正极材料"
    put_many({key: [text if key < 60 else "水稻育种"] for key in range(1, 400)})
    put(1000, *(text[:7] + "水稻",) * 4)
    merging.merge_deltas(NAME, whole=True)

    assert search(LIBRARY, text, rows(), 1) == scored_by_force(text, rows(), 1)
    assert search(LIBRARY, text, rows(), 1)[0][0] == 1000


def test_scope_is_applied_inside_however_few_may_be_seen():
    put_many({key: ["焊接机器人焊缝检测"] for key in range(1, 900)})
    put(2000, "焊缝")
    visible = rows().filter(pk__in=(650, 2000))

    assert [key for key, _ in search(LIBRARY, "焊接机器人焊缝检测", visible, 5)] == [650, 2000]


@pytest.mark.parametrize("count", [0, 1, 70_000])
def test_any_number_of_keys_may_be_asked_for(count):
    put(3, "焊接")
    assert list(rows().filter(pk__among=range(1, count + 1)).values_list("pk", flat=True)) == (
        [3] if count > 2 else []
    )


def test_what_is_typed_so_far_is_suggested_the_likest_first():
    put(1, "焊接机器人")
    put(2, "焊接机器人与焊接工艺以及其他许多不相干的内容")
    put(3, "机器人")
    assert suggest(LIBRARY, "焊接", rows(), 5) == [1, 2]
    assert suggest(LIBRARY, "机", rows().exclude(pk=1), 1) == [3]


def test_a_library_that_was_never_written_answers_with_nothing():
    assert search(LIBRARY, "焊接", rows(), 5) == []
    assert matching(LIBRARY, "焊接") == []
    assert differing(LIBRARY, seed=1) == []


def test_the_check_sees_a_row_the_index_has_not_been_told_of():
    put_many(library(30))
    assert differing(LIBRARY, seed=1) == []
    rows().filter(pk=4).update(counts=["别的话"])
    rows().filter(pk=9).delete()
    assert differing(LIBRARY, seed=1) == [4, 9]


def test_the_check_sees_postings_that_are_gone():
    put_many(library(30))
    rebuild(LIBRARY)
    Page.objects.all().update(block=b"\0" * 8)
    pages.forget()
    assert len(differing(LIBRARY, seed=1)) == 29


def test_swept_away_is_what_nobody_lists_any_more_and_only_after_a_while():
    put_many(library(30))
    rebuild(LIBRARY)
    rebuild(LIBRARY)
    now = timezone.now()
    merging.sweep(now)
    assert Segment.objects.count() > 1
    merging.sweep(now + 2 * merging.GRACE)
    (kept,) = Segment.objects.all()
    assert {page >> PAGE_BITS for page in Page.objects.values_list("pk", flat=True)} == {kept.pk}
    assert search(LIBRARY, "焊接", rows(), 5) == scored_by_force("焊接", rows(), 5)


def test_a_merge_overtaken_by_another_changes_nothing():
    put(1, "焊接")
    collection = Collection.objects.get(name=NAME)
    merging.merge_deltas(NAME)
    with pytest.raises(merging.Overtaken):
        merging.put_in_place(collection, [], [], ())
    assert search(LIBRARY, "焊接", rows(), 5) == scored_by_force("焊接", rows(), 5) != []


def test_a_full_desk_of_changes_asks_for_a_merge_once(monkeypatch):
    monkeypatch.setattr(writing, "MERGE_AT", 3)
    for key in range(1, 9):
        put(key, "焊接")
    assert Job.objects.filter(name=writing.MERGE).count() == 1
    jobs.run_ready()
    assert Delta.objects.count() == 0
    assert [key for key, _ in search(LIBRARY, "焊接", rows(), 9)] == list(range(1, 9))


def test_a_query_costs_the_same_statements_however_many_segments(django_assert_num_queries):
    put_many(library(50))
    for key in range(100, 104):
        put(key, "焊接")
        merging.merge_deltas(NAME)
    search(LIBRARY, "焊接", rows(), 5)
    with django_assert_num_queries(2):  # the state; who of the best may be seen (the pages are in memory)
        search(LIBRARY, "焊接", rows(), 5)


def test_a_library_that_was_never_built_is_built_by_the_hourly_job(monkeypatch):
    monkeypatch.setitem(known, NAME, LIBRARY)
    put_many(library(30))
    expected = search(LIBRARY, "焊接", rows(), 5), matching(LIBRARY, TYPED)
    Collection.objects.all().delete()
    assert matching(LIBRARY, TYPED) == []
    tidy_index()
    assert (search(LIBRARY, "焊接", rows(), 5), matching(LIBRARY, TYPED)) == expected
    assert expected[1] != []


def test_a_small_merge_does_not_have_the_large_segment_read_again():
    put_many(library(50))
    rebuild(LIBRARY)
    before = snapshot.snapshot(NAME).stored
    put(100, "焊接")
    merging.merge_deltas(NAME)
    after = snapshot.snapshot(NAME).stored
    assert [shelf is before[0] for shelf in after] == [True, False]
