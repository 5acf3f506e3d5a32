/**
 * Where further parts of the console hang in: each list is filled by the part's own file, so that
 * the frame knows none of them.
 */

import type { ComponentType } from "preact";

/** A drawer at the right of the plan, opened by a button with a count on it. */
export interface Drawer {
  key: string;
  title: () => string;
  /** A figure on the button, "" for none; `alarm` colours it. */
  badge?: () => string;
  alarm?: () => boolean;
  body: ComponentType;
  /** The key that opens it. */
  shortcut?: string;
}

export interface Slots {
  /** Buttons at the right end of the plan's toolbar. */
  toolbar: ComponentType[];
  drawers: Drawer[];
  /** Laid over the plan: previews, dialogs. */
  overlays: ComponentType[];
  /** A line above the plan, such as what is being edited. */
  notices: ComponentType[];
  /** The view of the running day; null until there is one. */
  live: ComponentType | null;
}

export const slots: Slots = { toolbar: [], drawers: [], overlays: [], notices: [], live: null };
