/**
 * Asking the service: typed by its own description, with the session's token, versions (ETag) and
 * problems (RFC 9457) in words.
 */

import { signal } from "@preact/signals";
import type { paths } from "./api";
import { language } from "./language";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Has<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer O>
    ? O extends undefined
      ? never
      : P
    : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> =
  paths[P] extends Record<M, infer O> ? O : never;
type Of<T, K extends string> = T extends { [N in K]?: infer V } ? V : never;
type Json<T> = T extends { content: { "application/json": infer J } } ? J : undefined;
type Answers<T> = Of<T, "responses">;

/** What an operation answers when all is well. */
export type Ok<P extends keyof paths, M extends Method> = Json<
  | Of<Answers<Operation<P, M>>, "200" & string>
  | (Answers<Operation<P, M>> extends { 200: infer A } ? A : never)
  | (Answers<Operation<P, M>> extends { 201: infer A } ? A : never)
  | (Answers<Operation<P, M>> extends { 202: infer A } ? A : never)
>;

type PathOf<T> = Of<Of<T, "parameters">, "path">;
type QueryOf<T> = Of<Of<T, "parameters">, "query">;
type BodyOf<T> = T extends { requestBody: { content: infer C } }
  ? C extends { "application/json": infer J }
    ? J
    : Blob
  : never;

export interface Finding {
  where: string;
  what: string;
  remedy: string;
}

/** Why the service refused, in the language of the screen. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly findings: readonly Finding[],
    readonly more: Readonly<Record<string, unknown>>,
  ) {
    super(detail || title);
  }
}

/** The service did not answer at all. */
export class LostError extends Error {}

/** Whether the service answered the last time that it was asked. */
export const connected = signal(true);

/** The token that changes bring along; set by who signs in. */
export const csrf = signal("");

/** Raised by one when a request finds that nobody is signed in any more. */
export const signedOut = signal(0);

interface Asked {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  /** The version that was read, for changes. */
  version?: number;
  /** Happens once, however often it is sent. */
  once?: string;
  signal?: AbortSignal;
}

/** Return an address with its parts and its query. */
export function address(
  path: string,
  parts: Record<string, string | number> = {},
  query: Record<string, unknown> = {},
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(parts[name] ?? "")),
  );
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) asked.append(name, String(value));
  }
  const tail = asked.toString();
  return tail ? `${filled}?${tail}` : filled;
}

/** The headers that every request brings along. */
export function headers(method: string): Record<string, string> {
  const given: Record<string, string> = { "Accept-Language": language.value };
  if (method !== "GET" && csrf.value) given["X-CSRF-Token"] = csrf.value;
  return given;
}

/** Return what a refusal says. */
export async function problemOf(response: Response): Promise<ProblemError> {
  let held: Record<string, unknown> = {};
  try {
    held = (await response.json()) as Record<string, unknown>;
  } catch {
    // Somebody else answered, such as a web server in front.
  }
  const kind = String(held.type ?? "").replace(/^.*[:/]/, "");
  return new ProblemError(
    response.status,
    kind || "unavailable",
    String(held.title ?? `HTTP ${response.status}`),
    String(held.detail ?? ""),
    (held.errors as Finding[] | undefined) ?? [],
    held,
  );
}

/** Send a request and return the response; refusals and lost connections are thrown. */
export async function send(method: string, where: string, asked: Asked = {}): Promise<Response> {
  const given = headers(method);
  let body: BodyInit | null = null;
  if (asked.body instanceof Blob) {
    body = asked.body;
    given["Content-Type"] = asked.body.type || "application/octet-stream";
  } else if (asked.body !== undefined) {
    body = JSON.stringify(asked.body);
    given["Content-Type"] = "application/json";
  }
  if (asked.version !== undefined) given["If-Match"] = `"${asked.version}"`;
  if (asked.once !== undefined) given["Idempotency-Key"] = asked.once;
  let response: Response;
  try {
    response = await fetch(where, {
      method,
      headers: given,
      body,
      signal: asked.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    connected.value = false;
    throw new LostError(where);
  }
  connected.value = true;
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && problem.kind === "unauthenticated") signedOut.value += 1;
  throw problem;
}

export interface Answer<T> {
  data: T;
  /** The version of what was read, for the next change; 0 where it has none. */
  version: number;
}

type Given<T> = ([PathOf<T>] extends [never]
  ? unknown
  : PathOf<T> extends object
    ? { path: PathOf<T> }
    : unknown) & {
  query?: QueryOf<T>;
  body?: BodyOf<T>;
  version?: number;
  once?: string;
  signal?: AbortSignal;
};

/** Ask an operation of the service's description. */
export async function call<M extends Method, P extends Has<M>>(
  method: M,
  path: P,
  given: Given<Operation<P, M>>,
): Promise<Answer<Ok<P, M>>> {
  const asked = given as Asked;
  const where = address(String(path), asked.path, asked.query);
  const response = await send(method.toUpperCase(), where, asked);
  const tag = Number((response.headers.get("ETag") ?? "").replace(/\D/g, ""));
  const empty = response.status === 204 || !response.headers.get("Content-Type")?.includes("json");
  const data = (empty ? undefined : await response.json()) as Ok<P, M>;
  return { data, version: Number.isFinite(tag) ? tag : 0 };
}

/** Ask and return only the answer. */
export async function fetched<P extends Has<"get">>(
  path: P,
  given: Given<Operation<P, "get">>,
): Promise<Ok<P, "get">> {
  return (await call("get", path, given)).data;
}
