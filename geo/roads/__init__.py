"""Real roads from OpenStreetMap: reading, simplifying, storing, and travel between points."""

from geo.roads.build import BuildSummary, build
from geo.roads.provider import RoadProvider
from geo.roads.travel import RoadTravel

__all__ = ["BuildSummary", "RoadProvider", "RoadTravel", "build"]
