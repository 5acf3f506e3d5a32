/** Done and failed: what is asked for at a stop, kept as it is filled in. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as db from "./db";
import { type Ask, needsOf, REASONS, type Reason, type Stop } from "./model";
import { Camera, Choice, Field, figure, money, Pad, Push, Trouble } from "./parts";
import { type Shot, signed } from "./picture";
import { consent, consents, look, placed } from "./place";
import { leave } from "./route";
import { day, notice, officeNow, tell, trouble } from "./state";
import { named, say } from "./words";

type Values = Record<string, string | number | boolean>;

interface Form {
  ready: boolean;
  values: Values;
  strokes: Record<string, db.Stroke[]>;
  photo: Shot | null;
  set: (name: string, value: string | number | boolean) => void;
  sign: (name: string, strokes: db.Stroke[]) => void;
  shoot: (shot: Shot | null) => void;
}

/** A form that is on the phone's disk after every touch: a phone that dies loses nothing. */
export function useForm(key: string): Form {
  const [held, setHeld] = useState<db.Draft | null>(null);
  const latest = useRef<db.Draft>({ key, values: {}, strokes: {} });
  useEffect(() => {
    let here = true;
    void db
      .draft(key)
      .catch(() => undefined)
      .then((found) => {
        if (!here) return;
        latest.current = found ?? { key, values: {}, strokes: {} };
        setHeld(latest.current);
      });
    return () => {
      here = false;
    };
  }, [key]);
  const keep = (next: db.Draft): void => {
    latest.current = next;
    setHeld(next);
    db.putDraft(next).catch((error) => {
      if (db.isFull(error)) trouble.value = "full";
    });
  };
  const photo = held?.photo;
  const shot = useRef<Shot | null>(null);
  if (photo === undefined) shot.current = null;
  else if (shot.current?.hash !== photo.hash) shot.current = { ...photo, media: "image/jpeg" };
  return {
    ready: held !== null,
    values: held?.values ?? {},
    strokes: held?.strokes ?? {},
    photo: shot.current,
    set: (name, value) => {
      const now = latest.current;
      keep({ ...now, values: { ...now.values, [name]: value } });
    },
    sign: (name, strokes) => {
      const now = latest.current;
      keep({ ...now, strokes: { ...now.strokes, [name]: strokes } });
    },
    shoot: (made) => {
      const { photo: _, ...now } = latest.current;
      keep(made === null ? now : { ...now, photo: { hash: made.hash, data: made.data } });
    },
  };
}

/** Save, and tell plainly where the phone has no room; true where it is saved. */
async function saved(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    trouble.value = "";
    return true;
  } catch (error) {
    trouble.value = db.isFull(error) ? "full" : "broken";
    return false;
  }
}

/** Digits of an amount that somebody typed; null for nothing. */
export function amount(text: unknown): number | null {
  const digits = String(text ?? "").replace(/\D/g, "");
  return digits === "" ? null : Number(digits);
}

function Consent(): JSX.Element | null {
  const [asked, setAsked] = useState(consent() === "");
  if (!asked) return null;
  const answer = (yes: boolean): void => {
    consents(yes);
    setAsked(false);
    look();
  };
  return (
    <section class="card ask">
      <strong>{say("place_question")}</strong>
      <p>{say("place_why")}</p>
      <div class="row">
        <Push onClick={() => answer(false)} name="place-no">
          {say("no")}
        </Push>
        <Push kind="good" onClick={() => answer(true)} name="place-yes">
          {say("yes")}
        </Push>
      </div>
    </section>
  );
}

function Head({ stop }: { stop: Stop }): JSX.Element {
  return (
    <header class="form-head">
      <span class="number">{stop.label}</span>
      <span>
        <b>{stop.customer || say("no_name")}</b>
        <small>{stop.address}</small>
      </span>
    </header>
  );
}

