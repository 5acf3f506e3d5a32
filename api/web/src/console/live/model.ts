/** The running day: fetched, followed by its events, planned again. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { address, call, fetched, LostError, ProblemError } from "../../shared/http";
import { follow } from "../../shared/stream";
import { attempt, loadDay } from "../load";
import { day, dayRecord, published, type Schemas, session, tell, versions, view } from "../state";
import { say } from "./words";

export type Live = Schemas["LiveOut"];
export type Courier = Schemas["LiveCourier"];
export type Failed = Schemas["FailedStop"];
export type Rest = Schemas["RestOut"];
type Stop = Schemas["WatchedStop"];

export interface Told {
  seq: string;
  kind: string;
  at: string;
  order: string;
  courier: string;
}

export const live = signal<Live | null>(null);
export const told = signal<readonly Told[]>([]);
export const round = signal<{ courier: string; stops: readonly Stop[] } | null>(null);
const MOST_TOLD = 200;

let fetching = false;
let wanted = false;

export async function look(): Promise<void> {
  wanted = true;
  if (fetching) return;
  fetching = true;
  try {
    while (wanted) {
      wanted = false;
      const asked = day.value;
      if (!published.value) {
        live.value = null;
        return;
      }
      try {
        const found = await fetched("/api/days/{day}/live", { path: { day: asked } });
        if (day.value === asked) live.value = found;
        const open = round.value?.courier;
        if (open) await openRound(open);
      } catch (error) {
        if (error instanceof LostError || (error instanceof ProblemError && error.status === 401))
          return;
        if (!(error instanceof ProblemError)) throw error;
        tell("bad", error.title, error.detail);
      }
    }
  } finally {
    fetching = false;
  }
}

export async function openRound(courier: string): Promise<void> {
  await attempt(async () => {
    const path = { day: day.value, courier };
    round.value = { courier, stops: await fetched("/api/days/{day}/live/{courier}", { path }) };
  });
}

/** Follow the day while its view is shown: each event at once, and the clock now and then. */
export function followDay(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  let leave: () => void = () => undefined;
  const stop = effect(() => {
    const asked = day.value;
    const shown = view.value === "live" && session.value !== null && published.value > 0;
    untracked(() => {
      leave();
      leave = () => undefined;
      told.value = [];
      live.value = null;
      round.value = null;
      if (!shown) return;
      void look();
      leave = follow(address("/api/days/{day}/events/stream", { day: asked }), {
        onEntry: (entry) => {
          const data = entry.data as Omit<Told, "seq" | "kind">;
          told.value = [{ ...data, seq: entry.id, kind: entry.kind }, ...told.value].slice(
            0,
            MOST_TOLD,
          );
          clearTimeout(soon);
          soon = setTimeout(() => void look(), 400);
        },
      });
    });
  });
  const clock = setInterval(() => void look(), 20_000);
  return () => {
    clearInterval(clock);
    clearTimeout(soon);
    leave();
    stop();
  };
}

// ---- telling ------------------------------------------------------------------------------------

export async function report(
  kind: Schemas["EventIn"]["kind"],
  courier: string,
  order = "",
  body: Record<string, unknown> = {},
): Promise<boolean> {
  return attempt(async () => {
    // The office's clock, not this machine's: both may differ.
    const setup = await fetched("/api/console", {});
    const event = { id: crypto.randomUUID(), kind, at: setup.now, order, courier, body };
    await call("post", "/api/days/{day}/events", {
      path: { day: day.value },
      body: { events: [event] },
    });
    await look();
  });
}

// ---- planning the rest again --------------------------------------------------------------------

export interface Replanning {
  state: "asking" | "searching" | "ready" | "nothing" | "failed";
  reasons: readonly string[];
  run: string;
  version: number;
  rest: Rest | null;
  error: string;
}

export const replanning = signal<Replanning | null>(null);

const begun: Replanning = {
  state: "asking",
  reasons: [],
  run: "",
  version: 0,
  rest: null,
  error: "",
};

let leaveRun: () => void = () => undefined;

export async function replan(action: Schemas["Action"] | null = null): Promise<void> {
  leaveRun();
  replanning.value = begun;
  const well = await attempt(async () => {
    const { data } = await call("post", "/api/days/{day}/replan", {
      path: { day: day.value },
      body: { action, seconds: 10, note: "" },
      once: crypto.randomUUID(),
    });
    const now = { ...begun, reasons: data.reasons };
    if (data.run) {
      replanning.value = { ...now, state: "searching", run: data.run };
      followRun(data.run);
    } else if (data.version) await showRest(data.version);
    else replanning.value = { ...now, state: "nothing" };
  });
  if (!well) replanning.value = { ...begun, state: "failed" };
}

function followRun(run: string): void {
  leaveRun = follow(address("/api/runs/{run}/progress", { run }), {
    lastKind: "end",
    onEntry: (entry) => {
      if (entry.kind !== "end" || replanning.value?.run !== run) return;
      const ended = entry.data as Schemas["RunOut"];
      if (ended.state === "done") void showRest(ended.result);
      else replanning.value = { ...replanning.value, state: "failed", error: ended.error };
    },
  });
}

export async function stopRun(): Promise<void> {
  const run = replanning.value?.run;
  if (!run) return;
  await attempt(async () => {
    await call("post", "/api/runs/{run}/stop", { path: { run } });
  });
}

export async function showRest(version: number): Promise<void> {
  await loadDay();
  const well = await attempt(async () => {
    const path = { day: day.value, version };
    const rest = await fetched("/api/days/{day}/plans/{version}/changes", { path });
    const held = replanning.value ?? begun;
    replanning.value = { ...held, state: "ready", version, rest };
  });
  if (!well) replanning.value = { ...begun, state: "failed" };
}

export function putAwayRest(): void {
  leaveRun();
  replanning.value = null;
}

/** A re-planned rest that nobody has published yet, made from what is in force. */
export const waiting = computed(() =>
  versions.value.findLast(
    (one) =>
      one.kind === "replan" &&
      one.parent === published.value &&
      one.version > published.value &&
      dayRecord.value?.status === "published",
  ),
);

export async function tryAgain(failed: Failed): Promise<void> {
  const well = await report("stop_skipped", failed.courier, failed.order, {
    again: true,
    part: failed.part,
  });
  if (well) tell("good", say("again.done", { order: failed.order, courier: failed.courier }));
}
