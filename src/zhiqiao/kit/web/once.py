"""Every form is taken once: a double click, a reload or a retry gets the answer of the first."""

import re
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from zhiqiao.kit.web.models import Submission

_KEY = re.compile(r"[0-9a-f]{32}")


class OncePerForm:
    """Middleware: one POST with one key changes the data once.

    The key row and everything the view writes commit together. A second request with the key waits for
    the first (the unique index makes it) and is sent to where the first one went. If the first came to
    nothing (a form error, a refusal), the key is free again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.POST.get("_once", "") if request.method == "POST" else ""
        if not _KEY.fullmatch(key):
            return self.get_response(request)
        owner = request.session.session_key or ""
        with transaction.atomic():
            submission = self._take(key, owner)
            if submission is None:
                return self._answer_of_first(request, key, owner)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            elif isinstance(response, HttpResponseRedirect):
                submission.location = response.url[:500]
                submission.save(update_fields=("location",))
            else:
                submission.delete()
            return response

    def _take(self, key: str, owner: str) -> Submission | None:
        try:
            with transaction.atomic():
                return Submission.objects.create(key=key, owner=owner, at=timezone.now())
        except IntegrityError:
            return None

    def _answer_of_first(self, request: HttpRequest, key: str, owner: str) -> HttpResponse:
        first = Submission.objects.filter(key=key, owner=owner).first()
        return HttpResponseRedirect(first.location if first and first.location else request.path)
