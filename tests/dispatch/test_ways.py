from __future__ import annotations

from dispatch.views import courier_sheets
from dispatch.ways import ways
from geo.errors import UnreachableError
from geo.types import LatLon
from tests.dispatch.day_plans import tiny_day_plan


class Bending:
    """Every way bends in its middle, but none leads back to where the first one began."""

    def __init__(self) -> None:
        self.home: LatLon | None = None

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        self.home = self.home or origin
        if destination == self.home:
            raise UnreachableError(pairs=[(0, 1)], profile=profile)
        bend = LatLon(lat=(origin.lat + destination.lat) / 2 + 1, lon=origin.lon)
        return [origin, bend, destination]


def test_a_route_s_line_goes_along_the_road_and_straight_where_none_is_known() -> None:
    sheet = courier_sheets(tiny_day_plan())[0]
    points = [row.point for row in sheet.rows if row.point is not None]
    assert sheet.start is not None
    assert sheet.start == sheet.end
    line = ways([sheet], Bending())[sheet.courier]
    assert line[0] == line[-1] == sheet.start
    # Each stop on the way is there, with a bend before it; ways home (at noon too) have none.
    assert [point for point in line if point.lat < 22][1:-1] == points
    assert line[-2] == points[-1]
    assert sum(point.lat > 22 for point in line) == sum(p != sheet.start for p in points) == 4
