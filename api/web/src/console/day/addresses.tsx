/** The queue of doubtful addresses: candidates, a pin to drag, "always here". */

import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call, fetched, ProblemError } from "../../shared/http";
import { count } from "../format";
import { useKeys } from "../keys";
import { attempt, tellProblem } from "../load";
import { type Chart, corners, type LatLon, type Marker, makeChart } from "../plan/chart";
import { background, may, setup, tell } from "../state";
import { Button } from "../ui";
import { loadPreparation, places, queue, type Unplaced } from "./load";
import { say } from "./words";

const keyOf = (one: Unplaced): string => `${one.order}/${one.destination}`;

/** Which one is looked at. */
const chosen = signal("");

const shown = computed(() => {
  const list = queue();
  return list.find((one) => keyOf(one) === chosen.value) ?? list[0] ?? null;
});

/** What is said of it: a pin, or a commune, or other words. */
interface Said {
  of: string;
  point: LatLon | null;
  commune: string;
  label: string;
  written: string;
  always: boolean;
}
const said = signal<Said | null>(null);

function fresh(one: Unplaced): Said {
  return {
    of: keyOf(one),
    point: null,
    commune: "",
    label: "",
    written: one.address,
    always: true,
  };
}

function change(part: Partial<Said>): void {
  if (said.value) said.value = { ...said.value, ...part };
}

// What was said of one address is kept until another one is chosen.
effect(() => {
  const one = shown.value;
  if (!one) said.value = null;
  else if (said.peek()?.of !== keyOf(one)) said.value = fresh(one);
});

function take(one: Unplaced, place: number): void {
  const candidate = one.candidates[place];
  if (!candidate) return;
  change({ point: candidate.point, commune: candidate.commune, label: candidate.label });
}

function step(by: number): void {
  const list = queue();
  const now = shown.value ? list.indexOf(shown.value) : -1;
  const next = list[(now + by + list.length) % list.length];
  if (next) chosen.value = keyOf(next);
}

function changed(one: Unplaced, held: Said): boolean {
  return held.point !== null || held.written.trim() !== one.address;
}

async function save(): Promise<void> {
  const one = shown.value;
  const held = said.value;
  if (!one || !held || !changed(one, held)) return;
  const rewritten = held.written.trim() !== one.address ? held.written.trim() : "";
  // A candidate that is a commune says the commune, not that somebody lives in its very middle.
  const pinned = held.point !== null && !held.commune;
  await attempt(async () => {
    try {
      const path = { order: one.order };
      const { version } = await call("get", "/api/orders/{order}", { path });
      await call("patch", "/api/orders/{order}/address", {
        path,
        version,
        body: {
          point: pinned ? held.point : null,
          commune: held.commune,
          written: rewritten,
          district: "",
          destination: one.destination,
          always: held.always,
        },
      });
      tell("good", say("address.saved", { order: one.order }));
      step(1);
      await loadPreparation();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      tellProblem(error);
      if (error.status === 412)
        await fetched("/api/orders/{order}", { path: { order: one.order } });
    }
  });
}

export function Addresses() {
  const list = queue();
  const one = shown.value;
  useKeys([
    { key: "j", says: () => say("address.next"), does: () => step(1) },
    { key: "k", says: () => say("address.before"), does: () => step(-1) },
    { key: "enter", says: () => say("address.save"), does: () => void save() },
    ...[0, 1, 2, 3, 4].map((place) => ({
      key: String(place + 1),
      says: () => `${say("address.candidates")} ${place + 1}`,
      does: () => {
        if (shown.value) take(shown.value, place);
      },
    })),
  ]);
  if (!one) return <p class="wait fine">✓ {say("address.all")}</p>;
  return (
    <div class="addresses">
      <section class="queue" aria-label={say("address.queue")}>
        <p class="soft">
          {say("address.count", {
            count: count(list.length),
            approximate: count(places.value?.approximate.length ?? 0),
          })}
        </p>
        <ol>
          {list.map((each) => (
            <li key={keyOf(each)}>
              <button
                type="button"
                aria-current={each === one ? "true" : undefined}
                onClick={() => (chosen.value = keyOf(each))}
              >
                <strong>{each.address}</strong>
                <span class="soft">
                  {each.order} · {each.sentence}
                </span>
              </button>
            </li>
          ))}
        </ol>
      </section>
      <Look one={one} />
      <PinMap one={one} />
    </div>
  );
}

