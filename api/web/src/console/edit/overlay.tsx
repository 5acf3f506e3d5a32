/** What is laid over the plan while it is changed: the ghost of new rounds, the card at the pointer. */

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { extent } from "../plan/lanes";
import { colourOf, layout, plan, routes } from "../state";
import { px } from "../ui";
import { dragged } from "./drag";
import { asking, nameOf, pending, preview, type Round, refusal } from "./model";
import { Summary } from "./summary";
import { say } from "./words";

const scrolled = signal(0);

interface Ghost {
  round: Round;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The touched rounds drawn over their lanes as they would be. */
export function Ghosts() {
  const made = preview.value;
  const [ghosts, setGhosts] = useState<readonly Ghost[]>([]);
  const [frame, setFrame] = useState<DOMRect | null>(null);
  const times = scrolled.value;
  useEffect(() => {
    const look = (): void => {
      scrolled.value += 1;
    };
    addEventListener("scroll", look, { capture: true, passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look, { capture: true });
      removeEventListener("resize", look);
    };
  }, []);
  useLayoutEffect(() => {
    if (!made) {
      setGhosts([]);
      return;
    }
    const box = document.querySelector(".timeline .lanes")?.getBoundingClientRect();
    if (!box) return;
    setFrame(box);
    const found: Ghost[] = [];
    for (const round of made.rounds) {
      const lane = document.querySelector(`.lane[data-courier="${CSS.escape(round.courier)}"] svg`);
      if (!lane) continue;
      const { left, top, width, height } = lane.getBoundingClientRect();
      if (top + height < box.top + 24 || top > box.bottom) continue;
      found.push({ round, left, top, width, height });
    }
    setGhosts(found);
  }, [made, times, routes.value]);
  if (!made || !frame || ghosts.length === 0) return null;
  const [from, to] = extent(routes.value, plan.value);
  return (
    <div
      class="ghosts"
      aria-hidden="true"
      style={{
        left: px(frame.left),
        top: px(frame.top + 24),
        width: px(frame.width),
        height: px(frame.height - 24),
      }}
    >
      {ghosts.map((one) => {
        const x = (seconds: number): number => ((seconds - from) / (to - from)) * one.width;
        const colour = colourOf(one.round.courier);
        return (
          <svg
            key={one.round.courier}
            aria-hidden="true"
            width={one.width}
            height={one.height}
            style={{ left: px(one.left - frame.left), top: px(one.top - frame.top - 24) }}
          >
            <rect class="paper" width={one.width} height={one.height} />
            {one.round.stops.length > 0 && (
              <path
                class="ride"
                stroke={colour}
                d={`M${x(one.round.departure)} ${one.height / 2}H${x(one.round.finish)}`}
              />
            )}
            {one.round.stops.map((stop, k) => (
              <rect
                key={k}
                class={`${stop.kind} ${stop.was === null && stop.order ? "new" : ""}`}
                x={x(stop.begin)}
                y={5}
                width={Math.max(2.4, x(stop.departure) - x(stop.begin))}
                height={one.height - 11}
                fill={stop.order ? colour : undefined}
              />
            ))}
          </svg>
        );
      })}
    </div>
  );
}

/** Where a stop is let go to be left out, while the drawer is closed. */
export function OutZone() {
  const held = dragged.value;
  if (!held || layout.value.drawer === "left") return null;
  const over = held.to?.courier === "";
  return <div class={`outzone ${over ? "over" : ""}`}>{say("move.out")}</div>;
}

/** At the pointer: where it would go and what that makes. */
export function Card() {
  const held = dragged.value;
  if (!held) return null;
  const made = preview.value;
  const right = held.x > innerWidth - 360;
  const low = held.y > innerHeight - 240;
  const place = {
    left: right ? "auto" : px(held.x + 16),
    right: right ? px(innerWidth - held.x + 16) : "auto",
    top: low ? "auto" : px(held.y + 14),
    bottom: low ? px(innerHeight - held.y + 14) : "auto",
  };
  const what =
    held.orders.length === 1 ? held.orders[0] : say("edit.orders", { count: held.orders.length });
  return (
    <div class="dragcard" style={place} role="status">
      <strong>
        {what}{" "}
        {held.to &&
          (held.to.courier
            ? say(held.to.position === null ? "edit.to.best" : "edit.to", {
                name: nameOf(held.to.courier),
              })
            : say("edit.out"))}
      </strong>
      {held.to && refusal.value && <p class="refused">{refusal.value}</p>}
      {held.to && made && !refusal.value && <Summary made={made} brief />}
      {held.to && !made && !refusal.value && asking.value && (
        <p class="soft">{say("edit.asking")}</p>
      )}
      {!held.to && <p class="soft">{pending.value.length ? say("edit.preview") : "…"}</p>}
    </div>
  );
}
