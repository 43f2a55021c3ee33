"""The documents say what the code does; a page that lags behind fails here."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from zhiqiao.kit.flow import Flow, page
from zhiqiao.orgs.roles import all_roles
from zhiqiao.site.cli.commands import app
from zhiqiao.site.imports import LEDGERS

pytestmark = pytest.mark.anydb
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(Flow.registry))
def test_the_drawing_of_a_loop_is_the_loop(name):
    drawn = (ROOT / "docs" / "loops" / f"{name}.md").read_text(encoding="utf-8")
    assert drawn == page(Flow.registry[name]), "流程改了,请运行 zhiqiao docs 重新生成"


def test_no_page_draws_a_loop_that_is_gone():
    assert {path.stem for path in (ROOT / "docs" / "loops").glob("*.md")} == set(Flow.registry)


def test_every_app_explains_itself():
    apps = [name.split(".")[1] for name in settings.INSTALLED_APPS if name.startswith("zhiqiao.")]
    missing = [app for app in apps if not (ROOT / "src" / "zhiqiao" / app / "README.md").exists()]
    assert missing == []


def test_every_link_between_the_documents_leads_somewhere():
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_every_runtime_dependency_has_its_reason():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.S | re.M).group(1)
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    names = re.findall(r'"([a-z0-9-]+)', block)
    assert [name for name in names if name not in reasons] == []


def test_every_command_has_chinese_help_and_stands_in_the_documents():
    told = "".join(
        path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    )
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert re.search("[一-鿿]", command.callback.__doc__), name
        assert f"zhiqiao {name}" in told, name


def test_every_role_has_a_sentence_a_clerk_can_check():
    for role in all_roles():
        assert re.fullmatch(".{20,}。", role.sentence), role.name


def test_every_ledger_can_be_named_on_the_command_line():
    assert set(LEDGERS) == {"needs", "experts", "enterprises", "organisations", "outputs"}
