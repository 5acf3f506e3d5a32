/**
 * Between the phone and the office: what waits is sent in order, and the day is fetched.
 *
 * One at a time, over all pages of this browser; a lost connection ends it, and it is tried again.
 */

import { csrf, ProblemError, send } from "../shared/http";
import * as db from "./db";
import type { Answer, Day } from "./model";
import { answered, forgotten, message, next, seal } from "./outbox";
import { differences } from "./round";
import * as at from "./state";

const PATIENCE = 20_000;
const PATIENCE_PICTURE = 90_000;
const ASK_EVERY = 60_000;
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 60_000;

/** Thrown where the office did not answer as it does; whatever was asked is asked again. */
class Lost extends Error {}

interface Heard {
  response: Response;
  json: unknown;
}

/** Ask, learn the office's time from the answer, and give up after a while. */
async function ask(
  method: string,
  where: string,
  body?: unknown,
  patience = PATIENCE,
): Promise<Heard> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  const asked = Date.now();
  try {
    const response = await send(method, where, { body, signal: stop.signal });
    const kind = response.headers.get("Content-Type") ?? "";
    const json: unknown = kind.indexOf("json") >= 0 ? await response.json() : undefined;
    compare(json, asked);
    at.online.value = true;
    return { response, json };
  } catch (error) {
    if (error instanceof ProblemError && error.status < 500 && error.status !== 429) {
      at.online.value = true;
      throw error;
    }
    at.online.value = false;
    throw new Lost(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Compare the clocks: the office's in the middle between asking and hearing. */
function compare(json: unknown, asked: number): void {
  const heard = Date.now();
  const said = (json as { now?: string } | undefined)?.now;
  const there = said ? Date.parse(said) : Number.NaN;
  if (Number.isNaN(there) || heard < asked || heard - asked > PATIENCE) return;
  const middle = (asked + heard) / 2;
  const found = Math.round((there - middle) / 1000) * 1000;
  if (at.offset.value === null || Math.abs(at.offset.value - found) > 1_500) {
    at.offset.value = found;
  }
}

/** Come in by the link of the manifest, or see whether this phone is still let in. */
async function comeIn(): Promise<boolean> {
  const who = at.session.value;
  if (who === null) return false;
  if (!csrf.value) {
    try {
      const { json } = await ask("GET", "/api/session");
      const said = json as { csrf: string; courier: string; day: string | null };
      if (said.courier === who.courier && (said.day === null || said.day === who.day)) {
        csrf.value = said.csrf;
      }
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
    }
  }
  if (csrf.value) return true;
  if (!who.token) return false;
  const ok = await byLink(who.token);
  // The office says that the day is over, or that this phone is to have it no longer.
  if (!ok && at.shut.value?.kind === "link_over") await forget();
  return ok;
}

/** Exchange the link of a manifest for a session; false where the office refuses. */
export async function byLink(token: string): Promise<boolean> {
  try {
    const { json } = await ask("POST", "/api/session/link", { token, device: at.device() });
    const said = json as { csrf: string; courier: string; day: string };
    csrf.value = said.csrf;
    at.shut.value = null;
    await change({ token, courier: said.courier, day: said.day, name: "" });
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    at.shut.value = { kind: error.kind, title: error.title, detail: error.detail };
    return false;
  }
}

/** Begin somebody's day: what was of another courier or another day goes, but what waits. */
async function change(who: at.Session): Promise<void> {
  const before = at.session.value;
  if (before?.courier !== who.courier || before?.day !== who.day) {
    await forget(who.courier, who.day);
  }
  await db.putMeta("session", who);
  at.session.value = who;
}

/** Delete a day from the phone; what was not sent yet stays until it is. */
export async function forget(courier = "", day = ""): Promise<void> {
  await db.dropMeta("session", "day", "pending", "order");
  await db.dropDrafts();
  await at.keepBox(forgotten(at.box.value, courier, day));
  const needed = new Set(at.box.value.flatMap((one) => one.proofs));
  const gone = (await db.pictures()).filter(
    (one) => !needed.has(one.hash) || one.fate !== "waiting",
  );
  await db.dropPictures(gone.map((one) => one.hash));
  at.session.value = null;
  at.day.value = null;
  at.pending.value = null;
  at.byHand.value = [];
}

/** Sign out: the office ends the session, and nothing stays on the phone. */
export async function signOut(): Promise<void> {
  await forget();
  await db.dropMeta("incoming");
  at.entering.value = false;
  at.shut.value = null;
  await at.keepBox([]);
  await db.dropPictures((await db.pictures()).map((one) => one.hash));
  try {
    await ask("DELETE", "/api/session");
  } catch {
    // Without a signal the session ends by itself in the night.
  }
  csrf.value = "";
}

/**
 * Whether the day is over, at six the next morning: its data do not stay on the phone.
 *
 * While the clocks were not compared, the phone's own may be wrong by hours: it gets a day more.
 */
export function isOver(day: string): boolean {
  const end = Date.parse(`${day}T00:00:00+07:00`) + 30 * 3_600_000;
  return at.offset.value === null ? Date.now() >= end + 86_400_000 : at.now() >= end;
}

async function sendPictures(hashes: readonly string[], day: string): Promise<void> {
  for (const hash of hashes) {
    const held = await db.picture(hash);
    if (held === undefined || held.fate !== "waiting") continue;
    let fate: "sent" | "refused" = "sent";
    try {
      const body = new Blob([held.data], { type: held.media });
      await ask("PUT", `/api/own/proofs/${hash}?day=${day}`, body, PATIENCE_PICTURE);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status === 401 || error.status === 403) {
        throw error;
      }
      fate = "refused";
    }
    await db.putPicture({ ...held, fate });
  }
}

/** Send all that waits, a few at a time and in order. */
async function sendAll(who: at.Session): Promise<void> {
  for (;;) {
    const batch = next(at.box.value, who.courier);
    const day = batch[0]?.day;
    if (day === undefined) return;
    const ids = batch.map((one) => one.id);
    // The clocks have just been compared; from here on the times do not change any more.
    await at.keepBox(seal(at.box.value, ids, at.offset.value ?? 0));
    const sealed = at.box.value.filter((one) => ids.indexOf(one.id) >= 0);
    for (const one of sealed) await sendPictures(one.proofs, day);
    const { json } = await ask("POST", `/api/own/outbox?day=${day}`, {
      events: sealed.map(message),
    });
    const answers = (json as { answers: Answer[] }).answers;
    await at.keepBox(answered(at.box.value, answers));
    const lacking = answers.flatMap((one) => one.lacking ?? []);
    for (const hash of lacking) {
      const held = await db.picture(hash);
      if (held?.fate === "sent") await db.putPicture({ ...held, fate: "waiting" });
    }
    await sendPictures(lacking, day);
    const sent = sealed.flatMap((one) => one.proofs).filter((one) => lacking.indexOf(one) < 0);
    await db.dropPictures(sent);
  }
}

async function fetchDay(who: at.Session): Promise<void> {
  // Twenty kilobytes, only where something has changed.
  const tag = at.pending.value?.tag ?? at.day.value?.tag ?? "";
  const { json } = await ask("GET", `/api/own/day?day=${who.day}&known=${tag}`);
  if (json === undefined) return;
  const fresh = json as Day;
  const known = at.day.value;
  if (known === null || known.version === fresh.version) {
    await keepDay(fresh);
    return;
  }
  if (differences(known, fresh, at.state.value).length === 0) {
    await accept(fresh);
    return;
  }
  await db.putMeta("pending", fresh);
  at.pending.value = fresh;
}

async function keepDay(fresh: Day): Promise<void> {
  await db.putMeta("day", fresh);
  at.day.value = fresh;
  if (at.pending.value !== null && at.pending.value.version <= fresh.version) {
    await db.dropMeta("pending");
    at.pending.value = null;
  }
  const who = at.session.value;
  if (who !== null && who.name !== fresh.name) {
    at.session.value = { ...who, name: fresh.name };
    await db.putMeta("session", at.session.value);
  }
}

/** Go by a newer plan; the office hears that it was read. */
export async function accept(fresh: Day): Promise<void> {
  await keepDay(fresh);
  await db.putMeta("order", []);
  at.byHand.value = [];
  await at.tell({ kind: "route_accepted", body: { version: fresh.version } });
}

let running = false;
let asked = false;
let pause = FIRST_PAUSE;
let timer: ReturnType<typeof setTimeout> | undefined;

function later(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void sync(), ms);
}

