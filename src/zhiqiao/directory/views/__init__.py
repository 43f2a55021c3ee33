"""The screens of the libraries, one file for each."""

from typing import cast

from django.http import HttpRequest

from zhiqiao.accounts.models import Person


def person_of(request: HttpRequest) -> Person:
    """Return who is at the screen. The front gate lets nobody in here who has not signed in."""
    return cast(Person, request.user)
