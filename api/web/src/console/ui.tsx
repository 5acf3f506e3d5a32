/** The few controls that all views are made of. */

import type { ButtonHTMLAttributes, ComponentChildren, TargetedPointerEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { putAway, toasts } from "./state";
import { say } from "./words";

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type" | "icon"> & {
  look?: "main" | "plain" | "quiet" | "danger";
  sends?: boolean;
};

/** A button; `sends` submits its form. */
export function Button({ look = "plain", sends = false, class: more, ...rest }: ButtonProps) {
  return (
    <button type={sends ? "submit" : "button"} class={`button ${look} ${more ?? ""}`} {...rest} />
  );
}

/** A button with a sign only; its label is read aloud and shown by the pointer. */
export function IconButton({ label, ...rest }: ButtonProps & { label: string }) {
  return <Button look="quiet" aria-label={label} title={label} {...rest} />;
}

interface DialogProps {
  title: string;
  onClose?: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

/** A dialog in front of everything; Escape closes it where it may be closed. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const at = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = at.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={at}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2>{title}</h2>
        {onClose && (
          <IconButton label={say("close")} onClick={onClose}>
            <Icon name="close" />
          </IconButton>
        )}
      </header>
      {children}
    </dialog>
  );
}

/** What was told, at the foot of the screen. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div
          key={one.id}
          class={`toast ${one.kind}`}
          role={one.kind === "bad" ? "alert" : undefined}
        >
          <div>
            <strong>{one.text}</strong>
            {one.detail && <p>{one.detail}</p>}
          </div>
          <IconButton label={say("close")} onClick={() => putAway(one.id)}>
            <Icon name="close" />
          </IconButton>
        </div>
      ))}
    </div>
  );
}

interface SplitterProps {
  /** "column" parts left from right. */
  along: "column" | "row";
  /** The share of what lies behind it. */
  value: number;
  onChange: (value: number) => void;
  label: string;
}

/** A border that is dragged, or moved by the arrow keys. */
export function Splitter({ along, value, onChange, label }: SplitterProps) {
  const set = (next: number): void => onChange(Math.min(0.8, Math.max(0.15, next)));
  const drag = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const own = event.currentTarget;
    const around = own.parentElement?.getBoundingClientRect();
    if (!around) return;
    event.preventDefault();
    own.setPointerCapture(event.pointerId);
    const move = (now: PointerEvent): void =>
      set(
        along === "column"
          ? (around.right - now.clientX) / around.width
          : (around.bottom - now.clientY) / around.height,
      );
    const end = (): void => {
      own.removeEventListener("pointermove", move);
      own.removeEventListener("pointerup", end);
      own.removeEventListener("pointercancel", end);
    };
    own.addEventListener("pointermove", move);
    own.addEventListener("pointerup", end);
    own.addEventListener("pointercancel", end);
  };
  const more = along === "column" ? "ArrowLeft" : "ArrowUp";
  const less = along === "column" ? "ArrowRight" : "ArrowDown";
  return (
    <div
      class={`splitter ${along}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={along === "column" ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(value * 100)}
      aria-valuemin={15}
      aria-valuemax={80}
      title={say("splitter")}
      onPointerDown={drag}
      onKeyDown={(event) => {
        if (event.key === more) set(value + 0.04);
        else if (event.key === less) set(value - 0.04);
        else return;
        event.preventDefault();
      }}
    />
  );
}

/** The size of an element, as it changes. */
export function useSize<E extends HTMLElement>() {
  const at = useRef<E>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = at.current;
    if (!element) return;
    const look = (): void =>
      setSize((held) => {
        const { clientWidth: width, clientHeight: height } = element;
        return held.width === width && held.height === height ? held : { width, height };
      });
    look();
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [at, size] as const;
}

/** Which rows of a long list are in sight: from the first to before the last, some beyond each end. */
export function inSight(top: number, height: number, row: number, all: number): [number, number] {
  const beyond = 6;
  const first = Math.max(0, Math.floor(top / row) - beyond);
  return [first, Math.min(all, Math.ceil((top + height) / row) + beyond)];
}

/** A length for a style. */
export const px = (pixels: number): string => `${pixels}px`;

const ICONS = {
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  all: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  wide: "M2 8h12M5 5L2 8l3 3M11 5l3 3l-3 3",
  close: "M4 4l8 8M12 4l-8 8",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5l-5 5",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.200 8 10M8 12.500v.6",
} as const;

/** A sign of lines, in the colour of the text around it. */
export function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}
