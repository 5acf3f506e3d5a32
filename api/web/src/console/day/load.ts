/** What the preparation of a day shows: counts, addresses, demand, master data. */

import { effect, signal, untracked } from "@preact/signals";
import { fetched, ProblemError } from "../../shared/http";
import { language } from "../../shared/language";
import { attempt, loadDay } from "../load";
import { day, type Schemas, session } from "../state";

export type Places = Schemas["PlacesOut"];
export type Unplaced = Schemas["UnplacedOut"];
export type Demands = Schemas["DemandsOut"];
export type Vehicle = Schemas["VehicleOut"];

export const orderCount = signal(0);
export const places = signal<Places | null>(null);
export const demands = signal<Demands | null>(null);
export const vehicles = signal<readonly Vehicle[]>([]);
export const offices = signal(0);

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    // Nothing is stored for the day yet.
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}

/** Fetch all that the preparation shows. */
export async function loadPreparation(): Promise<void> {
  const asked = day.value;
  const path = { day: asked };
  await attempt(async () => {
    await loadDay();
    const [counted, found, wanted, fleet, known] = await Promise.all([
      fetched("/api/orders/count", { query: { day: asked } }),
      orNull(fetched("/api/days/{day}/addresses", { path })),
      orNull(fetched("/api/days/{day}/demand", { path })),
      fetched("/api/vehicles", {}),
      fetched("/api/offices", {}),
    ]);
    if (day.value !== asked) return;
    orderCount.value = Object.values(counted).reduce((sum, one) => sum + one, 0);
    places.value = found;
    demands.value = wanted;
    vehicles.value = fleet.filter((one) => one.active);
    offices.value = known.length;
  });
}

/** Fetch again as the day or the language is changed, as long as the view is shown. */
export function keepPreparation(): () => void {
  return effect(() => {
    const wanted = [session.value, day.value, language.value];
    if (wanted[0] && wanted[1]) untracked(() => void loadPreparation());
  });
}

/** The addresses that somebody must look at. */
export const queue = (): readonly Unplaced[] => [
  ...(places.value?.doubtful ?? []),
  ...(places.value?.not_found ?? []),
];
