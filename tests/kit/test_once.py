"""One form is taken once, however often it arrives."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from zhiqiao.kit.web.models import Submission
from zhiqiao.kit.web.once import OncePerForm
from zhiqiao.orgs.models import Organisation, segment_of

pytestmark = pytest.mark.django_db


class _Session:
    session_key = "s1"


def _post(key, session=None):
    request = RequestFactory().post("/ask/", {"_once": key} if key else {})
    request.session = session or _Session()
    return request


def _creates(request):
    number = Organisation.objects.count() + 1
    made = Organisation.objects.create(
        name=f"组织{uuid4().hex}", kind="city", path=segment_of(number + uuid4().int % 10**6)
    )
    return HttpResponseRedirect(f"/made/{made.pk}/")


def test_the_second_click_gets_the_first_ones_answer():
    guard, key = OncePerForm(_creates), uuid4().hex
    first, second = guard(_post(key)), guard(_post(key))
    assert first.url == second.url
    assert Organisation.objects.count() == 1


def test_control_without_a_key_the_second_click_writes_again():
    guard = OncePerForm(_creates)
    guard(_post("")), guard(_post(""))
    assert Organisation.objects.count() == 2


def test_a_form_with_errors_can_be_sent_again_with_the_same_key():
    answers = iter([HttpResponse("错误"), HttpResponseRedirect("/done/")])
    guard, key = OncePerForm(lambda request: next(answers)), uuid4().hex
    assert guard(_post(key)).status_code == 200
    assert guard(_post(key)).url == "/done/"


def test_a_crash_leaves_nothing_behind_and_frees_the_key():
    def crashes(request):
        _creates(request)
        return HttpResponse(status=500)

    key = uuid4().hex
    assert OncePerForm(crashes)(_post(key)).status_code == 500
    assert Organisation.objects.count() == 0
    assert not Submission.objects.exists()


def test_another_session_learns_nothing_from_a_copied_key():
    class Other:
        session_key = "s2"

    guard, key = OncePerForm(_creates), uuid4().hex
    guard(_post(key))
    assert guard(_post(key, Other())).url == "/ask/"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_instant_write_once():
    guard, key, barrier, answers = OncePerForm(_creates), uuid4().hex, Barrier(4), []

    def click():
        barrier.wait()
        try:
            answers.append(guard(_post(key)).url)
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Organisation.objects.count() == 1
    assert answers == [answers[0]] * 4
