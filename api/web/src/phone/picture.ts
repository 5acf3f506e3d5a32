/** Photos made small on the phone, and signatures as pictures. */

import type { Stroke } from "./db";

const LONGEST_SIDE = 1_600;
const MOST_BYTES = 600_000;
const QUALITIES = [0.8, 0.65, 0.5, 0.35];

export interface Shot {
  hash: string;
  media: string;
  data: ArrayBuffer;
}

async function shot(canvas: HTMLCanvasElement, media: string, quality?: number): Promise<Shot> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, media, quality));
  if (blob === null) throw new Error("no picture");
  const data = await blob.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const hash = Array.from(digest, (one) => `0${one.toString(16)}`.slice(-2)).join("");
  return { hash, media, data };
}

async function drawn(file: Blob): Promise<HTMLCanvasElement> {
  const address = URL.createObjectURL(file);
  try {
    // The element turns the picture upright by itself, and is drawn at its small size at once.
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    const pen = canvas.getContext("2d");
    if (pen === null) throw new Error("no canvas");
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A photo as a JPEG of at most 1,600 pixels and 600 kB; an error where it is no picture. */
export async function small(file: Blob): Promise<Shot> {
  const canvas = await drawn(file);
  let made = await shot(canvas, "image/jpeg", QUALITIES[0]);
  for (const quality of QUALITIES.slice(1)) {
    if (made.data.byteLength <= MOST_BYTES) break;
    made = await shot(canvas, "image/jpeg", quality);
  }
  canvas.width = 0;
  return made;
}

const WIDTH = 640;
const HEIGHT = 280;

/** Draw strokes on a canvas of any size. */
export function draw(pen: CanvasRenderingContext2D, strokes: readonly Stroke[]): void {
  const { width, height } = pen.canvas;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.strokeStyle = "#0b1f3a";
  pen.fillStyle = "#0b1f3a";
  pen.lineWidth = Math.max(2, width / 160);
  pen.lineCap = "round";
  pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], number) => {
      if (number === 0) pen.moveTo(x * width, y * height);
      pen.lineTo(x * width, y * height);
    });
    pen.stroke();
  }
}

/** A signature as a PNG. */
export async function signed(strokes: readonly Stroke[]): Promise<Shot> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("no canvas");
  draw(pen, strokes);
  return shot(canvas, "image/png");
}
