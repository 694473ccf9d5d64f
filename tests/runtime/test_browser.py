"""The browser of the page tests draws Chinese."""

from __future__ import annotations

from playwright.sync_api import Page


def test_a_chinese_character_is_drawn_as_itself(page: Page) -> None:
    """A missing font draws the same box for every character; a real one draws different characters differently."""

    def picture(text: str) -> bytes:
        page.set_content(f"<p style='font-size:40px'>{text}</p>")
        return page.screenshot()

    assert picture("血") != picture("压")
