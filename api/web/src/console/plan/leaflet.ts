/** The map on a plain canvas, for machines without WebGL2. */

import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import {
  type Chart,
  type ChartOptions,
  corners,
  type Emphasis,
  type Hit,
  type LatLon,
  type Mark,
  type Marker,
  type MarkerOptions,
  middleOf,
  type Scene,
} from "./chart";

const CLUSTERED_BELOW = 12;
const CELL = 44;
const NEAR = 9;

export async function make(element: HTMLElement, options: ChartOptions): Promise<Chart> {
  const map = L.map(element, {
    preferCanvas: true,
    zoomControl: false,
    attributionControl: options.tilesCredit !== "",
    zoomAnimation: false,
    fadeAnimation: false,
    zoomSnap: 0.5,
    maxZoom: 18,
  });
  const bounds = L.latLngBounds(corners(options.background).map((p) => [p.lat, p.lon]));
  map.fitBounds(bounds, { padding: [24, 24] });
  if (options.tiles) {
    L.tileLayer(options.tiles, { opacity: 0.75, attribution: options.tilesCredit }).addTo(map);
  }
  const districts = options.background.districts as unknown as GeoJSON.FeatureCollection;
  L.geoJSON(districts, {
    interactive: false,
    style: {
      color: "#9aa3ad",
      weight: 1.2,
      dashArray: "4 3",
      fillColor: "#fbfaf6",
      fillOpacity: options.tiles ? 0 : 1,
    },
  }).addTo(map);
  L.geoJSON(options.background.rivers as unknown as GeoJSON.FeatureCollection, {
    interactive: false,
    style: { color: "#a9cbe8", weight: 5 },
  }).addTo(map);
  L.geoJSON(options.background.roads as unknown as GeoJSON.FeatureCollection, {
    interactive: false,
    style: { color: "#d9cfb4", weight: 1.6 },
  }).addTo(map);
  for (const one of districts.features) {
    const at = middleOf(one.geometry);
    if (at) label(map, at[1], at[0], String(one.properties?.name ?? ""), "district");
  }
  return new CanvasChart(map, element, options);
}

function label(map: L.Map, lat: number, lon: number, text: string, kind: string): void {
  const element = document.createElement("span");
  element.textContent = text;
  const icon = L.divIcon({ html: element, className: `map-label ${kind}`, iconSize: [120, 16] });
  L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(map);
}

/** What is drawn at a place of the map: one stop, or several too near to be told apart. */
interface Drawn {
  x: number;
  y: number;
  marks: Mark[];
}

class CanvasChart implements Chart {
  readonly kind = "canvas";
  private readonly ways = L.layerGroup();
  private readonly stops = L.layerGroup();
  private scene: Scene = { ways: [], marks: [] };
  private last: Emphasis = { couriers: new Set(), orders: new Set(), hovered: null };
  private drawn: Drawn[] = [];

  constructor(
    private readonly map: L.Map,
    readonly element: HTMLElement,
    private readonly options: ChartOptions,
  ) {
    this.ways.addTo(map);
    for (const one of options.background.offices) {
      L.circleMarker([one.point.lat, one.point.lon], {
        radius: 6,
        color: "#ffc845",
        weight: 2.5,
        fillColor: "#12355b",
        fillOpacity: 1,
        interactive: false,
      }).addTo(map);
    }
    this.stops.addTo(map);
    map.on("zoomend", () => this.again());
  }

  draw(scene: Scene): void {
    this.scene = scene;
    this.again();
  }

  emphasise(emphasis: Emphasis): void {
    this.last = emphasis;
    this.again();
  }

  private shown(): Set<string> {
    const { couriers, orders } = this.last;
    const found = new Set(couriers);
    for (const one of this.scene.marks) if (orders.has(one.order)) found.add(one.courier);
    return found;
  }

  private again(): void {
    const shown = this.shown();
    const { orders, hovered } = this.last;
    const any = shown.size > 0;
    this.ways.clearLayers();
    for (const way of this.scene.ways) {
      const on = shown.has(way.courier) || hovered?.courier === way.courier;
      L.polyline(
        way.points.map((p) => [p.lat, p.lon]),
        {
          color: way.truck ? "#39424e" : way.colour,
          weight: way.truck ? 3.5 : on ? 3 : 1.3,
          opacity: on ? 0.95 : any ? 0.1 : way.truck ? 0.85 : 0.5,
          interactive: false,
          ...(way.truck && { dashArray: "9 5" }),
        },
      ).addTo(this.ways);
    }
    this.stops.clearLayers();
    this.drawn = [];
    const strong = (one: Mark): boolean => orders.has(one.order) || hovered?.order === one.order;
    const plain = this.scene.marks.filter((one) => !shown.has(one.courier) && !strong(one));
    for (const group of this.grouped(plain)) this.circle(group, any ? 0.3 : 1, false);
    for (const one of this.scene.marks) {
      if (!shown.has(one.courier) && !strong(one)) continue;
      const at = this.place(one.point);
      this.circle({ ...at, marks: [one] }, 1, strong(one));
    }
  }

  private place(at: LatLon): L.Point {
    return this.map.project([at.lat, at.lon]);
  }

