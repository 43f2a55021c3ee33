"""Refusals: a rule answers ``True``, or says why not in words the reader can act on."""

from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Refusal:
    """This is the falsy answer of a rule, so that ``a(x) and b(x)`` reads as English.

    ``code`` is stable and meant for programs; ``message`` is Chinese and says what to do next.
    """

    code: str
    message: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.message


Answer = bool | Refusal


class Refused(Exception):
    """An act was refused for a reason that was to be expected; nothing has changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(code: str, message: str) -> NoReturn:
    """Refuse the act under way.

    :raises Refused: always.
    """
    raise Refused(Refusal(code, message))


def require(answer: Answer) -> None:
    """Turn a rule's answer into an exception.

    :raises Refused: if the answer is a refusal.
    """
    if isinstance(answer, Refusal):
        raise Refused(answer)
    if not answer:
        raise Refused(Refusal("refused", "目前不能办理这一步，请联系受理单位。"))
