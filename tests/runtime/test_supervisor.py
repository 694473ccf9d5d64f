"""What dies is started again, ever more patiently, and the person reading is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from maixun.runtime.errors import ServiceFailed
from maixun.runtime.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Supervisor


class Process:
    """A process that lives until the test ends it."""

    name = "ingest"
    log = Path("ingest.log")

    def __init__(self) -> None:
        self.running = True
        self.starts = 0
        self.fails_to_start = False

    def start(self) -> None:
        self.starts += 1
        if self.fails_to_start:
            raise ServiceFailed("no room on the disk")
        self.running = True


class Scene:
    """One supervised process, a clock moved by hand, and what was said."""

    def __init__(self) -> None:
        self.process = Process()
        self.now = 0.0
        self.said: list[str] = []
        self.supervisor = Supervisor([self.process], self.said.append, clock=lambda: self.now)

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.supervisor.look()

    def dies(self) -> None:
        self.process.running = False
        self.supervisor.look()

    def seconds_until_restart(self) -> float:
        """How long it waits after a death, looking every tenth of a second."""
        self.dies()
        began, starts = self.now, self.process.starts
        while self.process.starts == starts:
            self.after(0.1)
            assert self.now < began + 2 * LONGEST_PAUSE
        return self.now - began


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_healthy_process_is_left_alone(scene: Scene) -> None:
    scene.after(1)
    scene.after(1000)
    assert (scene.process.starts, scene.said) == (0, [])


def test_the_pause_doubles_up_to_its_limit(scene: Scene) -> None:
    pauses = [scene.seconds_until_restart() for _ in range(8)]
    expected = [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(8)]
    assert pauses == pytest.approx(expected, abs=0.15)


def test_a_death_is_said_once_however_often_it_happens(scene: Scene) -> None:
    for _ in range(5):
        scene.seconds_until_restart()
    assert len(scene.said) == 1
    assert "ingest.log" in scene.said[0]


def test_after_a_steady_time_it_counts_as_healthy_again(scene: Scene) -> None:
    for _ in range(4):
        scene.seconds_until_restart()
    scene.after(STEADY)
    assert scene.seconds_until_restart() == pytest.approx(FIRST_PAUSE, abs=0.15)
    assert len(scene.said) == 2


def test_a_server_that_cannot_start_is_tried_again(scene: Scene) -> None:
    scene.process.fails_to_start = True
    scene.seconds_until_restart()
    assert "no room on the disk" in scene.said
    scene.process.fails_to_start = False
    scene.seconds_until_restart()
    assert scene.process.running
