/**
 * Dragging stops: from the timeline, the map or the drawer to a place in a round, or out of the
 * plan. The view underneath is not asked to take part: where the pointer is says it all.
 */

import { effect, signal } from "@preact/signals";
import { extent } from "../plan/lanes";
import { chart } from "../plan/mapview";
import { plan, routeById, routes, selection, spots, view } from "../state";
import { add, editable, move, pending, settled, trial } from "./model";

const FAR = 6;

export interface Drag {
  orders: readonly string[];
  x: number;
  y: number;
  /** Where it would go; null over nothing. */
  to: { courier: string; position: number | null } | null;
}

export const dragged = signal<Drag | null>(null);

interface Armed {
  orders: string[];
  x: number;
  y: number;
  pointer: number;
  map: boolean;
}

let armed: Armed | null = null;

/** The orders that go along: the selection where the order is part of it, in the plan's order. */
function along(order: string): string[] {
  const picked = selection.value.orders;
  if (!picked.has(order)) return [order];
  const found = spots.value
    .filter((one) => !one.route.truck && picked.has(one.stop.order))
    .map((one) => one.stop.order);
  return [...new Set([...found, ...(found.includes(order) ? [] : [order])])];
}

function orderUnder(event: PointerEvent): { order: string; map: boolean } | null {
  const target = event.target instanceof Element ? event.target : null;
  const mark = target?.closest<Element>(".lane.route [data-order], .left [data-order]");
  if (mark) {
    const courier = mark.closest<HTMLElement>(".lane")?.dataset.courier ?? "";
    if (routeById.value.get(courier)?.truck) return null;
    const order = mark.getAttribute("data-order");
    return order ? { order, map: false } : null;
  }
  if (target?.closest(".map .ground") && chart.value) {
    const hit = chart.value.at(event.clientX, event.clientY);
    if (hit?.kind === "stop" && !routeById.value.get(hit.courier)?.truck) {
      return { order: hit.order, map: true };
    }
  }
  return null;
}

/** The moment under a place of a lane, seconds since midnight; null beside it. */
export function momentAt(lane: Element, x: number): number | null {
  const svg = lane.querySelector("svg");
  if (!svg) return null;
  const box = svg.getBoundingClientRect();
  if (x < box.left) return null;
  const [from, to] = extent(routes.value, plan.value);
  return from + ((x - box.left) / box.width) * (to - from);
}

/** How many visits and returns of a round lie before a moment, those that move not counted. */
export function positionAt(courier: string, moment: number, moving: ReadonlySet<string>): number {
  const round = settled.value?.rounds.find((one) => one.courier === courier);
  const rows = round
    ? round.stops.filter((one) => one.kind !== "break")
    : (routeById.value.get(courier)?.stops ?? []).filter((one) => one.kind !== "break");
  return rows.filter((one) => !moving.has(one.order) && (one.begin + one.departure) / 2 < moment)
    .length;
}

function targetAt(x: number, y: number, orders: readonly string[]): Drag["to"] {
  const moving = new Set(orders);
  const stack = document.elementsFromPoint(x, y);
  if (stack.some((one) => one.closest(".drawer .left, .outzone")))
    return { courier: "", position: null };
  const lane = stack.map((one) => one.closest<HTMLElement>(".lane.route")).find((one) => one);
  if (lane) {
    const courier = lane.dataset.courier ?? "";
    if (!courier || routeById.value.get(courier)?.truck) return null;
    const moment = momentAt(lane, x);
    // On the name: wherever it costs least.
    return {
      courier,
      position: moment === null ? null : positionAt(courier, moment, moving),
    };
  }
  if (stack.some((one) => one.closest(".map .ground")) && chart.value) {
    const hit = chart.value.at(x, y);
    if (hit?.kind === "stop" && !moving.has(hit.order)) {
      const route = routeById.value.get(hit.courier);
      const stop = route?.stops.find((one) => one.order === hit.order);
      if (!route || route.truck || !stop) return null;
      return {
        courier: hit.courier,
        position: positionAt(hit.courier, stop.departure + 1, moving),
      };
    }
    if (hit?.kind === "route" && !routeById.value.get(hit.courier)?.truck) {
      return { courier: hit.courier, position: null };
    }
  }
  return null;
}

function down(event: PointerEvent): void {
  if (event.button !== 0 || view.value !== "plan" || event.ctrlKey || event.metaKey) return;
  if (!editable.value && pending.value.length === 0) return;
  const under = orderUnder(event);
  if (!under) return;
  const { clientX: x, clientY: y, pointerId: pointer } = event;
  armed = { orders: along(under.order), x, y, pointer, map: under.map };
  if (under.map) chart.value?.hold(true);
}

let frame = 0;

function moved(event: PointerEvent): void {
  if (!armed || event.pointerId !== armed.pointer) return;
  const { clientX: x, clientY: y } = event;
  if (!dragged.value && Math.hypot(x - armed.x, y - armed.y) < FAR) return;
  event.preventDefault();
  const { orders } = armed;
  if (!dragged.value) {
    document.body.classList.add("dragging");
    getSelection()?.removeAllRanges();
  }
  dragged.value = { orders, x, y, to: dragged.value?.to ?? null };
  if (frame) return;
  frame = requestAnimationFrame(step);
}

const EDGE = 30;

/** Aim once; near an edge of the timeline it scrolls, as long as the pointer stays there. */
function step(): void {
  frame = 0;
  const held = dragged.value;
  if (!held) return;
  const box = document.querySelector<HTMLElement>(".timeline .lanes");
  const area = box?.getBoundingClientRect();
  if (box && area && held.x > area.left && held.x < area.right && held.y > area.top) {
    const top = box.scrollTop;
    if (held.y > area.bottom - EDGE) box.scrollTop += 9;
    else if (held.y < area.top + EDGE + 24) box.scrollTop -= 9;
    if (box.scrollTop !== top) frame = requestAnimationFrame(step);
  }
  aim(held);
}

function aim(held: Drag): void {
  const to = targetAt(held.x, held.y, held.orders);
  const same =
    to?.courier === held.to?.courier && to?.position === held.to?.position && !to === !held.to;
  if (same) return;
  dragged.value = { ...held, to };
  trial.value = to ? move(held.orders, to.courier, to.position) : null;
}

function end(keep: boolean): void {
  const held = dragged.value;
  if (armed?.map) chart.value?.hold(false);
  armed = null;
  if (!held) return;
  aim(held);
  const made = trial.value;
  dragged.value = null;
  trial.value = null;
  document.body.classList.remove("dragging");
  if (keep && made) add(made);
  // The click that follows selects nothing.
  const swallow = (event: Event): void => {
    event.stopPropagation();
    event.preventDefault();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 80);
}

/** Listen once for the whole page. */
export function listenToDrags(): void {
  addEventListener("pointerdown", down, { capture: true });
  addEventListener("pointermove", moved, { capture: true });
  addEventListener("pointerup", () => end(true), { capture: true });
  addEventListener("pointercancel", () => end(false), { capture: true });
  document.addEventListener(
    "keydown",
    (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !dragged.value) return;
      event.stopPropagation();
      event.preventDefault();
      trial.value = null;
      end(false);
    },
    { capture: true },
  );
  addEventListener("dragstart", (event) => {
    if (armed) event.preventDefault();
  });
  // What is drawn on a canvas is found by those who look from outside through its element.
  effect(() => {
    const made = chart.value;
    const ground = document.querySelector(".map .ground");
    if (made && ground) Object.assign(ground, { chart: made });
  });
  // Leaving the plan ends what is dragged.
  effect(() => {
    if (view.value !== "plan") end(false);
  });
}