  private grouped(marks: readonly Mark[]): Drawn[] {
    if (this.map.getZoom() >= CLUSTERED_BELOW) {
      return marks.map((one) => ({ ...xy(this.place(one.point)), marks: [one] }));
    }
    const cells = new Map<string, Drawn>();
    for (const one of marks) {
      const { x, y } = this.place(one.point);
      const key = `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;
      const held = cells.get(key);
      if (held) {
        const n = held.marks.push(one);
        held.x += (x - held.x) / n;
        held.y += (y - held.y) / n;
      } else cells.set(key, { x, y, marks: [one] });
    }
    return [...cells.values()];
  }

  private circle(group: Drawn, opacity: number, strong: boolean): void {
    const first = group.marks[0];
    if (!first) return;
    this.drawn.push(group);
    const many = group.marks.length;
    const late = group.marks.some((one) => one.late);
    L.circleMarker(this.map.unproject([group.x, group.y]), {
      radius: many > 1 ? Math.min(22, 7 + Math.sqrt(many)) : strong ? 10 : 5,
      color: strong ? "#ffb000" : late ? "#b3261e" : many > 1 ? "#5b6b7c" : "#ffffff",
      weight: strong ? 3.5 : late ? 2.2 : 1.4,
      opacity,
      fillColor: many > 1 ? "#ffffff" : first.truck ? "#39424e" : first.colour,
      fillOpacity: opacity,
      interactive: false,
    }).addTo(this.stops);
    if (many > 1 && opacity === 1) {
      const at = this.map.unproject([group.x, group.y]);
      const text = document.createElement("span");
      text.textContent = String(many);
      const icon = L.divIcon({ html: text, className: "map-label count", iconSize: [30, 14] });
      L.marker(at, { icon, interactive: false, keyboard: false }).addTo(this.stops);
    }
  }

  fit(points: readonly LatLon[], atMost = 15): void {
    if (!points.length) return;
    const bounds = L.latLngBounds(points.map((p) => [p.lat, p.lon]));
    this.map.fitBounds(bounds, { padding: [48, 48], maxZoom: atMost, animate: false });
  }

  zoom(by: number): void {
    this.map.setZoom(this.map.getZoom() + by);
  }

  at(x: number, y: number): Hit | null {
    const frame = this.element.getBoundingClientRect();
    return this.hit(L.point(x - frame.left, y - frame.top));
  }

  private hit(at: L.Point): Hit | null {
    const world = this.map.project(this.map.containerPointToLatLng(at));
    let best: Drawn | null = null;
    let near = NEAR ** 2;
    for (const one of this.drawn) {
      const far = (one.x - world.x) ** 2 + (one.y - world.y) ** 2;
      const reach = one.marks.length > 1 ? far / 3 : far;
      if (reach < near) [best, near] = [one, reach];
    }
    if (best) {
      const [first] = best.marks;
      if (best.marks.length > 1) {
        return { kind: "cluster", orders: best.marks.map((one) => one.order) };
      }
      return first ? { kind: "stop", courier: first.courier, order: first.order } : null;
    }
    for (const one of this.options.background.offices) {
      if (this.place(one.point).distanceTo(world) < NEAR) return { kind: "office", id: one.id };
    }
    const way = this.scene.ways.find((one) => this.touches(one.points, world));
    return way ? { kind: "route", courier: way.courier } : null;
  }

  private touches(points: readonly LatLon[], at: L.Point): boolean {
    return points.some((one, k) => {
      const next = points[k + 1];
      if (!next) return false;
      return L.LineUtil.pointToSegmentDistance(at, this.place(one), this.place(next)) < 4;
    });
  }

  project(at: LatLon): { x: number; y: number } {
    const frame = this.element.getBoundingClientRect();
    const found = this.map.latLngToContainerPoint([at.lat, at.lon]);
    return { x: frame.left + found.x, y: frame.top + found.y };
  }

  unproject(x: number, y: number): LatLon {
    const frame = this.element.getBoundingClientRect();
    const found = this.map.containerPointToLatLng([x - frame.left, y - frame.top]);
    return { lat: found.lat, lon: found.lng };
  }

  hold(still: boolean): void {
    if (still) this.map.dragging.disable();
    else this.map.dragging.enable();
  }

  marker(at: LatLon, { element, onMoved }: MarkerOptions): Marker {
    const icon = L.divIcon({ html: element, className: "map-pin", iconSize: [0, 0] });
    const made = L.marker([at.lat, at.lon], { icon, draggable: onMoved !== undefined }).addTo(
      this.map,
    );
    made.on("dragend", () => {
      const { lat, lng } = made.getLatLng();
      onMoved?.({ lat, lon: lng });
    });
    return {
      move: (to) => void made.setLatLng([to.lat, to.lon]),
      remove: () => void made.remove(),
    };
  }

  onClick(handler: (hit: Hit | null, event: MouseEvent, at: LatLon) => void): void {
    this.map.on("click", (event) => {
      const { lat, lng } = event.latlng;
      handler(this.hit(event.containerPoint), event.originalEvent, { lat, lon: lng });
    });
  }

  onHover(handler: (hit: Hit | null) => void): void {
    let before = "";
    this.map.on("mousemove", (event) => {
      if (event.originalEvent.buttons) return;
      const hit = this.hit(event.containerPoint);
      const now = JSON.stringify(hit);
      if (now === before) return;
      before = now;
      this.element.style.cursor = hit ? "pointer" : "";
      handler(hit);
    });
    this.map.on("mouseout", () => handler(null));
  }

  destroy(): void {
    this.map.remove();
  }
}

const xy = ({ x, y }: L.Point): { x: number; y: number } => ({ x, y });
