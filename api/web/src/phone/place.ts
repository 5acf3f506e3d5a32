/** Where the phone is, with its courier's consent, and never waited for. */

const KEPT = "buuta.place";
const PATIENCE = 12_000;

export interface Place {
  lat: number;
  lon: number;
  accuracy: number;
}

/** What the courier answered: yes, no, or nothing yet. */
export function consent(): "yes" | "no" | "" {
  try {
    const said = localStorage.getItem(KEPT);
    return said === "yes" || said === "no" ? said : "";
  } catch {
    return "no";
  }
}

export function consents(answer: boolean): void {
  try {
    localStorage.setItem(KEPT, answer ? "yes" : "no");
  } catch {
    // Asked again next time.
  }
}

let last: { place: Place; at: number } | undefined;

/** Begin to look where the phone is; the answer is there when the form is finished, or not. */
export function look(): void {
  if (consent() !== "yes" || navigator.geolocation === undefined) return;
  navigator.geolocation.getCurrentPosition(
    ({ coords, timestamp }) => {
      const round = (value: number): number => Math.round(value * 1e6) / 1e6;
      last = {
        place: {
          lat: round(coords.latitude),
          lon: round(coords.longitude),
          accuracy: Math.round(coords.accuracy),
        },
        at: Math.max(timestamp, Date.now() - PATIENCE),
      };
    },
    () => undefined,
    { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 15_000 },
  );
}

/** What an event says of the place: nothing without consent, or where it is not known now. */
export function placed(): Record<string, unknown> {
  if (consent() !== "yes" || last === undefined || Date.now() - last.at > 90_000) return {};
  const { lat, lon, accuracy } = last.place;
  return { place: { lat, lon }, accuracy };
}
