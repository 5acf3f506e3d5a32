"use strict";
// The drawing: a canvas that pans and zooms over Web Mercator, in units small enough for float32.
function MapView(canvas, data, hooks) {
  const UNIT = 1e5;
  const raw = (lon, lat) => {
    const s = Math.sin((lat * Math.PI) / 180);
    return [(lon / 360 + 0.5) * UNIT, (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * UNIT];
  };
  const first = data.offices[0] || { lon: 105.2, lat: 21.3 };
  const [ox, oy] = raw(first.lon, first.lat);
  const at = (lon, lat) => { const p = raw(lon, lat); return [p[0] - ox, p[1] - oy]; };
  const metresPerUnit = () => (40075016 * Math.cos((first.lat * Math.PI) / 180)) / UNIT;
  const flat = (list) => {
    const out = new Float64Array(list.length);
    for (let k = 0; k < list.length; k += 2) {
      const p = at(list[k] / 1e5, list[k + 1] / 1e5); out[k] = p[0]; out[k + 1] = p[1];
    }
    return out;
  };
  const pathOf = (points, path, close) => {
    for (let k = 0; k < points.length; k += 2) k ? path.lineTo(points[k], points[k + 1]) : path.moveTo(points[k], points[k + 1]);
    if (close) path.closePath();
  };

  // ---- everything to draw, once, in map units
  const zones = data.zones.map((zone) => {
    const path = new Path2D();
    zone.rings.forEach((ring) => pathOf(flat(ring), path, true));
    return { name: zone.name, path, label: zone.label ? at(zone.label[0] / 1e5, zone.label[1] / 1e5) : null };
  });
  const rivers = new Path2D();
  data.rivers.forEach((line) => pathOf(flat(line), rivers, false));
  const routes = data.couriers.map((courier, index) => {
    const line = flat(courier.line), path = new Path2D();
    pathOf(line, path, false);
    let [w, n, e, s] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let k = 0; k < line.length; k += 2) {
      w = Math.min(w, line[k]); e = Math.max(e, line[k]); n = Math.min(n, line[k + 1]); s = Math.max(s, line[k + 1]);
    }
    const stops = courier.rows.map((row, k) => (row.n && row.p ? { index: k, row, at: at(row.p[0] / 1e5, row.p[1] / 1e5) } : null)).filter(Boolean);
    // Stops at one spot share a mark that names them all: 5–7, or 5, 9.
    const spots = [], bySpot = new Map();
    stops.forEach((stop) => {
      const key = stop.row.p.join();
      if (!bySpot.has(key)) { bySpot.set(key, { stop, numbers: [] }); spots.push(bySpot.get(key)); }
      bySpot.get(key).numbers.push(stop.row.n);
    });
    spots.forEach((spot) => {
      const [a, z, many] = [spot.numbers[0], spot.numbers[spot.numbers.length - 1], spot.numbers.length];
      spot.label = many === 1 ? String(a) : z - a === many - 1 ? `${a}–${z}` : many === 2 ? `${a}, ${z}` : `${a}…${z}`;
    });
    return { index, courier, line, path, stops, spots, box: [w, n, e, s] };
  });
  const offices = data.offices.map((office) => ({ office, at: at(office.lon, office.lat) }));
  const left = data.left.map((order, index) => (order.p ? { order, index, at: at(order.p[0] / 1e5, order.p[1] / 1e5) } : null)).filter(Boolean);

  const view = { x: 0, y: 0, k: 1 };
  const state = { courier: -1, stop: -1, left: -1, hover: -1, office: -1, showLeft: true };
  let width = 1, height = 1, ratio = 1, asked = false, least = 0.01, most = 1e5;
  const ctx = canvas.getContext("2d");
  const draw = () => { if (!asked) { asked = true; requestAnimationFrame(paint); } };
  const sx = (p) => (p[0] - view.x) * view.k + width / 2;
  const sy = (p) => (p[1] - view.y) * view.k + height / 2;
  const pxPerKm = () => (view.k * 1000) / metresPerUnit();
  const seen = (x, y, m) => x > -m && y > -m && x < width + m && y < height + m;

  function resize() {
    const box = canvas.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const fresh = width === 1;
    width = box.width; height = box.height; ratio = Math.min(window.devicePixelRatio || 1, 2.5);
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    if (fresh) fit(); else draw();
  }
  function everything() {
    let box = [Infinity, Infinity, -Infinity, -Infinity];
    const grow = (x, y) => { box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)]; };
    routes.forEach((r) => { if (r.line.length) { grow(r.box[0], r.box[1]); grow(r.box[2], r.box[3]); } });
    offices.forEach((o) => grow(...o.at));
    left.forEach((o) => grow(...o.at));
    return box[0] > box[2] ? [-1, -1, 1, 1] : box;
  }
  function show(box, far) {
    // Room for the legend, which lies over the lower edge of wide screens.
    const pad = Math.min(56, width * 0.08), foot = width > 700 && height > 420 ? 64 : 0;
    const k = Math.min((width - 2 * pad) / Math.max(box[2] - box[0], 1e-3), (height - 2 * pad - foot) / Math.max(box[3] - box[1], 1e-3));
    view.k = Math.min(k, far || 240);
    view.x = (box[0] + box[2]) / 2; view.y = (box[1] + box[3]) / 2 + foot / 2 / view.k;
    draw();
  }
  function fit() { show(everything()); least = view.k / 3; most = Math.max(view.k * 4000, 3000); }
  function zoom(factor, px, py) {
    const x = px === undefined ? width / 2 : px, y = py === undefined ? height / 2 : py;
    const k = Math.min(Math.max(view.k * factor, least), most);
    view.x += (x - width / 2) * (1 / view.k - 1 / k); view.y += (y - height / 2) * (1 / view.k - 1 / k);
    view.k = k; draw();
  }
  function pan(dx, dy) { view.x -= dx / view.k; view.y -= dy / view.k; draw(); }

  // ---- painting
  const font = (size, weight) => `${weight} ${size}px "Be Vietnam Pro", "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif`;
  const halo = (words, x, y, fill, size, weight) => {
    ctx.font = font(size, weight);
    ctx.lineJoin = "round"; ctx.lineWidth = 3.5; ctx.strokeStyle = "rgba(255,255,255,.92)";
    ctx.strokeText(words, x, y); ctx.fillStyle = fill; ctx.fillText(words, x, y);
  };
  function paint() {
    asked = false;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = zones.length ? "#e4e8e9" : "#f1f2ee"; ctx.fillRect(0, 0, width, height);
    const k = view.k * ratio;
    const world = () => ctx.setTransform(k, 0, 0, k, (width / 2 - view.x * view.k) * ratio, (height / 2 - view.y * view.k) * ratio);
    const screen = () => ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const near = pxPerKm();
    world();
    ctx.lineJoin = ctx.lineCap = "round";
    ctx.fillStyle = "#faf9f4"; zones.forEach((z) => ctx.fill(z.path));
    ctx.strokeStyle = "#a9d0ea"; ctx.lineWidth = Math.min(Math.max(near * 0.25, 2.2), 9) / view.k; ctx.stroke(rivers);
    ctx.strokeStyle = "#a6adb2"; ctx.lineWidth = 1.2 / view.k; zones.forEach((z) => ctx.stroke(z.path));
    ctx.textAlign = "center"; ctx.textBaseline = "middle";

    const chosen = state.courier;
    const faded = (r) => chosen >= 0 ? r.index !== chosen : state.office >= 0 && r.courier.office !== state.office;
    world();
    const [wx, wy, mx, my] = [view.x, view.y, width / 2 / view.k + 12 / view.k, height / 2 / view.k + 12 / view.k];
    const away = (r) => r.box[0] > wx + mx || r.box[2] < wx - mx || r.box[1] > wy + my || r.box[3] < wy - my;
    // A zone's name steps aside from the office that stands where it would be written.
    const clear = (x, y) => { const o = offices.find((one) => Math.abs(sx(one.at) - x) < 60 && Math.abs(sy(one.at) - y) < 22); return o ? sy(o.at) + 24 : y; };
    const thick = Math.min(1.1 + near / 26, 2.8);
    routes.forEach((r) => {
      if (r.index === chosen || !r.line.length || away(r)) return;
      ctx.globalAlpha = faded(r) ? 0.13 : r.index === state.hover ? 1 : 0.82;
      ctx.strokeStyle = r.courier.color; ctx.lineWidth = (r.index === state.hover ? thick + 2.2 : thick) / view.k;
      ctx.stroke(r.path);
    });
    ctx.globalAlpha = 1;
    if (chosen >= 0) {
      const r = routes[chosen];
      ctx.strokeStyle = "#fff"; ctx.lineWidth = 8 / view.k; ctx.stroke(r.path);
      ctx.strokeStyle = r.courier.color; ctx.lineWidth = 4 / view.k; ctx.stroke(r.path);
      screen(); arrows(r);
    }
    screen();
    const radius = near < 5 ? 1.6 : near < 14 ? 2.4 : near < 40 ? 3.6 : near < 90 ? 5.5 : 10;
    routes.forEach((r) => {
      if (r.index === chosen || away(r)) return;
      const dim = faded(r);
      ctx.globalAlpha = dim ? 0.16 : 1;
      dots(r, dim ? Math.min(radius, 3.6) : radius, near >= 90 && !dim, !dim);
    });
    ctx.globalAlpha = 1;
    const written = [];
    if (near < 60) zones.forEach((z) => {
      if (!z.label) return;
      ctx.font = font(12, 600);
      const x = sx(z.label), y = clear(x, sy(z.label)), half = ctx.measureText(z.name).width / 2;
      if (written.some((b) => Math.abs(b[0] - x) < b[2] + half + 4 && Math.abs(b[1] - y) < 16)) return;
      written.push([x, y, half]); halo(z.name, x, y, "#3d4852", 12, 600);
    });
    ctx.globalAlpha = 1;
    if (state.showLeft) left.forEach((o) => cross(o));
    offices.forEach((o) => home(o, near));
    if (chosen >= 0) routes[chosen].spots.forEach((spot) => dot(spot.stop, routes[chosen].courier.color, 10.5, spot.label));
    if (chosen >= 0 && state.stop >= 0) {
      const s = routes[chosen].stops.find((one) => one.index === state.stop);
      if (s) { dot(s, routes[chosen].courier.color, 15, String(s.row.n)); ring(s.at, 19); }
    }
    if (state.left >= 0) { const o = left.find((one) => one.index === state.left); if (o) { cross(o); ring(o.at, 14); } }
    hooks.painted(near);
  }
  const outline = (s, x, y, r) => {
    if (s.row.k === "collect" || s.row.k === "fetch") { const q = r * 0.92; ctx.rect(x - q, y - q, 2 * q, 2 * q); } else { ctx.moveTo(x + r, y); ctx.arc(x, y, r, 0, 7); }
  };
  // All stops of a route in two strokes of the pen: thousands of them stay fluid.
  function dots(r, radius, numbered, edged) {
    const shown = r.stops.map((s) => [s, sx(s.at), sy(s.at)]).filter(([, x, y]) => seen(x, y, radius));
    if (!shown.length) return;
    ctx.beginPath(); shown.forEach(([s, x, y]) => outline(s, x, y, radius));
    ctx.fillStyle = r.courier.color; ctx.fill();
    if (edged && radius > 3) {
      ctx.lineWidth = radius > 8 ? 2 : 1; ctx.strokeStyle = "#fff"; ctx.stroke();
      const late = shown.filter(([s]) => s.row.late);
      if (late.length) { ctx.beginPath(); late.forEach(([s, x, y]) => outline(s, x, y, radius)); ctx.strokeStyle = "#ffc400"; ctx.stroke(); }
    }
    if (!numbered) return;
    ctx.fillStyle = "#fff"; ctx.font = "700 11px Arial, sans-serif";
    shown.forEach(([s, x, y]) => ctx.fillText(s.row.n, x, y + 0.5));
  }
  function dot(s, color, r, label) {
    const x = sx(s.at), y = sy(s.at), wide = Math.max(label.length - 2, 0) * 3.4;
    if (!seen(x, y, r + wide)) return;
    ctx.beginPath();
    if (wide) ctx.roundRect(x - r - wide, y - r, 2 * (r + wide), 2 * r, s.row.k === "collect" || s.row.k === "fetch" ? 3 : r); else outline(s, x, y, r);
    ctx.fillStyle = color; ctx.fill();
    ctx.lineWidth = 2; ctx.strokeStyle = s.row.late ? "#ffc400" : "#fff"; ctx.stroke();
    ctx.fillStyle = "#fff"; ctx.font = `700 ${r > 12 ? 14 : 11}px Arial, sans-serif`; ctx.fillText(label, x, y + 0.5);
  }
  function ring(p, r) { ctx.beginPath(); ctx.arc(sx(p), sy(p), r, 0, 7); ctx.lineWidth = 3.5; ctx.strokeStyle = "#f0a400"; ctx.stroke(); }
  function cross(o) {
    const x = sx(o.at), y = sy(o.at), r = pxPerKm() < 5 ? 3.2 : 4.5;
    if (!seen(x, y, 8)) return;
    ctx.lineCap = "round";
    [["#fff", 2.4], ["#b3170f", 0]].forEach(([color, more]) => {
      ctx.beginPath(); ctx.moveTo(x - r, y - r); ctx.lineTo(x + r, y + r); ctx.moveTo(x + r, y - r); ctx.lineTo(x - r, y + r);
      ctx.lineWidth = r * 0.55 + more; ctx.strokeStyle = color; ctx.stroke();
    });
  }
  function home(o, near) {
    const x = sx(o.at), y = sy(o.at), r = near < 6 ? 5.5 : 8;
    if (!seen(x, y, 90)) return;
    ctx.beginPath(); ctx.moveTo(x - r, y + r); ctx.lineTo(x - r, y - r * 0.25); ctx.lineTo(x, y - r * 1.15); ctx.lineTo(x + r, y - r * 0.25); ctx.lineTo(x + r, y + r); ctx.closePath();
    ctx.fillStyle = o.office.color; ctx.fill(); ctx.lineWidth = 2; ctx.lineJoin = "round"; ctx.strokeStyle = "#fff"; ctx.stroke();
    ctx.lineWidth = 0.8; ctx.strokeStyle = "#16212e"; ctx.stroke();
    if (near >= 60 || !zones.length) halo(o.office.name, x, y + r + 10, "#16212e", 12, 700);
  }
  function arrows(r) {
    ctx.fillStyle = "#fff"; ctx.strokeStyle = r.courier.color; ctx.lineWidth = 1.4;
    let since = 30;
    for (let k = 2; k < r.line.length; k += 2) {
      const a = [r.line[k - 2], r.line[k - 1]], b = [r.line[k], r.line[k + 1]];
      const ax = sx(a), ay = sy(a), dx = sx(b) - ax, dy = sy(b) - ay, far = Math.hypot(dx, dy);
      since += far;
      if (far < 26 || since < 60) continue;
      since = 0;
      ctx.save(); ctx.translate(ax + dx * 0.55, ay + dy * 0.55); ctx.rotate(Math.atan2(dy, dx));
      ctx.beginPath(); ctx.moveTo(6, 0); ctx.lineTo(-4, -5); ctx.lineTo(-4, 5); ctx.closePath(); ctx.fill(); ctx.stroke(); ctx.restore();
    }
  }

  // ---- what lies under a point of the screen
  function hit(x, y) {
    const near = pxPerKm(), reach = (p, r) => Math.hypot(sx(p) - x, sy(p) - y) <= r;
    const own = state.courier >= 0 ? routes[state.courier] : null;
    if (own) { const s = own.stops.find((one) => reach(one.at, 13)); if (s) return { courier: own.index, stop: s.index }; }
    if (state.showLeft) { const o = left.find((one) => reach(one.at, 9)); if (o) return { left: o.index }; }
    const o = offices.findIndex((one) => reach(one.at, 10));
    if (o >= 0) return { office: o };
    let best = null, least2 = 64;
    if (near >= 14) routes.forEach((r) => r.stops.forEach((s) => {
      const d = (sx(s.at) - x) ** 2 + (sy(s.at) - y) ** 2;
      if (d < least2) { least2 = d; best = { courier: r.index, stop: s.index }; }
    }));
    if (best) return best;
    const wx = view.x + (x - width / 2) / view.k, wy = view.y + (y - height / 2) / view.k, m = 8 / view.k;
    let least3 = m * m;
    routes.forEach((r) => {
      if (wx < r.box[0] - m || wx > r.box[2] + m || wy < r.box[1] - m || wy > r.box[3] + m) return;
      for (let k = 2; k < r.line.length; k += 2) {
        const ax = r.line[k - 2], ay = r.line[k - 1], dx = r.line[k] - ax, dy = r.line[k + 1] - ay, l = dx * dx + dy * dy;
        const t = l ? Math.min(Math.max(((wx - ax) * dx + (wy - ay) * dy) / l, 0), 1) : 0;
        const d = (ax + t * dx - wx) ** 2 + (ay + t * dy - wy) ** 2;
        if (d < least3) { least3 = d; best = { courier: r.index }; }
      }
    });
    return best;
  }

  // ---- fingers, mouse, wheel, keys
  const fingers = new Map();
  let moved = 0, apart = 0;
  const local = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId); fingers.set(event.pointerId, local(event));
    if (fingers.size === 1) moved = 0;
    apart = 0; hooks.tip(null);
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = local(event), before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "mouse") return;
      const what = hit(...here);
      const over = what && what.courier !== undefined ? what.courier : -1;
      canvas.classList.toggle("over", Boolean(what)); hooks.tip(what, here[0], here[1]);
      if (over !== state.hover) { state.hover = over; draw(); }
      return;
    }
    fingers.set(event.pointerId, here);
    const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    if (fingers.size === 1) { if (moved > 4) { canvas.classList.add("drag"); pan(dx, dy); } return; }
    const [a, b] = [...fingers.values()], far = Math.hypot(a[0] - b[0], a[1] - b[1]);
    if (apart) zoom(far / apart, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    apart = far; pan(dx / 2, dy / 2);
  });
  const up = (event) => {
    const alone = fingers.size === 1 && fingers.has(event.pointerId);
    fingers.delete(event.pointerId); apart = 0; canvas.classList.remove("drag");
    if (alone && moved <= 4 && event.type === "pointerup") hooks.pick(hit(...local(event)));
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => { hooks.tip(null); if (state.hover >= 0) { state.hover = -1; draw(); } });
  canvas.addEventListener("dblclick", (event) => zoom(2, ...local(event)));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault(); hooks.tip(null);
    const lines = event.deltaMode === 1 ? 18 : 1;
    zoom(Math.exp(-Math.max(Math.min(event.deltaY * lines, 300), -300) * (event.ctrlKey ? 0.01 : 0.0022)), ...local(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 240 : 80;
    const does = {
      ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0), ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
      "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "−": () => zoom(1 / 1.5), 0: fit,
    }[event.key];
    if (does && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); does(); }
  });
  new ResizeObserver(resize).observe(canvas);

  return {
    state, draw, fit, zoom, resize,
    showCourier(index) { const r = routes[index]; if (r && r.line.length) show(r.box); },
    showOffice(index) {
      let box = null;
      routes.forEach((r) => { if (r.courier.office === index && r.line.length) box = box ? [Math.min(box[0], r.box[0]), Math.min(box[1], r.box[1]), Math.max(box[2], r.box[2]), Math.max(box[3], r.box[3])] : r.box; });
      if (box) show(box);
    },
    showPoint(lonlat) {
      const p = at(lonlat[0] / 1e5, lonlat[1] / 1e5), x = sx(p), y = sy(p);
      if (x < 60 || y < 60 || x > width - 60 || y > height - 60) { view.x = p[0]; view.y = p[1]; }
      draw();
    },
    where(index, row) { const s = routes[index].stops.find((one) => one.index === row); return s ? [sx(s.at), sy(s.at)] : null; },
    paint() { paint(); },
  };
}
