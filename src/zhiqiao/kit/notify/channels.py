"""Ways a message can travel. One class each, all alike; the settings name the class behind each channel."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from zhiqiao.kit.mail.reading import OURS

if TYPE_CHECKING:
    from zhiqiao.kit.notify.core import Recipient
    from zhiqiao.kit.notify.models import Delivery


class Channel(Protocol):
    """What every channel can do. The contract is tested for each of them."""

    def address_of(self, to: "Recipient") -> str | None:
        """Return the recipient's address on this channel, or None if she cannot be reached by it."""
        ...

    def send(self, delivery: "Delivery") -> None:
        """Send, or raise: the delivery is then tried again later."""
        ...


class SiteChannel:
    """The list of notices inside the site: the delivery row itself is the message."""

    def address_of(self, to: "Recipient") -> str | None:
        return "" if to.person is not None else None

    def send(self, delivery: "Delivery") -> None:
        return None


class EmailChannel:
    """E-mail through Django's configured backend."""

    def address_of(self, to: "Recipient") -> str | None:
        return to.email or None

    def send(self, delivery: "Delivery") -> None:
        link = f"\n\n{settings.SITE_URL}{delivery.url}" if delivery.url else ""
        # Answered neither by vacation programs nor by ourselves, should somebody's mailbox send it back.
        headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", OURS: "1"}
        title = " ".join(delivery.title.split())
        EmailMessage(
            f"[智桥] {title}",
            f"{delivery.body}{link}",
            to=[delivery.address],
            headers=headers | delivery.headers,
        ).send()


class _FileChannel:
    """A development stand-in that writes each message to a file, so that one can read what would be sent."""

    folder = ""

    def send(self, delivery: "Delivery") -> None:
        folder = Path(settings.OUTBOX_FOLDER) / self.folder
        folder.mkdir(parents=True, exist_ok=True)
        text = {
            "to": delivery.address,
            "title": delivery.title,
            "body": delivery.body,
            "link": f"{settings.SITE_URL}{delivery.url}" if delivery.url else "",
        }
        (folder / f"{delivery.pk}.json").write_text(
            json.dumps(text, ensure_ascii=False, indent=2), encoding="utf-8"
        )


class SmsFileChannel(_FileChannel):
    """Text messages, written to files."""

    folder = "sms"

    def address_of(self, to: "Recipient") -> str | None:
        return to.phone or None


class WecomFileChannel(_FileChannel):
    """WeCom messages, written to files."""

    folder = "wecom"

    def address_of(self, to: "Recipient") -> str | None:
        return str(to.person.pk) if to.person is not None else None


@cache
def channel(name: str) -> Channel:
    """Return the channel behind a name, as the settings declare it."""
    made: Channel = import_string(settings.NOTIFY_CHANNELS[name])()
    return made
