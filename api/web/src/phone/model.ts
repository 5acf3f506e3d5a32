/** What the phone knows of a day, and what it has to tell. Times of day are seconds since midnight. */

import type { components } from "../shared/api";

export type Day = components["schemas"]["PhoneDay"];
export type Stop = components["schemas"]["PhoneStop"];
export type Answer = components["schemas"]["AnswerOut"];

export type Need = "required" | "optional" | "off";
export type Ask = "recipient" | "signature" | "photo" | "identity" | "cash";

export const REASONS = [
  "absent",
  "moved",
  "wrong_address",
  "refused",
  "office_closed",
  "appointment",
  "unpaid",
  "other",
] as const;
export type Reason = (typeof REASONS)[number];

/** How far a stop is, the office's word and the phone's own put together. */
export type State = "open" | "started" | "done" | "failed" | "later" | "cancelled";

/** A stop at a customer; breaks and returns to the office are none. */
export function isVisit(stop: Stop): boolean {
  return stop.label !== "";
}

/** What is asked for at a stop, as the office set it. */
export function needsOf(day: Day, stop: Stop): Record<Ask, Need> {
  const said = day.rules[stop.rule ?? ""] ?? {};
  const need = (ask: Ask): Need => (said[ask] as Need | undefined) ?? "off";
  return {
    recipient: need("recipient"),
    signature: need("signature"),
    photo: need("photo"),
    identity: need("identity"),
    cash: (stop.cash ?? 0) > 0 ? need("cash") : "off",
  };
}

/** Letters as they are compared: without case and accents. */
export function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[đĐ]/g, "d")
    .toLowerCase();
}

/** The stops that a search finds: by number, order, name, phone or address. */
export function found(stops: readonly Stop[], asked: string): Stop[] {
  const words = folded(asked).trim();
  if (!words) return stops.slice();
  const exact = stops.filter((one) => one.label === words || folded(one.order ?? "") === words);
  if (exact.length > 0) return exact;
  return stops.filter((one) => {
    const held = [one.label, one.order, one.customer, one.phone, one.address, one.content];
    const text = folded(held.join(" "));
    return words.split(/\s+/).every((word) => text.indexOf(word) >= 0);
  });
}
