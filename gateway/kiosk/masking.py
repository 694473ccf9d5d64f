"""What may stand on the screen and on the slip of who somebody is."""

from __future__ import annotations


def name(full: str) -> str:
    """李建国 becomes 李*国, 王芳 becomes 王*: first and last character, one asterisk for whatever is between."""
    text = full.strip()
    if len(text) < 2:
        return "*" * len(text)
    return f"{text[0]}*{text[-1] if len(text) > 2 else ''}"


def phone(number: str) -> str:
    """The last four digits; of a short number none."""
    return f"****{number[-4:]}" if len(number) >= 8 else "****"
