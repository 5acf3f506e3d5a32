/**
 * Changes by hand before they are saved: kept in order, shown as the service prices them, saved as
 * one version, taken back, merged with another dispatcher's. Nothing is lost when the session ends
 * or the page is loaded again: what is not saved is kept by the browser.
 */

import { computed, effect, signal, untracked } from "@preact/signals";
import { call, fetched, LostError, ProblemError } from "../../shared/http";
import { attempt, loadDay, showVersion } from "../load";
import {
  day,
  dayRecord,
  head,
  may,
  routeById,
  type Schemas,
  session,
  spotsByOrder,
  tell,
  version,
} from "../state";
import { say } from "./words";

export type Change = Schemas["ChangeIn"];
export type Preview = Schemas["PreviewOut"];
export type Round = Schemas["RoundOut"];
export type Lock = Schemas["LockOut"];
export type Merge = Schemas["MergeOut"];

const PLAIN: Change = {
  do: "move",
  order: "",
  more: [],
  to: "",
  position: null,
  courier: "",
  first: "",
  last: "",
  lock: "stop",
};
export const change = (fields: Partial<Change>): Change => ({ ...PLAIN, ...fields });

export function move(orders: readonly string[], to: string, position: number | null): Change {
  const [order = "", ...more] = orders;
  return change({ order, more, to, position: to ? position : null });
}

/** Changes that are not saved, and the version that they are made on. */
export const pending = signal<readonly Change[]>([]);
export const base = signal(0);
/** One more while something is dragged. */
export const trial = signal<Change | null>(null);
/** What the changes make of the plan, those dragged included; null while nothing is known. */
export const preview = signal<Preview | null>(null);
/** The same without what is dragged: where places of a round are counted. */
export const settled = signal<Preview | null>(null);
export const refusal = signal("");
export const asking = signal(false);
/** How long the last answer took, milliseconds; shown to nobody, measured by tests. */
export const took = signal(0);
export const locks = signal<readonly Lock[]>([]);
export const merging = signal<Merge | null>(null);
const undone = signal<readonly number[]>([]);

const draft = computed(() => dayRecord.value?.accepted ?? 0);
/** Whether the shown version is the one that the day's dispatchers work on. */
export const isDraft = computed(
  () => version.value !== 0 && (draft.value === 0 || draft.value === version.value),
);
export const current = computed(() => draft.value || version.value);
export const editable = computed(
  () =>
    isDraft.value &&
    session.value !== null &&
    may("plan") &&
    may("publish") &&
    dayRecord.value?.status !== "closed",
);
/** Somebody else has moved the draft on while there are changes that are not saved. */
export const overtaken = computed(
  () => pending.value.length > 0 && draft.value !== 0 && draft.value !== base.value,
);

export const nameOf = (courier: string): string => {
  const name = routeById.value.get(courier)?.name;
  return name && name !== courier ? `${name} (${courier})` : courier;
};

// ---- asking what it makes -----------------------------------------------------------------------

let again = false;
let latest: readonly Change[] = [];

async function ask(): Promise<void> {
  again = true;
  if (asking.value) return;
  asking.value = true;
  try {
    while (again) {
      again = false;
      const edits = latest;
      const dragged = trial.value !== null;
      if (edits.length === 0) {
        preview.value = settled.value = null;
        refusal.value = "";
        continue;
      }
      const began = performance.now();
      try {
        const path = { day: day.value, version: base.value || version.value };
        const body = { edits: [...edits], note: "", current: false };
        const { data } = await call("post", "/api/days/{day}/plans/{version}/preview", {
          path,
          body,
        });
        took.value = performance.now() - began;
        if (again) continue;
        preview.value = data;
        if (!dragged) settled.value = data;
        refusal.value = "";
      } catch (error) {
        if (!(error instanceof ProblemError || error instanceof LostError)) throw error;
        if (again) continue;
        preview.value = null;
        refusal.value = error instanceof ProblemError ? error.detail || error.title : "";
      }
    }
  } finally {
    asking.value = false;
  }
}

effect(() => {
  const all = trial.value ? [...pending.value, trial.value] : pending.value;
  latest = all;
  untracked(() => {
    if (all.length && base.value === 0) base.value = version.value;
    void ask();
  });
});

// ---- making changes -----------------------------------------------------------------------------

export function add(...changes: readonly Change[]): void {
  if (!editable.value && pending.value.length === 0) {
    tell("note", say("edit.not_draft", { shown: version.value, current: current.value }));
    return;
  }
  if (pending.value.length === 0) base.value = version.value;
  pending.value = [...pending.value, ...changes];
}

export function cancel(): void {
  trial.value = null;
  pending.value = [];
  base.value = 0;
}

