"""What must hold before the server starts."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


def register_all() -> None:
    """Hang the checks into Django's own."""
    register(_every_url_has_a_policy, Tags.urls)
    register(_no_demo_account_in_production, Tags.database)


def _every_url_has_a_policy(app_configs: Any, **_: Any) -> list[Error]:
    from zhiqiao.kit.web.policy import url_names
    from zhiqiao.site.policy import POLICY

    names = set(url_names())
    return [
        Error(f"URL {name} has no row in site/policy.py", id="zhiqiao.E001") for name in names - set(POLICY)
    ] + [
        Error(f"site/policy.py names {name}, which is no URL", id="zhiqiao.E002")
        for name in set(POLICY) - names
    ]


def _no_demo_account_in_production(app_configs: Any, databases: Any = None, **_: Any) -> list[Error]:
    if not settings.PRODUCTION or not databases:
        return []
    from django.db.utils import DatabaseError

    from zhiqiao.accounts.models import Person

    try:
        demo = Person.objects.filter(is_demo=True, is_active=True).count()
    except DatabaseError:  # before the first migration there is no table and nobody to refuse
        return []
    if not demo:
        return []
    return [
        Error(
            f"生产环境里还有 {demo} 个演示账号在用（密码是公开的）。请先运行 zhiqiao demo --disable 停用。",
            id="zhiqiao.E003",
        )
    ]
