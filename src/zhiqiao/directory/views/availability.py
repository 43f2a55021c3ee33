"""An expert's own page: how much she takes on, when she wants peace, who reads her contacts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.directory import actions, queries
from zhiqiao.directory.forms import AvailabilityForm
from zhiqiao.directory.models import Expert
from zhiqiao.directory.views import person_of


@never_cache
def availability(request: HttpRequest) -> HttpResponse:
    """Show an expert what the library holds about her, and let her set her terms."""
    mine = get_object_or_404(Expert.objects.select_related("organisation"), person=request.user)
    form = AvailabilityForm(mine, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.save_expert(mine, by=person_of(request), at=timezone.now(), changes=form.changes())
        messages.success(request, "已保存，从下一次邀请开始按这个办。")
        return redirect("directory:availability")
    in_hand = queries.open_tasks([mine.pk]).get(mine.pk, 0)
    return render(
        request, "directory/availability.html", {"form": form, "expert": mine, "facts": _facts(mine, in_hand)}
    )


def _facts(mine: Expert, in_hand: int) -> list[dict[str, str]]:
    return [
        {"title": "姓名", "value": mine.name},
        {"title": "单位", "value": mine.unit},
        {"title": "职称", "value": mine.title},
        {"title": "学科", "value": "、".join(mine.discipline_titles)},
        {"title": "研究方向", "value": mine.keywords},
        {"title": "手机号", "value": mine.phone},
        {"title": "邮箱", "value": mine.email},
        {"title": "谁能找到我", "value": mine.get_sharing_display()},
        {"title": "推荐单位", "value": mine.organisation.title},
        {"title": "手上的邀请和需求", "value": f"{in_hand} 项"},
    ]
