"""SMS and voice calls by 阿里云, behind the one interface all channels have. The SDK (extra `sms`) is loaded when used.

Each reviewed template has the places `tier`, `who` and `station`: the text is fixed there, only these are sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendAddress, MendChannel, NotSent, TryAgain
from ingest.alerting.channels.settings import Aliyun, AliyunSms, AliyunVoice
from maixun.configuration import ConfigurationError

HOSTS = {"dysmsapi20170525": "dysmsapi.aliyuncs.com", "dyvmsapi20170525": "dyvmsapi.aliyuncs.com"}

# What to do for a code: from memory of the service's lists. All others concern account, signature or template.
BUSY = (
    "Throttling",
    "ServiceUnavailable",
    "InternalError",
    "isp.SYSTEM_ERROR",
    "isv.BUSINESS_LIMIT_CONTROL",
    "isv.DAY_LIMIT_CONTROL",
)
ADDRESS = ("isv.MOBILE_NUMBER_ILLEGAL",)


class SmsSender:
    """`SendSms`."""

    def __init__(self, channel: AliyunSms, key_id: str, key_secret: str) -> None:
        self._channel = channel
        self._service = _Service("dysmsapi20170525", channel, key_id, key_secret)

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`, `MendAddress`."""
        request = self._service.models.SendSmsRequest(
            phone_numbers=message.address,
            sign_name=self._channel.signature,
            template_code=self._channel.template,
            template_param=_places(message),
            out_id=message.key,
        )
        self._service.ask(lambda client, runtime: client.send_sms_with_options(request, runtime))


class VoiceSender:
    """`SingleCallByTts`: calls and reads the template aloud, twice."""

    def __init__(self, channel: AliyunVoice, key_id: str, key_secret: str) -> None:
        self._channel = channel
        self._service = _Service("dyvmsapi20170525", channel, key_id, key_secret)

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`, `MendAddress`."""
        request = self._service.models.SingleCallByTtsRequest(
            called_number=message.address,
            called_show_number=self._channel.shown_number,
            tts_code=self._channel.template,
            tts_param=_places(message),
            play_times=2,
            out_id=message.key,
        )
        self._service.ask(lambda client, runtime: client.single_call_by_tts_with_options(request, runtime))


class _Service:
    """One of the two products. Its own retries are off: the outbox counts and limits every attempt."""

    def __init__(self, product: str, channel: Aliyun, key_id: str, key_secret: str) -> None:
        package = f"alibabacloud_{product}"
        try:
            self.models: Any = import_module(f"{package}.models")
            client: Any = import_module(f"{package}.client")
            config: Any = import_module("alibabacloud_tea_openapi.utils_models")
            runtime: Any = import_module("darabonba.runtime")
        except ModuleNotFoundError:
            raise ConfigurationError("SMS and voice need the extra `sms`: pip install 'maixun[sms]'") from None
        self._client = client.Client(
            config.Config(
                access_key_id=key_id,
                access_key_secret=key_secret,
                endpoint=channel.endpoint or HOSTS[product],
                protocol=channel.protocol,
            )
        )
        milliseconds = round(channel.timeout_seconds * 1000)
        self._runtime = runtime.RuntimeOptions(autoretry=False, connect_timeout=milliseconds, read_timeout=milliseconds)

    def ask(self, call: Callable[[Any, Any], Any]) -> None:
        """Call and look at the answer's code."""
        try:
            answer = call(self._client, self._runtime)
        except Exception as error:  # noqa: BLE001 - the SDK raises what it likes; nothing else runs in here
            raise _failed(error) from None
        if answer.body.code != "OK":
            raise _refused(answer.body.code)


def _failed(error: Exception) -> NotSent:
    """An error of the SDK: without a code there was no answer, with 5xx the fault is theirs."""
    code, status = getattr(error, "code", None), getattr(error, "status_code", None)
    if not code:
        return TryAgain("no answer")
    return TryAgain(str(code)) if isinstance(status, int) and status >= 500 else _refused(str(code))


def _refused(code: str) -> NotSent:
    if code.startswith(BUSY):
        return TryAgain(code)
    return MendAddress(code) if code.startswith(ADDRESS) else MendChannel(code)


def _places(message: Message) -> str:
    given: Mapping[str, str] = message.fields
    return json.dumps({name: given[name] for name in ("tier", "who", "station")}, ensure_ascii=False)
