/** What the timeline shows in which order: offices with their truck and their couriers. */

import type { Plan, Route, Schemas } from "../state";

export type HandOver = Schemas["OfficeTimes"];

export type Lane =
  | { kind: "head"; key: string; name: string; office: string; tie: HandOver | null; count: number }
  | { kind: "route"; key: string; route: Route; tie: HandOver | null };

/** Return trucks first, then each office with its couriers, those who leave first on top. */
export function lanesOf(routes: readonly Route[], plan: Plan | null, trucksName: string): Lane[] {
  const lanes: Lane[] = [];
  const trucks = routes.filter((one) => one.truck);
  if (trucks.length) {
    const key = "trucks";
    lanes.push({
      kind: "head",
      key,
      name: trucksName,
      office: "",
      tie: null,
      count: trucks.length,
    });
    for (const route of trucks) lanes.push({ kind: "route", key: route.courier, route, tie: null });
  }
  const offices = new Map<string, Route[]>();
  for (const route of routes) {
    if (route.truck) continue;
    const held = offices.get(route.office);
    if (held) held.push(route);
    else offices.set(route.office, [route]);
  }
  const ties = new Map((plan?.hand_overs ?? []).map((one) => [one.office, one]));
  for (const [office, own] of offices) {
    const tie = ties.get(office) ?? null;
    const name = own[0]?.office_name ?? office;
    lanes.push({ kind: "head", key: `office ${office}`, name, office, tie, count: own.length });
    for (const route of own.sort((a, b) => a.courier.localeCompare(b.courier))) {
      lanes.push({ kind: "route", key: route.courier, route, tie });
    }
  }
  return lanes;
}

/** The hours that a timeline covers, whole ones, in seconds. */
export function extent(routes: readonly Route[], plan: Plan | null): [number, number] {
  let first = 6 * 3600;
  let last = 18 * 3600;
  for (const one of routes) {
    first = Math.min(first, one.departure);
    last = Math.max(last, one.finish);
  }
  for (const one of plan?.hand_overs ?? []) {
    if (one.evening !== null) last = Math.max(last, one.evening);
    // Room for the words before the mark.
    if (one.truck_arrival !== null) first = Math.min(first, one.truck_arrival - 5400);
  }
  return [Math.floor(first / 3600) * 3600, Math.ceil((last + 600) / 3600) * 3600];
}
