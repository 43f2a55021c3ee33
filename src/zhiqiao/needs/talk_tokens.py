"""Signed reply addresses: they name a participant and the message that is answered, and cannot be guessed.

A token is lower-case letters and digits only, because mail servers change capitals. 64 bits of the signature are kept:
each guess would cost a letter.
"""

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterable
from itertools import islice

from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "zhiqiao.needs.talk"
_FIELD, _SIGNATURE = 5, 8
MOST_TRIED = 50  # signs looked at in one text
_LENGTH = 29  # 18 bytes in base 32
TOKEN = re.compile(rf"(?<![a-z0-9])zq([a-z2-7]{{{_LENGTH}}})(?![a-z0-9])", re.IGNORECASE)


def token(participant_pk: int, message_pk: int = 0) -> str:
    """Return the token of a participant, as of one message (0: the case as a whole)."""
    payload = participant_pk.to_bytes(_FIELD, "big") + message_pk.to_bytes(_FIELD, "big")
    signed = payload + _signature(payload, settings.SECRET_KEY)
    return "zq" + b32encode(signed).decode().rstrip("=").lower()


def read(texts: Iterable[str]) -> tuple[int, int] | None:
    """Return (participant, message) of the first genuine token in some texts; None if there is none."""
    for text in texts:
        for found in islice(TOKEN.finditer(text), MOST_TRIED):
            if named := _opened(found[1]):
                return named
    return None


def reply_address(made: str) -> str:
    """Return the address to which an answer goes: reply+token@domain, or the plain one where plus is not served."""
    name, _, domain = settings.MAIL_REPLY_TO.partition("@")
    return f"{name}+{made}@{domain}" if settings.MAIL_PLUS else settings.MAIL_REPLY_TO


def message_id(made: str) -> str:
    """Return the Message-ID of a letter; a reply repeats it in In-Reply-To."""
    return f"<{made}@{settings.MAIL_REPLY_TO.partition('@')[2]}>"


def is_ours(address: str) -> bool:
    """Say whether an address is one under which we take letters."""
    name, _, domain = address.strip().lower().partition("@")
    own, _, own_domain = settings.MAIL_REPLY_TO.lower().partition("@")
    return domain == own_domain and name.partition("+")[0] == own


def _opened(text: str) -> tuple[int, int] | None:
    signed = b32decode(text.upper() + "=" * (-_LENGTH % 8))
    payload, signature = signed[: 2 * _FIELD], signed[2 * _FIELD :]
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(signature, _signature(payload, secret)) for secret in secrets):
        return None
    return int.from_bytes(payload[:_FIELD], "big"), int.from_bytes(payload[_FIELD:], "big")


def _signature(payload: bytes, secret: str | bytes) -> bytes:
    return salted_hmac(SALT, payload, secret=secret, algorithm="sha256").digest()[:_SIGNATURE]
