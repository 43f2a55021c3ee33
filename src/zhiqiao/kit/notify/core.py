"""A notice is a class: which step it speaks of, to whom, in which words, through which channels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from zhiqiao.kit import jobs
from zhiqiao.kit.flow.models import Transition
from zhiqiao.kit.notify.channels import channel


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell. ``person`` is the account, if there is one; addresses may be empty.

    ``link`` is the path by which she acts without an account; ``key`` is what the app calls her.
    """

    name: str
    person: Any = None
    email: str = ""
    phone: str = ""
    link: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is said: a title, a plain text, and where to act (a path on this site)."""

    title: str
    body: str
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of a letter: Message-ID, References, Reply-To and the like. Other channels ignore them."""


class Notice:
    """One kind of message an app sends. Subclass it in the app's ``notices.py``; that registers it.

    name : stable code. title : what a reader of the settings page sees.
    flow, steps : the steps that cause it. channels : in order of preference, "site", "email", "sms", "wecom".
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    flow: ClassVar[str] = ""
    steps: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[tuple[str, ...]] = ("site", "email")
    registry: ClassVar[dict[str, type["Notice"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name in Notice.registry:
            raise ValueError(f"notice {cls.name} is declared twice")
        Notice.registry[cls.name] = cls

    def recipients(self, subject: Any, transition: Transition) -> Iterable[Recipient]:
        """Return whom to tell."""
        raise NotImplementedError

    def message(self, subject: Any, transition: Transition, to: Recipient) -> Message:
        """Return what to say to one of them."""
        raise NotImplementedError


def autodiscover() -> None:
    """Import every app's ``notices`` module."""
    autodiscover_modules("notices")


@jobs.job("kit.dispatch")
def dispatch(transition_id: int) -> None:
    """Turn one step into deliveries, once: the mark and the deliveries commit together."""
    with transaction.atomic():
        transition = Transition.objects.get(pk=transition_id)
        unsent = Transition.objects.filter(pk=transition_id, dispatched_at__isnull=True)
        if not unsent.update(dispatched_at=timezone.now()):
            return
        subject = (
            apps.get_model(transition.subject_type)._base_manager.filter(pk=transition.subject_id).first()
        )
        if subject is None:
            return
        for notice_class in Notice.registry.values():
            if notice_class.flow == transition.flow and transition.step in notice_class.steps:
                _deliver_notice(notice_class(), subject, transition)


def _deliver_notice(notice: Notice, subject: Any, transition: Transition) -> None:
    for to in notice.recipients(subject, transition):
        message = notice.message(subject, transition, to)
        for name in notice.channels:
            address = channel(name).address_of(to)
            if address is not None:
                key = f"{notice.name}:{transition.pk}:{name}:{to.person.pk if to.person else address}"
                send(name, to, message, notice=notice.name, key=key, at=timezone.now(), address=address)


def send(
    channel_name: str, to: Recipient, message: Message, *, notice: str, key: str, at: datetime, address: str
) -> None:
    """Write one delivery and ask for it to be sent; a second call with the same key adds nothing."""
    from zhiqiao.kit.notify.models import Delivery

    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(
                person=to.person,
                channel=channel_name,
                address=address,
                notice=notice,
                unique_key=key,
                title=message.title,
                body=message.body,
                url=message.url,
                headers=dict(message.headers),
                created_at=at,
            )
    except IntegrityError:
        return
    jobs.enqueue("kit.deliver", at=at, delivery_id=delivery.pk)


@jobs.job("kit.deliver")
def deliver(delivery_id: int) -> None:
    """Hand one delivery to its channel. A channel that is down raises, and the job comes back later."""
    from zhiqiao.kit.notify.models import Delivery

    delivery = Delivery.objects.get(pk=delivery_id)
    if delivery.state == Delivery.State.SENT:
        return
    channel(delivery.channel).send(delivery)
    Delivery.objects.filter(pk=delivery_id).update(state=Delivery.State.SENT, sent_at=timezone.now())
