/** What is locked is marked on the timeline and in the table, whichever part draws them. */

import { effect } from "@preact/signals";
import { shownLocks } from "./model";
import { say } from "./words";

/** Keep a style sheet that says how locked stops and rounds look. */
export function markLocks(): void {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  effect(() => {
    const rules = shownLocks.value.flatMap((one) => {
      const lane = `.lane[data-courier="${CSS.escape(one.courier)}"]`;
      if (one.kind === "route") {
        return [
          `${lane} .label::after { content: "${say("lock.mark")}"; font-size: 11px; color: #8a5300; }`,
          `${lane} .mark .body { stroke: #14202e; stroke-width: 1.6px; }`,
        ];
      }
      const stop = `${lane} [data-order="${CSS.escape(one.order)}"]`;
      const edge = `${stop} .body { stroke: #14202e; stroke-width: 1.8px; }`;
      return one.kind === "prefix" ? [edge, `${stop} .body { stroke-dasharray: 3 1.5; }`] : [edge];
    });
    sheet.replaceSync(rules.join("\n"));
  });
}
