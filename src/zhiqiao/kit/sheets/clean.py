"""Text at the border: what people paste, made fit to be kept."""

import re
import unicodedata

# Control codes, invisible marks that chats and web pages leave behind, direction overrides, halves of characters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def clean_text(text: str) -> str:
    """Return text without control and invisible characters, in NFC, with "\\n" line ends, trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def half_width(text: str) -> str:
    """Return text with full-width letters, digits, signs and spaces as ordinary ones: １３８ → 138."""
    return text.translate(_HALF_WIDTH).strip()
