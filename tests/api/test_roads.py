"""The commands on roads, run as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from geo.types import LatLon
from tests.geo.roads_by_hand import osm_file

POINTS = {k: LatLon(lat=21.30 + 0.01 * k, lon=105.40) for k in range(3)}


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    source = osm_file(
        tmp_path / "x.osm", POINTS, [([0, 1, 2], {"highway": "tertiary", "name": "Đường Âu Cơ"})]
    )
    run = CliRunner().invoke(app, ["roads", "build", str(source), "--out", str(tmp_path / "roads")])
    assert run.exit_code == 0, run.output
    assert "2 nút giao, 1 đoạn đường, 2.2 km" in run.output
    return tmp_path / "roads"


def test_a_way_is_told_in_both_languages(roads: Path) -> None:
    ends = ["--from", "21.30,105.40", "--to", "21.32,105.40"]
    run = CliRunner().invoke(app, ["roads", "route", str(roads), *ends])
    assert "Xuất phát vào Đường Âu Cơ, đi 2,2 km" in run.output
    run = CliRunner().invoke(app, ["roads", "route", str(roads), *ends, "--lang", "en", "--json"])
    said = json.loads(run.output)
    assert said["steps"] == ["Set out onto Đường Âu Cơ and go 2.2 km", "You have arrived"]
    assert said["line"][0] == [105.40, 21.30]


def test_what_a_graph_holds_is_told_again(roads: Path) -> None:
    run = CliRunner().invoke(app, ["roads", "info", str(roads), "--json"])
    assert json.loads(run.output)["summary"]["edges"] == 1


def test_trouble_is_told_in_the_language_asked_for(roads: Path) -> None:
    words = ["roads", "route", str(roads), "--from", "42,1", "--to", "43,1", "--lang"]
    assert "road graph covers 21.30" in CliRunner().invoke(app, [*words, "en"]).output
    assert "không điểm nào có đường cho xe máy" in CliRunner().invoke(app, [*words, "vi"]).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["route", "{roads}", "--from", "x", "--to", "21.3,105.4"], "is no point"),
        (["route", "{roads}", "--from", "42,1", "--to", "43,1"], "bản đồ đường gồm 21.30"),
        (["info", "{roads}/.."], "buuta roads build"),
        (["build", "nothing.osm.pbf", "--out", "{roads}2"], "vietnam-latest"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(
    roads: Path, words: list[str], said: str
) -> None:
    run = CliRunner().invoke(app, ["roads", *(w.format(roads=roads) for w in words)])
    assert run.exit_code == 2
    assert said in run.output
    assert "Traceback" not in run.output
