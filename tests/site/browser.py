"""A browser for thousands of requests: Django's test client without what it keeps of each answer.

The middleware is loaded once, contexts of templates are not copied, and a crash is an answer of 500 with
its traceback kept.
"""

from __future__ import annotations

import traceback
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.test import RequestFactory
from django.test.client import ClientHandler


class Browser(RequestFactory):
    """Sends requests with one session cookie. Cookies that come back are not kept."""

    def __init__(self, session: str = "", *, csrf: bool = False) -> None:
        super().__init__()
        self.handler = _handlers[csrf]
        if session:
            self.cookies[settings.SESSION_COOKIE_NAME] = session

    def request(self, **request: Any) -> Any:
        """Answer a request as the site does. ``whole`` is the body, ``crash`` the traceback behind a 500."""
        crashes: list[str] = []

        def keep(sender: Any, **_: Any) -> None:
            crashes.append(traceback.format_exc())

        got_request_exception.connect(keep)
        try:
            response = self.handler(self._base_environ(**request))
            response.whole = b"".join(response.streaming_content) if response.streaming else response.content
        finally:
            got_request_exception.disconnect(keep)
        response.crash = crashes[-1] if crashes else ""
        return response


_handlers = {csrf: ClientHandler(enforce_csrf_checks=csrf) for csrf in (False, True)}
