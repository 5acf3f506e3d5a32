/** The round as the courier sees it: states, order of visit, what a new plan changes, settlement. */

import { type Day, isVisit, type State, type Stop } from "./model";
import type { Box, Entry } from "./outbox";

const TELLS: Record<string, State> = {
  stop_started: "started",
  stop_done: "done",
  stop_failed: "failed",
};

function told(one: Entry): State | undefined {
  if (one.kind === "stop_skipped") return one.body.again === true ? "later" : "failed";
  return TELLS[one.kind];
}

/**
 * How far each stop is: the office's word, with what this phone has told over it.
 *
 * What is done stays done, whoever says so, as the office settles it too. What the office refused
 * counts no more.
 */
export function states(day: Day, box: Box): Map<string, State> {
  const found = new Map<string, State>();
  for (const stop of day.stops) {
    const said = stop.state ?? "open";
    found.set(stop.key, said === "skipped" ? "later" : (said as State));
  }
  const own = box.filter((one) => one.day === day.day && one.courier === day.courier);
  for (const one of own.sort((a, b) => a.n - b.n)) {
    const now = told(one);
    if (now === undefined || one.fate === "refused" || found.get(one.stop) === "done") continue;
    found.set(one.stop, now);
  }
  return found;
}

/** Whether a stop is still to be visited. */
export function isOpen(state: State | undefined): boolean {
  return state === "open" || state === "started" || state === "later";
}

/**
 * The stops and pauses in the order of visit: by the plan, or as the courier put them by hand.
 *
 * Pauses stay before the stop that they stand before in the plan; what the hand does not name keeps
 * its place; what is to be tried again today comes at the end.
 */
export function inOrder(day: Day, byHand: readonly string[], state: Map<string, State>): Stop[] {
  const place = new Map<string, number>();
  const named = new Set(byHand);
  const slots = day.stops.filter((one) => named.has(one.key)).map((one) => day.stops.indexOf(one));
  const known = byHand.filter((key) => day.stops.some((one) => one.key === key));
  known.forEach((key, number) => {
    place.set(key, slots[number] ?? number);
  });
  const later = (one: Stop): number => (state.get(one.key) === "later" ? 1 : 0);
  return day.stops
    .map((stop, number) => ({ stop, at: place.get(stop.key) ?? number }))
    .sort((a, b) => later(a.stop) - later(b.stop) || a.at - b.at)
    .map((one) => one.stop);
}

/** Why the courier cannot put a stop there: a transfer is fetched before it is brought. */
export function hinders(keys: readonly string[], stops: readonly Stop[]): Stop | undefined {
  const at = new Map(keys.map((key, number) => [key, number]));
  return stops.find((one) => {
    if (one.part !== "delivery") return false;
    const fetched = at.get(`pickup:${one.order}`);
    const brought = at.get(one.key);
    return fetched !== undefined && brought !== undefined && fetched > brought;
  });
}

/** The stops whose promised time is put at risk when they come later than planned by hand. */
export function atRisk(
  before: readonly string[],
  after: readonly string[],
  stops: readonly Stop[],
): Stop[] {
  return stops.filter((one) => {
    const windows = one.windows ?? [];
    if (windows.length === 0) return false;
    return after.indexOf(one.key) > before.indexOf(one.key);
  });
}

export type ChangeKind = "added" | "gone" | "moved" | "time" | "window" | "cash" | "address";

export interface Change {
  kind: ChangeKind;
  stop: Stop;
  /** Before and after, as figures; empty where the kind says all. */
  from: string;
  to: string;
}

/** Seconds by which a planned time may shift without being told. */
const WORTH_TELLING = 15 * 60;

