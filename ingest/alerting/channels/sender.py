"""From the configuration to what can send: one sender a channel, its secrets read at the start."""

from __future__ import annotations

from typing import Protocol

from ingest.alerting.channels.aliyun import SmsSender, VoiceSender
from ingest.alerting.channels.dingtalk import DingTalkSender
from ingest.alerting.channels.feishu import FeishuSender
from ingest.alerting.channels.mail import MailSender
from ingest.alerting.channels.message import Message
from ingest.alerting.channels.settings import (
    AliyunSms,
    AliyunVoice,
    Apprise,
    DingTalk,
    Feishu,
    InPage,
    Known,
    Mail,
    WeCom,
    secret,
)
from ingest.alerting.channels.via_apprise import AppriseSender
from ingest.alerting.channels.webhook import WebhookSender
from ingest.alerting.channels.wecom import WeComSender


class Sender(Protocol):
    """Something that sends one message and returns when the other side has taken it."""

    def send(self, message: Message) -> None:
        """Raises an error of `outcome`."""


def sender(name: str, channel: Known) -> Sender | None:
    """The sender of a channel; None for the pages, which need none. Raises `ConfigurationError` without its secret."""
    match channel:
        case InPage():
            return None
        case Mail():
            return MailSender(channel, secret(name, "password", needed=channel.user is not None))
        case WeCom():
            return WeComSender(channel, secret(name, "url"))
        case DingTalk():
            return DingTalkSender(channel, secret(name, "url"), secret(name, "key", needed=False))
        case Feishu():
            return FeishuSender(channel, secret(name, "url"), secret(name, "key", needed=False))
        case Apprise():
            return AppriseSender(channel, secret(name, "url"))
        case AliyunSms():
            return SmsSender(channel, secret(name, "key_id"), secret(name, "key_secret"))
        case AliyunVoice():
            return VoiceSender(channel, secret(name, "key_id"), secret(name, "key_secret"))
        case _:
            return WebhookSender(channel, secret(name, "url"), secret(name, "key"))
