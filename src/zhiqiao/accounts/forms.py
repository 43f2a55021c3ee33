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


class PasswordForm(forms.Form):
    """A new password, typed twice, with the old one."""

    old = forms.CharField(
        label="现在的密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new = forms.CharField(
        label="新密码",
        strip=False,
        help_text="至少 10 个字符，不要全是数字，不要用姓名、手机号或常见密码。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一遍新密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_old(self) -> str:
        """The person at the screen must know the present password."""
        old: str = self.cleaned_data["old"]
        if not self.person.check_password(old):
            raise forms.ValidationError("现在的密码不对。")
        return old

    def clean(self) -> dict[str, Any]:
        """Both copies agree, and the password is good enough."""
        cleaned = super().clean() or {}
        new = cleaned.get("new")
        if new and cleaned.get("again") and new != cleaned["again"]:
            self.add_error("again", "两次输入的新密码不一样。")
        if new:
            try:
                password_validation.validate_password(new, self.person)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return cleaned
