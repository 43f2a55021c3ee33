"""Production mode starts only with real secrets, and never with accounts whose password is public."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.anydb

SECRET = "s3cret-" * 8
START = "import django; django.setup(); print('started')"
OPEN_DEMO_ACCOUNT = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from zhiqiao.accounts.models import Person
Person(name="演示经办人", phone="13800000001", is_demo=True).save()
"""
DISABLE = (
    "import django; django.setup(); from zhiqiao.accounts.models import Person;"
    "Person.objects.filter(is_demo=True).update(is_active=False)"
)


def _python(home, *arguments, **environment):
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZHIQIAO", "DATABASE", "PYTHON"))
    }
    clean |= {"DJANGO_SETTINGS_MODULE": "zhiqiao.site.settings", "ZHIQIAO_HOME": str(home)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=120)


def _start(home, **environment):
    return _python(home, "-c", START, ZHIQIAO_MODE="production", **environment)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ZHIQIAO_HOSTS": "zhiqiao.example.cn"}, "必须设置 ZHIQIAO_SECRET_KEY"),
        ({"ZHIQIAO_HOSTS": "zhiqiao.example.cn", "ZHIQIAO_SECRET_KEY": "short"}, "ZHIQIAO_SECRET_KEY 太短"),
        ({"ZHIQIAO_SECRET_KEY": SECRET}, "必须设置 ZHIQIAO_HOSTS"),
    ],
    ids=["no secret", "short secret", "no hosts"],
)
def test_production_refuses_to_start_without(tmp_path, environment, words):
    started = _start(tmp_path, **environment)
    assert started.returncode != 0
    assert words in started.stderr
    assert not (tmp_path / "secret_key").exists()


def test_control_production_starts_with_all_of_them(tmp_path):
    started = _start(tmp_path, ZHIQIAO_HOSTS="zhiqiao.example.cn", ZHIQIAO_SECRET_KEY=SECRET)
    assert (started.stdout, started.returncode) == ("started\n", 0)


def test_development_makes_its_own_secret_readable_to_nobody_else(tmp_path):
    keys = []
    for _ in range(2):
        assert _python(tmp_path, "-c", START).returncode == 0
        keys.append((tmp_path / "secret_key").read_text())
    assert keys[0] == keys[1]
    assert len(keys[0]) >= 40
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_production_refuses_demo_accounts_until_they_are_disabled(tmp_path):
    production = {
        "ZHIQIAO_MODE": "production",
        "ZHIQIAO_HOSTS": "zhiqiao.example.cn",
        "ZHIQIAO_SECRET_KEY": SECRET,
    }
    check = ("-m", "django", "check", "--database", "default")
    assert _python(tmp_path, "-c", OPEN_DEMO_ACCOUNT).returncode == 0
    assert _python(tmp_path, *check).returncode == 0  # a developer may have them
    refused = _python(tmp_path, *check, **production)
    assert refused.returncode != 0
    assert "zhiqiao.E003" in refused.stderr
    assert "1 个演示账号" in refused.stderr
    assert _python(tmp_path, "-c", DISABLE).returncode == 0
    assert _python(tmp_path, *check, **production).returncode == 0
