"""What people type to sign in."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.http import HttpRequest

from zhiqiao.accounts.models import Person, clean_login


class LoginForm(forms.Form):
    """Phone or e-mail, and password."""

    login = forms.CharField(
        label="手机号或邮箱", widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "email"})
    )
    password = forms.CharField(
        label="密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.person: Person | None = None

    def clean(self) -> dict[str, Any]:
        """Check the pair. The answer is the same for an unknown account and a wrong password."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        login = clean_login(cleaned["login"])
        self.person = authenticate(self.request, username=login, password=cleaned["password"])
        if self.person is None:
            raise forms.ValidationError(
                "手机号、邮箱或密码不对，请核对后再试。连续输错 5 次，账号会锁定 10 分钟。", code="login"
            )
        return cleaned


RULES_IN_WORDS = "至少 10 个字符；不要全是数字；不要用姓名、手机号、邮箱或常见密码。"


class NewPasswordForm(forms.Form):
    """A password of one's own, typed twice, as after a one-time link."""

    new = forms.CharField(
        label="新密码",
        strip=False,
        help_text=RULES_IN_WORDS,
        error_messages={"required": "请填写新密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一遍新密码",
        strip=False,
        error_messages={"required": "请再输一遍新密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """Both copies agree, and the password is good enough."""
        cleaned = super().clean() or {}
        new = cleaned.get("new")
        if new and cleaned.get("again") and new != cleaned["again"]:
            self.add_error("again", "两次输入的密码不一样。")
        if new:
            try:
                password_validation.validate_password(new, self.person)
            except forms.ValidationError as error:
                self.add_error("new", [_broken_rule(one) for one in error.error_list])
        return cleaned


def _broken_rule(error: forms.ValidationError) -> str:
    """Say in Chinese which rule a password breaks; not all of Django's own words are translated."""
    return _BROKEN.get(error.code or "", "").format(**(error.params or {})) or "；".join(error.messages)


_BROKEN = {
    "password_too_short": "密码太短，至少要 {min_length} 个字符。",
    "password_too_similar": "密码与{verbose_name}太相似，请换一个。",
    "password_too_common": "这个密码太常见，容易被猜中，请换一个。",
    "password_entirely_numeric": "密码不能全是数字，请加上字母或符号。",
}


class PasswordForm(NewPasswordForm):
    """A new password for somebody who is signed in: she must know the present one."""

    old = forms.CharField(
        label="现在的密码",
        strip=False,
        error_messages={"required": "请填写现在的密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    field_order = ("old", "new", "again")

    def clean_old(self) -> str:
        """The person at the screen must know the present password."""
        old: str = self.cleaned_data["old"]
        if not self.person.check_password(old):
            raise forms.ValidationError("现在的密码不对。")
        return old