export function DoneForm({ stop }: { stop: Stop }): JSX.Element | null {
  const form = useForm(`done ${stop.key}`);
  const [lacking, setLacking] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(look, []);
  const today = day.value;
  if (today === null || !form.ready) return null;
  const needs = needsOf(today, stop);
  const word = (ask: Ask): string => say(needs[ask] === "required" ? "required" : "optional");
  const wanted = stop.cash ?? 0;
  const { values } = form;
  const cash = amount(values.cash);
  const sign = form.strokes.signature ?? [];
  const recipient = String(values.recipient ?? "").trim();
  const given: Record<Ask, boolean> = {
    recipient: recipient !== "",
    signature: sign.length > 0,
    photo: form.photo !== null,
    identity: values.identity === true,
    cash: cash !== null,
  };
  const names: Record<Ask, string> = {
    recipient: say("recipient"),
    signature: say("signature"),
    photo: say("photo"),
    identity: say("identity"),
    cash: say("cash"),
  };
  const save = async (withPhoto: boolean): Promise<void> => {
    const asks = Object.keys(given) as Ask[];
    const left = asks.filter(
      (ask) => needs[ask] === "required" && !given[ask] && (withPhoto || ask !== "photo"),
    );
    setLacking(left.map((ask) => names[ask]));
    if (left.length > 0 || busy) return;
    setBusy(true);
    const ok = await saved(async () => {
      const pictures: Shot[] = [];
      const body: Record<string, unknown> = { ...placed() };
      if (recipient) body.recipient = recipient;
      if (cash !== null) body.cash = cash;
      if (given.identity) body.identity_checked = true;
      if (values.hint) body.hint = String(values.hint).trim();
      if (sign.length > 0) {
        const made = await signed(sign);
        body.signature = made.hash;
        pictures.push(made);
      }
      if (withPhoto && form.photo !== null) {
        body.photo = form.photo.hash;
        pictures.push(form.photo);
      }
      await tell({ kind: "stop_done", stop, body, pictures, draft: `done ${stop.key}` });
    });
    setBusy(false);
    if (!ok) return;
    notice(say("saved_done", { label: stop.label ?? "" }));
    leave("");
  };
  const collects = stop.kind === "collect" || stop.kind === "fetch";
  const people = [
    ...(stop.customer ? [{ value: stop.customer, text: stop.customer, mark: say("self") }] : []),
    { value: say("relative"), text: say("relative") },
    { value: say("guard"), text: say("guard") },
  ];
  return (
    <form class="form" onSubmit={(event) => event.preventDefault()}>
      <Head stop={stop} />
      <Consent />
      {needs.cash === "off" ? null : (
        <Field label={say("cash")} extra={word("cash")}>
          <input
            inputMode="numeric"
            data-name="cash"
            value={cash === null ? "" : figure(cash)}
            onInput={(event) => form.set("cash", event.currentTarget.value)}
          />
          <button
            type="button"
            class="chip"
            data-name="cash-exact"
            aria-pressed={cash === wanted}
            onClick={() => form.set("cash", String(wanted))}
          >
            {say("cash_exact", { money: money(wanted) })}
          </button>
          {cash !== null && cash !== wanted ? (
            <span class="warning">{say("cash_differs", { money: money(wanted) })}</span>
          ) : null}
        </Field>
      )}
      {needs.recipient === "off" ? null : (
        <>
          <Choice
            label={`${collects ? say("giver") : say("recipient")} (${word("recipient")})`}
            options={people}
            value={recipient}
            onChoose={(value) => form.set("recipient", value)}
          />
          <input
            class="alone"
            aria-label={collects ? say("giver") : say("recipient")}
            data-name="recipient"
            autocomplete="off"
            maxLength={120}
            value={recipient === "" ? "" : String(values.recipient)}
            onInput={(event) => form.set("recipient", event.currentTarget.value)}
          />
        </>
      )}
      {needs.identity === "off" ? null : (
        <label class="check">
          <input
            type="checkbox"
            data-name="identity"
            checked={given.identity}
            onChange={(event) => form.set("identity", event.currentTarget.checked)}
          />
          <span>
            {say("identity")} <small>{word("identity")}</small>
          </span>
        </label>
      )}
      {needs.signature === "off" ? null : (
        <Pad
          name="signature"
          label={say("signature")}
          extra={word("signature")}
          strokes={sign}
          onChange={(strokes) => form.sign("signature", strokes)}
        />
      )}
      {needs.photo === "off" ? null : (
        <Camera extra={word("photo")} held={form.photo} onShot={form.shoot} />
      )}
      <Field label={say("hint_field")} extra={say("optional")}>
        <input
          data-name="hint"
          maxLength={200}
          placeholder={say("hint_example")}
          value={String(values.hint ?? "")}
          onInput={(event) => form.set("hint", event.currentTarget.value)}
        />
      </Field>
      {lacking.length > 0 ? (
        <p class="alarm" role="alert" data-name="missing">
          {say("missing", { what: lacking.join(", ") })}
        </p>
      ) : null}
      <Trouble />
      {trouble.value === "full" && form.photo !== null ? (
        <Push name="without-photo" onClick={() => void save(false)}>
          {say("save_without_photo")}
        </Push>
      ) : null}
      <nav class="row act">
        <Push onClick={() => history.back()}>{say("cancel")}</Push>
        <Push kind="good" name="save" disabled={busy} onClick={() => void save(true)}>
          {say("save_done")}
        </Push>
      </nav>
    </form>
  );
}

