/**
 * Server-sent events that go on where they broke off.
 *
 * The browser's own EventSource cannot say `Last-Event-ID` on a connection of its own making, nor
 * tell a refusal from a lost connection; this one can.
 */

import { connected, headers, type ProblemError, problemOf } from "./http";

export interface Entry {
  id: string;
  kind: string;
  data: unknown;
}

interface Follower {
  onEntry: (entry: Entry) => void;
  /** The stream came to its end, or the service refused; it is not taken up again. */
  onEnd?: (problem: ProblemError | null) => void;
  /** Where to go on. */
  last?: string;
  /** The kind of the entry after which there is nothing more. */
  lastKind?: string;
}

const LEAST_WAIT = 500;
const MOST_WAIT = 10_000;

/** Follow a stream until `stop` is called, its last entry came, or the service refuses. */
export function follow(where: string, follower: Follower): () => void {
  const gone = new AbortController();
  void listen(where, follower, gone.signal);
  return () => gone.abort();
}

async function listen(where: string, follower: Follower, gone: AbortSignal): Promise<void> {
  let last = follower.last ?? "";
  let wait = LEAST_WAIT;
  while (!gone.aborted) {
    try {
      const given: Record<string, string> = { ...headers("GET"), Accept: "text/event-stream" };
      if (last) given["Last-Event-ID"] = last;
      const response = await fetch(where, { headers: given, signal: gone, cache: "no-store" });
      if (!response.ok && response.status < 500) {
        follower.onEnd?.(await problemOf(response));
        return;
      }
      if (response.ok && response.body !== null) {
        connected.value = true;
        for await (const entry of entries(response.body)) {
          wait = LEAST_WAIT;
          if (entry.id) last = entry.id;
          follower.onEntry(entry);
          if (entry.kind === follower.lastKind) {
            follower.onEnd?.(null);
            return;
          }
        }
      }
    } catch {
      if (gone.aborted) return;
      connected.value = false;
    }
    await pause(wait, gone);
    wait = Math.min(wait * 2, MOST_WAIT);
  }
}

/** Return after a while, or when it is no longer wanted. */
function pause(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = (): void => {
      clearTimeout(timer);
      done();
    };
    const timer = setTimeout(over, ms);
    gone.addEventListener("abort", over, { once: true });
  });
}

/** Read a body's entries; comments and half of an entry at the end are passed over. */
export async function* entries(body: ReadableStream<Uint8Array>): AsyncGenerator<Entry> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += decoder.decode(value, { stream: true }).replaceAll("\r\n", "\n");
      for (let cut = held.indexOf("\n\n"); cut >= 0; cut = held.indexOf("\n\n")) {
        const entry = read(held.slice(0, cut));
        held = held.slice(cut + 2);
        if (entry !== null) yield entry;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function read(block: string): Entry | null {
  const entry = { id: "", kind: "message", text: "" };
  for (const line of block.split("\n")) {
    const [name, ...rest] = line.split(":");
    const value = rest.join(":").replace(/^ /, "");
    if (name === "id") entry.id = value;
    else if (name === "event") entry.kind = value;
    else if (name === "data") entry.text += (entry.text ? "\n" : "") + value;
  }
  if (!entry.text) return null;
  return { id: entry.id, kind: entry.kind, data: JSON.parse(entry.text) as unknown };
}
