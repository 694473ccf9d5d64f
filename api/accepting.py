"""Which of the forms an endpoint can answer in a caller prefers, by its `Accept` header."""

from __future__ import annotations

from collections.abc import Sequence

JSON, CSV = "application/json", "text/csv"


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The best of what is offered, of equals the first; None when the caller takes none of it."""
    wishes = [_wish(each) for each in accept.split(",")] if accept else [("*/*", 1.0)]
    rated = [(_quality(media, wishes), media) for media in offered]
    best = max(quality for quality, _ in rated)
    return next(media for quality, media in rated if quality == best) if best > 0 else None


def _wish(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return media, float(quality)
    except ValueError:
        return media, 0.0


def _quality(media: str, wishes: Sequence[tuple[str, float]]) -> float:
    """That of the narrowest wish that fits."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for wished, quality in wishes:
            if wished == pattern:
                return quality
    return 0.0
