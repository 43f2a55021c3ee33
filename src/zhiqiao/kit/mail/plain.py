"""A letter as plain text: HTML without anything that acts, and what is new apart from what is quoted."""

import re
from html.parser import HTMLParser

_SKIPPED = frozenset(("script", "style", "title", "template", "noscript", "object", "svg", "select"))
_BLOCKS = frozenset(
    "address article blockquote body br center dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    " ol p pre section table tr ul".split()
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Lines from which on everything is an earlier letter, as the usual programs and web mailers write them.
_SEPARATORS = re.compile(
    r"^\s*(?:"
    r"[-—_]{2,}\s*(?:原始邮件|回复的原邮件|转发邮件信息|转发的邮件|原邮件|Original Message|Forwarded [Mm]essage)\s*[-—_]{2,}"
    r"|(?:在|于)\s?.{4,80}(?:写道|写到)\s*[:：]"
    r"|.{0,80}\d{4}年\d{1,2}月\d{1,2}日.{0,80}写道\s*[:：]"
    r"|On .{6,120} wrote:"
    r"|[—-]{2,} ?请在这条线以上回复.*"
    r"|_{20,}"
    r")\s*$"
)
_HEADER = re.compile(r"^\s*\**(?:发件人|From)\**\s*[:：]")
_NEXT_HEADER = re.compile(r"^\s*\**(?:发送时间|发送日期|日期|收件人|主题|Sent|Date|To|Subject)\**\s*[:：]")
_SIGNATURE = re.compile(r"^-- ?$")
LONGEST = 20_000
"""Characters kept of one letter; more than any person writes."""


class _Text(HTMLParser):
    """Collects what a reader would see; quoted blocks get "> " before each line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []  # pieces of the present line; joined once, however many they are
        self.skipping = self.quoting = 0
        self.href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.skipping = 0  # whatever was left open in the head ends here
        elif tag in _SKIPPED:
            self.skipping += 1
        if tag in _BLOCKS:
            self._break()
        if tag == "blockquote":
            self.quoting += 1
        elif tag == "li":
            self._add("· ")
        elif tag in ("td", "th"):
            self._add(" ")
        elif tag == "a":
            self.href = next((value or "" for name, value in attrs if name == "href"), "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipping = max(0, self.skipping - 1)
        if tag in _BLOCKS:
            self._break()
        if tag == "blockquote":
            self.quoting = max(0, self.quoting - 1)
        elif tag == "a":
            if self.href.startswith(("http://", "https://")) and self.href not in "".join(self.line[-3:]):
                self._add(f"（{self.href[:300]}）")
            self.href = ""

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self._add(re.sub(r"\s+", " ", data))

    def _add(self, text: str) -> None:
        if not self.line:
            text = text.lstrip()
            if text and self.quoting:
                text = f"> {text}"
        if text:
            self.line.append(text)

    def _break(self) -> None:
        if self.line:
            self.lines.append("".join(self.line).rstrip())
            self.line = []

    def text(self) -> str:
        self._break()
        return "\n".join(self.lines)


def text_of_html(html: str) -> str:
    """Return an HTML letter as plain text: scripts, styles, forms and pictures are gone, addresses stay readable.

    The result is text, to be escaped like any other when it is shown.
    """
    reader = _Text()
    reader.feed(html)
    reader.close()
    return reader.text()


def cleaned(text: str) -> str:
    """Return a text without control signs and without long runs of empty lines."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()[:LONGEST]


def fold(text: str) -> tuple[str, str]:
    """Part a reply from the letters it quotes. Returns (what is new, what is quoted or a signature).

    Quotations between new lines stay where they are: there the reader needs them. A letter that is nothing
    but a quotation is given as new.
    """
    lines = text.split("\n")
    cut = next((i for i in range(len(lines)) if _starts_quote(lines, i)), len(lines))
    fresh, rest = lines[:cut], lines[cut:]
    head = next((i for i, line in enumerate(fresh) if line.strip() and not _is_quoted(line)), len(fresh))
    front, fresh = fresh[:head], fresh[head:]
    while fresh and (not fresh[-1].strip() or _is_quoted(fresh[-1])):
        rest.insert(0, fresh.pop())
    new, old = "\n".join(fresh).strip(), "\n".join([*front, *rest]).strip()
    return (new, old) if new else (old, "")


def _starts_quote(lines: list[str], i: int) -> bool:
    line = lines[i]
    if _SEPARATORS.match(line) or _SIGNATURE.match(line):
        return any(one.strip() for one in lines[:i])
    follows = [one for one in lines[i + 1 : i + 4] if one.strip()]
    heads = bool(_HEADER.match(line)) and any(_NEXT_HEADER.match(one) for one in follows)
    return heads and any(one.strip() for one in lines[:i])


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")
