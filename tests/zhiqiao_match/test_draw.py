"""The sealed draw: everybody can do it again, and nothing can be changed unnoticed."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest

from zhiqiao_match.draw import (
    DrawError,
    Entrant,
    Record,
    Rules,
    check,
    commitment,
    reveal,
    seal,
    seed_of,
    ticket,
)

pytestmark = pytest.mark.anydb

SECRETS = {"纪检": "青山不改绿水长流之一二三四五六七", "专家": "another long secret 20 chars"}
RULES = Rules("评审专家抽取", {"技术": 3, "管理": 1}, {"技术": 2}, per_unit=1)
POOL = tuple(
    Entrant(f"E{number:03}", "管理" if number % 5 == 0 else "技术", f"单位{number % 11}")
    for number in range(40)
)
HASHES = {keeper: commitment(keeper, secret) for keeper, secret in SECRETS.items()}


def opened(pool=POOL, rules=RULES, secrets=SECRETS) -> Record:
    hashes = {keeper: commitment(keeper, secret) for keeper, secret in secrets.items()}
    return reveal(seal(rules, pool, hashes), secrets)


def test_an_opened_draw_can_be_checked_from_its_record_alone():
    record = opened()
    again = Record.from_json(record.to_json())
    assert again == record
    assert check(again, published_seal=seal(RULES, POOL, HASHES).seal) == []
    assert len(record.chosen) == 4
    assert len(record.alternates) == 2


def test_the_order_of_the_list_does_not_matter():
    assert opened(pool=POOL[::-1]) == opened()


def test_the_tickets_can_be_worked_out_with_any_hash_tool():
    record = opened(rules=replace(RULES, seats={"管理": 2}, substitutes={}, per_unit=0))
    seed = seed_of(record)
    managers = [entrant.number for entrant in POOL if entrant.circle == "管理"]
    by_hand = sorted(managers, key=lambda number: sha256(f"{seed}:{number}".encode()).hexdigest())
    assert list(record.chosen) == by_hand[:2]
    assert ticket(seed, "E005") == sha256(f"{seed}:E005".encode()).hexdigest()


def test_strata_recusal_and_units_are_kept():
    pool = tuple(replace(one, recused="同单位") if one.number < "E020" else one for one in POOL)
    record = opened(pool=pool)
    people = {one.number: one for one in pool}
    drawn = [people[number] for number in record.chosen]
    assert Counter(one.circle for one in drawn) == {"技术": 3, "管理": 1}
    assert not any(people[number].recused for number in (*record.chosen, *record.alternates))
    assert max(Counter(one.unit for one in drawn).values()) == 1


def test_everybody_has_the_same_chance():
    rules = Rules("试抽", {"": 1}, {})
    pool = [Entrant(str(number)) for number in range(5)]
    drawn = Counter(opened(pool, rules, {"甲": f"{number:020}"}).chosen[0] for number in range(1000))
    # 二项分布 n=1000 p=.2，标准差 12.6
    assert all(abs(drawn[str(number)] - 200) < 60 for number in range(5))


TAMPERINGS = {
    "a name": lambda r: replace(r, pool=(replace(r.pool[0], unit="别的单位"), *r.pool[1:])),
    "a recusal": lambda r: replace(r, pool=(replace(r.pool[0], recused="后补"), *r.pool[1:])),
    "the seats": lambda r: replace(r, rules=replace(r.rules, seats={"技术": 3, "管理": 2})),
    "the purpose": lambda r: replace(r, rules=replace(r.rules, purpose="别的事")),
    "the winners": lambda r: replace(r, chosen=(*r.chosen[:-1], "E039")),
    "the substitutes": lambda r: replace(r, alternates=r.alternates[::-1]),
    "a secret": lambda r: replace(r, secrets={**r.secrets, "纪检": "换过的密语换过的密语换过"}),
    "a keeper": lambda r: replace(r, secrets={"纪检": SECRETS["纪检"]}),
    "a commitment": lambda r: replace(r, commitments={**r.commitments, "纪检": "0" * 64}),
    "the beacon": lambda r: replace(r, beacon_value="12345"),
    "the result hash": lambda r: replace(r, result_hash="0" * 64),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_change_is_found(what):
    assert check(TAMPERINGS[what](opened())) != []


def test_a_record_made_up_as_a_whole_is_found_by_the_published_seal():
    published = seal(RULES, POOL, HASHES).seal
    other = opened(secrets={"纪检": "另一句足够长的密语另一句足够长的", "专家": SECRETS["专家"]})
    assert check(other) == []
    assert check(other, published_seal=published) == [
        "封存哈希与当初公布的不一致：名单、规则或密语哈希在公布之后换过。"
    ]


def test_one_keeper_alone_does_not_know_the_result():
    """Split knowledge: with the other's secret changed, the same first secret draws others."""
    results = {
        opened(secrets={**SECRETS, "专家": f"secret number {number:08}"}).chosen for number in range(8)
    }
    assert len(results) == 8


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: commitment("甲", "短"), "甲的密语至少要 16 个字符，太短会被猜出来。"),
        (lambda: seal(RULES, POOL, {}), "至少要有一位保管人提交密语的哈希。"),
        (lambda: seal(RULES, (*POOL, POOL[3]), HASHES), "编号“E003”在名单里出现了不止一次。"),
        (lambda: seal(replace(RULES, seats={"管理": 9}), POOL, HASHES), "“管理”要抽 9 位，除去回避的只有 8 位。"),
        (lambda: reveal(seal(RULES, POOL, HASHES), {"纪检": SECRETS["纪检"]}), "缺少专家的密语，全部到齐才能开签。"),
        (lambda: reveal(seal(RULES, POOL, HASHES), {**SECRETS, "专家": "x" * 20}), "专家的密语与事先公布的哈希不符。"),
        (lambda: reveal(opened(), SECRETS), "这份记录已经开过签，不能再开。"),
        (lambda: reveal(replace(seal(RULES, POOL, HASHES), pool=POOL[1:]), SECRETS), "名单、规则或密语哈希在封存之后改过。"),
        (lambda: reveal(seal(replace(RULES, beacon="当日福彩 3D 开奖号"), POOL, HASHES), SECRETS), "请填写事先约定的公开数值：当日福彩 3D 开奖号。"),
        (lambda: opened(pool=[Entrant(str(n), "技术", "同一单位") for n in range(4)], rules=Rules("抽", {"技术": 2}, {}, 1)), "“技术”按抽签次序、每单位最多 1 位，只能抽出 1 位，不足 2 位。"),
        (lambda: Record.from_json("[]"), "这不是一份完整的抽签记录。"),
        (lambda: Record.from_json('{"version": "9"}'), "这份抽签记录的格式版本不同，请用生成它的版本复核。"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(act, words):
    with pytest.raises(DrawError) as error:
        act()
    assert str(error.value) == words


def test_the_beacon_enters_the_seed():
    rules = replace(RULES, beacon="当日福彩 3D 开奖号")
    sealed = seal(rules, POOL, HASHES)
    results = {reveal(sealed, SECRETS, beacon_value=value).chosen for value in ("123", "124", "125")}
    assert len(results) == 3
    assert check(reveal(sealed, SECRETS, beacon_value="123")) == []
