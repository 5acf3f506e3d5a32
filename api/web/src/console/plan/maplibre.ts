/** The map on WebGL2. */

import {
  type GeoJSONSource,
  LngLatBounds,
  Marker as MapMarker,
  type MapMouseEvent,
  Map as MapView,
  type StyleSpecification,
  setWorkerUrl,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import {
  type Chart,
  type ChartOptions,
  corners,
  type Emphasis,
  type Hit,
  type LatLon,
  type Marker,
  type MarkerOptions,
  middleOf,
  type Scene,
} from "./chart";

const FONT = "Be Vietnam Pro";
const NONE: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
/** What can be hit, the first one first. */
const HIT = ["picked", "stops", "trucks-stops", "clusters", "offices", "ways", "trucks"];

function style(options: ChartOptions): StyleSpecification {
  const { background } = options;
  const districts = background.districts as unknown as GeoJSON.FeatureCollection;
  const named: GeoJSON.Feature[] = districts.features.flatMap((one) => {
    const at = middleOf(one.geometry);
    return at
      ? [
          {
            type: "Feature",
            properties: one.properties,
            geometry: { type: "Point", coordinates: at },
          },
        ]
      : [];
  });
  const offices: GeoJSON.Feature[] = background.offices.map((one) => ({
    type: "Feature",
    properties: { id: one.id, name: one.name },
    geometry: { type: "Point", coordinates: [one.point.lon, one.point.lat] },
  }));
  const tiles = options.tiles !== "";
  return {
    version: 8,
    sources: {
      districts: { type: "geojson", data: districts },
      names: { type: "geojson", data: { ...NONE, features: named } },
      rivers: { type: "geojson", data: background.rivers as unknown as GeoJSON.FeatureCollection },
      roads: { type: "geojson", data: background.roads as unknown as GeoJSON.FeatureCollection },
      offices: { type: "geojson", data: { ...NONE, features: offices } },
      ways: { type: "geojson", data: NONE, promoteId: "courier" },
      stops: {
        type: "geojson",
        data: NONE,
        cluster: true,
        clusterMaxZoom: 11,
        clusterRadius: 34,
        clusterMinPoints: 4,
      },
      picked: { type: "geojson", data: NONE },
      trucks: { type: "geojson", data: NONE },
      ...(tiles && {
        tiles: {
          type: "raster" as const,
          tiles: [options.tiles],
          tileSize: 256,
          attribution: options.tilesCredit,
        },
      }),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#eef1ee" } },
      ...(tiles
        ? [
            {
              id: "tiles",
              type: "raster" as const,
              source: "tiles",
              paint: { "raster-opacity": 0.75 },
            },
          ]
        : []),
      {
        id: "districts",
        type: "fill",
        source: "districts",
        paint: { "fill-color": "#fbfaf6", "fill-opacity": tiles ? 0 : 1 },
      },
      {
        id: "rivers",
        type: "line",
        source: "rivers",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": "#a9cbe8",
          "line-width": ["interpolate", ["linear"], ["zoom"], 8, 3, 13, 9],
        },
      },
      {
        id: "roads",
        type: "line",
        source: "roads",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": "#d9cfb4",
          "line-width": ["interpolate", ["linear"], ["zoom"], 8, 1, 13, 3.5],
        },
      },
      {
        id: "borders",
        type: "line",
        source: "districts",
        paint: { "line-color": "#9aa3ad", "line-width": 1.2, "line-dasharray": [3, 2] },
      },
      {
        id: "names",
        type: "symbol",
        source: "names",
        layout: {
          "text-field": ["get", "name"],
          "text-font": [FONT],
          "text-size": 13,
          "text-allow-overlap": true,
          "text-ignore-placement": true,
        },
        paint: { "text-color": "#7a8490", "text-halo-color": "#fff", "text-halo-width": 1.5 },
      },
      {
        id: "ways",
        type: "line",
        source: "ways",
        filter: ["!", ["get", "truck"]],
        layout: { "line-join": "round" },
        paint: {
          "line-color": ["get", "colour"],
          "line-width": ["case", ["boolean", ["feature-state", "on"], false], 3.2, 1.3],
          "line-opacity": [
            "case",
            ["boolean", ["feature-state", "on"], false],
            0.95,
            ["boolean", ["feature-state", "dim"], false],
            0.1,
            0.5,
          ],
        },
      },
      {
        id: "trucks-edge",
        type: "line",
        source: "ways",
        filter: ["get", "truck"],
        layout: { "line-join": "round" },
        paint: {
          "line-color": "#fff",
          "line-width": 6,
          "line-opacity": ["case", ["boolean", ["feature-state", "dim"], false], 0, 0.9],
        },
      },
      {
        id: "trucks",
        type: "line",
        source: "ways",
        filter: ["get", "truck"],
        layout: { "line-join": "round" },
        paint: {
          "line-color": ["case", ["boolean", ["feature-state", "on"], false], "#12355b", "#39424e"],
          "line-width": ["case", ["boolean", ["feature-state", "on"], false], 5, 3],
          "line-dasharray": [2.4, 1.2],
          "line-opacity": ["case", ["boolean", ["feature-state", "dim"], false], 0.12, 0.85],
        },
      },
      {
        id: "clusters",
        type: "circle",
        source: "stops",
        filter: ["has", "point_count"],
        paint: {
          "circle-color": "#ffffff",
          "circle-stroke-color": "#5b6b7c",
          "circle-stroke-width": 1.6,
          "circle-radius": [
            "interpolate",
            ["linear"],
            ["get", "point_count"],
            4,
            9,
            60,
            17,
            400,
            25,
          ],
          "circle-opacity": 0.92,
        },
      },
      {
        id: "counts",
        type: "symbol",
        source: "stops",
        filter: ["has", "point_count"],
        layout: {
          "text-field": ["get", "point_count_abbreviated"],
          "text-font": [FONT],
          "text-size": 11,
          "text-allow-overlap": true,
        },
        paint: { "text-color": "#22303f" },
      },
      {
        id: "stops",
        type: "circle",
        source: "stops",
        filter: ["!", ["has", "point_count"]],
        paint: {
          "circle-color": ["get", "colour"],
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 2.6, 13, 5.5],
          "circle-stroke-width": ["case", ["get", "late"], 2.2, 1],
          "circle-stroke-color": ["case", ["get", "late"], "#b3261e", "#ffffff"],
        },
      },
      {
        id: "trucks-stops",
        type: "circle",
        source: "trucks",
        paint: {
          "circle-color": "#39424e",
          "circle-radius": 4,
          "circle-stroke-width": 1.5,
          "circle-stroke-color": "#ffc845",
        },
      },
      {
        id: "offices",
        type: "circle",
        source: "offices",
        paint: {
          "circle-color": "#12355b",
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 5, 13, 9],
          "circle-stroke-color": "#ffc845",
          "circle-stroke-width": 2.5,
        },
      },
      {
        id: "picked",
        type: "circle",
        source: "picked",
        paint: {
          "circle-color": ["get", "colour"],
          "circle-radius": ["case", ["get", "strong"], 11, 8.5],
          "circle-stroke-width": ["case", ["get", "strong"], 3.5, 1.5],
          "circle-stroke-color": [
            "case",
            ["get", "strong"],
            "#ffb000",
            ["get", "late"],
            "#b3261e",
            "#ffffff",
          ],
        },
      },
      {
        id: "numbers",
        type: "symbol",
        source: "picked",
        layout: {
          "text-field": ["to-string", ["get", "number"]],
          "text-font": [FONT],
          "text-size": 10,
          "text-allow-overlap": true,
          "text-ignore-placement": true,
        },
        paint: { "text-color": "#ffffff" },
      },
      {
        id: "office-names",
        type: "symbol",
        source: "offices",
        minzoom: 9.2,
        layout: {
          "text-field": ["get", "name"],
          "text-font": [FONT],
          "text-size": 12,
          "text-offset": [0, 1.1],
          "text-anchor": "top",
          "text-optional": true,
        },
        paint: { "text-color": "#12355b", "text-halo-color": "#fff", "text-halo-width": 1.8 },
      },
    ],
  };
}

