/** Bringing what the views show from the service. */

import { effect, signal, untracked } from "@preact/signals";
import { fetched, LostError, ProblemError } from "../shared/http";
import { language } from "../shared/language";
import {
  background,
  clearSelection,
  day,
  dayRecord,
  lines,
  plan,
  routes,
  session,
  setup,
  tell,
  version,
  versions,
} from "./state";
import { say } from "./words";

/** Whether something is being fetched, for a sign of life. */
export const loading = signal(0);

/** Do something, telling what went wrong; returns whether it went well. */
export async function attempt(what: () => Promise<void>): Promise<boolean> {
  loading.value += 1;
  try {
    await what();
    return true;
  } catch (error) {
    if (error instanceof ProblemError) {
      if (error.kind !== "unauthenticated") tellProblem(error);
    } else if (!(error instanceof LostError)) {
      throw error;
    }
    return false;
  } finally {
    loading.value -= 1;
  }
}

export function tellProblem(error: ProblemError): void {
  const found = error.findings
    .slice(0, 5)
    .map((one) => [one.where, one.what, one.remedy].filter(Boolean).join(": "));
  tell("bad", error.title, [error.detail, ...found].filter(Boolean).join("\n"));
}

/** Fetch how the service is set up and what lies behind the map; once a session. */
export async function loadSetup(): Promise<void> {
  await attempt(async () => {
    setup.value = await fetched("/api/console", {});
    if (!day.value) day.value = setup.value.now.slice(0, 10);
    background.value = await fetched("/api/map", {});
  });
}

/** Fetch the day as it is stored and its versions; shows the newest where none is asked for. */
export async function loadDay(): Promise<void> {
  const asked = day.value;
  await attempt(async () => {
    let held = null;
    try {
      held = await fetched("/api/days/{day}", { path: { day: asked } });
    } catch (error) {
      // Nothing is stored for the day yet.
      if (!(error instanceof ProblemError && error.status === 404)) throw error;
    }
    const found = held ? await fetched("/api/days/{day}/plans", { path: { day: asked } }) : [];
    if (day.value !== asked) return;
    dayRecord.value = held;
    versions.value = found;
    if (!found.some((one) => one.version === version.value)) {
      version.value = held?.published || (found.at(-1)?.version ?? 0);
    }
  });
}

let shown = "";

/** Fetch the version that is to be shown, unless it is shown already. */
export async function loadPlan(): Promise<void> {
  const wanted = `${day.value}/${version.value}/${language.value}`;
  if (wanted === shown) return;
  shown = wanted;
  if (!version.value) {
    plan.value = null;
    routes.value = [];
    return;
  }
  const path = { day: day.value, version: version.value };
  const well = await attempt(async () => {
    const [one, all] = await Promise.all([
      fetched("/api/days/{day}/plans/{version}", { path }),
      fetched("/api/days/{day}/plans/{version}/routes", { path }),
    ]);
    if (shown !== wanted) return;
    lines.value = {};
    plan.value = one;
    routes.value = all;
    // The map shows straight lines until the ways are here: they may take a while on real roads.
    const drawn = await fetched("/api/days/{day}/plans/{version}/ways", { path });
    if (shown === wanted) lines.value = drawn as unknown as typeof lines.value;
  });
  if (!well && shown === wanted) shown = "";
}

/** Show another version. */
export function showVersion(next: number): void {
  version.value = next;
}

/** Follow the signals: another day, version or language is fetched as it is chosen. */
export function keepLoaded(): void {
  let before = "";
  effect(() => {
    if (!session.value || !day.value) return;
    if (before && before !== day.value) {
      untracked(() => {
        versions.value = [];
        dayRecord.value = null;
        version.value = 0;
        clearSelection();
      });
    }
    before = day.value;
    untracked(() => void loadDay());
  });
  effect(() => {
    // Read here, so that a change of any of them is followed.
    const asked = [session.value, day.value, version.value, language.value];
    if (asked[0]) untracked(() => void loadPlan());
  });
  // Somebody else may have published meanwhile.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && session.value) void loadDay();
  });
}

/** Say what is missing where nothing is shown. */
export const nothing = (): string => say("plan.none");
