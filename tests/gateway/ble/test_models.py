"""Every model that the catalogue calls verified is: by an emulated meter that is visited, or by real packets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.catalogue import Verified
from tests.gateway.ble.models import cuffs, glucose_meters, scales
from tests.gateway.ble.models.telling import ADDRESS, STORIES
from tests.gateway.ble.station import MODELS, Station
from tests.harness.radio.air import Air

TOLD_BY = (cuffs, glucose_meters, scales)
VECTORS = Path(__file__).parents[2] / "devices"


@pytest.mark.parametrize("model", STORIES)
async def test_it_is_visited_as_its_maker_made_it(model: str, radio: Air, station: Station) -> None:
    await STORIES[model](radio, station)
    assert station.meter(ADDRESS).model == model


def test_an_emulated_model_has_its_story() -> None:
    emulated = {model.name for model in (*MODELS.models, MODELS.standard) if Verified.EMULATED in model.verified}
    assert set(STORIES) == emulated


def test_a_captured_model_has_real_packets_among_the_vectors() -> None:
    files = [json.loads((VECTORS / f"{name}.json").read_text()) for name in ("ble_vectors", "more_vectors")]
    sources = " ".join(vector["source"] for file in files for vector in file if vector.get("kind") == "real")
    for model in MODELS.models:
        if Verified.CAPTURED in model.verified:
            project = model.source.replace(":", " ").replace("#", " ").split()[0]
            assert project in sources, f"{model.name}: no real packet from {project}"
