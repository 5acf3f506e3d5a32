/**
 * What the phone has to tell, as a machine without memory of its own: every function takes a box
 * and returns the next one. Nothing here touches the network, the clock or the store, so that any
 * order of acting, sending, losing answers and starting again can be tried.
 *
 * An entry waits, then it is sealed (its time by the office's clock is fixed, once and for all),
 * then the office answers: it is taken (now, or it was before), or refused with reasons. A sealed
 * entry is sent again word for word until there is an answer, so that it happens once.
 */

export type Fate = "waiting" | "taken" | "refused";

export interface Entry {
  /** Its place; grows, and says in which order things are told. */
  n: number;
  /** Given by the phone, the same however often it is sent. */
  id: string;
  courier: string;
  day: string;
  kind: string;
  /** The stop that it concerns, empty for none. */
  stop: string;
  order: string;
  body: Record<string, unknown>;
  /** When, by the phone's own clock, milliseconds since 1970. */
  phoneAt: number;
  /** How far the office's clock is ahead of the phone's, milliseconds; null until it is known. */
  offset: number | null;
  /** When, by the office's clock; empty until it is sealed. */
  at: string;
  /** Hashes of the pictures that it names. */
  proofs: string[];
  fate: Fate;
  reasons: string[];
  /** Who else told that the stop is done. */
  other: string;
  /** The stop is on another courier's route by now. */
  moved: boolean;
}

export type Box = readonly Entry[];

export interface Said {
  id: string;
  fate: string;
  reasons?: readonly string[] | undefined;
  other?: string | undefined;
  moved?: boolean | undefined;
}

/** What is sent of an entry. */
export interface Message {
  id: string;
  kind: string;
  at: string;
  order: string;
  courier: string;
  body: Record<string, unknown>;
}

export const MOST_AT_ONCE = 50;

/** The office's time: Vietnam keeps no summer time. */
export function officeTime(ms: number): string {
  return `${new Date(ms + 7 * 3_600_000).toISOString().slice(0, 19)}+07:00`;
}

/** A new entry that waits. */
export function entry(
  n: number,
  given: Pick<Entry, "id" | "courier" | "day" | "kind" | "phoneAt"> & Partial<Entry>,
): Entry {
  return {
    stop: "",
    order: "",
    body: {},
    offset: null,
    at: "",
    proofs: [],
    reasons: [],
    other: "",
    moved: false,
    ...given,
    fate: "waiting",
    n,
  };
}

/** The box with one entry more, at its end. */
export function add(box: Box, one: Entry): Box {
  return box.some((known) => known.id === one.id) ? box : [...box, one];
}

/** What is to be sent next: the oldest that wait, of one courier and one day, in order. */
export function next(box: Box, courier: string, most: number = MOST_AT_ONCE): Box {
  const waiting = box.filter((one) => one.fate === "waiting" && one.courier === courier);
  waiting.sort((one, other) => one.n - other.n);
  const day = waiting[0]?.day;
  const end = waiting.findIndex((one) => one.day !== day);
  return waiting.slice(0, Math.min(end < 0 ? waiting.length : end, most));
}

/**
 * The box with these entries sealed: their times by the office's clock do not change any more.
 *
 * Where the clocks were not compared when something happened, the difference now is taken.
 */
export function seal(box: Box, ids: readonly string[], offset: number): Box {
  return box.map((one) => {
    if (ids.indexOf(one.id) < 0 || one.at !== "") return one;
    const known = one.offset ?? offset;
    return { ...one, offset: known, at: officeTime(one.phoneAt + known) };
  });
}

/** What is sent of a sealed entry; the same at every time of asking. */
export function message(one: Entry): Message {
  if (one.at === "") throw new Error(`entry ${one.id} is not sealed`);
  return {
    id: one.id,
    kind: one.kind,
    at: one.at,
    order: one.order,
    courier: one.courier,
    body: {
      ...one.body,
      phone_at: officeTime(one.phoneAt),
      clock_offset: Math.round((one.offset ?? 0) / 1000),
    },
  };
}

/** The box after the office's answers; those that it says nothing of go on waiting. */
export function answered(box: Box, answers: readonly Said[]): Box {
  return box.map((one) => {
    const said = answers.find((each) => each.id === one.id);
    if (said === undefined || one.fate === "taken") return one;
    const refused = said.fate === "refused";
    return {
      ...one,
      fate: refused ? "refused" : "taken",
      reasons: refused ? [...(said.reasons ?? [])] : [],
      other: said.other ?? "",
      moved: said.moved ?? false,
    };
  });
}

/** The box with a refused entry waiting once more, as it was told. */
export function again(box: Box, id: string): Box {
  return box.map((one) =>
    one.id === id && one.fate === "refused" ? { ...one, fate: "waiting", reasons: [] } : one,
  );
}

/** The box without what is done with: kept is all that waits or was refused, and today's own. */
export function forgotten(box: Box, courier: string, day: string): Box {
  return box.filter(
    (one) => one.fate === "waiting" || (one.courier === courier && one.day === day),
  );
}

/** How many wait, and how many were refused. */
export function counted(box: Box): { waiting: number; refused: number } {
  return {
    waiting: box.filter((one) => one.fate === "waiting").length,
    refused: box.filter((one) => one.fate === "refused").length,
  };
}