function Look({ one }: { one: Unplaced }) {
  const held = said.value;
  if (!held) return null;
  return (
    <section class="look" aria-label={one.address}>
      <h3>{one.address}</h3>
      <p class="soft">
        {[one.order, one.customer, one.destination ? say("address.destination") : ""]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <p class="warn">
        {one.sentence}. {one.remedy}.
      </p>
      <h3>{say("address.candidates")}</h3>
      {one.candidates.length === 0 && <p class="soft">{say("address.candidates.none")}</p>}
      <ol class="candidates">
        {one.candidates.map((candidate, place) => (
          <li key={`${candidate.label}${candidate.point.lat}`}>
            <button
              type="button"
              aria-pressed={held.label === candidate.label && held.point === candidate.point}
              onClick={() => take(one, place)}
            >
              <kbd>{place + 1}</kbd> {candidate.label}
            </button>
          </li>
        ))}
      </ol>
      <label>
        {say("address.rewrite")}
        <textarea
          rows={2}
          value={held.written}
          onInput={(event) => change({ written: event.currentTarget.value })}
        />
      </label>
      <p class="pinned" role="status">
        {held.point === null
          ? say("address.pin")
          : held.commune
            ? say("address.commune", { label: held.label })
            : say("address.pinned", {
                lat: held.point.lat.toFixed(5),
                lon: held.point.lon.toFixed(5),
              })}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={held.always}
          disabled={held.point === null || held.commune !== ""}
          onChange={(event) => change({ always: event.currentTarget.checked })}
        />
        {say("address.always")}
      </label>
      <div class="line">
        <Button
          look="main"
          disabled={!may("write") || !changed(one, held)}
          onClick={() => void save()}
        >
          {say("address.save")}
        </Button>
        <Button onClick={() => step(1)}>{say("address.skip")}</Button>
      </div>
    </section>
  );
}

const PIN =
  '<svg viewBox="0 0 32 42" width="32" height="42"><path d="M16 41C16 41 30 25 30 15A14 14 0 0 0 2 15c0 10 14 26 14 26z" fill="#b3261e" stroke="#fff" stroke-width="2"/><circle cx="16" cy="15" r="5" fill="#fff"/></svg>';

function PinMap({ one }: { one: Unplaced }) {
  const at = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const pin = useRef<Marker | null>(null);
  const marks = useRef<Marker[]>([]);
  const ground = background.value;

  const put = (): void => {
    const map = chart.current;
    const point = said.peek()?.point;
    if (!map) return;
    if (!point) {
      pin.current?.remove();
      pin.current = null;
    } else if (pin.current) pin.current.move(point);
    else {
      const element = document.createElement("div");
      element.className = "pin";
      element.innerHTML = PIN;
      pin.current = map.marker(point, {
        element,
        onMoved: (to) => change({ point: to, commune: "", label: "" }),
      });
    }
  };

  const show = (): void => {
    const map = chart.current;
    const look = shown.peek();
    if (!map || !look) return;
    for (const mark of marks.current) mark.remove();
    marks.current = look.candidates.map((candidate, place) => {
      const element = document.createElement("button");
      element.type = "button";
      element.className = "candidate";
      element.textContent = String(place + 1);
      element.title = `${candidate.label}: ${say("address.place")}`;
      element.addEventListener("click", (event) => {
        event.stopPropagation();
        take(look, place);
      });
      return map.marker(candidate.point, { element });
    });
    const points = look.candidates.map((each) => each.point);
    map.fit(points.length ? points : ground ? corners(ground) : [], 13);
    put();
  };

  useEffect(() => {
    const element = at.current;
    if (!element || !ground) return;
    let gone = false;
    void makeChart(element, {
      background: ground,
      tiles: setup.value?.tiles ?? "",
      tilesCredit: setup.value?.tiles_credit ?? "",
    }).then((made) => {
      if (gone) {
        made.destroy();
        return;
      }
      chart.current = made;
      element.dataset.map = made.kind;
      made.onClick((_, __, point) => change({ point, commune: "", label: "" }));
      show();
    });
    return () => {
      gone = true;
      chart.current?.destroy();
      chart.current = null;
      pin.current = null;
      marks.current = [];
    };
  }, [ground]);
  useEffect(show, [keyOf(one)]);
  useEffect(() => said.subscribe(put), []);
  return (
    <section class="map" aria-label={say("address.map")}>
      <div ref={at} class="ground" />
    </section>
  );
}
