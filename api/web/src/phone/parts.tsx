/** The small parts that the pages are made of. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { language } from "../shared/language";
import type { Stroke } from "./db";
import { draw, type Shot, small } from "./picture";
import { trouble } from "./state";
import { say } from "./words";

/** Whole đồng: 125.000 đ. */
export function money(amount: number): string {
  return `${figure(amount)} đ`;
}

export function figure(amount: number): string {
  const mark = language.value === "vi" ? "." : ",";
  return String(Math.round(amount)).replace(/\B(?=(\d{3})+$)/g, mark);
}

/** One decimal: 4,5 */
export function decimal(value: number): string {
  const written = String(Math.round(value * 10) / 10);
  return language.value === "vi" ? written.replace(".", ",") : written;
}

/** 24/11/2026 */
export function dated(day: string): string {
  return day.split("-").reverse().join("/");
}

interface PushProps {
  children: ComponentChildren;
  onClick: () => void;
  kind?: string;
  name?: string;
  disabled?: boolean;
}

export function Push({ children, onClick, kind = "", name, disabled }: PushProps): JSX.Element {
  return (
    <button
      type="button"
      class={`push ${kind}`}
      onClick={onClick}
      data-name={name}
      disabled={disabled}
    >
      {children}
    </button>
  );
}

interface ChoiceProps<T extends string> {
  options: readonly { value: T; text: string; mark?: string }[];
  value: T | "";
  onChoose: (value: T) => void;
  label: string;
}

export function Choice<T extends string>({
  options,
  value,
  onChoose,
  label,
}: ChoiceProps<T>): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map((one) => (
        <button
          type="button"
          key={one.value}
          class="chip"
          aria-pressed={value === one.value}
          data-name={one.value}
          onClick={() => onChoose(one.value)}
        >
          {one.text}
          {one.mark ? <small> · {one.mark}</small> : null}
        </button>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  label: string;
  extra?: string | undefined;
  children: ComponentChildren;
}

export function Field({ label, extra, children }: FieldProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>
        {label} {extra ? <small>{extra}</small> : null}
      </span>
      {children}
    </label>
  );
}

interface PadProps {
  label: string;
  extra?: string;
  strokes: readonly Stroke[];
  onChange: (strokes: Stroke[]) => void;
  name: string;
}

/** Where somebody signs; each line is handed on as soon as the finger leaves the glass. */
export function Pad({ label, extra, strokes, onChange, name }: PadProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<Stroke | null>(null);
  const all = useRef<readonly Stroke[]>(strokes);
  all.current = strokes;
  const paint = (): void => {
    const pen = canvas.current?.getContext("2d");
    if (pen) draw(pen, line.current === null ? all.current : [...all.current, line.current]);
  };
  useEffect(paint, [strokes]);
  useEffect(() => {
    const fit = (): void => {
      const own = canvas.current;
      if (own === null) return;
      const box = own.getBoundingClientRect();
      const dots = window.devicePixelRatio || 1;
      own.width = Math.round(box.width * dots);
      own.height = Math.round(box.height * dots);
      paint();
    };
    fit();
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, []);
  const point = (event: PointerEvent): [number, number] => {
    const box = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    const part = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
    return [
      part((event.clientX - box.left) / box.width),
      part((event.clientY - box.top) / box.height),
    ];
  };
  const end = (): void => {
    const drawn = line.current;
    if (drawn === null) return;
    line.current = null;
    onChange([...all.current, drawn]);
  };
  return (
    <div class="pad">
      <div class="pad-head">
        <span>
          {label} {extra ? <small>{extra}</small> : null}
        </span>
        {strokes.length > 0 ? (
          <button type="button" class="link" onClick={() => onChange([])}>
            {say("sign_again")}
          </button>
        ) : (
          <small>{say("sign_here")}</small>
        )}
      </div>
      <canvas
        ref={canvas}
        data-name={name}
        onPointerDown={(event) => {
          event.preventDefault();
          (event.currentTarget as HTMLCanvasElement).setPointerCapture(event.pointerId);
          line.current = [point(event)];
          paint();
        }}
        onPointerMove={(event) => {
          if (line.current === null) return;
          line.current.push(point(event));
          paint();
        }}
        onPointerUp={end}
        onPointerCancel={end}
      />
    </div>
  );
}

interface CameraProps {
  extra: string;
  held: Shot | null;
  onShot: (shot: Shot | null) => void;
}

export function Camera({ extra, held, onShot }: CameraProps): JSX.Element {
  const [wrong, setWrong] = useState(false);
  const [shown, setShown] = useState("");
  useEffect(() => {
    if (held === null) {
      setShown("");
      return undefined;
    }
    const address = URL.createObjectURL(new Blob([held.data], { type: held.media }));
    setShown(address);
    return () => URL.revokeObjectURL(address);
  }, [held]);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    try {
      onShot(await small(file));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <div class="camera">
      {shown ? <img src={shown} alt={say("photo")} /> : null}
      <label class="push wide">
        {held === null ? say("take_photo") : say("photo_again")} <small>{extra}</small>
        <input
          class="sr-only"
          type="file"
          accept="image/*"
          capture="environment"
          data-name="photo"
          onChange={(event) => {
            const input = event.currentTarget as HTMLInputElement;
            void take(input.files?.[0]).then(() => {
              input.value = "";
            });
          }}
        />
      </label>
      {held === null ? null : (
        <small data-name="photo-size">
          {say("photo_kept", { kb: Math.ceil(held.data.byteLength / 1000) })}
        </small>
      )}
      {wrong ? (
        <p class="alarm" role="alert">
          {say("photo_bad")}
        </p>
      ) : null}
    </div>
  );
}

/** What went wrong on the phone itself, told plainly. */
export function Trouble(): JSX.Element | null {
  const kind = trouble.value;
  if (kind === "") return null;
  const texts = {
    full: [say("full_title"), say("full_hint")],
    broken: [say("broken_title"), say("broken_hint")],
    insecure: [say("insecure_title"), say("insecure_hint")],
  }[kind];
  return (
    <div class="alarm" role="alert" data-name={`trouble-${kind}`}>
      <strong>{texts[0]}</strong> {texts[1]}
    </div>
  );
}
