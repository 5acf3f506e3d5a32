/** The plan's map in the frame of the console. */

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useKeys } from "../keys";
import {
  anySelected,
  background,
  colourOf,
  hovered,
  lines,
  pickCouriers,
  pickOrders,
  plan,
  routes,
  selection,
  setup,
  shownCouriers,
  spots,
} from "../state";
import { Icon, IconButton } from "../ui";
import { say } from "../words";
import { type Chart, corners, type LatLon, makeChart, sceneOf } from "./chart";

/** The map that is shown, for whatever is dragged over it; null until it is there. */
export const chart = signal<Chart | null>(null);

function shownPoints(): LatLon[] {
  const { orders } = selection.value;
  const wanted = spots.value.filter((one) =>
    orders.size ? orders.has(one.stop.order) : shownCouriers.value.has(one.route.courier),
  );
  return wanted.flatMap((one) => (one.stop.point ? [one.stop.point] : []));
}

export function fitPicked(): void {
  const points = shownPoints();
  if (points.length) chart.value?.fit(points);
  else if (background.value) chart.value?.fit(corners(background.value));
}

export function PlanMap() {
  const at = useRef<HTMLDivElement>(null);
  useKeys([{ key: "f", says: () => say("map.fit.picked"), does: fitPicked }]);
  const ground = background.value;
  useEffect(() => {
    const element = at.current;
    if (!element || !ground) return;
    let gone = false;
    const ends: (() => void)[] = [];
    void makeChart(element, {
      background: ground,
      tiles: setup.value?.tiles ?? "",
      tilesCredit: setup.value?.tiles_credit ?? "",
    }).then((made) => {
      if (gone) {
        made.destroy();
        return;
      }
      chart.value = made;
      // For whoever looks from outside, such as tests: where a point is drawn.
      Object.assign(globalThis, { buuta: { project: made.project.bind(made) } });
      made.onClick((hit, event) => {
        const add = event.ctrlKey || event.metaKey || event.shiftKey;
        if (hit?.kind === "stop") pickOrders([hit.order], add);
        else if (hit?.kind === "route") pickCouriers([hit.courier], add);
        else if (hit?.kind === "cluster") {
          const inside = new Set(hit.orders);
          const own = spots.value.filter((one) => inside.has(one.stop.order));
          if (add) pickOrders(hit.orders, true);
          else made.fit(own.flatMap((one) => (one.stop.point ? [one.stop.point] : [])));
        } else if (hit?.kind === "office") {
          const own = routes.value.filter((one) => one.office === hit.id && !one.truck);
          pickCouriers(
            own.map((one) => one.courier),
            add,
          );
        } else if (!add) pickOrders([]);
      });
      made.onHover((hit) => {
        if (hit?.kind === "stop") hovered.value = { courier: hit.courier, order: hit.order };
        else if (hit?.kind === "route") hovered.value = { courier: hit.courier, order: "" };
        else hovered.value = null;
      });
      ends.push(
        effect(() =>
          made.draw(sceneOf(routes.value, plan.value ? colourOf : () => "#5b6470", lines.value)),
        ),
        effect(() => made.emphasise({ ...selection.value, hovered: hovered.value })),
        () => made.destroy(),
      );
    });
    return () => {
      gone = true;
      chart.value = null;
      for (const end of ends) end();
    };
  }, [ground]);
  return (
    <section class="map" aria-label={say("map")}>
      {/* The library owns what is inside, and its own keys. */}
      <div ref={at} class="ground" data-map={chart.value?.kind} />
      <div class="tools">
        <IconButton label={say("map.zoom.in")} onClick={() => chart.value?.zoom(1)}>
          <Icon name="plus" />
        </IconButton>
        <IconButton label={say("map.zoom.out")} onClick={() => chart.value?.zoom(-1)}>
          <Icon name="minus" />
        </IconButton>
        <IconButton
          label={say(anySelected.value ? "map.fit.picked" : "map.fit")}
          onClick={fitPicked}
        >
          <Icon name="all" />
        </IconButton>
      </div>
      <details class="legend">
        <summary>{say("map.legend")}</summary>
        <ul>
          <li>
            <i class="key courier" /> {say("map.courier")}
          </li>
          <li>
            <i class="key truck" /> {say("map.truck")}
          </li>
          <li>
            <i class="key office" /> {say("map.office")}
          </li>
          <li>
            <i class="key late" /> {say("map.late")}
          </li>
          <li>
            <i class="key cluster" /> {say("map.cluster")}
          </li>
          <li>
            <i class="key river" /> {say("map.rivers")}
          </li>
          {(ground?.roads.features as unknown[] | undefined)?.length ? (
            <li>
              <i class="key road" /> {say("map.roads")}
            </li>
          ) : null}
        </ul>
      </details>
      {chart.value?.kind === "canvas" && <p class="plain">{say("map.plain")}</p>}
    </section>
  );
}
