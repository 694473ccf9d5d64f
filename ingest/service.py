"""The ingest process: a subscriber, some writers, and a watch over them."""

from __future__ import annotations

import logging
import threading
import time

from devices import metrics as catalogue_of_metrics
from ingest import metrics
from ingest.inbox import Inbox
from ingest.outage import Outage
from ingest.settings import IngestSettings
from ingest.subscriber import Subscriber
from ingest.writer import Writer
from maixun import configuration

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
WRITERS_STOP_SECONDS = 3.0  # a batch under way is finished and acknowledged; together below the five of a clean stop
BROKER_STOP_SECONDS = 1.0


def run(settings: IngestSettings, database: str, broker: str, stop: threading.Event) -> int:
    """Work until `stop` is set; the exit code is 1 when a part has died, so that a supervisor starts a new process."""
    catalogue = catalogue_of_metrics.parse(configuration.load("metrics.yaml"))
    metrics.serve(settings.metrics_port)
    inbox = Inbox()
    metrics.WAITING.set_function(inbox.__len__)
    subscriber = Subscriber(settings, broker, inbox)
    outage = Outage()
    writers = [
        Writer(database, inbox, subscriber.answer, catalogue, settings, stop, outage) for _ in range(settings.writers)
    ]
    for writer in writers:
        writer.start()
    subscriber.start()
    code = _watch(subscriber, writers, stop)
    inbox.close()
    deadline = time.monotonic() + WRITERS_STOP_SECONDS
    for writer in writers:
        writer.join(max(0.0, deadline - time.monotonic()))
    subscriber.stop(BROKER_STOP_SECONDS)
    return code


def _watch(subscriber: Subscriber, writers: list[Writer], stop: threading.Event) -> int:
    while not stop.wait(LOOK_SECONDS):
        if not subscriber.alive():
            log.critical("the connection's thread has died: this process ends, what it held is delivered again")
            return 1
        if not all(writer.is_alive() for writer in writers):
            log.critical("a writer has died: this process ends, what it held is delivered again")
            return 1
    return 0