/** Send and fetch; may be called at any time, runs once at a time. */
export async function sync(): Promise<void> {
  if (running) {
    asked = true;
    return;
  }
  running = true;
  at.sending.value = true;
  let wait = ASK_EVERY;
  try {
    await exclusively(once);
    pause = FIRST_PAUSE;
  } catch (error) {
    if (db.isFull(error)) at.trouble.value = "full";
    else if (!(error instanceof Lost)) console.error(error);
    wait = pause;
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  } finally {
    running = false;
    at.sending.value = false;
    if (asked) {
      asked = false;
      wait = Math.min(wait, 50);
    }
    later(wait);
  }
}

/** Two pages of one browser do not send at the same time. */
async function exclusively(work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) {
    await work();
    return;
  }
  await navigator.locks.request("buuta-sync", async () => {
    at.box.value = await db.box();
    await work();
  });
}

/** Try the link that was opened last; true where another phone has it, and the office must say. */
async function knock(): Promise<boolean> {
  const incoming = await db.meta("incoming");
  if (!incoming) return false;
  const ok = await byLink(incoming);
  const waits = !ok && at.shut.value?.kind === "link_elsewhere";
  if (!waits) {
    await db.dropMeta("incoming");
    at.entering.value = false;
  }
  return !ok;
}

async function once(): Promise<void> {
  const stays = await knock();
  const who = at.session.value;
  if (who === null) return;
  const over = isOver(who.day);
  if (over && at.counts.value.waiting === 0) {
    await forget();
    return;
  }
  if (!(await comeIn())) return;
  try {
    if (at.offset.value === null) await ask("GET", "/api/session");
    await sendAll(who);
    if (!over) await fetchDay(who);
    if (!stays) at.shut.value = null;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // Signed out, or the session's token is another one by now: come in anew at the next try.
    csrf.value = "";
    if (error.status !== 401 && error.kind !== "csrf") {
      at.shut.value = { kind: error.kind, title: error.title, detail: error.detail };
    }
    throw new Lost(error.kind);
  }
}

/** Keep at it: after each thing told, when there is a signal again, and every minute. */
export function keepSending(): void {
  at.onTold(() => void sync());
  const wake = (): void => {
    pause = FIRST_PAUSE;
    void sync();
  };
  addEventListener("online", wake);
  addEventListener("offline", () => {
    at.online.value = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
  void sync();
}
