"""Sessions that nobody uses end."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

REFRESH_SECONDS = 60


class IdleTimeout:
    """Middleware: a session without a request for ``IDLE_SECONDS`` is signed out.

    The last-seen instant is rewritten at most once a minute, so that reading a page costs no write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(timezone.now().timestamp())
            seen = request.session.get("seen", now)
            if now - seen > settings.IDLE_SECONDS:
                logout(request)
                messages.info(request, "您有一段时间没有操作，为了安全已退出登录。没发出的内容已存为草稿。")
            elif now - seen >= REFRESH_SECONDS or "seen" not in request.session:
                request.session["seen"] = now
        return self.get_response(request)
