/** The stops in order: found by number, name or barcode, and put in another order by hand. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as db from "./db";
import { found, isVisit, type Stop } from "./model";
import { Choice, money, Push } from "./parts";
import { atRisk, clock, hinders, isOpen } from "./round";
import { go } from "./route";
import { byHand, day, notice, openStops, state, stops, tell } from "./state";
import { Pause, windowsOf } from "./stop";
import { named, say } from "./words";

function Row({ stop }: { stop: Stop }): JSX.Element {
  const now = state.value.get(stop.key) ?? "open";
  return (
    <button type="button" class={`line ${now}`} onClick={() => go("stop", stop.key)}>
      <span class="number">{stop.label}</span>
      <span class="who">
        <b>{stop.customer || stop.order}</b>
        <span>{stop.address}</span>
        <span class="tags">
          <b class={`kind ${stop.kind}`}>{named(`kind.${stop.kind}`)}</b>
          {windowsOf(stop) ? <i>{windowsOf(stop)}</i> : null}
          {(stop.cash ?? 0) > 0 ? <i class="money">{money(stop.cash ?? 0)}</i> : null}
          {now === "open" ? null : <i class={`state-${now}`}>{named(`state.${now}`)}</i>}
        </span>
      </span>
      <span class="time">{clock(stop.begin)}</span>
    </button>
  );
}

const WHY = ["road", "customer", "near", "load", "other"] as const;

function Reorder({ onDone }: { onDone: () => void }): JSX.Element {
  const first = useRef(openStops.value.map((one) => one.key));
  const [keys, setKeys] = useState(first.current);
  const [why, setWhy] = useState<(typeof WHY)[number] | "">("");
  const [asked, setAsked] = useState(false);
  const all = stops.value;
  const move = (key: string, to: number): void => {
    const rest = keys.filter((one) => one !== key);
    rest.splice(Math.max(0, Math.min(to, rest.length)), 0, key);
    setKeys(rest);
  };
  const wrong = hinders(keys, all);
  const risk = atRisk(first.current, keys, all);
  const save = async (): Promise<void> => {
    setAsked(true);
    if (why === "" || wrong !== undefined) return;
    await db.putMeta("order", keys);
    byHand.value = keys;
    const body = { stops: keys, note: named(`order.${why}`) };
    await tell({ kind: "route_reordered", body });
    notice(say("order_saved"));
    onDone();
  };
  const plan = async (): Promise<void> => {
    await db.putMeta("order", []);
    byHand.value = [];
    onDone();
  };
  return (
    <div class="form">
      <p class="soft">{say("reorder_hint")}</p>
      <ol class="order">
        {keys.map((key, number) => {
          const stop = all.find((one) => one.key === key);
          if (stop === undefined) return null;
          return (
            <li key={key} data-key={key}>
              <span class="number">{stop.label}</span>
              <span class="who">
                <b>{stop.customer || stop.order}</b>
                <span class="short">{stop.address}</span>
              </span>
              <span class="arrows">
                <button
                  type="button"
                  class="arrow"
                  aria-label={`${say("up")} ${stop.label}`}
                  onClick={() => move(key, number - 1)}
                >
                  ▲
                </button>
                <button
                  type="button"
                  class="arrow"
                  aria-label={`${say("down")} ${stop.label}`}
                  onClick={() => move(key, number + 1)}
                >
                  ▼
                </button>
                <button
                  type="button"
                  class="arrow"
                  aria-label={`${say("to_top")} ${stop.label}`}
                  onClick={() => move(key, 0)}
                >
                  ⤒
                </button>
              </span>
            </li>
          );
        })}
      </ol>
      {wrong === undefined ? null : (
        <p class="alarm" role="alert">
          {say("hinders", { label: wrong.label ?? "" })}
        </p>
      )}
      {risk.length === 0 ? null : (
        <p class="warning">
          {say("risk", {
            stops: risk.map((one) => `${one.label} (${windowsOf(one)})`).join(", "),
          })}
        </p>
      )}
      <Choice
        label={say("why_reorder")}
        options={WHY.map((one) => ({ value: one, text: named(`order.${one}`) }))}
        value={why}
        onChoose={setWhy}
      />
      {asked && why === "" ? (
        <p class="alarm" role="alert">
          {say("why_needed")}
        </p>
      ) : null}
      {byHand.value.length > 0 ? (
        <Push onClick={() => void plan()}>{say("back_to_plan")}</Push>
      ) : null}
      <nav class="row act">
        <Push onClick={onDone}>{say("cancel")}</Push>
        <Push kind="good" name="save-order" onClick={() => void save()}>
          {say("save_order")}
        </Push>
      </nav>
    </div>
  );
}

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

function detector(): DetectorClass | undefined {
  const known = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  return navigator.mediaDevices === undefined ? undefined : known;
}

function Scanner({ onCode, onEnd }: { onCode: (code: string) => void; onEnd: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const Known = detector();
    let on = true;
    let stream: MediaStream | undefined;
    const run = async (): Promise<void> => {
      if (Known === undefined) throw new Error("none");
      const eye = new Known({ formats: ["code_128", "code_39", "ean_13", "qr_code", "itf"] });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      const shown = video.current;
      if (shown === null || !on) return;
      shown.srcObject = stream;
      await shown.play();
      while (on) {
        const seen = await eye.detect(shown).catch(() => []);
        const code = seen[0]?.rawValue.trim();
        if (code) {
          on = false;
          onCode(code);
          return;
        }
        await new Promise((done) => setTimeout(done, 150));
      }
    };
    run()
      .catch(() => setFailed(true))
      .then(() => {
        if (!on) for (const track of stream?.getTracks() ?? []) track.stop();
      });
    return () => {
      on = false;
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <div class="scanner" role="dialog" aria-label={say("scan")}>
      {failed ? <p class="alarm">{say("scan_failed")}</p> : <p>{say("scan_hint")}</p>}
      <video ref={video} playsInline muted />
      <Push onClick={onEnd}>{say("cancel")}</Push>
    </div>
  );
}

export function ListPage(): JSX.Element {
  const [asked, setAsked] = useState("");
  const [ordering, setOrdering] = useState(false);
  const [scanning, setScanning] = useState(false);
  const [unknown, setUnknown] = useState("");
  if (ordering) return <Reorder onDone={() => setOrdering(false)} />;
  const all = stops.value;
  const visits = all.filter(isVisit);
  const searching = asked.trim() !== "";
  const hits = searching ? found(visits, asked) : [];
  const over = visits.filter((one) => !isOpen(state.value.get(one.key)));
  const scanned = (code: string): void => {
    setScanning(false);
    const stop = visits.find((one) => one.order === code) ?? found(visits, code)[0];
    if (stop === undefined) setUnknown(code);
    else go("stop", stop.key);
  };
  // A break or a return belongs to what comes after it, and goes with it when that is done.
  const ahead = all.filter((one, number) => {
    if (isVisit(one)) return isOpen(state.value.get(one.key));
    return all.slice(number).some((each) => isVisit(each) && isOpen(state.value.get(each.key)));
  });
  return (
    <div class="list">
      {scanning ? <Scanner onCode={scanned} onEnd={() => setScanning(false)} /> : null}
      <div class="search">
        <input
          type="search"
          data-name="search"
          aria-label={say("search")}
          placeholder={say("search")}
          value={asked}
          onInput={(event) => setAsked(event.currentTarget.value)}
        />
        {detector() === undefined ? null : (
          <Push name="scan" onClick={() => setScanning(true)}>
            {say("scan")}
          </Push>
        )}
      </div>
      {unknown ? (
        <p class="warning" role="alert">
          {say("scan_unknown", { code: unknown })}
        </p>
      ) : null}
      {searching ? (
        <>
          {hits.map((one) => (
            <Row key={one.key} stop={one} />
          ))}
          {hits.length === 0 ? <p class="soft empty">{say("nothing_found")}</p> : null}
        </>
      ) : (
        <>
          <div class="row between">
            <span class="soft">
              {day.value === null
                ? ""
                : say("departs", {
                    depart: clock(day.value.departure),
                    finish: clock(day.value.finish),
                  })}
            </span>
            <Push kind="quiet" name="reorder" onClick={() => setOrdering(true)}>
              {say("reorder")}
            </Push>
          </div>
          {ahead.map((one) =>
            isVisit(one) ? <Row key={one.key} stop={one} /> : <Pause key={one.key} stop={one} />,
          )}
          {over.length === 0 ? null : (
            <details>
              <summary>{say("finished", { count: over.length })}</summary>
              {over.map((one) => (
                <Row key={one.key} stop={one} />
              ))}
            </details>
          )}
        </>
      )}
    </div>
  );
}
