/**
 * What the phone keeps: the day, what waits to be sent, pictures, and forms that were begun.
 *
 * Everything that belongs together is written in one transaction, so that a phone that dies has
 * either all of it or none.
 */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Day } from "./model";
import type { Entry } from "./outbox";

/** One line of a signature, in parts of the pad's width and height. */
export type Stroke = [number, number][];

/** A form as far as it was filled in. */
export interface Draft {
  key: string;
  values: Record<string, string | number | boolean>;
  strokes: Record<string, Stroke[]>;
  photo?: { hash: string; data: ArrayBuffer };
}

export interface Picture {
  hash: string;
  courier: string;
  day: string;
  media: string;
  data: ArrayBuffer;
  /** waiting, sent, or of no use: the office does not take it. */
  fate: "waiting" | "sent" | "refused";
}

export interface Meta {
  session: { token: string; courier: string; day: string; name: string };
  day: Day;
  pending: Day;
  order: string[];
  next: number;
  /** The token of a link that was opened and has not let anybody in yet. */
  incoming: string;
}

interface Kept extends DBSchema {
  meta: { key: string; value: Meta[keyof Meta] };
  box: { key: number; value: Entry };
  proofs: { key: string; value: Picture };
  drafts: { key: string; value: Draft };
}

let opened: Promise<IDBPDatabase<Kept>> | undefined;

function db(): Promise<IDBPDatabase<Kept>> {
  if (opened === undefined) {
    opened = openDB<Kept>("buuta", 1, {
      upgrade(made) {
        made.createObjectStore("meta");
        made.createObjectStore("box", { keyPath: "n" });
        made.createObjectStore("proofs", { keyPath: "hash" });
        made.createObjectStore("drafts", { keyPath: "key" });
      },
      terminated() {
        opened = undefined;
      },
    });
    opened.catch(() => {
      opened = undefined;
    });
  }
  return opened;
}

export async function meta<K extends keyof Meta>(key: K): Promise<Meta[K] | undefined> {
  return (await (await db()).get("meta", key)) as Meta[K] | undefined;
}

export async function putMeta<K extends keyof Meta>(key: K, value: Meta[K]): Promise<void> {
  await (await db()).put("meta", value, key);
}

export async function dropMeta(...keys: (keyof Meta)[]): Promise<void> {
  const held = (await db()).transaction("meta", "readwrite");
  await Promise.all([...keys.map((key) => held.store.delete(key)), held.done]);
}

export async function box(): Promise<Entry[]> {
  return (await db()).getAll("box");
}

/** Write an entry with its pictures, and forget the form that it came of: all or nothing. */
export async function tell(
  make: (n: number) => Entry,
  pictures: readonly Picture[] = [],
  draft = "",
): Promise<Entry> {
  const held = (await db()).transaction(["meta", "box", "proofs", "drafts"], "readwrite");
  const asked: Promise<unknown>[] = [];
  try {
    // Without waiting for anything else in between: a transaction that idles commits by itself.
    const n = (((await held.objectStore("meta").get("next")) as number | undefined) ?? 0) + 1;
    const one = make(n);
    for (const each of pictures) asked.push(held.objectStore("proofs").put(each));
    asked.push(held.objectStore("meta").put(n, "next"), held.objectStore("box").put(one));
    if (draft) asked.push(held.objectStore("drafts").delete(draft));
    await Promise.all([...asked, held.done]);
    return one;
  } catch (error) {
    const ended = Promise.all([...asked, held.done].map((one) => one.catch(() => undefined)));
    try {
      held.abort();
    } catch {
      // It has ended by itself.
    }
    await ended;
    throw error;
  }
}

export async function putEntries(entries: readonly Entry[]): Promise<void> {
  const held = (await db()).transaction("box", "readwrite");
  await Promise.all([...entries.map((one) => held.store.put(one)), held.done]);
}

export async function dropEntries(numbers: readonly number[]): Promise<void> {
  const held = (await db()).transaction("box", "readwrite");
  await Promise.all([...numbers.map((one) => held.store.delete(one)), held.done]);
}

export async function picture(hash: string): Promise<Picture | undefined> {
  return (await db()).get("proofs", hash);
}

export async function pictures(): Promise<Picture[]> {
  return (await db()).getAll("proofs");
}

export async function putPicture(one: Picture): Promise<void> {
  await (await db()).put("proofs", one);
}

export async function dropPictures(hashes: readonly string[]): Promise<void> {
  const held = (await db()).transaction("proofs", "readwrite");
  await Promise.all([...hashes.map((one) => held.store.delete(one)), held.done]);
}

export async function draft(key: string): Promise<Draft | undefined> {
  return (await db()).get("drafts", key);
}

export async function putDraft(one: Draft): Promise<void> {
  await (await db()).put("drafts", one);
}

export async function dropDrafts(): Promise<void> {
  await (await db()).clear("drafts");
}

/** Whether an error says that the phone has no room left. */
export function isFull(error: unknown): boolean {
  const name = (error as { name?: string } | null)?.name ?? "";
  return name === "QuotaExceededError" || /quota|disk|full/i.test(String(error));
}
