/** Views that are fetched when they are first shown. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { say } from "./words";

/** A component from a file of its own; a sign of life stands in until it is here. */
export function lazy(load: () => Promise<{ default: ComponentType }>): ComponentType {
  let found: ComponentType | null = null;
  return function Lazy() {
    const [, here] = useState(false);
    useEffect(() => {
      if (found) return;
      void load().then((module) => {
        found = module.default;
        here(true);
      });
    }, []);
    const Found = found;
    return Found ? <Found /> : <p class="wait">{say("loading")}</p>;
  };
}
