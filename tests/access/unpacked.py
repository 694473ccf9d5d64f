"""What an answer says, however it is packed: plain text, and what XLSX and PDF files hold inside."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def is_said(text: str, content: bytes) -> bool:
    """Whether an answer holds a text: as it is, escaped to plain ASCII, or two bytes a character as in a PDF."""
    ways = (text.encode(), json.dumps(text)[1:-1].encode(), text.encode("utf-16-be"), _octal(text.encode("utf-16-be")))
    return any(way in part for part in parts(content) for way in ways)


def parts(content: bytes) -> Iterator[bytes]:
    """The answer itself and every file or stream packed in it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    elif content.startswith(b"%PDF"):
        for stream in _STREAM.findall(content):
            yield from _decoded(stream.strip())


def _decoded(stream: bytes) -> Iterator[bytes]:
    """A PDF's stream, which may be written in letters (ASCII85) and is deflated."""
    try:
        packed = base64.a85decode(b"<~" + stream, adobe=True) if stream.endswith(b"~>") else stream
        yield zlib.decompress(packed)
    except (ValueError, zlib.error):
        yield stream


def _octal(data: bytes) -> bytes:
    """As a PDF writes bytes in a string."""
    return b"".join(bytes([each]) if 32 <= each < 127 and each not in b"()\\" else b"\\%03o" % each for each in data)
