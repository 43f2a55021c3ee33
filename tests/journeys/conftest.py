"""A person at a browser: signs in, reads her messages, opens the links in them."""

import re

import pytest
from playwright.sync_api import Page, expect

# Models cannot be imported here: pytest reads this file before Django is set up.

expect.set_options(timeout=20_000)


@pytest.fixture
def net(transactional_db):
    from tests import factories

    return factories.network()


class Someone:
    """One human being with her own browser window."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.errors: list[str] = []
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )

    def open(self, path: str) -> Page:
        """Go to a path of the site."""
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, person) -> Page:
        """Sign in by phone and password."""
        from tests import factories

        self.open("/login/")
        self.page.get_by_label("手机号或邮箱").fill(person.phone)
        self.page.get_by_label("密码").fill(factories.PASSWORD)
        self.page.locator("main").get_by_role("button", name="登录").click()
        self.page.wait_for_load_state()
        return self.page

    def heading(self, text: str) -> None:
        """Expect the page's heading to hold a text."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)


@pytest.fixture
def someone(browser, browser_context_args, live_server):
    """Give out people, each in a browser context of her own; afterwards nobody may have seen a script error."""
    contexts, people = [], []

    def arrive(**options) -> Someone:
        context = browser.new_context(**(browser_context_args | options))
        contexts.append(context)
        people.append(Someone(context.new_page(), live_server.url))
        return people[-1]

    yield arrive
    errors = [error for one in people for error in one.errors]
    for context in contexts:
        context.close()
    assert errors == []


def last_link_to(phone: str) -> str:
    """Do the background work, and return the path in the newest text message to a phone."""
    from zhiqiao.kit import jobs
    from zhiqiao.kit.notify.models import Delivery

    jobs.run_ready()
    return Delivery.objects.filter(channel="sms", address=phone).order_by("-id").first().url


def number_in(text: str) -> int:
    """Return the first number in a text: "1,037 位" is 1037."""
    return int(re.search(r"[\d,]+", text).group().replace(",", ""))
