"""从托管的邮箱取信：每封只取一次，落盘之后才标为已读。对面是一个说 IMAP 的小服务。"""

from __future__ import annotations

import re
import socketserver
import threading

import pytest

from zhiqiao.kit import mail

pytestmark = pytest.mark.anydb


class _Imap(socketserver.StreamRequestHandler):
    """够取信用的几条 IMAP 命令，按 RFC 3501 的写法回答。"""

    def handle(self) -> None:
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, command = line.rstrip().split(b" ", 1)
            if not self.answer(tag, command):
                return

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def answer(self, tag: bytes, command: bytes) -> bool:
        letters, verb = self.server.letters, command.upper()
        if verb.startswith(b"LOGIN") and b"secret" not in command:
            self.say(tag + b" NO wrong password")
            return True
        if verb.startswith(b"CAPABILITY"):
            self.say(b"* CAPABILITY IMAP4rev1")
        elif verb.startswith(b"SELECT"):
            self.say(b"* %d EXISTS" % len(letters))
        elif verb.startswith(b"UID SEARCH"):
            self.say(b"* SEARCH " + b" ".join(b"%d" % n for n in letters if n not in self.server.seen))
        elif found := re.match(rb"UID FETCH (\d+)", verb):
            raw = letters[int(found[1])]
            self.wfile.write(b"* 1 FETCH (UID %s BODY[] {%d}\r\n%s)\r\n" % (found[1], len(raw), raw))
        elif found := re.match(rb"UID STORE (\d+) \+FLAGS \(\\SEEN\)", verb):
            self.server.seen.add(int(found[1]))
        elif verb.startswith(b"LOGOUT"):
            self.say(b"* BYE")
        self.say(tag + b" OK done")
        return not verb.startswith(b"LOGOUT")


@pytest.fixture
def imap():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Imap)
    server.daemon_threads = True
    server.letters = {7: b"Subject: one\r\n\r\nfirst", 9: b"Subject: two\r\n\r\nsecond"}
    server.seen = set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def account(server, password: str = "secret") -> mail.Account:
    return mail.Account("127.0.0.1", "reply", password, port=server.server_address[1], ssl=False)


def test_unread_letters_are_fetched_once(imap, tmp_path):
    folder = tmp_path / "mail"
    assert mail.poll(account(imap), folder) == 2
    texts: list[str] = []
    mail.take_in(folder, lambda raw: texts.append(mail.read(raw).text))
    assert sorted(texts) == ["first", "second"]
    assert mail.poll(account(imap), folder) == 0


def test_a_letter_that_is_not_on_disk_stays_unread(imap, tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="mail"):
        mail.poll(account(imap), tmp_path / "mail")
    assert imap.seen == set()


def test_a_wrong_password_is_an_error(imap, tmp_path):
    import imaplib

    with pytest.raises(imaplib.IMAP4.error):
        mail.poll(account(imap, "wrong"), tmp_path / "mail")