/** What a new plan changes for the courier, of the stops that are still to be done. */
export function differences(before: Day, after: Day, state: Map<string, State>): Change[] {
  const open = (stop: Stop): boolean => isVisit(stop) && isOpen(state.get(stop.key) ?? "open");
  const was = before.stops.filter(open);
  const is = after.stops.filter((one) => open(one) && one.state !== "cancelled");
  const old = new Map(was.map((one) => [one.key, one]));
  const fresh = new Set(is.map((one) => one.key));
  const found: Change[] = [];
  const tell = (kind: ChangeKind, stop: Stop, from = "", to = ""): void => {
    found.push({ kind, stop, from, to });
  };
  for (const stop of is) if (!old.has(stop.key)) tell("added", stop);
  for (const stop of was) if (!fresh.has(stop.key)) tell("gone", stop);
  const both = is.filter((one) => old.has(one.key));
  const kept = longest(both.map((one) => was.findIndex((each) => each.key === one.key)));
  both.forEach((stop, number) => {
    const one = old.get(stop.key);
    if (one === undefined) return;
    const moved = !kept.has(number);
    if (moved) {
      const at = both[number - 1];
      tell("moved", stop, "", at === undefined ? "" : (at.label ?? ""));
    }
    if (one.address !== stop.address) tell("address", stop, one.address ?? "", stop.address ?? "");
    if (one.cash !== stop.cash) tell("cash", stop, String(one.cash ?? 0), String(stop.cash ?? 0));
    const said = (each: Stop): string =>
      (each.windows ?? []).map((w) => `${clock(w.start)}–${clock(w.end)}`).join(", ");
    if (said(one) !== said(stop)) tell("window", stop, said(one), said(stop));
    if (!moved && Math.abs(one.begin - stop.begin) >= WORTH_TELLING) {
      tell("time", stop, clock(one.begin), clock(stop.begin));
    }
  });
  return found;
}

/** The places of a longest rising sequence: what kept its order. */
function longest(values: readonly number[]): Set<number> {
  const ends: number[] = [];
  const before: number[] = [];
  values.forEach((value, number) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    before[number] = low > 0 ? (ends[low - 1] ?? -1) : -1;
    ends[low] = number;
  });
  const kept = new Set<number>();
  let at = ends.length > 0 ? (ends[ends.length - 1] ?? -1) : -1;
  while (at >= 0) {
    kept.add(at);
    at = before[at] ?? -1;
  }
  return kept;
}

/** A time of day: 07:20. */
export function clock(seconds: number): string {
  const two = (value: number): string => `0${value}`.slice(-2);
  return `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}`;
}

export type Period = "noon" | "evening";

export interface Expected {
  delivered: number;
  collected: number;
  returned: number;
  cash: number;
}

/**
 * What is to be handed in, by what this phone told since the settlement before.
 *
 * It counts as the office does (`dispatch/settling.py`): at noon what was tried in vain, in the
 * evening also what is still on board.
 */
export function expected(day: Day, box: Box, period: Period): Expected {
  const stops = new Map(day.stops.map((one) => [one.key, one]));
  const items = (keys: Iterable<string>, kinds: readonly string[]): number => {
    let sum = 0;
    for (const key of keys) {
      const stop = stops.get(key);
      if (stop !== undefined && kinds.indexOf(stop.kind) >= 0) sum += stop.items ?? 0;
    }
    return sum;
  };
  const brings = ["deliver", "bring"];
  const aboard = new Set<string>();
  for (const stop of day.stops) {
    if (brings.indexOf(stop.kind) < 0 || stop.state === "cancelled") continue;
    if (stop.state === "done" && stop.by) continue;
    aboard.add(stop.key);
  }
  const done = new Set<string>();
  let since = new Set<string>();
  let vain = new Set<string>();
  let cash = 0;
  const own = box.filter(
    (one) => one.day === day.day && one.courier === day.courier && one.fate !== "refused",
  );
  for (const one of own.sort((a, b) => a.n - b.n)) {
    if (one.kind === "stop_done") {
      cash += Number(one.body.cash ?? 0);
      if (!done.has(one.stop)) since.add(one.stop);
      done.add(one.stop);
      aboard.delete(one.stop);
      vain.delete(one.stop);
    } else if (one.kind === "stop_failed" && !done.has(one.stop)) {
      vain.add(one.stop);
    } else if (one.kind === "stop_skipped" && one.body.again === true) {
      vain.delete(one.stop);
    } else if (one.kind === "settlement") {
      cash = 0;
      since = new Set();
      for (const key of vain) aboard.delete(key);
      vain = new Set();
    }
  }
  const back = period === "evening" ? new Set([...vain, ...aboard]) : vain;
  return {
    delivered: items(since, brings),
    collected: items(since, ["collect"]),
    returned: items(back, brings),
    cash,
  };
}
