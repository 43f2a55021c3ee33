"""整站测试共用的环境。"""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _static_folder() -> None:
    """测试不收集静态文件；有这个目录，发静态文件的中间件就不会为它不在而警告。"""
    from django.conf import settings

    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