/** Save what is pending as the day's next draft. */
export async function accept(): Promise<void> {
  const edits = pending.value;
  const on = base.value;
  if (edits.length === 0) return;
  const path = { day: day.value, version: on };
  await attempt(async () => {
    try {
      const { data } = await call("post", "/api/days/{day}/plans/{version}/edits", {
        path,
        body: { edits: [...edits], note: "", current: true },
        once: crypto.randomUUID(),
      });
      cancel();
      undone.value = [];
      await loadDay();
      showVersion(data.version);
      tell("good", say("edit.saved", { number: data.version }));
    } catch (error) {
      if (!(error instanceof ProblemError && error.more.reason === "draft_moved")) throw error;
      await loadDay();
      await openMerge(Number(error.more.current));
    }
  });
}

// ---- back and forth -----------------------------------------------------------------------------

export const canUndo = computed(
  () => pending.value.length > 0 || (editable.value && head.value?.kind === "edit"),
);
export const canRedo = computed(() => editable.value && undone.value.length > 0);

/** Make another version the day's draft, and show it. */
export async function goTo(next: number): Promise<boolean> {
  return attempt(async () => {
    const body = { version: next, instead_of: current.value };
    await call("post", "/api/days/{day}/draft", { path: { day: day.value }, body });
    await loadDay();
    showVersion(next);
    tell("note", say("edit.back", { number: next }));
  });
}

export async function undo(): Promise<void> {
  if (pending.value.length > 0) {
    pending.value = pending.value.slice(0, -1);
    if (pending.value.length === 0) cancel();
    return;
  }
  const shown = head.value;
  if (!canUndo.value || !shown?.parent) return;
  if (await goTo(shown.parent)) undone.value = [...undone.value, shown.version];
}

export async function redo(): Promise<void> {
  const next = undone.value.at(-1);
  if (!canRedo.value || next === undefined) return;
  if (await goTo(next)) undone.value = undone.value.slice(0, -1);
}

// ---- two at once --------------------------------------------------------------------------------

export async function openMerge(onto: number): Promise<void> {
  await attempt(async () => {
    const path = { day: day.value, version: base.value };
    const body = { edits: [...pending.value], onto };
    merging.value = (
      await call("post", "/api/days/{day}/plans/{version}/merge", { path, body })
    ).data;
  });
}

export async function merge(): Promise<void> {
  const found = merging.value;
  if (!found) return;
  merging.value = null;
  base.value = found.onto;
  pending.value = found.changes;
  await accept();
}

export async function discard(): Promise<void> {
  const onto = merging.value?.onto ?? current.value;
  merging.value = null;
  cancel();
  await loadDay();
  showVersion(onto);
}

// ---- locks --------------------------------------------------------------------------------------

effect(() => {
  const path = { day: day.value, version: version.value };
  if (!session.value || !path.version) {
    locks.value = [];
    return;
  }
  void fetched("/api/days/{day}/plans/{version}/locks", { path })
    .then((found) => {
      if (version.value === path.version) locks.value = found;
    })
    .catch(() => undefined);
});

/** Those of the shown version, as the pending changes leave them. */
export const shownLocks = computed(() => settled.value?.locks ?? locks.value);

export function toggleLocks(wanted: readonly Lock[]): void {
  const held = new Set(shownLocks.value.map(keyOf));
  const all = wanted.every((one) => held.has(keyOf(one)));
  add(
    ...wanted
      .filter((one) => all || !held.has(keyOf(one)))
      .map((one) =>
        change({
          do: all ? "unlock" : "lock",
          lock: one.kind,
          courier: one.courier,
          order: one.order,
        }),
      ),
  );
}

export const keyOf = (one: Lock): string => `${one.kind} ${one.courier} ${one.order}`;

export const wordsOf = (one: Lock): string =>
  one.kind === "route"
    ? say("lock.of.route", { courier: one.courier })
    : say(one.kind === "stop" ? "lock.of.stop" : "lock.of.prefix", {
        order: one.order,
        courier: one.courier,
      });

// ---- kept through a reload ----------------------------------------------------------------------

const KEPT = "buuta.pending";

let taken = false;
effect(() => {
  const held = pending.value.length
    ? JSON.stringify({ day: day.value, base: base.value, pending: pending.value })
    : "";
  if (!taken) return;
  try {
    if (held) sessionStorage.setItem(KEPT, held);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Without storage they last as long as the page.
  }
});

/** Once the plan is there: take up what was not saved before the page was loaded again. */
effect(() => {
  if (taken || !version.value || spotsByOrder.value.size === 0) return;
  untracked(() => {
    taken = true;
    try {
      const held = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as {
        day: string;
        base: number;
        pending: Change[];
      } | null;
      if (held?.day !== day.value || pending.value.length > 0) return;
      base.value = held.base;
      pending.value = held.pending;
      tell("note", say("edit.kept"));
    } catch {
      // What cannot be read is no loss that could be helped.
    }
  });
});

/** Another day has other changes. */
let before = "";
effect(() => {
  const now = day.value;
  untracked(() => {
    if (before && before !== now) cancel();
    before = now;
    undone.value = [];
  });
});

/** Hear now and then whether another dispatcher has moved the draft. */
export function keepHearing(): void {
  setInterval(() => {
    if (session.value && dayRecord.value && !document.hidden) void loadDay();
  }, 10_000);
}
