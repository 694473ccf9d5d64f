"""Every sender against a server that speaks its service's interface: what arrives, and what a refusal means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest.alerting.channels import settings
from ingest.alerting.channels.aliyun import SmsSender, VoiceSender
from ingest.alerting.channels.dingtalk import DingTalkSender
from ingest.alerting.channels.feishu import FeishuSender
from ingest.alerting.channels.mail import MailSender
from ingest.alerting.channels.message import Content, Message, compose, masked
from ingest.alerting.channels.outcome import MendAddress, MendChannel, NotSent, TryAgain
from ingest.alerting.channels.sender import Sender, sender
from ingest.alerting.channels.settings import AliyunSms, AliyunVoice, Apprise, DingTalk, Feishu, Webhook, WeCom
from ingest.alerting.channels.via_apprise import AppriseSender
from ingest.alerting.channels.webhook import WebhookSender, signature
from ingest.alerting.channels.wecom import WeComSender
from ingest.alerting.policy import Way
from maixun.configuration import ConfigurationError
from tests.notify.channels import Asked, answering, mail
from tests.notify.made import TUESDAY_TEN, ZONE
from tests.notify.smtp_sink import sink

ROBOT: dict[str, Any] = {"enabled": True, "way": Way.APP, "per_minute": 20, "timeout_seconds": 1}
TO_ALL = Content(
    notice_id=41, kind="episode", number=7, tier=1, level=1, since=TUESDAY_TEN, station="青河卫生站", name="王秀英"
)


def message(address: str = "") -> Message:
    return compose(TO_ALL, public_address="https://maixun.example", zone=ZONE, to_group=not address, address=address)


def always(status: int, body: bytes = b"{}") -> Callable[[Asked], tuple[int, bytes]]:
    return lambda _asked: (status, body)


def outcome(of: Sender, what: Message | None = None) -> type[Exception] | None:
    try:
        of.send(what or message())
    except NotSent as why:
        return type(why) if "127.0.0.1" not in why.says and "secret" not in why.says else AssertionError
    return None


def robots(address: str) -> dict[str, Sender]:
    return {
        "wecom": WeComSender(WeCom(kind="wecom", **ROBOT), f"{address}/send?key=secret"),
        "dingtalk": DingTalkSender(
            DingTalk(kind="dingtalk", **ROBOT), f"{address}/send?access_token=secret", "k", lambda: 1e9
        ),
        "feishu": FeishuSender(Feishu(kind="feishu", **ROBOT), f"{address}/hook/secret", "k", lambda: 1e9),
    }


@pytest.mark.parametrize(
    ("robot", "body", "expected"),
    [
        ("wecom", b'{"errcode":0,"errmsg":"ok"}', None),
        ("wecom", b'{"errcode":45009}', TryAgain),
        ("wecom", b'{"errcode":93000}', MendChannel),
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', None),
        ("dingtalk", b'{"errcode":130101}', TryAgain),
        ("dingtalk", b'{"errcode":310000}', MendChannel),  # signature or keyword
        ("feishu", b'{"code":0,"msg":"success"}', None),
        ("feishu", b'{"StatusCode":0,"StatusMessage":"success"}', None),
        ("feishu", b'{"code":9499}', TryAgain),
        ("feishu", b'{"code":19021}', MendChannel),  # sign match fail
        ("feishu", b"<html>a proxy</html>", TryAgain),
    ],
)
def test_a_robots_code_decides_although_it_answers_200(robot: str, body: bytes, expected: type[NotSent] | None) -> None:
    with answering(always(200, body)) as (address, asked):
        assert outcome(robots(address)[robot]) is expected
    assert "王*英 · 青河卫生站" in json.dumps(json.loads(asked[0][2]), ensure_ascii=False)


@pytest.mark.parametrize(
    ("status", "expected"), [(502, TryAgain), (429, TryAgain), (404, MendChannel), (302, MendChannel)]
)
@pytest.mark.parametrize("robot", ["wecom", "dingtalk", "feishu"])
def test_what_http_says(robot: str, status: int, expected: type[NotSent]) -> None:
    with answering(always(status)) as (address, _):
        assert outcome(robots(address)[robot]) is expected


def test_nobody_listening_and_nobody_answering_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert outcome(robots(address)["wecom"]) is TryAgain
    assert outcome(robots(address)["wecom"]) is TryAgain


def test_dingtalk_and_feishu_are_signed_as_their_services_ask() -> None:
    with answering(always(200, b'{"errcode":0,"code":0}')) as (address, asked):
        for name in ("dingtalk", "feishu"):
            robots(address)[name].send(message())
    (dingtalk, _, _), (_, _, feishu) = asked
    given = {key: values[0] for key, values in parse_qs(urlsplit(dingtalk).query).items()}
    assert given["access_token"] == "secret"
    assert base64.b64decode(given["sign"]) == hmac.digest(b"k", b"1000000000000\nk", hashlib.sha256)
    content = json.loads(feishu)
    assert base64.b64decode(content["sign"]) == hmac.digest(b"1000000000\nk", b"", hashlib.sha256)
    assert content["timestamp"] == "1000000000"


def test_a_webhook_is_signed_over_time_and_body() -> None:
    hook = Webhook(kind="webhook", **ROBOT)
    with answering(always(204, b"")) as (address, asked):
        WebhookSender(hook, address, "shared", lambda: 1e9).send(message())
    _, headers, body = asked[0]
    assert headers["maixun-signature"] == signature("shared", headers["maixun-time"], body)
    assert headers["maixun-signature"] != signature("shared", "1000000001", body)
    assert json.loads(body)["key"] == headers["maixun-key"] == "maixun-41"


def test_mail_arrives_whole() -> None:
    with sink() as (port, taken):
        MailSender(mail(port), "").send(message("li@example.org"))
    assert taken[0]["To"] == "li@example.org"
    assert taken[0]["Subject"] == "【脉讯危急】王*英 · 青河卫生站"
    assert "https://maixun.example/notices/episode/7" in taken[0].get_content()
    assert taken[0]["Message-ID"] == "<maixun-41@example.org>"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"RCPT": "550 no such user"}, MendAddress),
        ({"RCPT": "450 mailbox busy"}, TryAgain),
        ({"DATA": "451 try later"}, TryAgain),
        ({"DATA": "554 refused"}, MendChannel),
        ({"MAIL": "535 not allowed"}, MendChannel),
    ],
)
def test_what_a_mail_servers_refusal_means(answers: dict[str, str], expected: type[NotSent]) -> None:
    with sink(**answers) as (port, taken):
        assert outcome(MailSender(mail(port), ""), message("li@example.org")) is expected
    assert taken == []


def test_a_mail_server_that_is_away_or_cannot_encrypt() -> None:
    with sink() as (port, _):
        assert outcome(MailSender(mail(port, security="starttls"), ""), message("li@example.org")) is MendChannel
    assert outcome(MailSender(mail(port), ""), message("li@example.org")) is TryAgain


@pytest.mark.filterwarnings("ignore:'imghdr'")  # apprise imports it on Pythons that still have it
def test_apprise_reaches_a_person_and_its_lines_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    channel = Apprise(kind="apprise", to="room", **ROBOT)
    caplog.set_level(logging.DEBUG, "ingest")
    with answering(always(200)) as (address, asked):
        url = f"json://{address.removeprefix('http://')}/secret/{{address}}"
        AppriseSender(channel, url).send(message("li@example.org"))
    assert asked[0][0] == "/secret/li@example.org"
    assert "王*英" in json.loads(asked[0][2])["message"]
    assert outcome(AppriseSender(channel, url), message("li")) is TryAgain
    assert outcome(AppriseSender(channel, "nonsense"), message("li")) is MendChannel
    assert "secret" not in caplog.text


def aliyun(address: str) -> dict[str, Sender]:
    about: dict[str, Any] = {
        "enabled": True,
        "per_minute": 20,
        "timeout_seconds": 1,
        "endpoint": address.removeprefix("http://"),
        "protocol": "http",
    }
    sms = AliyunSms(kind="aliyun_sms", way=Way.SMS, signature="青河卫生院", template="SMS_1", **about)
    voice = AliyunVoice(kind="aliyun_voice", way=Way.VOICE, template="TTS_1", shown_number="05710000", **about)
    return {"sms": SmsSender(sms, "id", "secret"), "voice": VoiceSender(voice, "id", "secret")}


def service(code: str = "OK", status: int = 200) -> Callable[[Asked], tuple[int, bytes]]:
    body = json.dumps({"RequestId": "F655A8D5", "Message": code, "Code": code, "BizId": "1", "CallId": "1"})
    return lambda _asked: (status, body.encode())


def test_an_sms_and_a_call_say_who_where_and_how_urgent() -> None:
    with answering(service()) as (address, asked):
        for each in aliyun(address).values():
            each.send(message("13900000000"))
    (sms_path, sms_headers, sms_body), (voice_path, voice_headers, voice_body) = asked
    sms = parse_qs(urlsplit(sms_path).query) | parse_qs(sms_body.decode())
    voice = parse_qs(urlsplit(voice_path).query) | parse_qs(voice_body.decode())
    assert (sms_headers["x-acs-action"], voice_headers["x-acs-action"]) == ("SendSms", "SingleCallByTts")
    assert "Signature=" in sms_headers["authorization"]
    assert sms["PhoneNumbers"] == voice["CalledNumber"] == ["13900000000"]
    assert sms["SignName"] == ["青河卫生院"]
    assert json.loads(sms["TemplateParam"][0]) == {"tier": "危急", "who": "王*英", "station": "青河卫生站"}
    assert json.loads(voice["TtsParam"][0]) == json.loads(sms["TemplateParam"][0])


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", 200, TryAgain),
        ("Throttling.User", 400, TryAgain),
        ("ServiceUnavailable", 503, TryAgain),
        ("SomethingNew", 500, TryAgain),
        ("isv.MOBILE_NUMBER_ILLEGAL", 200, MendAddress),
        ("isv.SMS_SIGNATURE_ILLEGAL", 200, MendChannel),
        ("isv.AMOUNT_NOT_ENOUGH", 200, MendChannel),
        ("InvalidAccessKeyId.NotFound", 404, MendChannel),
        ("SignatureDoesNotMatch", 400, MendChannel),
    ],
)
@pytest.mark.parametrize("kind", ["sms", "voice"])
def test_what_aliyuns_codes_mean(kind: str, code: str, status: int, expected: type[NotSent]) -> None:
    with answering(service(code, status)) as (address, asked):
        assert outcome(aliyun(address)[kind], message("13900000000")) is expected
    assert len(asked) == 1  # the outbox tries again, not the SDK


def test_aliyun_out_of_reach_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert outcome(aliyun(address)["sms"], message("13900000000")) is TryAgain
    assert outcome(aliyun(address)["sms"], message("13900000000")) is TryAgain


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    channel = WeCom(kind="wecom", **ROBOT)
    with pytest.raises(ConfigurationError, match="MAIXUN_CHANNEL_WECOM_URL"):
        sender("wecom", channel)
    folder = tmp_path / "secrets" / "channels"
    folder.mkdir(parents=True)
    (folder / "wecom.url").write_text("https://robot.example/secret\n")
    assert settings.secret("wecom", "url") == "https://robot.example/secret"
    monkeypatch.setenv("MAIXUN_CHANNEL_WECOM_URL", "https://other.example")
    assert settings.secret("wecom", "url") == "https://other.example"


@pytest.mark.parametrize(
    ("name", "shown"), [("王秀英", "王*英"), ("李伟", "李*"), ("欧阳建国", "欧*国"), ("王", "王*"), (None, "居民")]
)
def test_a_name_is_masked(name: str | None, shown: str) -> None:
    assert masked(name) == shown
