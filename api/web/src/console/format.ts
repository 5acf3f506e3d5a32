/** Figures as people of the office write them. */

import { language } from "../shared/language";

const place = (): string => (language.value === "vi" ? "vi-VN" : "en-GB");

/** Seconds since midnight as 07:20; after midnight it goes on with 24:10. */
export function clock(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hour = Math.floor(minutes / 60);
  return `${String(hour).padStart(2, "0")}:${String(minutes - hour * 60).padStart(2, "0")}`;
}

export const span = (window: { start: number; end: number }): string =>
  `${clock(window.start)}–${clock(window.end)}`;

/** A length of time as 1:05 h or 12 min. */
export function lasting(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} ${language.value === "vi" ? "phút" : "min"}`;
  const hours = Math.floor(minutes / 60);
  return `${hours}:${String(minutes % 60).padStart(2, "0")} ${language.value === "vi" ? "giờ" : "h"}`;
}

export function count(value: number, digits = 0): string {
  return value.toLocaleString(place(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

export const hours = (seconds: number): string => count(seconds / 3600, 1);
export const km = (metres: number): string =>
  `${count(metres / 1000, metres < 100_000 ? 1 : 0)} km`;
export const kg = (grams: number): string => `${count(grams / 1000, grams < 10_000 ? 1 : 0)} kg`;
export const share = (part: number): string => `${count(part * 100)} %`;

/** Whole đồng. */
export const dong = (value: number): string => `${count(value)} đ`;

/** Thousandths of a đồng, as the plan's costs are. */
export const money = (thousandths: number): string => dong(Math.round(thousandths / 1000));

/** 2026-11-24 as people write it. */
export function dateOf(day: string): string {
  const [year, month, date] = day.split("-").map(Number);
  const at = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, date ?? 1));
  return at.toLocaleDateString(place(), {
    weekday: "short",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** A moment as the office's clock shows it. */
export function momentOf(at: string): string {
  return new Date(at).toLocaleTimeString(place(), {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "Asia/Ho_Chi_Minh",
  });
}

/** Fold a text for searching: no accents, no case; đ is d. */
export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/đ/gi, "d")
    .toLowerCase();
}
