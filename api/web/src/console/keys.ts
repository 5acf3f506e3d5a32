/** The keyboard: what a view does at a key, listed in one place for whoever presses "?". */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Shortcut {
  /** Such as "ctrl+z", "?" or "escape". */
  key: string;
  says: () => string;
  does: () => void;
}

const known = signal<readonly Shortcut[]>([]);

/** All shortcuts that work just now, the last registered first. */
export const shortcuts = known;

/** Have shortcuts as long as a component is shown. */
export function useKeys(list: readonly Shortcut[]): void {
  useEffect(() => {
    known.value = [...list, ...known.value];
    return () => {
      known.value = known.value.filter((one) => !list.includes(one));
    };
  }, []);
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (key.length > 1 || event.ctrlKey)) parts.push("shift");
  return [...parts, key].join("+");
}

/** Whether keys now go into a field. */
function typing(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  return at.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName);
}

/** Listen once for the whole page. */
export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (event.defaultPrevented || (typing(event) && name !== "escape")) return;
    // Behind an open dialog nothing listens but the dialog itself.
    if (document.querySelector("dialog[open]") !== null) return;
    const found = known.value.find((one) => one.key === name);
    if (found === undefined) return;
    event.preventDefault();
    found.does();
  });
}
