/**
 * What the whole console knows: who is here, which day and plan are shown, what is selected, and
 * how the screen is laid out. Views read these signals and change them through the functions below.
 */

import { computed, signal } from "@preact/signals";
import type { components } from "../shared/api";

export type Schemas = components["schemas"];
export type Session = Schemas["SessionOut"];
export type DayRecord = Schemas["DayOut"];
export type PlanHead = Schemas["PlanHead"];
export type Plan = Schemas["PlanOut"];
export type Route = Schemas["RouteOut"];
export type Stop = Schemas["StopOut"];
export type Run = Schemas["RunOut"];
export type Background = Schemas["MapOut"];
export type Setup = Schemas["ConsoleOut"];
export type Right = Schemas["Right"];

export const VIEWS = ["day", "plan", "live"] as const;
export type View = (typeof VIEWS)[number];

// ---- who and what -------------------------------------------------------------------------------

/** Who is signed in; undefined until the service has said. */
export const session = signal<Session | null | undefined>(undefined);
export const setup = signal<Setup | null>(null);
export const background = signal<Background | null>(null);

export const day = signal("");
export const view = signal<View>("day");

/** The day as it is stored; null where nothing is stored for it yet. */
export const dayRecord = signal<DayRecord | null>(null);
export const versions = signal<readonly PlanHead[]>([]);

/** The version that is shown, 0 for none, and all that it says. */
export const version = signal(0);
export const plan = signal<Plan | null>(null);
export const routes = signal<readonly Route[]>([]);

/** The lines that routes take on the map, by courier; empty until they are here. */
export const lines = signal<Readonly<Record<string, readonly (readonly [number, number])[]>>>({});

export const may = (right: Right): boolean => session.value?.rights.includes(right) ?? false;

export const head = computed(() => versions.value.find((one) => one.version === version.value));
export const published = computed(() => dayRecord.value?.published ?? 0);
export const isPublished = computed(() => version.value !== 0 && version.value === published.value);

/** Where a stop stands: its route, its place among the route's rows. */
export interface Spot {
  route: Route;
  stop: Stop;
  row: number;
}

/** Every visit of the shown plan, in order of routes and times. */
export const spots = computed<readonly Spot[]>(() =>
  routes.value.flatMap((route) =>
    route.stops.flatMap((stop, row) => (stop.number === null ? [] : [{ route, stop, row }])),
  ),
);

/** Visits by order; a transfer has two. */
export const spotsByOrder = computed(() => {
  const found = new Map<string, Spot[]>();
  for (const spot of spots.value) {
    const held = found.get(spot.stop.order);
    if (held) held.push(spot);
    else found.set(spot.stop.order, [spot]);
  }
  return found;
});

export const routeById = computed(() => new Map(routes.value.map((one) => [one.courier, one])));

/** A route's colour, as on all maps. */
export const colourOf = (courier: string): string => plan.value?.colours[courier] ?? "#5b6470";

// ---- what is selected ---------------------------------------------------------------------------

export interface Selection {
  /** Couriers and trucks. */
  couriers: ReadonlySet<string>;
  /** Orders (for trucks: loads). */
  orders: ReadonlySet<string>;
}

const NOTHING: Selection = { couriers: new Set(), orders: new Set() };

/** One selection for map, timeline, table and drawers. */
export const selection = signal<Selection>(NOTHING);

/** What the pointer is on, in any of them. */
export const hovered = signal<{ courier: string; order: string } | null>(null);

export const anySelected = computed(
  () => selection.value.couriers.size > 0 || selection.value.orders.size > 0,
);

/** The couriers that are selected themselves or do a selected order. */
export const shownCouriers = computed<ReadonlySet<string>>(() => {
  const found = new Set(selection.value.couriers);
  for (const order of selection.value.orders) {
    for (const spot of spotsByOrder.value.get(order) ?? []) found.add(spot.route.courier);
  }
  return found;
});

function toggled(held: ReadonlySet<string>, keys: readonly string[]): Set<string> {
  const next = new Set(held);
  const all = keys.every((key) => next.has(key));
  for (const key of keys) {
    if (all) next.delete(key);
    else next.add(key);
  }
  return next;
}

/** Select orders; `add` keeps what was selected, and takes out what was. */
export function pickOrders(orders: readonly string[], add = false): void {
  selection.value = add
    ? { ...selection.value, orders: toggled(selection.value.orders, orders) }
    : { couriers: new Set(), orders: new Set(orders) };
}

/** Select whole routes; as `pickOrders`. */
export function pickCouriers(couriers: readonly string[], add = false): void {
  selection.value = add
    ? { ...selection.value, couriers: toggled(selection.value.couriers, couriers) }
    : { couriers: new Set(couriers), orders: new Set() };
}

export function clearSelection(): void {
  if (anySelected.value) selection.value = NOTHING;
}

// ---- the layout ---------------------------------------------------------------------------------

export interface Layout {
  /** Shares of the plan's height for the timeline, and of its width for the table. */
  timeline: number;
  table: number;
  /** Pixels of an hour on the timeline; 0 fits the day into the width. */
  hour: number;
  sort: string;
  down: boolean;
  group: "none" | "courier" | "office";
  /** Which drawer stands open, "" for none. */
  drawer: string;
  seconds: number;
}

const USUAL: Layout = {
  timeline: 0.42,
  table: 0.4,
  hour: 0,
  sort: "courier",
  down: false,
  group: "courier",
  drawer: "",
  seconds: 60,
};
const KEPT = "buuta.layout";

function kept(): Layout {
  try {
    const held = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Layout>;
    const fitting = Object.entries(held).filter(
      ([name, value]) => typeof value === typeof USUAL[name as keyof Layout],
    );
    return { ...USUAL, ...Object.fromEntries(fitting) };
  } catch {
    return USUAL;
  }
}

/** How the screen is laid out; it is so again after the next start. */
export const layout = signal<Layout>(kept());

export function arrange(change: Partial<Layout>): void {
  layout.value = { ...layout.value, ...change };
  try {
    localStorage.setItem(KEPT, JSON.stringify(layout.value));
  } catch {
    // Without storage the layout lasts as long as the page.
  }
}

// ---- what is told -------------------------------------------------------------------------------

export interface Toast {
  id: number;
  kind: "good" | "bad" | "note";
  text: string;
  detail: string;
}

export const toasts = signal<readonly Toast[]>([]);
let lastToast = 0;

/** Tell something at the foot of the screen; what went wrong stays until it is put away. */
export function tell(kind: Toast["kind"], text: string, detail = ""): void {
  lastToast += 1;
  const id = lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, kind, text, detail }];
  if (kind !== "bad") setTimeout(() => putAway(id), 6_000);
}

export function putAway(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
