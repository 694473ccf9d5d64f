"""A real browser for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from maixun.runtime import browser
from maixun.runtime.browser import Browser


@pytest.fixture(scope="session")
def chromium() -> Browser:
    """The headless Chromium to start, fetched at the first run where the machine has none."""
    return browser.find(print)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A blank page in a browser of its own; `page.context.browser.new_context()` is a second person at another desk.

    Not shared between tests: Playwright's event loop, while it lives, would stand in the way of asynchronous tests.
    """
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.program, args=list(chromium.arguments), env=dict(chromium.environment)
        )
        yield launched.new_page(locale="zh-CN", timezone_id="Asia/Shanghai")
        launched.close()
