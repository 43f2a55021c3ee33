"""The type of a request that the front gate lets only signed-in people make."""

from django.http import HttpRequest

from zhiqiao.accounts.models import Person


class Signed(HttpRequest):
    """A request to a page that the access table opens to people with an account only."""

    user: Person
