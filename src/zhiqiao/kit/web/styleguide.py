"""The living page of the design."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component with its states."""
    return render(request, "kit/styleguide.html")
