/** What the pages show, and the few things that can be done; all of it is kept in `db`. */

import { computed, signal } from "@preact/signals";
import * as db from "./db";
import type { Day, Stop } from "./model";
import { type Box, counted, type Entry, entry } from "./outbox";
import { expected, inOrder, isOpen, type Period, states } from "./round";

export interface Session {
  token: string;
  courier: string;
  day: string;
  name: string;
}

export const session = signal<Session | null>(null);
export const day = signal<Day | null>(null);
/** A newer plan that the courier has not read yet. */
export const pending = signal<Day | null>(null);
export const byHand = signal<string[]>([]);
export const box = signal<Box>([]);
/** How far the office's clock is ahead of this one, milliseconds; null until it is known. */
export const offset = signal<number | null>(null);
export const online = signal(navigator.onLine);
export const sending = signal(false);
/** Why the office does not let this phone in, in its words. */
export const shut = signal<{ kind: string; title: string; detail: string } | null>(null);
/** What went wrong on the phone itself, to be told plainly. */
export const trouble = signal<"" | "full" | "broken" | "insecure">("");
/** What has just been done, for a moment. */
export const toast = signal("");
/** A link was opened, and the office has not answered yet. */
export const entering = signal(false);
export const started = signal(false);

export const state = computed(() =>
  day.value === null ? new Map<string, ReturnType<typeof get>>() : states(day.value, box.value),
);
function get(): "open" | "started" | "done" | "failed" | "later" | "cancelled" {
  return "open";
}

export const stops = computed<Stop[]>(() =>
  day.value === null ? [] : inOrder(day.value, byHand.value, state.value),
);
export const openStops = computed(() =>
  stops.value.filter((one) => one.label !== "" && isOpen(state.value.get(one.key))),
);
export const counts = computed(() => counted(box.value));

export function due(period: Period): ReturnType<typeof expected> {
  return day.value === null
    ? { delivered: 0, collected: 0, returned: 0, cash: 0 }
    : expected(day.value, box.value, period);
}

/** The time by the office's clock, as far as it is known. */
export function now(): number {
  return Date.now() + (offset.value ?? 0);
}

/** The office's date and its seconds since midnight. */
export function officeNow(): { date: string; seconds: number } {
  const there = new Date(now() + 7 * 3_600_000).toISOString();
  const part = (from: number): number => Number(there.slice(from, from + 2));
  return { date: there.slice(0, 10), seconds: part(11) * 3600 + part(14) * 60 + part(17) };
}

/** A name that nobody else gives: 128 random bits. */
export function fresh(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (one) => `0${one.toString(16)}`.slice(-2)).join("");
}

/** What this phone calls itself to the office; the same until the browser's data are deleted. */
export function device(): string {
  const key = "buuta.device";
  try {
    const known = localStorage.getItem(key);
    if (known) return known;
    const made = fresh();
    localStorage.setItem(key, made);
    return made;
  } catch {
    return "";
  }
}

export function notice(text: string): void {
  toast.value = text;
  setTimeout(() => {
    if (toast.value === text) toast.value = "";
  }, 2_500);
}

/** Take what was kept before the page was closed, or the phone died. */
export async function remember(): Promise<void> {
  const [who, held, newer, order, entries, incoming] = await Promise.all([
    db.meta("session"),
    db.meta("day"),
    db.meta("pending"),
    db.meta("order"),
    db.box(),
    db.meta("incoming"),
  ]);
  entering.value = Boolean(incoming);
  session.value = who ?? null;
  day.value = held ?? null;
  pending.value = newer ?? null;
  byHand.value = order ?? [];
  box.value = entries;
}

let heard: () => void = () => undefined;

/** Call this whenever there is something new to send. */
export function onTold(listener: () => void): void {
  heard = listener;
}

export interface Telling {
  kind: string;
  stop?: Stop | undefined;
  body?: Record<string, unknown>;
  pictures?: readonly { hash: string; media: string; data: ArrayBuffer }[];
  draft?: string;
}

/** Write down what happened, with its pictures; it is sent as soon as there is a signal. */
export async function tell(given: Telling): Promise<void> {
  const who = session.value;
  if (who === null) throw new Error("nobody is signed in");
  const phoneAt = Date.now();
  const pictures = given.pictures ?? [];
  const stop = given.stop;
  const part = stop?.part && stop.part !== "job" ? { part: stop.part } : {};
  const made = await db.tell(
    (n) =>
      entry(n, {
        id: fresh(),
        courier: who.courier,
        day: who.day,
        kind: given.kind,
        phoneAt,
        offset: offset.value,
        stop: stop?.key ?? "",
        order: stop?.order ?? "",
        body: { ...part, ...given.body },
        proofs: pictures.map((one) => one.hash),
      }),
    pictures.map((one) => ({ ...one, courier: who.courier, day: who.day, fate: "waiting" })),
    given.draft ?? "",
  );
  box.value = [...box.value, made];
  heard();
}

export async function keepBox(next: Box): Promise<void> {
  const before = new Map(box.value.map((one) => [one.n, one]));
  const changed: Entry[] = next.filter((one) => before.get(one.n) !== one);
  const left = new Set(next.map((one) => one.n));
  const gone = [...before.keys()].filter((n) => !left.has(n));
  if (changed.length > 0) await db.putEntries(changed);
  if (gone.length > 0) await db.dropEntries(gone);
  // Something may have been told meanwhile.
  const news = box.value.filter((one) => !before.has(one.n));
  box.value = [...next, ...news];
}
