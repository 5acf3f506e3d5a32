"""
Scenario files: YAML in, a `Study` out, or everything that is wrong with it at once.

The file says only what differs from the defaults; SCENARIOS.md lists every field. Nothing is
executed or fetched: only YAML's plain values are read. A finding names the path of the field in
the file, such as `scenarios[1].add.BC227.van`, the value, and what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml

from dispatch.demand import ORDERS_PER_DAY, Demand, from_facts
from dispatch.model import Office, VehicleKind
from dispatch.samples.fleet import sample_offices
from dispatch.scenario_values import StudyFinding, Values, at
from dispatch.scenarios import (
    Charging,
    Crew,
    Noise,
    Scenario,
    Search,
    ServiceValue,
    Shift,
    Study,
    VehicleType,
    changed,
    default_fleet,
    with_office,
    without_office,
)
from geo.types import LatLon

_HOUR = 3600
_CREW = Crew()
_SHIFT = Shift()
_SENSITIVE = ("energy", "wage", "price", "growth")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStudy:
    """A study, or None where the findings stand in its way."""

    study: Study | None
    findings: tuple[StudyFinding, ...]


def read_study(text: str, *, demand: Demand | None = None) -> ReadStudy:
    """
    Return the study that a file's text describes.

    Parameters
    ----------
    demand
        Fitted on past days; replaces the file's orders per day.
    """
    try:
        held = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f"{mark.line + 1}:{mark.column + 1}"
        said = str(getattr(error, "problem", None) or error)
        finding = StudyFinding(path=where, code="not_yaml", value=said)
        return ReadStudy(study=None, findings=(finding,))
    reader = _Reader()
    study = reader.study(held, demand)
    return ReadStudy(study=None if reader.findings else study, findings=tuple(reader.findings))


class _Reader(Values):
    """Reads one file and keeps what is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.offices: tuple[Office, ...] = tuple(sample_offices())
        self.districts = {code for office in self.offices for code in office.districts}

    # ---- the file ---------------------------------------------------------------------------

    def study(self, held: object, demand: Demand | None) -> Study | None:
        top = self.table(
            held, "", ("study", "demand", "noise", "vehicles", "crew", "shift", "value", "fleet",
                       "scenarios", "search", "sensitivity"),
        )  # fmt: skip
        types = self.types(top.get("vehicles"), "vehicles")
        terms = self.table(
            top.get("study"), "study",
            ("name", "start", "years", "horizon_years", "discount_rate", "working_days",
             "confidence", "block_days", "warm_up_days", "iterations", "replan_at",
             "give_up_after_days", "baseline"),
        )  # fmt: skip
        start = terms.get("start", date(2027, 1, 4))
        if not isinstance(start, date):
            self.wrong("study.start", "not_date", start)
            start = date(2027, 1, 4)
        wanted = self.demand(top.get("demand"), demand)
        fleet = self.fleet(top.get("fleet"), types, wanted, start)
        crew, shift = self.crew(top.get("crew"), "crew"), self.shift(top.get("shift"), "shift")
        scenarios = self.scenarios(top.get("scenarios"), types, fleet, crew, shift)
        baseline = str(terms.get("baseline") or (scenarios[0].name if scenarios else ""))
        if scenarios:
            names = [one.name for one in scenarios]
            self.known(baseline, "study.baseline", names, "unknown_scenario")
        horizon = self.whole(terms, "horizon_years", "study", 5, least=1, most=30)
        years = self.rows(terms.get("years"), "study.years") or [1, horizon]
        if not all(isinstance(y, int) and 1 <= y <= horizon for y in years):
            self.wrong("study.years", "out_of_range", years, least=1, most=horizon)
            years = [1]
        replan = self.rows(terms.get("replan_at", ["09:30", "14:00"]), "study.replan_at")
        return Study(
            name=str(terms.get("name") or "study"),
            scenarios=scenarios,
            baseline=baseline,
            demand=wanted,
            start=start,
            years=tuple(sorted(set(years))),
            horizon=horizon,
            discount=self.number(terms, "discount_rate", "study", 0.10, most=1),
            working_days=self.whole(terms, "working_days", "study", 250, least=1, most=366),
            confidence=self.number(terms, "confidence", "study", 0.95, least=0.5, most=0.999),
            block_days=self.whole(terms, "block_days", "study", 5, least=1, most=60),
            warm_up=self.whole(terms, "warm_up_days", "study", 1, most=20),
            iterations=self.whole(terms, "iterations", "study", 300, least=1, most=1_000_000),
            replan_at=tuple(
                self.time(each, f"study.replan_at[{n}]") for n, each in enumerate(replan)
            ),
            give_up_after=self.whole(terms, "give_up_after_days", "study", 5, least=1, most=60),
            noise=self.noise(top.get("noise")),
            value=self.value(top.get("value")),
            search=self.search(top.get("search"), types),
            sensitivity=self.sensitivity(top.get("sensitivity")),
        )

    def demand(self, held: object, fitted: Demand | None) -> Demand:
        given = self.table(
            held, "demand", ("orders_per_day", "growth", "day_sigma", "district_sigma", "called_in")
        )
        growth = self.number(given, "growth", "demand", 0.0, least=-0.9, most=5)
        daily = self.number(
            given, "orders_per_day", "demand", ORDERS_PER_DAY, least=1, most=1_000_000
        )
        base = from_facts(orders_per_day=daily) if fitted is None else fitted
        return replace(
            base,
            growth=growth,
            day_sigma=self.number(given, "day_sigma", "demand", base.day_sigma, most=2),
            district_sigma=self.number(
                given, "district_sigma", "demand", base.district_sigma, most=2
            ),
            called_in=self.number(given, "called_in", "demand", base.called_in, most=1),
        )

    def noise(self, held: object) -> Noise:
        usual = Noise()
        keys = ("travel_day", "travel_place", "service", "customer_absent", "courier_absent")
        given = self.table(held, "noise", (*keys, "absent_seconds", "breakdowns"))
        shares = {
            key: self.number(given, key, "noise", getattr(usual, key), most=0.95) for key in keys
        }
        return Noise(
            **shares,
            absent_seconds=self.whole(given, "absent_seconds", "noise", 60, most=3600),
            breakdowns=bool(given.get("breakdowns", True)),
        )

    def value(self, held: object) -> ServiceValue:
        given = self.table(held, "value", ("late", "given_up"))
        return ServiceValue(
            late=self.whole(given, "late", "value", 20_000),
            given_up=self.whole(given, "given_up", "value", 100_000),
        )

    def crew(self, held: object, path: str, usual: Crew = _CREW) -> Crew:
        given = self.table(
            held, path,
            ("wage_per_hour", "overtime_per_hour", "overtime_after_hours", "guaranteed_hours"),
        )  # fmt: skip
        after = self.number(
            given, "overtime_after_hours", path, usual.overtime_after / _HOUR, most=24
        )
        return Crew(
            wage_per_hour=self.whole(given, "wage_per_hour", path, usual.wage_per_hour),
            overtime_per_hour=self.whole(given, "overtime_per_hour", path, usual.overtime_per_hour),
            overtime_after=round(after * _HOUR),
            guaranteed_hours=self.number(
                given, "guaranteed_hours", path, usual.guaranteed_hours, most=12
            ),
        )

    def shift(self, held: object, path: str, usual: Shift = _SHIFT) -> Shift:
        given = self.table(
            held, path, ("hours", "lunch", "lunch_minutes", "noon_return", "noon_minutes")
        )
        hours = self.window(given.get("hours"), f"{path}.hours") or usual.hours
        return Shift(
            hours=hours,
            lunch=self.window(given["lunch"], f"{path}.lunch") if "lunch" in given else usual.lunch,
            lunch_seconds=self.whole(
                given, "lunch_minutes", path, usual.lunch_seconds / 60, most=240
            ) * 60,
            noon_return=(
                self.window(given["noon_return"], f"{path}.noon_return")
                if "noon_return" in given
                else usual.noon_return
            ),
            noon_seconds=self.whole(
                given, "noon_minutes", path, usual.noon_seconds / 60, most=240
            ) * 60,
        )  # fmt: skip

    def types(self, held: object, path: str) -> dict[str, VehicleType]:
        found = {}
        for name, given in self.table(held, path).items():
            found[name] = self.type(name, given, at(path, name))
        if not found:
            self.wrong(path, "missing")
        return found

    def type(self, name: str, held: object, path: str) -> VehicleType:
        given = self.table(
            held, path,
            ("kind", "price", "life_years", "residual", "finance_rate", "energy_per_km",
             "energy_per_km_100kg", "maintenance_per_km", "per_year", "co2_grams_per_km",
             "capacity_kg", "capacity_litres", "range_km", "charging", "swap_minutes",
             "breakdowns_per_1000_days", "breakdown_cost", "wage_per_hour"),
        )  # fmt: skip
        kinds = [kind.value for kind in VehicleKind]
        kind = str(given.get("kind", name))
        known = self.known(kind, at(path, "kind"), kinds, "unknown_kind")
        modes = [mode.value for mode in Charging]
        charging = str(given.get("charging", Charging.FUEL.value))
        charged = self.known(charging, at(path, "charging"), modes, "unknown_charging")
        limit = self.number(given, "range_km", path, 0, most=5_000)
        if charged and charging != Charging.FUEL.value and not limit:
            self.wrong(at(path, "range_km"), "range_missing", "", charging=charging)
        price = self.whole(given, "price", path, None)
        wage = given.get("wage_per_hour")
        return VehicleType(
            name=name,
            kind=VehicleKind(kind) if known else VehicleKind.MOTORBIKE,
            price=price,
            life_years=self.number(given, "life_years", path, 8, least=0.5, most=50),
            residual=self.whole(given, "residual", path, 0, most=max(price, 0)),
            finance_rate=self.number(given, "finance_rate", path, 0.0, most=1),
            energy_per_km=self.whole(given, "energy_per_km", path, None),
            energy_per_km_100kg=self.whole(given, "energy_per_km_100kg", path, 0),
            maintenance_per_km=self.whole(given, "maintenance_per_km", path, 0),
            per_year=self.whole(given, "per_year", path, 0),
            co2_grams_per_km=self.whole(given, "co2_grams_per_km", path, 0),
            capacity_grams=round(self.number(given, "capacity_kg", path, 40, least=1) * 1000),
            capacity_cubic_cm=round(
                self.number(given, "capacity_litres", path, 200, least=1) * 1000
            ),
            range_metres=round(limit * 1000) or None,
            charging=Charging(charging) if charged else Charging.FUEL,
            swap_seconds=round(self.number(given, "swap_minutes", path, 2, most=600) * 60),
            breakdowns=self.number(given, "breakdowns_per_1000_days", path, 0, most=1000),
            breakdown_cost=self.whole(given, "breakdown_cost", path, 0),
            wage_per_hour=None if wage is None else self.whole(given, "wage_per_hour", path, None),
        )

    def fleet(
        self, held: object, types: Mapping[str, VehicleType], demand: Demand, start: date
    ) -> dict[str, dict[str, int]]:
        given = self.table(held, "fleet")
        share = given.pop("orders_per_courier", None)
        serving = [office.id for office in self.offices if office.districts]
        if share is not None:
            number = self.number({"orders_per_courier": share}, "orders_per_courier", "fleet", 20,
                                 least=0.5, most=500)  # fmt: skip
            bikes = [t.name for t in types.values() if t.kind is not VehicleKind.VAN]
            vans = [t.name for t in types.values() if t.kind is VehicleKind.VAN]
            if not bikes:
                self.wrong("vehicles", "missing")
                return {}
            usual = default_fleet(
                demand.orders_per_day * 7.5 / number,
                bike=bikes[0], van=vans[0] if vans else bikes[0], on=start,
            )  # fmt: skip
        else:
            usual = {}
        for office, counts in given.items():
            path = f"fleet.{office}"
            if self.known(office, path, serving, "unknown_office"):
                usual[office] = self.counts(counts, path, types, least=0)
        for office in serving if not given and share is None else ():
            self.wrong(f"fleet.{office}", "missing")
        return usual

    def counts(
        self, held: object, path: str, types: Mapping[str, VehicleType], *, least: int = -10_000
    ) -> dict[str, int]:
        found = {}
        for name in self.table(held, path):
            if self.known(name, at(path, name), list(types), "unknown_type"):
                found[name] = self.whole(
                    self.table(held, path), name, path, 0, least=least, most=10_000
                )
        return found

    # ---- scenarios --------------------------------------------------------------------------

    def scenarios(
        self,
        held: object,
        types: Mapping[str, VehicleType],
        fleet: Mapping[str, Mapping[str, int]],
        crew: Crew,
        shift: Shift,
    ) -> tuple[Scenario, ...]:
        found: list[Scenario] = []
        for number, given in enumerate(self.rows(held, "scenarios")):
            path = f"scenarios[{number}]"
            one = self.scenario(given, path, types, fleet, crew, shift)
            if any(other.name == one.name for other in found):
                self.wrong(f"{path}.name", "duplicate", one.name)
            found.append(one)
        if not found:
            self.wrong("scenarios", "missing")
        return tuple(found)

    def scenario(
        self,
        held: object,
        path: str,
        types: Mapping[str, VehicleType],
        fleet: Mapping[str, Mapping[str, int]],
        crew: Crew,
        shift: Shift,
    ) -> Scenario:
        given = self.table(
            held, path,
            ("name", "add", "replace", "open_offices", "close_offices", "vehicles", "crew",
             "shift", "one_off", "per_year", "promise_days"),
        )  # fmt: skip
        name = str(given.get("name") or "")
        if not name:
            self.wrong(f"{path}.name", "missing")
        offices = self.offices_of(given, path)
        serving = [office.id for office in offices if office.districts]
        mine: dict[str, dict[str, int]] = {
            office: dict(counts) for office, counts in fleet.items() if office in serving
        }
        own = dict(types)
        for kind, change in self.table(given.get("vehicles"), f"{path}.vehicles").items():
            where = f"{path}.vehicles.{kind}"
            if self.known(kind, where, list(types), "unknown_type"):
                own[kind] = self.changed_type(types[kind], change, where)
        for number, swap in enumerate(self.rows(given.get("replace"), f"{path}.replace")):
            self.swap(swap, f"{path}.replace[{number}]", own, mine, serving)
        for office, counts in self.table(given.get("add"), f"{path}.add").items():
            where = f"{path}.add.{office}"
            if self.known(office, where, serving, "unknown_office"):
                mine = changed(mine, office, self.counts(counts, where, types))
        for office in serving:
            counts = mine.get(office, {})
            for kind, count in counts.items():
                if count < 0:
                    self.wrong(f"{path}.add.{office}.{kind}", "fewer_than_none", count)
            if fleet and sum(counts.values()) <= 0:
                self.wrong(f"{path}", "no_vehicle", "", office=office)
        days = given.get("promise_days")
        promised = None
        if days is not None:
            listed = self.rows(days, f"{path}.promise_days")
            if len(listed) == 2 and all(isinstance(d, int) and 1 <= d <= 30 for d in listed):
                promised = (listed[0], listed[1])
            else:
                self.wrong(f"{path}.promise_days", "not_promise", days)
        return Scenario(
            name=name,
            fleet=mine,
            offices=offices,
            types=own,
            crew=self.crew(given.get("crew"), f"{path}.crew", crew),
            shift=self.shift(given.get("shift"), f"{path}.shift", shift),
            one_off=self.whole(given, "one_off", path, 0),
            per_year=self.whole(given, "per_year", path, 0),
            promise_days=promised,
        )

    def changed_type(self, usual: VehicleType, held: object, path: str) -> VehicleType:
        given = self.table(
            held, path, ("price", "energy_per_km", "maintenance_per_km", "per_year", "residual")
        )
        return replace(
            usual,
            price=self.whole(given, "price", path, usual.price),
            energy_per_km=self.whole(given, "energy_per_km", path, usual.energy_per_km),
            maintenance_per_km=self.whole(
                given, "maintenance_per_km", path, usual.maintenance_per_km
            ),
            per_year=self.whole(given, "per_year", path, usual.per_year),
            residual=self.whole(given, "residual", path, usual.residual),
        )

    def swap(
        self,
        held: object,
        path: str,
        types: Mapping[str, VehicleType],
        fleet: dict[str, dict[str, int]],
        serving: Sequence[str],
    ) -> None:
        given = self.table(held, path, ("from", "to", "share", "offices"))
        old, new = str(given.get("from", "")), str(given.get("to", ""))
        good = self.known(old, f"{path}.from", list(types), "unknown_type")
        good = self.known(new, f"{path}.to", list(types), "unknown_type") and good
        share = self.number(given, "share", path, 1.0, most=1)
        where = serving
        if given.get("offices") is not None:
            where = self.names(given["offices"], f"{path}.offices", serving, "unknown_office")
        for office in where if good else ():
            counts = fleet.setdefault(office, {})
            moved = round(counts.get(old, 0) * share)
            counts[old] = counts.get(old, 0) - moved
            counts[new] = counts.get(new, 0) + moved

    def offices_of(self, given: Mapping[str, Any], path: str) -> tuple[Office, ...]:
        offices = self.offices
        serving = [office.id for office in offices if office.districts]
        for name in self.names(
            given.get("close_offices"), f"{path}.close_offices", serving, "unknown_office"
        ):
            if sum(bool(office.districts) for office in offices) > 1:
                offices = without_office(offices, name)
        for name, held in self.table(given.get("open_offices"), f"{path}.open_offices").items():
            where = f"{path}.open_offices.{name}"
            row = self.table(held, where, ("name", "lat", "lon", "districts"))
            if name in {office.id for office in offices}:
                self.wrong(where, "duplicate", name)
                continue
            districts = self.names(
                row.get("districts"), f"{where}.districts", sorted(self.districts),
                "unknown_district",
            )  # fmt: skip
            lat = self.number(row, "lat", where, None, least=20, most=23)
            lon = self.number(row, "lon", where, None, least=103, most=107)
            opened = Office(
                id=name, name=str(row.get("name") or name), point=LatLon(lat=lat, lon=lon),
                districts=districts,
            )  # fmt: skip
            offices = with_office(offices, opened)
        return offices

    def search(self, held: object, types: Mapping[str, VehicleType]) -> Search | None:
        if held is None:
            return None
        given = self.table(held, "search", ("budget", "add", "replace", "offices", "step"))
        serving = [office.id for office in self.offices if office.districts]
        swaps = []
        for number, pair in enumerate(self.rows(given.get("replace"), "search.replace")):
            path = f"search.replace[{number}]"
            row = self.table(pair, path, ("from", "to"))
            old, new = str(row.get("from", "")), str(row.get("to", ""))
            good = self.known(old, f"{path}.from", list(types), "unknown_type")
            if self.known(new, f"{path}.to", list(types), "unknown_type") and good:
                swaps.append((old, new))
        return Search(
            budget=self.whole(given, "budget", "search", None),
            add=self.names(given.get("add"), "search.add", list(types), "unknown_type"),
            swap=tuple(swaps),
            offices=self.names(given.get("offices"), "search.offices", serving, "unknown_office"),
            step=self.whole(given, "step", "search", 1, least=1, most=100),
        )

    def sensitivity(self, held: object) -> dict[str, float]:
        usual = {"energy": 0.3, "wage": 0.2, "price": 0.2, "growth": 0.5}
        given = self.table(held, "sensitivity", _SENSITIVE)
        return {
            key: self.number(given, key, "sensitivity", usual[key], most=0.95) for key in _SENSITIVE
        }
