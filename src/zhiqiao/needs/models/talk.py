"""The one conversation of a case: who takes part, what was said, and the letters that carried it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from zhiqiao.kit.privacy import CONTACT, IDENTITY, Personal
from zhiqiao.needs.models.case import Need
from zhiqiao.needs.models.service import Invitation
from zhiqiao.needs.talk_enums import Audience, LetterState, TalkRole, Via
from zhiqiao.orgs.models import Organisation, Scope

_OF_NEED = Scope(organisations=("need__organisation", "need__enterprise__organisation"))


class Participant(models.Model):
    """Somebody who takes part in one case's conversation; her reply address names this row.

    ``key`` says who it is within the case: person:5, invitation:7, contact, mail:a@b. An expert is known by her
    invitation, staff and an enterprise's people by their account, others by address alone.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="participants")
    key = models.CharField(max_length=270)
    role = models.CharField("身份", max_length=12, choices=TalkRole.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="talks"
    )
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.CASCADE, related_name="talks")
    name = models.CharField("姓名", max_length=80)
    email = models.CharField("邮箱", max_length=254, blank=True)
    follows = models.BooleanField("关注", default=False)
    joined_at = models.DateTimeField()

    PERSONAL: ClassVar[dict[str, Personal]] = {"name": IDENTITY, "email": CONTACT, "key": CONTACT}
    PLAIN = ("role",)
    SCOPE = _OF_NEED

    class Meta:
        verbose_name = "往来参与人"
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("need", "key"), name="participant_once"),)
        indexes = (models.Index(fields=("email",), name="participant_email"),)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One thing said in a case. ``author_name`` and ``role`` are as they were then; history outlives accounts.

    addressee : of a message to one (``Audience.ONE``), the party who reads it beside the staff.
    quoted : earlier letters that came along with it, folded away.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="messages")
    author_name = models.CharField("发言人", max_length=80)
    role = models.CharField("身份", max_length=12, choices=TalkRole.choices)
    audience = models.CharField("谁能看到", max_length=12, choices=Audience.choices)
    addressee = models.ForeignKey(Participant, null=True, on_delete=models.RESTRICT, related_name="received")
    mentioned = models.ManyToManyField(Participant, related_name="mentions", blank=True)
    via = models.CharField("途径", max_length=12, choices=Via.choices)
    body = models.TextField("内容")
    quoted = models.TextField("引用的来信", blank=True)
    at = models.DateTimeField("时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"author_name": IDENTITY}
    PLAIN = ("role", "audience", "via", "body", "quoted")
    SCOPE = _OF_NEED

    class Meta:
        verbose_name = "往来"
        ordering = ("at", "id")
        indexes = (models.Index(fields=("need", "at", "id"), name="message_thread"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(audience="one") | Q(addressee__isnull=False), name="message_to_one_has_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.author_name}：{self.body[:20]}"


class MessageMove(models.Model):
    """A message that stood in the wrong case was put into another; both cases remember. It can be undone.

    before : author, addressee, audience and role as they were, to restore them.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="moves")
    source = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="moved_out")
    target = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="moved_in")
    before = models.JSONField(default=dict)
    reason = models.CharField("原因", max_length=200)
    by_name = models.CharField("办理人", max_length=80)
    at = models.DateTimeField("时间")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY, "undone_by": IDENTITY}
    PLAIN = ("before", "reason")
    SCOPE = Scope(organisations=("source__organisation", "target__organisation"))

    class Meta:
        verbose_name = "往来改归"
        ordering = ("id",)


class Letter(models.Model):
    """A letter that came in by e-mail, and what became of it. ``sha256`` of its bytes: read once however often it comes.

    organisation : who is to look after it while nobody has claimed it. why : why it could not be filed by itself.
    left_out : files that were not taken, as [{name, reason}].
    """

    sha256 = models.CharField(max_length=64, unique=True)
    header_id = models.CharField(max_length=250, blank=True)
    from_address = models.CharField("寄件邮箱", max_length=254, blank=True)
    from_name = models.CharField("寄件人", max_length=80, blank=True)
    subject = models.CharField("主题", max_length=200, blank=True)
    body = models.TextField("正文", blank=True)
    quoted = models.TextField("引用的来信", blank=True)
    left_out = models.JSONField(default=list)
    state = models.CharField("状态", max_length=12, choices=LetterState.choices)
    why = models.CharField("说明", max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="letters")
    need = models.ForeignKey(Need, null=True, on_delete=models.CASCADE, related_name="letters")
    message = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="letter")
    received_at = models.DateTimeField("收到时间")
    settled_by = models.CharField("处理人", max_length=80, blank=True)
    settled_at = models.DateTimeField("处理时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "from_address": CONTACT,
        "from_name": IDENTITY,
        "settled_by": IDENTITY,
    }
    PLAIN = ("sha256", "header_id", "subject", "body", "quoted", "left_out", "state", "why")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "来信"
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=("state", "received_at"), name="letter_tray"),
            models.Index(fields=("from_address", "received_at"), name="letter_sender"),
        )

    def __str__(self) -> str:
        return self.subject or "（无主题）"

    def get_absolute_url(self) -> str:
        return reverse("needs:letter", args=(self.pk,))


class SavedReply(models.Model):
    """Words a unit uses again and again (常用语). Units below may use them, only the unit changes them."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="saved_replies")
    title = models.CharField("名称", max_length=40)
    body = models.TextField("内容")
    updated_at = models.DateTimeField("修改时间")
    updated_by = models.CharField("修改人", max_length=80)

    PERSONAL: ClassVar[dict[str, Personal]] = {"updated_by": IDENTITY}
    PLAIN = ("title", "body")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "常用语"
        ordering = ("organisation__path", "title", "id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("needs:saved_reply", args=(self.pk,))
