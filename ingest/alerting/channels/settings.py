"""config/channels.yaml: which channels there are. What is secret is not in it: see `secret`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from ingest.alerting.policy import Way
from maixun.configuration import ConfigurationError, Settings, load
from maixun.endpoints import secrets_folder


class Channel(Settings):
    """What every channel has. `stations` limits a group's channel to alerts of these stations; empty: all."""

    enabled: bool
    way: Way
    per_minute: int = Field(gt=0, description="messages a minute over all processes")
    attempts: int = Field(default=6, ge=1, le=20)
    timeout_seconds: float = Field(default=10, gt=0, le=30)
    stations: tuple[str, ...] = ()

    @property
    def address(self) -> str | None:
        """The kind of contact the channel needs; None: it reaches a group, or needs none."""
        return None

    @property
    def is_group(self) -> bool:
        """Whether one message goes to a group instead of one to each person."""
        return False


class InPage(Channel):
    """A ring on the person's open pages."""

    kind: Literal["in_page"]


class Mail(Channel):
    """SMTP. `security`: tls from the start, starttls, or none for a relay on this machine."""

    kind: Literal["mail"]
    host: str
    port: int = Field(gt=0, le=65535)
    security: Literal["tls", "starttls", "none"]
    user: str | None = None
    sender: str

    @property
    def address(self) -> str:
        """A mail address."""
        return "mail"


class Group(Channel):
    """A robot in a group chat."""

    @property
    def is_group(self) -> bool:
        """One message for all."""
        return True


class Webhook(Group):
    """A signed POST to another system; its address and key are secrets."""

    kind: Literal["webhook"]


class WeCom(Group):
    """企业微信群机器人."""

    kind: Literal["wecom"]


class DingTalk(Group):
    """钉钉群机器人, signed (加签) if there is a key."""

    kind: Literal["dingtalk"]


class Feishu(Group):
    """飞书群机器人, signed (签名校验) if there is a key."""

    kind: Literal["feishu"]


class Apprise(Channel):
    """Whatever apprise can do; the secret `url` may hold `{address}`, then it goes to a person."""

    kind: Literal["apprise"]
    to: str | None = Field(default=None, description="the kind of contact that replaces {address}; null: a group")

    @property
    def address(self) -> str | None:
        """As configured."""
        return self.to

    @property
    def is_group(self) -> bool:
        """Without an address it is a group's."""
        return self.to is None


class Aliyun(Channel):
    """What SMS and voice share. `endpoint` and `protocol` are for tests and special networks."""

    template: str
    endpoint: str | None = None
    protocol: Literal["https", "http"] = "https"

    @property
    def address(self) -> str:
        """A mobile number."""
        return "mobile"


class AliyunSms(Aliyun):
    """阿里云短信. Signature and template were reviewed there; the template's places are tier, who, station."""

    kind: Literal["aliyun_sms"]
    signature: str


class AliyunVoice(Aliyun):
    """阿里云语音: a text read aloud. `shown_number`: the number the call comes from; null: a public one."""

    kind: Literal["aliyun_voice"]
    shown_number: str | None = None


Known = Annotated[
    InPage | Mail | Webhook | WeCom | DingTalk | Feishu | Apprise | AliyunSms | AliyunVoice,
    Field(discriminator="kind"),
]


class ChannelsSettings(Settings):
    """The whole file."""

    public_address: str = Field(description="where the pages are for a person, without a slash at the end")
    poll_seconds: float = Field(gt=0, le=5)
    lease_seconds: float = Field(gt=0, description="longer than any channel's time-out")
    first_retry_seconds: float = Field(gt=0)
    longest_retry_seconds: float = Field(gt=0)
    channels: Mapping[str, Known]

    @model_validator(mode="after")
    def _lease_outlasts_every_send(self) -> ChannelsSettings:
        slow = [name for name, channel in self.channels.items() if channel.timeout_seconds >= self.lease_seconds]
        if slow:
            raise ValueError(f"lease_seconds must be longer than timeout_seconds of {', '.join(slow)}")
        return self

    def enabled(self) -> dict[str, Known]:
        """The channels in use, by name."""
        return {name: channel for name, channel in self.channels.items() if channel.enabled}

    def ways(self) -> frozenset[Way]:
        """The ways the enabled channels serve."""
        return frozenset(channel.way for channel in self.enabled().values())


def read() -> ChannelsSettings:
    """The file, with `MAIXUN_CHANNELS_PUBLIC_ADDRESS` before its key. Raises `ConfigurationError`."""
    values = dict(load("channels.yaml"))
    address = os.environ.get("MAIXUN_CHANNELS_PUBLIC_ADDRESS")
    try:
        return TypeAdapter(ChannelsSettings).validate_python(values | ({"public_address": address} if address else {}))
    except ValidationError as error:
        raise ConfigurationError(f"channels.yaml: {error}") from None


def secret(channel: str, key: str, *, needed: bool = True) -> str:
    """A channel's secret: `MAIXUN_CHANNEL_<NAME>_<KEY>`, else the file `secrets/channels/<name>.<key>`.

    Raises `ConfigurationError` when it is needed and neither is there; the message never holds a secret.
    """
    variable = f"MAIXUN_CHANNEL_{channel}_{key}".upper()
    path = secrets_folder() / "channels" / f"{channel}.{key}"
    given = os.environ.get(variable) or (path.read_text(encoding="utf-8").strip() if path.is_file() else "")
    if needed and not given:
        raise ConfigurationError(f"the channel {channel} needs a secret: set {variable}, or put it into {path}")
    return given
