/** The address in the browser: /days/2026-11-24/plan?version=3. */

import { effect } from "@preact/signals";
import { day, VIEWS, type View, version, view } from "./state";

const SHAPE = /^\/days\/(\d{4}-\d{2}-\d{2})(?:\/([a-z]+))?\/?$/;

/** Take over what the address says; a day is kept where it names none. */
export function readAddress(): void {
  const found = SHAPE.exec(location.pathname);
  if (found === null) return;
  day.value = found[1] ?? day.value;
  const named = VIEWS.find((one) => one === found[2]);
  if (named) view.value = named;
  const asked = Number(new URLSearchParams(location.search).get("version"));
  version.value = Number.isInteger(asked) && asked > 0 ? asked : 0;
}

/** Keep the address in step with what is shown. */
export function writeAddress(): void {
  addEventListener("popstate", readAddress);
  effect(() => {
    if (!day.value) return;
    const asked = view.value !== "day" && version.value ? `?version=${version.value}` : "";
    const wanted = `/days/${day.value}/${view.value}${asked}`;
    if (wanted === location.pathname + location.search) return;
    // Another version of the same view is no step to go back to.
    const same = location.pathname === `/days/${day.value}/${view.value}`;
    if (same || !SHAPE.test(location.pathname)) history.replaceState(null, "", wanted);
    else history.pushState(null, "", wanted);
  });
}

export function go(next: View): void {
  view.value = next;
}