export async function make(element: HTMLElement, options: ChartOptions): Promise<Chart> {
  setWorkerUrl(worker);
  await document.fonts.load(`400 16px "${FONT}"`, "Điện ẳỷữ");
  const map = new MapView({
    container: element,
    style: style(options),
    bounds: boundsOf(corners(options.background)),
    fitBoundsOptions: { padding: 24 },
    attributionControl: options.tilesCredit ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    maxZoom: 18,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const ready = new Promise<void>((done) => {
    map.once("load", () => {
      // The frame may have taken its size meanwhile.
      map.resize();
      map.fitBounds(boundsOf(corners(options.background)), { padding: 20, duration: 0 });
      done();
    });
  });
  return new GlChart(map, element, ready);
}

function boundsOf(points: readonly LatLon[]): LngLatBounds {
  const bounds = new LngLatBounds();
  for (const { lon, lat } of points) bounds.extend([lon, lat]);
  return bounds;
}

class GlChart implements Chart {
  readonly kind = "webgl";
  private scene: Scene = { ways: [], marks: [] };
  private stated = new Set<string>();
  private last: Emphasis = { couriers: new Set(), orders: new Set(), hovered: null };

  constructor(
    private readonly map: MapView,
    readonly element: HTMLElement,
    private readonly ready: Promise<void>,
  ) {}

  private put(source: string, features: GeoJSON.Feature[]): void {
    this.map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
  }

  draw(scene: Scene): void {
    this.scene = scene;
    void this.ready.then(() => {
      if (this.scene !== scene) return;
      this.map.removeFeatureState({ source: "ways" });
      this.stated.clear();
      this.put(
        "ways",
        scene.ways.map((way) => ({
          type: "Feature",
          properties: { courier: way.courier, truck: way.truck, colour: way.colour },
          geometry: { type: "LineString", coordinates: way.points.map((p) => [p.lon, p.lat]) },
        })),
      );
      this.put(
        "stops",
        scene.marks.filter((one) => !one.truck).map((one) => point(one)),
      );
      this.put(
        "trucks",
        scene.marks.filter((one) => one.truck).map((one) => point(one)),
      );
      this.emphasise(this.last);
    });
  }

  emphasise(emphasis: Emphasis): void {
    this.last = emphasis;
    void this.ready.then(() => {
      if (this.last !== emphasis) return;
      const { couriers, orders, hovered } = emphasis;
      const shown = new Set(couriers);
      if (orders.size) {
        for (const mark of this.scene.marks) if (orders.has(mark.order)) shown.add(mark.courier);
      }
      const any = shown.size > 0;
      for (const way of this.scene.ways) {
        const on = shown.has(way.courier) || hovered?.courier === way.courier;
        const dim = any && !on;
        if (!on && !dim && !this.stated.has(way.courier)) continue;
        this.map.setFeatureState({ source: "ways", id: way.courier }, { on, dim });
        if (on || dim) this.stated.add(way.courier);
        else this.stated.delete(way.courier);
      }
      const strong = (order: string): boolean => orders.has(order) || hovered?.order === order;
      this.put(
        "picked",
        this.scene.marks
          .filter((one) => shown.has(one.courier) || strong(one.order))
          .map((one) => point(one, strong(one.order))),
      );
      this.map.setPaintProperty("stops", "circle-opacity", any ? 0.25 : 1);
      this.map.setPaintProperty("stops", "circle-stroke-opacity", any ? 0.25 : 1);
      this.map.setPaintProperty("clusters", "circle-opacity", any ? 0.35 : 0.92);
      this.map.setPaintProperty("clusters", "circle-stroke-opacity", any ? 0.3 : 1);
      this.map.setPaintProperty("counts", "text-opacity", any ? 0.35 : 1);
    });
  }

  fit(points: readonly LatLon[], atMost = 15): void {
    if (!points.length) return;
    this.map.fitBounds(boundsOf(points), { padding: 48, maxZoom: atMost, duration: 350 });
  }

  zoom(by: number): void {
    this.map.zoomTo(this.map.getZoom() + by, { duration: 150 });
  }

  at(x: number, y: number): Hit | null {
    const frame = this.element.getBoundingClientRect();
    return this.hit(x - frame.left, y - frame.top);
  }

  private hit(x: number, y: number): Hit | null {
    if (!this.map.isStyleLoaded() && !this.map.getLayer("stops")) return null;
    const near = 5;
    const box: [[number, number], [number, number]] = [
      [x - near, y - near],
      [x + near, y + near],
    ];
    const found = this.map.queryRenderedFeatures(box, { layers: HIT });
    found.sort((a, b) => HIT.indexOf(a.layer.id) - HIT.indexOf(b.layer.id));
    const first = found[0];
    if (!first) return null;
    const held = first.properties;
    switch (first.layer.id) {
      case "clusters":
        return { kind: "cluster", orders: this.inside(first.geometry, Number(held.point_count)) };
      case "offices":
        return { kind: "office", id: String(held.id) };
      case "ways":
      case "trucks":
        return { kind: "route", courier: String(held.courier) };
      default:
        return { kind: "stop", courier: String(held.courier), order: String(held.order) };
    }
  }

  /** The stops of a cluster: as many as it counts, the nearest ones to its middle. */
  private inside(geometry: GeoJSON.Geometry, many: number): string[] {
    if (geometry.type !== "Point") return [];
    const [lon = 0, lat = 0] = geometry.coordinates;
    return this.scene.marks
      .filter((one) => !one.truck)
      .map((one) => ({ one, far: (one.point.lon - lon) ** 2 + (one.point.lat - lat) ** 2 }))
      .sort((a, b) => a.far - b.far)
      .slice(0, many)
      .map(({ one }) => one.order);
  }

  project(at: LatLon): { x: number; y: number } {
    const frame = this.element.getBoundingClientRect();
    const found = this.map.project([at.lon, at.lat]);
    return { x: frame.left + found.x, y: frame.top + found.y };
  }

  unproject(x: number, y: number): LatLon {
    const frame = this.element.getBoundingClientRect();
    const found = this.map.unproject([x - frame.left, y - frame.top]);
    return { lat: found.lat, lon: found.lng };
  }

  hold(still: boolean): void {
    if (still) this.map.dragPan.disable();
    else this.map.dragPan.enable();
  }

  marker(at: LatLon, { element, onMoved }: MarkerOptions): Marker {
    const made = new MapMarker({ element, draggable: onMoved !== undefined, anchor: "bottom" })
      .setLngLat([at.lon, at.lat])
      .addTo(this.map);
    made.on("dragend", () => {
      const { lat, lng } = made.getLngLat();
      onMoved?.({ lat, lon: lng });
    });
    return {
      move: (to) => void made.setLngLat([to.lon, to.lat]),
      remove: () => void made.remove(),
    };
  }

  onClick(handler: (hit: Hit | null, event: MouseEvent, at: LatLon) => void): void {
    this.map.on("click", (event: MapMouseEvent) =>
      handler(this.hit(event.point.x, event.point.y), event.originalEvent, {
        lat: event.lngLat.lat,
        lon: event.lngLat.lng,
      }),
    );
  }

  onHover(handler: (hit: Hit | null) => void): void {
    let asked = 0;
    this.map.on("mousemove", (event: MapMouseEvent) => {
      const now = performance.now();
      if (now - asked < 40 || event.originalEvent.buttons) return;
      asked = now;
      const hit = this.hit(event.point.x, event.point.y);
      this.map.getCanvas().style.cursor = hit ? "pointer" : "";
      handler(hit);
    });
    this.map.on("mouseout", () => handler(null));
  }

  destroy(): void {
    this.map.remove();
  }
}

function point(mark: Scene["marks"][number], strong = false): GeoJSON.Feature<GeoJSON.Point> {
  return {
    type: "Feature",
    properties: {
      courier: mark.courier,
      order: mark.order,
      number: mark.number,
      colour: mark.truck ? "#39424e" : mark.colour,
      late: mark.late,
      strong,
    },
    geometry: { type: "Point", coordinates: [mark.point.lon, mark.point.lat] },
  };
}
