/**
 * What the screens say, in Vietnamese first.
 *
 * Each part of the screens has one `catalogue(vi, en)`. A key or a {placeholder} that one language
 * has and the other has not is an error of types, so that `npm run check` finds it.
 */

import { signal } from "@preact/signals";

export type Language = "vi" | "en";

type Places<S> = S extends `${string}{${infer P}}${infer Rest}` ? P | Places<Rest> : never;
type Same<A, B> = [Places<A>] extends [Places<B>]
  ? [Places<B>] extends [Places<A>]
    ? A
    : never
  : never;
type Texts = Record<string, string>;
type Values<S> = [Places<S>] extends [never] ? [] : [Record<Places<S>, string | number>];

export const KEPT = "buuta.language";

function first(): Language {
  try {
    return localStorage.getItem(KEPT) === "en" ? "en" : "vi";
  } catch {
    return "vi";
  }
}

/** The language of the screen; components that read texts follow it. */
export const language = signal<Language>(first());

/** Speak another language from now on, and after the next start. */
export function speak(next: Language): void {
  language.value = next;
  document.documentElement.lang = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** Put values into a text's places. */
function filled(text: string, values: Record<string, string | number> | undefined): string {
  if (values === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return a function that says a key in the language of the screen. */
export function catalogue<
  const V extends Texts,
  const E extends { [K in keyof V]: string } & { [K in Exclude<keyof E, keyof V>]: never },
>(vi: V, en: E & { [K in keyof V]: Same<E[K], V[K]> }) {
  const texts: Record<Language, Texts> = { vi, en: en as unknown as Texts };
  return <K extends keyof V & string>(key: K, ...values: Values<V[K]>): string =>
    filled(texts[language.value][key] ?? key, values[0] as Record<string, string | number>);
}

/** As `catalogue`, for keys that are put together at run time; an unknown key is shown itself. */
export function lookup<const V extends Texts>(
  vi: V,
  en: Record<keyof V, string>,
): (key: string) => string {
  const texts: Record<Language, Texts> = { vi, en };
  return (key) => texts[language.value][key] ?? key;
}
