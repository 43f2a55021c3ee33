"""The demo network: a generator with a fixed seed, for trying the product and for its tests.

    compose(at)      fill an empty database; the published figures of 双千行动 come out of its records
    DEMO_ACCOUNTS    one account per role, and what to try first with it
    disable_all      close every demo account before production

Everybody and every firm in it is invented. Places are real, and so are the codes of places.
"""

from zhiqiao.site.demo.composing import PROGRAMME, Summary, compose
from zhiqiao.site.demo.people import DEMO_ACCOUNTS, DEMO_PASSWORD, DemoAccount, disable_all

__all__ = [
    "DEMO_ACCOUNTS",
    "DEMO_PASSWORD",
    "PROGRAMME",
    "DemoAccount",
    "Summary",
    "compose",
    "disable_all",
]
