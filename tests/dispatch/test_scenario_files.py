from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.messages import LANGUAGES
from dispatch.model import VehicleKind
from dispatch.scenario_files import read_study
from dispatch.scenarios import Charging, setups
from dispatch.study_words import finding_sentence

EXAMPLE = Path(__file__).resolve().parents[2] / "dispatch" / "samples" / "phu_tho_study.yaml"

SMALL = """
vehicles:
  motorbike: {price: 22000000, energy_per_km: 700}
  electric_motorbike: {price: 30000000, energy_per_km: 175, range_km: 80, charging: swap}
fleet: {orders_per_courier: 30}
scenarios:
  - name: today
"""


def paths(text: str) -> dict[str, str]:
    return {each.path: each.code for each in read_study(text).findings}


def test_the_example_is_read_as_it_stands() -> None:
    read = read_study(EXAMPLE.read_text(encoding="utf-8"))
    assert read.findings == ()
    study = read.study
    assert study is not None
    today, electric, vans = study.scenarios
    assert today.count("motorbike") == electric.count("electric_motorbike") > 40
    assert vans.count("van") == today.count("van") + 2
    assert study.search is not None
    assert study.search.budget == 450_000_000


def test_a_small_file_has_the_defaults() -> None:
    study = read_study(SMALL).study
    assert study is not None
    kind = study.scenarios[0].types["electric_motorbike"]
    assert (kind.kind, kind.charging) == (VehicleKind.ELECTRIC_MOTORBIKE, Charging.SWAP)
    assert kind.range_metres == 80_000
    assert len(setups(study.scenarios[0])) == 13


def test_everything_wrong_is_told_at_once_with_its_path() -> None:
    text = """
study: {discount_rate: 3, replan_at: ["25:00"], baseline: nobody}
demand: {growth: fast}
vehicles:
  motorbike: {price: -5, energy_per_km: 700, colour: red}
  scooter: {kind: donkey, price: 1, energy_per_km: 1}
  electric_motorbike: {price: 1, energy_per_km: 1, charging: swap}
fleet: {BC999: {motorbike: 1}, BC227: {tank: 1}}
scenarios:
  - name: a
    add: {BC227: {motorbike: -3}}
    close_offices: [BC000]
  - name: a
"""
    found = paths(text)
    expected = {
        "study.discount_rate": "out_of_range",
        "study.replan_at[0]": "not_time",
        "study.baseline": "unknown_scenario",
        "demand.growth": "not_number",
        "vehicles.motorbike.price": "out_of_range",
        "vehicles.motorbike.colour": "unknown_key",
        "vehicles.scooter.kind": "unknown_kind",
        "vehicles.electric_motorbike.range_km": "range_missing",
        "fleet.BC999": "unknown_office",
        "fleet.BC227.tank": "unknown_type",
        "scenarios[0].add.BC227.motorbike": "fewer_than_none",
        "scenarios[0].close_offices[0]": "unknown_office",
        "scenarios[1].name": "duplicate",
    }
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    "text", ["", "- 1", "a: [", "scenarios: 5", "vehicles: {x: 3}", "fleet: {BC227: many}"]
)
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    read = read_study(text)
    assert read.study is None
    assert read.findings
    for lang in LANGUAGES:
        assert all(finding_sentence(each, "s.yaml", lang) for each in read.findings)


def test_an_office_without_a_vehicle_cannot_serve_its_demand() -> None:
    text = SMALL.replace("{orders_per_courier: 30}", "{BC227: {motorbike: 3}}")
    found = {(each.path, each.facts.get("office")) for each in read_study(text).findings}
    assert ("scenarios[0]", "BC240") in found


def test_offices_are_opened_and_closed() -> None:
    text = (
        SMALL
        + """
  - name: moved
    close_offices: [BC240]
    open_offices:
      BC300: {name: new, lat: 21.2, lon: 105.1, districts: ["238"]}
    add: {BC300: {motorbike: 4}}
"""
    )
    read = read_study(text)
    assert read.findings == ()
    assert read.study is not None
    by_id = {one.office: one for one in setups(read.study.scenarios[1])}
    assert "BC240" not in by_id
    # Tân Sơn goes to the nearest office that is left, and Thanh Sơn has two now.
    assert [o for o, s in by_id.items() if "240" in s.districts] == ["BC234"]
    assert [name for name, _ in by_id["BC238"].rivals] == ["BC300"]
