/** The parts that hang in the frame of the console: editing, the drawer, publishing, the live day. */

import "./parts.css";
import { CompareDialog, CompareTool } from "./compare/dialog";
import { badge, LeftOut } from "./drawer/left";
import { Bar, Notices, Tools } from "./edit/bar";
import { listenToDrags } from "./edit/drag";
import { markLocks } from "./edit/locks";
import { MergeDialog } from "./edit/merge";
import { keepHearing } from "./edit/model";
import { MoveDialog } from "./edit/moveto";
import { Card, Ghosts, OutZone } from "./edit/overlay";
import { say } from "./edit/words";
import { lazy } from "./lazy";
import { PrintDialog, PublishDialog, PublishTools } from "./publish/dialog";
import { slots } from "./slots";

slots.toolbar.push(Tools, CompareTool, PublishTools);
slots.notices.push(Notices);
slots.overlays.push(
  Ghosts,
  OutZone,
  Bar,
  Card,
  MoveDialog,
  MergeDialog,
  CompareDialog,
  PublishDialog,
  PrintDialog,
);
slots.drawers.push({
  key: "left",
  title: () => say("left.title"),
  badge,
  alarm: () => badge() !== "",
  body: LeftOut,
  shortcut: "u",
});
slots.live = lazy(() => import("./live/view"));

listenToDrags();
markLocks();
keepHearing();
