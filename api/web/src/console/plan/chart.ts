/**
 * What a map of the console can do, whichever library draws it: MapLibre with WebGL2, Leaflet on
 * canvas without. Points are [longitude, latitude] only inside this folder.
 */

import type { Background, Route, Stop } from "../state";

export interface LatLon {
  lat: number;
  lon: number;
}

export interface Mark {
  courier: string;
  order: string;
  /** Its place among the visits. */
  number: number;
  point: LatLon;
  late: boolean;
  truck: boolean;
  colour: string;
}

export interface Way {
  courier: string;
  truck: boolean;
  colour: string;
  points: readonly LatLon[];
}

/** Everything that a plan puts on a map. */
export interface Scene {
  ways: readonly Way[];
  marks: readonly Mark[];
}

/** What is to stand out; nothing is dimmed where both are empty. */
export interface Emphasis {
  couriers: ReadonlySet<string>;
  orders: ReadonlySet<string>;
  hovered: { courier: string; order: string } | null;
}

export type Hit =
  | { kind: "stop"; courier: string; order: string }
  | { kind: "route"; courier: string }
  | { kind: "cluster"; orders: string[] }
  | { kind: "office"; id: string };

export interface Marker {
  move(to: LatLon): void;
  remove(): void;
}

export interface MarkerOptions {
  element: HTMLElement;
  onMoved?: (to: LatLon) => void;
}

export interface Chart {
  readonly kind: "webgl" | "canvas";
  readonly element: HTMLElement;
  draw(scene: Scene): void;
  emphasise(emphasis: Emphasis): void;
  fit(points: readonly LatLon[], atMost?: number): void;
  zoom(by: number): void;
  /** What lies under a place of the page. */
  at(x: number, y: number): Hit | null;
  /** The place of the page where a point is drawn. */
  project(point: LatLon): { x: number; y: number };
  unproject(x: number, y: number): LatLon;
  /** Keep the map still while something is dragged over it. */
  hold(still: boolean): void;
  marker(at: LatLon, options: MarkerOptions): Marker;
  onClick(handler: (hit: Hit | null, event: MouseEvent, at: LatLon) => void): void;
  onHover(handler: (hit: Hit | null) => void): void;
  destroy(): void;
}

export interface ChartOptions {
  background: Background;
  tiles: string;
  tilesCredit: string;
}

/** Whether the browser can draw with WebGL2. */
export function hasWebGl2(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

/** Make the best map that this browser can draw. */
export async function makeChart(element: HTMLElement, options: ChartOptions): Promise<Chart> {
  if (hasWebGl2()) {
    try {
      const made = await (await import("./maplibre")).make(element, options);
      return made;
    } catch (error) {
      // A driver that promises more than it holds.
      console.warn("no WebGL map", error);
      element.replaceChildren();
      element.className = element.className.replace(/maplibregl\S*/g, "");
    }
  }
  return (await import("./leaflet")).make(element, options);
}

const isPoint = (point: LatLon | null): point is LatLon => point !== null;

/** Return what routes put on a map; those without a line of their own go straight. */
export function sceneOf(
  routes: readonly Route[],
  colourOf: (courier: string) => string,
  lines: Readonly<Record<string, readonly (readonly [number, number])[]>> = {},
): Scene {
  const marks: Mark[] = [];
  const ways = routes.map((route) => {
    const colour = colourOf(route.courier);
    for (const stop of route.stops) {
      if (stop.number === null || stop.point === null) continue;
      marks.push({
        courier: route.courier,
        order: stop.order,
        number: stop.number,
        point: stop.point,
        late: stop.late_seconds > 0,
        truck: route.truck,
        colour,
      });
    }
    const line = lines[route.courier];
    if (line?.length) {
      const points = line.map(([lon, lat]) => ({ lat, lon }));
      return { courier: route.courier, truck: route.truck, colour, points };
    }
    const points = [route.start, ...route.stops.map((stop: Stop) => stop.point), route.end];
    return { courier: route.courier, truck: route.truck, colour, points: points.filter(isPoint) };
  });
  return { ways, marks };
}

/** The middle of a GeoJSON area, for its label: the mean of its largest ring's corners. */
export function middleOf(geometry: GeoJSON.Geometry): [number, number] | null {
  const rings =
    geometry.type === "Polygon"
      ? [geometry.coordinates[0] ?? []]
      : geometry.type === "MultiPolygon"
        ? geometry.coordinates.map((one) => one[0] ?? [])
        : [];
  const ring = rings.sort((a, b) => b.length - a.length)[0];
  if (!ring || ring.length < 3) return null;
  // By area, so that a border with many small turns does not draw the label to itself.
  let area = 0;
  let x = 0;
  let y = 0;
  for (let k = 0; k + 1 < ring.length; k += 1) {
    const [ax = 0, ay = 0] = ring[k] ?? [];
    const [bx = 0, by = 0] = ring[k + 1] ?? [];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return area === 0 ? null : [x / (3 * area), y / (3 * area)];
}

/** The points of a background that a map shows at first. */
export function corners(background: Background): LatLon[] {
  const found: LatLon[] = [];
  const walk = (held: unknown): void => {
    if (!Array.isArray(held)) return;
    if (typeof held[0] === "number") found.push({ lon: held[0], lat: Number(held[1]) });
    else held.forEach(walk);
  };
  const features = (background.districts as unknown as GeoJSON.FeatureCollection).features;
  for (const one of features) if ("coordinates" in one.geometry) walk(one.geometry.coordinates);
  return found;
}
