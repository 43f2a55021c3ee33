"""The tree of organisations as paths: right against recursion, quick by one range of an index."""

import random
import re
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.orgs import actions, queries, scope
from zhiqiao.orgs.enums import Kind, OrgPerm
from zhiqiao.orgs.models import SEGMENT, Organisation, segment_of, successor

NOW = timezone.now()
LARGEST = 36**SEGMENT - 1

numbers = st.integers(min_value=0, max_value=LARGEST)
paths = st.lists(numbers, min_size=1, max_size=6).map(lambda each: "".join(segment_of(n) for n in each))


@pytest.mark.anydb
@given(numbers, numbers)
def test_segments_sort_like_their_numbers(one, other):
    assert (segment_of(one) < segment_of(other)) == (one < other)
    assert int(segment_of(one), 36) == one
    assert len(segment_of(one)) == SEGMENT


@pytest.mark.anydb
def test_a_segment_has_an_end():
    assert segment_of(LARGEST) == "zzzzz"
    with pytest.raises(ValueError, match="too many"):
        segment_of(LARGEST + 1)


@pytest.mark.anydb
@given(paths, paths)
def test_successor_bounds_exactly_what_starts_with_the_path(path, other):
    assert (path <= other < successor(path)) == other.startswith(path)


@pytest.mark.anydb
@given(paths, st.lists(numbers, max_size=3))
def test_successor_lies_above_everything_below_the_path(path, more):
    below = path + "".join(segment_of(number) for number in more)
    assert path <= below < successor(path)


def _grow(parent, count, kind=Kind.VILLAGE, name="村"):
    rows = [Organisation(name=f"{name}{number}", kind=kind) for number in range(count)]
    return actions.add_organisations(rows, parent=parent, by=SYSTEM, at=NOW)


def _below_by_recursion(organisation, children):
    found = {organisation.pk}
    for child in children.get(organisation.pk, ()):
        found |= _below_by_recursion(child, children)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_subtree_is_right_against_recursion_on_a_random_tree(seed):
    dice = random.Random(seed)
    everybody = _grow(None, dice.randint(1, 3), Kind.PROVINCE)
    while len(everybody) < 150:
        parent = dice.choice([one for one in everybody if one.depth < 8])
        everybody += _grow(parent, dice.choice((1, 2, 5, 40)))
    children: dict[int, list[Organisation]] = {}
    for one in everybody:
        children.setdefault(one.parent_id, []).append(one)
    for one in everybody:
        within = set(Organisation.objects.within(one).values_list("pk", flat=True))
        assert within == _below_by_recursion(one, children)
        line = [above.pk for above in queries.above(one)]
        assert line == [
            above.pk for above in everybody if above != one and one.pk in _below_by_recursion(above, children)
        ]


@pytest.mark.django_db
def test_organisations_added_later_follow_their_brothers():
    root = _grow(None, 1, Kind.PROVINCE)[0]
    first, second = _grow(root, 40), _grow(root, 3)
    assert [one.path for one in first + second] == [root.path + segment_of(n) for n in range(1, 44)]
    assert _grow(None, 1, Kind.PROVINCE)[0].path == segment_of(2)


@pytest.mark.django_db
def test_a_closed_organisation_takes_no_children():
    root = factories.organisation(name="已撤销的省", kind=Kind.PROVINCE, parent=None)
    Organisation.objects.filter(pk=root.pk).update(is_active=False)
    with pytest.raises(Refused) as refused:
        _grow(root, 1)
    assert refused.value.refusal.code == "orgs.closed"


def _plan(rows):
    """Return how the database means to answer, in lower case."""
    return rows.explain().lower()


def _takes_one_range_of_the_path_index(plan):
    if connection.vendor == "sqlite":
        found = re.findall(r"search \S+ using (?:covering )?index \S+ \(path>\? and path<\?\)", plan)
    else:
        found = re.findall(r"index cond: \(\(\(path\)::text >= \S+ and \(\(path\)::text < \S+", plan)
    return len(found) == 1


def _reads_a_whole_table(plan):
    return ("seq scan" if connection.vendor == "postgresql" else "scan orgs_organisation") in plan


@pytest.fixture
def hundred_thousand(db):
    """A province of 10 cities, 100 districts, 300 towns and 99,589 villages, built as an import builds it."""
    started = time.perf_counter()
    root = _grow(None, 1, Kind.PROVINCE, "省")[0]
    cities = _grow(root, 10, Kind.CITY, "市")
    districts = [one for city in cities for one in _grow(city, 10, Kind.DISTRICT, "区")]
    towns = [one for district in districts for one in _grow(district, 3, Kind.TOWN, "镇")]
    missing = 100_000 - 1 - len(cities) - len(districts) - len(towns)
    each, more = divmod(missing, len(towns))
    for number, town in enumerate(towns):
        _grow(town, each + (number < more))
    print(f"\n100,000 organisations added in {time.perf_counter() - started:.1f} s ({connection.vendor})")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return root, cities, districts, towns


def test_a_hundred_thousand_organisations_are_asked_by_one_range(hundred_thousand, client):
    root, cities, districts, towns = hundred_thousand
    assert Organisation.objects.count() == 100_000
    clerk = factories.person(role="clerk", organisation=districts[37])
    for rows in (
        Organisation.objects.within(districts[37]),
        Organisation.objects.within(towns[111]),
        scope.below([districts[37]]),
    ):
        plan = _plan(rows.order_by())
        assert _takes_one_range_of_the_path_index(plan), plan
        assert not _reads_a_whole_table(plan), plan
    assert _takes_one_range_of_the_path_index(_plan(queries.organisations_for(clerk).order_by()))
    control = _plan(Organisation.objects.filter(path__contains=districts[37].path).order_by())
    assert not _takes_one_range_of_the_path_index(control)
    assert _reads_a_whole_table(control)
    assert _counted(root) == 100_000
    for one in (cities[0], districts[37], towns[111]):
        _counted(one)
    assert queries.organisations_for(clerk).count() == Organisation.objects.within(districts[37]).count()
    assert scope.roots_of(clerk, OrgPerm.VIEW) == [districts[37]]
    _assert_pages_cost_the_same(client, (root, cities[3], districts[37], towns[111]))


def _counted(one):
    """Count below an organisation in one query, and say how long it took."""
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        count = Organisation.objects.within(one).count()
    print(f"{count:,} within {one.get_kind_display()}: {1000 * (time.perf_counter() - started):.1f} ms")
    assert len(captured) == 1
    return count


def _assert_pages_cost_the_same(client, organisations):
    """The page of the whole province takes as many queries as that of a town: nothing walks the tree."""
    people = [factories.person(role="leader", organisation=one) for one in organisations]
    client.force_login(people[0])
    client.get(organisations[0].get_absolute_url())
    counts = []
    for one in organisations:
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(one.get_absolute_url()).status_code == 200
        print(f"page of {one.get_kind_display()}: {1000 * (time.perf_counter() - started):.0f} ms")
        counts.append(len(captured))
    assert len(set(counts)) == 1
