/** Which page is shown: the part of the address behind the hash, so that "back" works. */

import { signal } from "@preact/signals";

export interface Page {
  name: string;
  key: string;
}

function read(): Page {
  const said = location.hash.replace(/^#\/?/, "").split("/");
  let key = "";
  try {
    key = decodeURIComponent(said.slice(1).join("/"));
  } catch {
    // Not ours: the first page does.
  }
  return { name: said[0] ?? "", key };
}

export const page = signal<Page>({ name: "", key: "" });

export function follow(): void {
  page.value = read();
  addEventListener("hashchange", () => {
    page.value = read();
    scrollTo(0, 0);
  });
}

export function go(name: string, key = ""): void {
  location.hash = key ? `#/${name}/${encodeURIComponent(key)}` : `#/${name}`;
}

/** Leave a form for a page, so that "back" does not lead into it again. */
export function leave(name: string): void {
  history.replaceState(null, "", `#/${name}`);
  page.value = read();
  scrollTo(0, 0);
}

/** Take the link's token out of the address: it is not to be seen or shared from there. */
export function token(): string {
  const said = location.hash.slice(1);
  if (said.split(".").length !== 3 || said.startsWith("/")) return "";
  history.replaceState(null, "", `${location.pathname}#/`);
  return said;
}