/** The next working day that the phone can name without the office's calendar: no Sunday. */
export function dayAfter(date: string): string {
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000);
  if (next.getUTCDay() === 0) next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

type Again = "later" | "tomorrow" | "held" | "date";

/** What is proposed: who was out may be there in the afternoon; after the last attempt it is held. */
export function proposed(reason: Reason | "", attempts: number, most: number, now: number): Again {
  if (attempts + 1 >= most || reason === "moved") return "held";
  if (reason === "absent" || reason === "office_closed") {
    return now < 14 * 3600 ? "later" : "tomorrow";
  }
  if (reason === "appointment") return "date";
  return "tomorrow";
}

export function FailedForm({ stop }: { stop: Stop }): JSX.Element | null {
  const form = useForm(`failed ${stop.key}`);
  const [lacking, setLacking] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(look, []);
  const today = day.value;
  if (today === null || !form.ready) return null;
  const { values } = form;
  const reason = (values.reason ?? "") as Reason | "";
  const best = proposed(reason, stop.attempts ?? 0, today.most_attempts, officeNow().seconds);
  const choice = (values.again ?? best) as Again;
  const save = async (): Promise<void> => {
    setLacking(reason === "");
    if (reason === "" || busy) return;
    setBusy(true);
    const note = String(values.note ?? "").trim();
    const pictures = form.photo === null ? [] : [form.photo];
    const draft = `failed ${stop.key}`;
    const ok = await saved(async () => {
      if (choice === "later") {
        const said = [named(`reason.${reason}`), note].filter(Boolean).join(": ");
        const body = { ...placed(), again: true, note: said };
        await tell({ kind: "stop_skipped", stop, body, draft });
        return;
      }
      const body: Record<string, unknown> = { ...placed(), reason };
      if (note) body.note = note;
      if (form.photo !== null) body.photo = form.photo.hash;
      if (choice === "tomorrow") body.next_attempt = dayAfter(today.day);
      if (choice === "date" && values.date) body.next_attempt = String(values.date);
      await tell({ kind: "stop_failed", stop, body, pictures, draft });
    });
    setBusy(false);
    if (!ok) return;
    notice(say("saved_failed", { label: stop.label ?? "" }));
    leave("");
  };
  const options: { value: Again; text: string }[] = [
    { value: "later", text: say("later_today") },
    { value: "tomorrow", text: say("tomorrow") },
    { value: "date", text: say("on_date") },
    { value: "held", text: say("held") },
  ];
  return (
    <form class="form" onSubmit={(event) => event.preventDefault()}>
      <Head stop={stop} />
      <Choice
        label={say("why_failed")}
        options={REASONS.map((one) => ({ value: one, text: named(`reason.${one}`) }))}
        value={reason}
        onChoose={(value) => form.set("reason", value)}
      />
      {reason === "" ? null : (
        <Choice
          label={say("try_again")}
          options={options.map((one) =>
            one.value === best ? { ...one, mark: say("proposed") } : one,
          )}
          value={choice}
          onChoose={(value) => form.set("again", value)}
        />
      )}
      {choice === "date" && reason !== "" ? (
        <Field label={say("on_date")}>
          <input
            type="date"
            data-name="date"
            min={dayAfter(today.day)}
            value={String(values.date ?? "")}
            onInput={(event) => form.set("date", event.currentTarget.value)}
          />
        </Field>
      ) : null}
      <Field label={say("note")} extra={say("optional")}>
        <input
          data-name="note"
          maxLength={300}
          value={String(values.note ?? "")}
          onInput={(event) => form.set("note", event.currentTarget.value)}
        />
      </Field>
      {choice === "later" ? null : (
        <Camera extra={say("optional")} held={form.photo} onShot={form.shoot} />
      )}
      {lacking ? (
        <p class="alarm" role="alert" data-name="missing">
          {say("why_needed")}
        </p>
      ) : null}
      <Trouble />
      <nav class="row act">
        <Push onClick={() => history.back()}>{say("cancel")}</Push>
        <Push kind="bad" name="save" disabled={busy} onClick={() => void save()}>
          {choice === "later" ? say("save_later") : say("save_failed")}
        </Push>
      </nav>
    </form>
  );
}
