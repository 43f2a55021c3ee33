"""Invented names: people, enterprises, phones, credit codes. Nobody and no firm is meant.

All draw from a ``random.Random``, so that one seed always gives the same network.
"""

from collections.abc import Iterator
from itertools import count
from random import Random

from stdnum.cn import uscc

# The commoner surnames come more often, as they do among people.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周" * 4 + "徐孙马朱胡郭何高林罗" * 3 + "郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡" * 2
    + "余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
    + "万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒"
)  # fmt: skip
_FIRST = (
    "承明文永志立思惠秀泽云景书定仲宗启润学绍敬怀伯延光嘉允彦时正元其守清亦以知与若子行乃叔季亚逸迪望希世宜"
)
_SECOND = "川衡棠谦岚筠泓屿钧恺蔚澜樵岳霖舟砚澍槿昀颐甫桓琮瑜珩栩桢柘楷渊湜沅沛汀潞璟瑾珣琛芮芷萱菁苒葳蕴藻"

# Characters that many well-known trade names begin or end with are left out, so that no firm is named.
_BRAND_FIRST = "澜峥曜砺铄锴钰璟琰沅泓淳湛澄翊翎皓旻昶屹岑嵘翰衍聿允磐铎鉴衡权策犀翼"
_BRAND_SECOND = "铂纳锐迈捷瑞辉芯晟昊格朴桥岭汇林川越岚石屏然策澈盈"

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714: the organisation code inside a credit code


class People:
    """Gives out names of people, none twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def name(self) -> str:
        """Return a name of three characters that has not been given yet."""
        while True:
            name = self._rng.choice(_SURNAMES) + self._rng.choice(_FIRST) + self._rng.choice(_SECOND)
            if name not in self._given:
                self._given.add(name)
                return name


class Brands:
    """Gives out two-character trade names, none twice."""

    def __init__(self, rng: Random) -> None:
        pairs = [first + second for first in _BRAND_FIRST for second in _BRAND_SECOND]
        rng.shuffle(pairs)
        self._pairs = iter(pairs)

    def brand(self) -> str:
        """Return the next trade name."""
        return next(self._pairs)


def phones(start: int = 100) -> Iterator[str]:
    """Yield invented mobile numbers 1380000xxxx; those below ``start`` are kept for the demo accounts."""
    return (f"1380000{number:04d}" for number in count(start))


def credit_code(rng: Random, district: str) -> str:
    """Return a unified social credit code (GB 32100) of an enterprise registered in ``district``.

    Both check digits are right: that of the organisation code (GB 11714) and that of the whole.
    """
    digits = [rng.randrange(10) for _ in _WEIGHTS]
    rest = 11 - sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11
    check = {10: "X", 11: "0"}.get(rest, str(rest))
    body = f"91{district}{''.join(map(str, digits))}{check}"
    code: str = uscc.validate(body + uscc.calc_check_digit(body))
    return code
