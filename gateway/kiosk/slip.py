"""The printed slip: composed purely, then sent to an ESC/POS printer in the encoding it wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import serial

from gateway.kiosk.names import Language
from gateway.kiosk.settings import FilePrinter, NetworkPrinter, Printer, SerialPrinter
from gateway.kiosk.view import Judged, Text

_CHINESE_ON = b"\x1c&"  # FS &: double-byte characters, for the GB encodings
_PATIENCE = 10.0  # seconds for a printer to take a slip
_QR_SIZE = 6  # dots a module: readable by an old phone on 58 mm paper
_TITLE = Text(zh="健康自测结果", en="Your measurements")
_WHO = Text(zh="姓名", en="Name")
_WHEN = Text(zh="时间", en="Time")
_NOW = Text(zh="现在", en="Now")
_SOURCE = Text(zh="依据", en="Source")
_PHONE = Text(zh="用手机扫码查看,{minutes} 分钟内有效", en="Scan with your phone within {minutes} minutes")
_FADES = Text(
    zh="自测结果不能代替医生诊断。小票含个人信息,请收好;字迹会褪色。",
    en="This is no diagnosis. The slip is personal: keep it; thermal print fades.",
)


class PrinterFailed(Exception):
    """Nothing was printed: look at paper, power and `printer` in config/kiosk.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What is printed. `who` is masked or empty; `at` is local; `url` is the phone's page or None."""

    judged: tuple[Judged, ...]
    who: str
    at: datetime
    language: Language
    url: str | None
    minutes: int


def lines(slip: Slip) -> Iterator[str]:
    """The text, line by line; the printer breaks long ones."""

    def say(text: Text) -> str:
        return str(getattr(text, slip.language))

    yield say(_TITLE)
    if slip.who:
        yield f"{say(_WHO)}: {slip.who}"
    yield f"{say(_WHEN)}: {slip.at:%Y-%m-%d %H:%M}"
    for judged in slip.judged:
        values = "/".join(value.shown for value in judged.values)
        units = list(dict.fromkeys(value.unit for value in judged.values))
        yield "-" * 32
        yield " ".join(filter(None, [say(judged.label), values, *units, f"[{say(judged.word)}]"]))
        yield say(judged.means)
        yield f"{say(_NOW)}: {say(judged.now)}"
        yield f"{say(_SOURCE)}: {say(judged.source)}"
    yield "-" * 32
    yield say(_FADES)


def render(slip: Slip, encoding: str) -> bytes:
    """The slip as ESC/POS. Characters that the encoding lacks become question marks.

    The library is imported here alone: it is large, and most gateways have no printer.
    """
    from escpos.printer import Dummy  # type: ignore[import-untyped]

    paper = Dummy()
    paper.hw("INIT")
    if encoding != "utf-8":
        paper._raw(_CHINESE_ON)
    for line in lines(slip):
        paper._raw(f"{line}\n".encode(encoding, "replace"))
    if slip.url is not None:
        text = getattr(_PHONE, slip.language).format(minutes=slip.minutes)
        paper._raw(f"{text}\n".encode(encoding, "replace"))
        paper.qr(slip.url, native=True, size=_QR_SIZE)
    paper.cut()
    return bytes(paper.output)


def send(slip: Slip, printer: Printer, encoding: str) -> None:
    """Print it; blocks for as long as the printer takes. Raises `PrinterFailed`."""
    printed = render(slip, encoding)
    try:
        match printer:
            case NetworkPrinter():
                with socket.create_connection((printer.address, printer.port), _PATIENCE) as line:
                    line.sendall(printed)
            case SerialPrinter():
                with serial.Serial(printer.port, printer.baud, write_timeout=_PATIENCE) as port:
                    port.write(printed)
                    port.flush()
            case FilePrinter():
                printer.path.write_bytes(printed)
    except (OSError, ValueError) as error:  # pyserial's own errors are OSErrors
        raise PrinterFailed(f"the printer does not answer ({type(error).__name__}): look at paper and power") from None
