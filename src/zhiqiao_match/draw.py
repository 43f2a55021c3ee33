"""The sealed draw: who sits on a panel is decided by chance that nobody can steer and everybody can check.

1. The rules and the list of people are fixed; keepers each choose a secret and publish only its hash (commit).
   A value of the future that nobody controls may be named too, such as a lottery result.
2. The secrets are revealed. Together with the list they make the seed; everybody's ticket is
   SHA-256(seed:number), and the smallest tickets win, circle by circle.
3. Anybody can do the sum again from the record: one changed letter anywhere is found.

No single keeper can steer: his secret was fixed before he knew the others'.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

VERSION = "zhiqiao-draw-1"
SHORTEST_SECRET = 16


class DrawError(ValueError):
    """The draw cannot go on; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """This is one person in the pool. recused: why she may not be drawn, "" if she may."""

    number: str
    circle: str = ""
    unit: str = ""
    recused: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """This is what is to be drawn.

    seats : circle -> how many are drawn from it. substitutes : circle -> how many more, in order.
    per_unit : at most so many of one unit among those drawn; 0 = no limit.
    beacon : a public value of the future that enters the seed, described so that anybody can look it up.
    """

    purpose: str
    seats: Mapping[str, int]
    substitutes: Mapping[str, int]
    per_unit: int = 0
    beacon: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """This is the whole draw, plain enough for JSON. Sealed first; secrets and result come with the opening.

    commitments : keeper -> hash of the secret. secrets, beacon_value, chosen, alternates : empty until opened.
    seal : hash of everything fixed beforehand. result_hash : hash of everything.
    """

    rules: Rules
    pool: tuple[Entrant, ...]
    commitments: Mapping[str, str]
    seal: str = ""
    secrets: Mapping[str, str] | None = None
    beacon_value: str = ""
    chosen: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    result_hash: str = ""

    @property
    def is_open(self) -> bool:
        """This says whether the draw has taken place."""
        return self.secrets is not None

    def to_json(self) -> str:
        """Return the record as text."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a record. :raises DrawError: it is none, or of another version."""
        try:
            data: dict[str, Any] = json.loads(text)
            if data.pop("version") != VERSION:
                raise DrawError("这份抽签记录的格式版本不同，请用生成它的版本复核。")
            data["rules"] = Rules(**data["rules"])
            data["pool"] = tuple(Entrant(**entrant) for entrant in data["pool"])
            data["chosen"], data["alternates"] = tuple(data["chosen"]), tuple(data["alternates"])
            return cls(**data)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
            raise DrawError("这不是一份完整的抽签记录。") from None


def commitment(keeper: str, secret: str) -> str:
    """Return the hash a keeper publishes; it tells nothing about a secret long enough.

    :raises DrawError: the secret is too short to resist guessing.
    """
    if len(secret) < SHORTEST_SECRET:
        raise DrawError(f"{keeper}的密语至少要 {SHORTEST_SECRET} 个字符，太短会被猜出来。")
    return _hash({"keeper": keeper, "secret": secret})


def seal(rules: Rules, pool: Sequence[Entrant], commitments: Mapping[str, str]) -> Record:
    """Fix the rules, the list and the hashes of the secrets. What this returns is published at once.

    :raises DrawError: nobody keeps a secret, a number occurs twice, a circle has too few people.
    """
    if not commitments:
        raise DrawError("至少要有一位保管人提交密语的哈希。")
    twice = [number for number, count in Counter(entrant.number for entrant in pool).items() if count > 1]
    if twice:
        raise DrawError(f"编号“{twice[0]}”在名单里出现了不止一次。")
    free = Counter(entrant.circle for entrant in pool if not entrant.recused)
    for circle, seats in rules.seats.items():
        if free[circle] < seats:
            name = f"“{circle}”" if circle else "名单"
            raise DrawError(f"{name}要抽 {seats} 位，除去回避的只有 {free[circle]} 位。")
    ordered = tuple(sorted(pool, key=lambda entrant: entrant.number))
    record = Record(rules, ordered, dict(sorted(commitments.items())))
    return replace(record, seal=_seal_of(record))


