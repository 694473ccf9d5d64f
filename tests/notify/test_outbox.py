"""The outbox: claim, send, mark; a killed process, a lost lease, limits over processes, acknowledgements in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from ingest.alerting.channels import outbox
from ingest.alerting.channels.outcome import MendAddress, TryAgain
from tests.notify.channels import Asked, answering, mail
from tests.notify.office import Office, Recorder, claim

WITHIN = 40  # seconds; a bound on waits for other processes, never a measure


def waiting_in_group(office: Office, alerts: int = 1) -> None:
    office.with_group()
    for _ in range(alerts):
        office.alert()
    office.look()
    office.look(1)


def test_a_group_reads_masked_names_and_no_cause(office: Office) -> None:
    waiting_in_group(office)
    recorder = Recorder()
    office.send("group", recorder)
    (message,) = recorder.messages
    alert = office.one("select episode_id from care.episode")
    assert message.text.startswith("【脉讯危急】王*英 · 青河卫生站\n自 11-24 10:00 起待处理（第 2 次提醒）\nhttp")
    assert "王秀英" not in message.text
    assert "血糖" not in message.text
    assert message.link.endswith(f"/notices/episode/{alert}")


def test_a_person_reads_the_cause(office: Office) -> None:
    office.channels["mail"] = mail()
    office.reached_at(office.doctor, "mail", "li@example.org")
    office.alert()
    office.look(1)
    recorder = Recorder()
    office.send("mail", recorder)
    assert recorder.messages[0].subject == "【脉讯危急】低血糖 · 王*英 · 青河卫生站"
    assert recorder.messages[0].address == "li@example.org"


def test_whoever_has_no_address_is_logged_so_and_the_escalation_goes_on(office: Office) -> None:
    office.channels["mail"] = mail()
    office.alert()
    office.look(1)
    office.send("mail", Recorder())
    assert office.one("select error from care.notice where channel = 'mail'").startswith("the person has no contact")
    assert "channel_failed" not in office.alarms()
    assert office.look() > 0


def test_what_is_taken_over_before_it_was_sent_is_not_sent(office: Office) -> None:
    waiting_in_group(office)
    office.acknowledge(office.one("select episode_id from care.episode"))
    recorder = Recorder()
    office.send("group", recorder)  # the sender was faster than the escalation's next look
    office.look()
    assert recorder.messages == []
    assert {state for *_, state in office.notices()} == {"cancelled"}
    assert office.one("select count(*) from care.notice_attempt") == 0


def test_a_vanished_sender_loses_nothing_and_the_repetition_says_so(office: Office) -> None:
    waiting_in_group(office)
    assert claim(office, "group")
    recorder = Recorder()
    assert office.send("group", recorder) == 0  # its lease holds
    office.now += timedelta(seconds=61)
    assert office.send("group", recorder) == 1
    assert "（可能重复发送）" in recorder.messages[0].text
    assert office.one("select repeated from care.notice where channel = 'group'")


def test_a_sender_that_wakes_up_late_does_not_overwrite(office: Office) -> None:
    waiting_in_group(office)
    slow, post = claim(office, "group"), office.post("group", Recorder())
    assert slow
    office.now += timedelta(seconds=61)
    office.send("group", Recorder())
    outbox.failed(office.connection, slow, TryAgain("HTTP 502"), post._retries(), office.now)
    assert office.one("select state from care.notice where channel = 'group'") == "sent"


def test_the_limit_of_a_minute_holds_over_processes_and_retries(office: Office) -> None:
    waiting_in_group(office, alerts=50)
    office.channels["group"] = office.channels["group"].model_copy(update={"per_minute": 20})
    recorder = Recorder(TryAgain("errcode 45009"))

    def process(_number: int) -> None:
        with psycopg.connect(office.dsn, autocommit=True) as connection:
            post = office.post("group", recorder)
            while post.send_next(connection, lambda: office.now):
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, range(4)))
    assert len(recorder.messages) == 19  # and one attempt that failed
    office.now += timedelta(seconds=61)
    office.send("group", recorder)
    assert len(recorder.messages) == 39


def test_it_is_given_up_after_the_last_attempt(office: Office) -> None:
    waiting_in_group(office)
    recorder = Recorder(*[TryAgain("HTTP 502") for _ in range(6)])
    for _ in range(8):
        office.send("group", recorder)
        office.now += timedelta(minutes=10)
    assert recorder.messages == []
    assert office.one("select state from care.notice where channel = 'group'") == "failed"
    assert "channel_failed" in office.alarms()


def test_a_wrong_address_is_the_persons_not_the_channels(office: Office) -> None:
    office.channels["mail"] = mail()
    office.reached_at(office.doctor, "mail", "nobody@example.org")
    office.alert()
    office.look(1)
    office.send("mail", Recorder(MendAddress("SMTP 550")))
    assert "channel_failed" not in office.alarms()


def test_pages_ring_for_the_person(office: Office) -> None:
    with psycopg.connect(office.dsn, autocommit=True) as listener:
        listener.execute("listen notice")
        number = office.alert()
        office.look()
        office.send("page")
        (heard,) = listener.notifies(timeout=5, stop_after=1)
    assert heard.payload.split()[:3] == [str(office.doctor), "episode", str(number)]


HOLDS, GOES_ON = "holds", "goes on"


def test_kill_9_between_claim_and_send_loses_nothing_and_doubles_one_at_most(office: Office, tmp_path: Path) -> None:
    """The real process is killed while the robot has its request and has not answered; another takes over."""
    office.now = datetime.now(UTC)
    office.covered()
    mood = {"is": HOLDS}

    def robot(_asked: Asked) -> tuple[int, bytes]:
        deadline = time.monotonic() + WITHIN
        while mood["is"] == HOLDS and time.monotonic() < deadline:
            time.sleep(0.02)
        return 200, b'{"errcode": 0}'

    with answering(robot) as (address, asked):
        environment = configured(tmp_path, address, office.dsn)
        alerts = [office.alert(tier=2, name=name) for name in ("王秀英", "李建国", "赵淑兰")]
        first = notify(environment)
        wait_for(lambda: len(asked) == 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert office.one("select count(*) from care.notice where state = 'claimed'") == 1
        mood["is"] = GOES_ON
        second = notify(environment)
        try:
            wait_for(
                lambda: office.one("select count(*) from care.notice where channel = 'wecom' and state = 'sent'") == 3
            )
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(10) == 0
    texts = [json.loads(body)["text"]["content"] for _, _, body in asked]
    assert len(texts) == len(alerts) + 1
    assert [("可能重复" in text) for text in texts].count(True) == 1
    assert {text.splitlines()[-1].rsplit("/", 1)[1] for text in texts} == {str(alert) for alert in alerts}
    assert office.one("select count(*) from care.notice where repeated") == 1


def configured(folder: Path, address: str, dsn: str) -> dict[str, str]:
    """A configuration with one robot, whose lease is short."""
    config = Path(__file__).parents[2] / "config"
    own = folder / "config"
    own.mkdir()
    for entry in config.iterdir():
        if entry.name != "channels.yaml":
            (own / entry.name).symlink_to(entry)
    (own / "channels.yaml").write_text(
        "public_address: http://127.0.0.1\npoll_seconds: 0.1\nlease_seconds: 5\nfirst_retry_seconds: 1\n"
        "longest_retry_seconds: 2\nchannels:\n"
        "  wecom: {kind: wecom, enabled: true, way: app, per_minute: 100, timeout_seconds: 4}\n"
    )
    return {
        **os.environ,
        "MAIXUN_CONFIG": str(own),
        "MAIXUN_RUNTIME": str(folder),
        "MAIXUN_DATABASE": dsn,
        "MAIXUN_CHANNEL_WECOM_URL": f"{address}/send?key=secret",
        "MAIXUN_IDENTITY_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }


def notify(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The real process."""
    return subprocess.Popen([sys.executable, "-m", "maixun", "notify"], env=environment)


def wait_for(condition: object) -> None:
    """Until it holds, or the test fails."""
    deadline = time.monotonic() + WITHIN
    while not (callable(condition) and condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
