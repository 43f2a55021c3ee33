"""Letters coming in: received, read, told apart from automatic ones. Going out is ``kit.notify``. See README.md."""

from zhiqiao.kit.mail.boxes import deliver_to, take_in
from zhiqiao.kit.mail.polling import Account, poll
from zhiqiao.kit.mail.reading import Letter, Part, Unreadable, read

__all__ = ["Account", "Letter", "Part", "Unreadable", "deliver_to", "poll", "read", "take_in"]