def reveal(record: Record, secrets: Mapping[str, str], *, beacon_value: str = "") -> Record:
    """Open a sealed record: check every secret against its hash, draw, and return the full record.

    :raises DrawError: a secret is missing or does not fit; the record was changed after it was sealed; the
        rule on units cannot be kept in the order of the tickets.
    """
    if record.is_open:
        raise DrawError("这份记录已经开过签，不能再开。")
    if problems := _sealed_problems(record):
        raise DrawError(problems[0])
    for keeper, expected in record.commitments.items():
        if keeper not in secrets:
            raise DrawError(f"缺少{keeper}的密语，全部到齐才能开签。")
        if commitment(keeper, secrets[keeper]) != expected:
            raise DrawError(f"{keeper}的密语与事先公布的哈希不符。")
    if record.rules.beacon and not beacon_value.strip():
        raise DrawError(f"请填写事先约定的公开数值：{record.rules.beacon}。")
    used = {keeper: secrets[keeper] for keeper in record.commitments}
    opened = replace(record, secrets=used, beacon_value=beacon_value.strip())
    chosen, alternates = _drawn(opened)
    opened = replace(opened, chosen=chosen, alternates=alternates)
    return replace(opened, result_hash=_result_hash_of(opened))


def check(record: Record, *, published_seal: str = "") -> list[str]:
    """Do a draw again from its record and list what does not fit, in Chinese; empty = everything fits.

    published_seal : the seal as it was published before the draw. Only with it can a record be recognised
    that was made up as a whole afterwards.
    """
    problems = _sealed_problems(record)
    if published_seal and published_seal != record.seal:
        problems.append("封存哈希与当初公布的不一致：名单、规则或密语哈希在公布之后换过。")
    if not record.is_open:
        return problems
    for keeper, expected in record.commitments.items():
        secret = (record.secrets or {}).get(keeper, "")
        if _hash({"keeper": keeper, "secret": secret}) != expected:
            problems.append(f"{keeper}的密语与事先公布的哈希不符。")
    if set(record.secrets or {}) != set(record.commitments):
        problems.append("密语的保管人与事先公布的不一致。")
    try:
        chosen, alternates = _drawn(record)
    except DrawError as error:
        return [*problems, str(error)]
    if chosen != record.chosen:
        problems.append("重新推算的中签名单与记录不同。")
    if alternates != record.alternates:
        problems.append("重新推算的候补名单与记录不同。")
    if _result_hash_of(record) != record.result_hash:
        problems.append("记录的结果哈希不对：内容在开签之后改过。")
    return problems


def seed_of(record: Record) -> str:
    """Return the seed of an opened record."""
    return _hash({"seal": record.seal, "secrets": dict(record.secrets or {}), "beacon": record.beacon_value})


def ticket(seed: str, number: str) -> str:
    """Return a person's ticket: SHA-256 of "seed:number", so that it can be checked with any hash tool."""
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def _drawn(record: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Go through each circle in the order of the tickets; a full unit is passed over."""
    seed, rules = seed_of(record), record.rules
    order = sorted(record.pool, key=lambda entrant: ticket(seed, entrant.number))
    units: Counter[str] = Counter()
    chosen: list[str] = []
    for circle, seats in sorted(rules.seats.items()):
        taken = 0
        for entrant in order:
            full = rules.per_unit and entrant.unit and units[entrant.unit] >= rules.per_unit
            if taken == seats or entrant.circle != circle or entrant.recused or full:
                continue
            chosen.append(entrant.number)
            units[entrant.unit] += 1
            taken += 1
        if taken < seats:
            name = f"“{circle}”" if circle else "名单"
            raise DrawError(
                f"{name}按抽签次序、每单位最多 {rules.per_unit} 位，只能抽出 {taken} 位，不足 {seats} 位。"
            )
    return tuple(chosen), _substitutes(rules, order, set(chosen))


def _substitutes(rules: Rules, order: Sequence[Entrant], chosen: set[str]) -> tuple[str, ...]:
    waiting: list[str] = []
    for circle, wanted in sorted(rules.substitutes.items()):
        free = [e.number for e in order if e.circle == circle and not e.recused and e.number not in chosen]
        waiting += free[:wanted]
    return tuple(waiting)


def _sealed_problems(record: Record) -> list[str]:
    return [] if _seal_of(record) == record.seal else ["名单、规则或密语哈希在封存之后改过。"]


def _seal_of(record: Record) -> str:
    fixed = asdict(record)
    return _hash({key: fixed[key] for key in ("rules", "pool", "commitments")})


def _result_hash_of(record: Record) -> str:
    whole = asdict(record)
    whole.pop("result_hash")
    return _hash(whole)


def _hash(value: Mapping[str, Any]) -> str:
    """Hash plain values in one fixed spelling: keys in order, no spaces, UTF-8."""
    text = json.dumps([VERSION, value], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
