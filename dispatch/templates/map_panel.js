"use strict";
// The side panel and what ties it to the drawing. Text from the data goes through textContent only.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  let lang = data.lang;
  const word = (key) => data.words[lang][key] || key;
  const said = (pair) => pair[lang === "vi" ? 0 : 1];
  const phrase = (k) => said(data.phrases[k]);
  const number = (value, digits) => new Intl.NumberFormat(lang === "vi" ? "vi-VN" : "en-GB", { minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 0 }).format(value);
  const money = (value) => `${number(value)} đ`;
  const km = (metres) => `${number(metres / 1000, 1)} km`;
  const clock = (s) => `${String(Math.floor(s / 3600)).padStart(2, "0")}:${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  const fold = (words) => words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
  const el = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    children.forEach((child) => node.append(child));
    return node;
  };
  const button = (className, act, ...children) => { const node = el("button", className, ...children); node.type = "button"; node.addEventListener("click", act); return node; };
  const swatch = (color, className) => { const node = el("i", className || "swatch"); node.style.background = color; return node; };
  const TABS = ["couriers", "left_out", "totals"];
  let tab = "couriers", query = "", scrolled = 0;

  const map = MapView($("map"), data, {
    pick(what) {
      if (!what) return choose(-1, -1);
      if (what.left !== undefined) { open("left_out"); return pickLeft(what.left); }
      if (what.office !== undefined) { open("couriers"); map.state.office = what.office; choose(-1, -1, true); map.draw(); const head = document.querySelector(`[data-office="${what.office}"]`); if (head) head.scrollIntoView({ block: "start" }); return null; }
      return choose(what.courier, what.stop === undefined ? -1 : what.stop);
    },
    tip(what, x, y) {
      const tip = $("tip");
      tip.hidden = !what;
      if (!what) return;
      if (what.left !== undefined) tip.textContent = `${data.left[what.left].order}: ${said(data.left[what.left].sentence)}`;
      else if (what.office !== undefined) tip.textContent = data.offices[what.office].name;
      else {
        const courier = data.couriers[what.courier];
        const row = what.stop !== undefined ? courier.rows[what.stop] : null;
        tip.textContent = row ? `${row.n}. ${row.c || row.o} · ${clock(row.b)}` : `${courier.name || courier.id} · ${courier.stops} ${word("map.stops")}`;
      }
      tip.style.left = `${x}px`; tip.style.top = `${y}px`;
    },
    painted(near) {
      const nice = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((value) => value * near >= 60) || 100;
      document.querySelector("#scale i").style.width = `${nice * near}px`;
      $("scale-words").textContent = nice < 1 ? `${number(nice * 1000)} m` : `${number(nice)} km`;
    },
  });

  // ---- selection: one for the map and the list
  function choose(courier, stop, keepOffice) {
    const before = map.state.courier;
    map.state.courier = courier; map.state.stop = stop; map.state.left = map.state.hover = -1;
    if (!keepOffice) map.state.office = -1;
    if (courier >= 0) {
      tab = "couriers";
      if (before < 0) scrolled = $("content").scrollTop;
      if (before !== courier && stop < 0) map.showCourier(courier);
      if (stop >= 0 && data.couriers[courier].rows[stop].p) map.showPoint(data.couriers[courier].rows[stop].p);
      const one = data.couriers[courier];
      $("said").textContent = `${one.name || one.id}, ${one.stops} ${word("map.stops")}`;
    }
    if (courier < 0 && before < 0 && !keepOffice) { map.draw(); return; }
    render();
    map.draw();
    const content = $("content");
    if (courier < 0) {
      content.scrollTop = scrolled;
      const item = before >= 0 && document.querySelector(`[data-courier="${before}"]`);
      if (item && document.activeElement === document.body) item.focus({ preventScroll: true });
    } else if (stop >= 0) {
      const item = document.querySelector(`[data-stop="${stop}"]`);
      if (item) item.scrollIntoView({ block: "center" });
    } else content.scrollTop = 0;
  }
  function pickLeft(index) {
    map.state.left = index; map.state.courier = -1; map.state.stop = -1;
    if (data.left[index].p) map.showPoint(data.left[index].p);
    render();
    const item = document.querySelector(`[data-left="${index}"]`);
    if (item) item.scrollIntoView({ block: "center" });
    map.draw();
  }
  function open(name) { tab = name; map.state.courier = map.state.stop = map.state.left = map.state.hover = -1; render(); map.draw(); }

  // ---- the lists
  function render() {
    const content = $("content"), parts = [];
    TABS.forEach((name) => { const node = $(`tab-${name}`); node.setAttribute("aria-selected", String(name === tab)); node.tabIndex = name === tab ? 0 : -1; });
    $("searching").hidden = tab !== "couriers" || map.state.courier >= 0;
    if (tab === "couriers") parts.push(...(map.state.courier >= 0 ? oneCourier(map.state.courier) : couriers()));
    else if (tab === "left_out") parts.push(...leftOut());
    else parts.push(...totals());
    content.replaceChildren(...parts);
  }
  const index = data.couriers.map((c) => fold(`${c.id} ${c.name} ${data.offices[c.office] ? data.offices[c.office].name : ""}`));
  let rowsIndex = null;
  function couriers() {
    const parts = [], needle = fold(query.trim());
    data.offices.forEach((office, k) => {
      const mine = data.couriers.map((c, n) => n).filter((n) => data.couriers[n].office === k && (!needle || index[n].includes(needle)));
      const idle = needle ? [] : data.idle.filter((c) => c.office === k);
      if (!mine.length && !idle.length) return;
      const all = data.couriers.filter((c) => c.office === k), sum = (key) => all.reduce((held, c) => held + c[key], 0);
      const head = el("h2", "office", swatch(office.color, ""), office.name, el("small", "", `${number(sum("stops"))} ${word("map.stops")} · ${km(sum("metres"))}`));
      head.dataset.office = k;
      parts.push(head, ...mine.map(courierRow), ...idle.map((c) => el("div", "row idle", swatch("#c9cfd6"), el("b", "", c.name || c.id), el("span", "id", c.id), el("span", "sub", word("map.idle")))));
    });
    if (needle.length > 1) {
      if (!rowsIndex) rowsIndex = data.couriers.flatMap((c, n) => c.rows.map((row, k) => (row.n ? [fold(`${row.o} ${row.c || ""} ${row.a || ""} ${row.t || ""}`), n, k] : null)).filter(Boolean));
      rowsIndex.filter((one) => one[0].includes(needle)).slice(0, 60).forEach(([, n, k]) => {
        const c = data.couriers[n], row = c.rows[k];
        parts.push(button("row", () => choose(n, k), swatch(c.color), el("b", "", `${row.o} ${row.c || ""}`), el("span", "id", clock(row.b)), el("span", "sub", `${c.name || c.id}, ${row.a || ""}`)));
      });
    }
    return parts.length ? parts : [el("p", "none", word("map.no_match"))];
  }
  function bar(courier) {
    const node = el("div", "bar"), day = [21600, 68400];
    const put = (from, to, className, color) => {
      const part = el("i", className); part.style.left = `${((from - day[0]) / (day[1] - day[0])) * 100}%`;
      part.style.width = `${((to - from) / (day[1] - day[0])) * 100}%`; if (color) part.style.background = color; node.append(part);
    };
    put(Math.max(courier.departure, day[0]), Math.min(courier.finish, day[1]), "", courier.color);
    courier.rows.forEach((row) => { if (row.k === "break") put(row.b, row.d, "rest"); else if (!row.n) put(row.b, row.b + 200, "home"); });
    return node;
  }
  function courierRow(n) {
    const c = data.couriers[n];
    const figures = `${number(c.stops)} ${word("map.stops")} · ${km(c.metres)} · ${clock(c.departure)}–${clock(c.finish)}`;
    const sub = el("span", "sub", figures);
    if (c.warnings.length) sub.append(" ", el("span", "bad", `⚠ ${c.warnings.length}`));
    const node = button("row", () => choose(n, -1), swatch(c.color), el("b", "", c.name || c.id), el("span", "id", c.id), sub, bar(c));
    node.dataset.courier = n;
    node.addEventListener("pointerenter", () => { map.state.hover = n; map.draw(); });
    node.addEventListener("pointerleave", () => { map.state.hover = -1; map.draw(); });
    return node;
  }
  function facts(className, pairs) { const list = el("dl", className); pairs.forEach(([name, value]) => list.append(el("dt", "", name), el("dd", "", value))); return list; }
  function oneCourier(n) {
    const c = data.couriers[n], office = data.offices[c.office];
    const back = button("back", () => { choose(-1, -1); const item = document.querySelector(`[data-courier="${n}"]`); if (item) item.focus(); }, `← ${word("map.back")}`);
    back.id = "back";
    const head = el("div", "one", back, el("h2", "", swatch(c.color, ""), c.name || c.id),
      el("p", "", [c.id, office ? office.name : "", word(`vehicle.${c.vehicle}`)].filter(Boolean).join(" · ")),
      facts("facts", [[word("map.stops"), number(c.stops)], ["km", number(c.metres / 1000, 1)], [word("map.departs") + "–" + word("map.returns").toLowerCase(), `${clock(c.departure)}–${clock(c.finish)}`], [word("manifest.cash"), money(c.cash)]]));
    if (c.warnings.length) head.append(el("p", "warn", c.warnings.map(phrase).join("; ")));
    const list = el("ol", "stops");
    const edge = (time, words) => el("li", "pause edge", el("span"), el("time", "", clock(time)), el("b", "", words));
    list.append(edge(c.departure, office ? office.name : ""));
    c.rows.forEach((row, k) => list.append(row.n ? stopRow(n, c, row, k) : pauseRow(row)));
    list.append(edge(c.finish, office ? office.name : ""));
    return [head, list];
  }
  function pauseRow(row) {
    const what = el("span", "", el("b", "", word(`row.${row.k}`)));
    row.todo.forEach((k) => what.append(el("small", "", phrase(k))));
    return el("li", "pause", el("span", "", row.k === "break" ? "◔" : "↺"), el("time", "", clock(row.b)), what);
  }
  function stopRow(n, c, row, k) {
    const open = map.state.stop === k;
    const no = el("span", `no${row.k === "collect" || row.k === "fetch" ? " square" : ""}`, String(row.n));
    no.style.background = c.color;
    const what = el("span", "what", el("b", "", row.c || row.o), el("small", "", `${word(`row.${row.k}`)} · ${row.o}`), el("small", "", row.a || ""));
    if (row.late) what.append(el("small", "bad", `${word("map.late")} ${Math.ceil(row.late / 60)}′`));
    const node = button("stop", () => choose(n, open ? -1 : k), no, el("time", "", clock(row.b)), what, el("span", "cash", row.m ? money(row.m) : ""));
    node.dataset.stop = k; node.setAttribute("aria-expanded", String(open));
    const item = el("li", "", node);
    if (open) item.append(stopFacts(row));
    return item;
  }
  function stopFacts(row) {
    const list = el("dl", "about");
    const add = (name, ...value) => { list.append(el("dt", "", name), el("dd", "", ...value)); };
    add(word("map.order"), [row.o, row.s ? word(`service.${row.s}`) : "", row.x || ""].filter(Boolean).join(" · "));
    add(word("map.arrives"), `${clock(row.r)}, ${word("map.leaves").toLowerCase()} ${clock(row.d)}`);
    if (row.w) add(word("map.window"), row.w);
    if (row.a) add(word("column.address"), row.a);
    if (row.t) { const link = el("a", "", row.t); link.href = `tel:${row.t.replace(/[^+\d]/g, "")}`; add(word("map.call"), link); }
    if (row.p) { const where = `${row.p[1] / 1e5},${row.p[0] / 1e5}`, link = el("a", "", where); link.href = `geo:${where}?q=${where}`; add(word("map.navigate"), link); }
    if (row.m) add(word("map.cash"), money(row.m));
    row.todo.forEach((k) => list.append(el("dd", "wide", `• ${phrase(k)}`)));
    if (row.i) list.append(el("dd", "wide", el("em", "", row.i)));
    return list;
  }
  function leftOut() {
    if (!data.left.length) return [el("p", "none", word("map.no_left_out"))];
    const box = el("input"), toggle = el("label", "toggle", box, word("map.show_left_out")), parts = [toggle];
    box.type = "checkbox"; box.checked = map.state.showLeft;
    box.addEventListener("change", () => { map.state.showLeft = box.checked; map.draw(); });
    let reason = null;
    data.left.forEach((order, n) => {
      if (order.reason !== reason) {
        reason = order.reason;
        const many = data.left.filter((one) => one.reason === reason).length;
        parts.push(el("h2", "reason", el("b", "", `${word(`left_out.${reason}`)} (${number(many)})`), el("small", "", word(`remedy.${reason}`))));
      }
      const node = button(`row${map.state.left === n ? " over" : ""}`, () => pickLeft(n), el("span", "bad", "✕"), el("b", "", order.order), el("span", "id", order.p ? "" : word("map.unlocated")),
        el("span", "sub", order.address), el("span", "sub", said(order.sentence)));
      if (map.state.left === n) node.append(el("span", "sub bad", `${word("map.remedy")}: ${said(order.remedy)}`));
      node.dataset.left = n;
      parts.push(node);
    });
    return parts;
  }
  function table(caption, heads, rows) {
    const node = el("table"), body = el("tbody");
    node.append(el("caption", "", caption), el("thead", "", el("tr", "", ...heads.map((name) => el("th", "", name)))), body);
    rows.forEach((cells, k) => body.append(el("tr", k === rows.length - 1 ? "sum" : "", ...cells.map((cell) => el("td", "", cell)))));
    return node;
  }
  function totals() {
    const rows = [...data.offices.map((o) => o.row), ...data.others, data.total].map((r) => [said(r.name).replace(/^Bưu cục /, ""), r]);
    const t = data.total;
    const first = rows.map(([name, r]) => [name, `${number(r.planned)}/${number(r.orders)}`, `${number(r.used)}/${number(r.available)}`, number(r.stops), number(r.metres / 1000), number(r.duty / 3600, 1)]);
    const second = rows.map(([name, r]) => [name, money(r.cost), r.stops ? money(r.per_stop) : "–", r.stops ? `${number(r.on_time * 100, 1)} %` : "–", `${number(r.utilisation * 100)} %`]);
    const parts = Object.keys(t.parts).filter((name) => t.parts[name]);
    const third = [...parts.map((name) => [word(`cost.${name}`), money(t.parts[name])]), [word("kpi.total"), money(parts.reduce((sum, name) => sum + t.parts[name], 0))]];
    const box = el("div", "scroll",
      table(word("kpi.orders"), ["kpi.office", "kpi.planned", "kpi.couriers", "kpi.stops", "kpi.km", "kpi.hours"].map(word), first),
      table(word("kpi.cost"), ["kpi.office", "kpi.cost", "kpi.cost_per_stop", "kpi.on_time", "kpi.utilisation"].map(word), second),
      table(word("kpi.total"), ["", word("kpi.cost")], third));
    return [box, el("p", "note", data.travel)];
  }

  // ---- words that stand still
  function legend() {
    const draw = (markup, key) => {
      const picture = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 16">${markup}</svg>`, "image/svg+xml").documentElement;
      return el("li", "", document.importNode(picture, true), el("span", "", word(key)));
    };
    const items = [
      draw('<path d="M1 12 9 5l7 5 9-7" fill="none" stroke="#0072b2" stroke-width="3"/>', "map.legend.route"),
      draw('<circle cx="13" cy="8" r="7" fill="#0072b2"/><text x="13" y="11.5" font-size="9.5" font-weight="700" text-anchor="middle" fill="#fff">3</text>', "map.legend.stop"),
      draw('<rect x="6.5" y="1.5" width="13" height="13" fill="#0072b2"/>', "map.legend.collect"),
      draw('<path d="M6 15V7l7-6 7 6v8z" fill="#d55e00" stroke="#16212e"/>', "map.legend.office"),
      draw('<path d="m8 3 10 10M18 3 8 13" stroke="#b3170f" stroke-width="3"/>', "map.legend.left_out"),
    ];
    if (data.couriers.some((c) => c.rows.some((row) => row.late))) items.push(draw('<circle cx="13" cy="8" r="6" fill="#0072b2" stroke="#ffc400" stroke-width="3"/>', "map.legend.late"));
    if (data.zones.length) items.push(draw('<path d="M1 2h24v12H1z" fill="#faf9f4" stroke="#a6adb2"/>', "map.legend.zone"));
    if (data.rivers.length) items.push(draw('<path d="M1 10q6-8 12-2t12-3" fill="none" stroke="#a9d0ea" stroke-width="4"/>', "map.legend.river"));
    document.querySelector("#legend ul").replaceChildren(...items);
    document.querySelector("#legend summary").textContent = word("map.legend");
  }
  function speak() {
    document.documentElement.lang = lang;
    document.title = `${word("map.title")} ${data.date}`;
    document.querySelector("h1").textContent = word("map.title");
    document.querySelector("#when span").textContent = `${word("post")} · ${said(data.day)}`;
    $("mark").textContent = [word(data.published ? "map.published" : "map.draft"), data.version].filter(Boolean).join(" ");
    $("mark").classList.toggle("published", data.published);
    $("language").textContent = word("map.language"); $("language").lang = lang === "vi" ? "en" : "vi";
    $("print").textContent = word("map.print");
    [["zoom-in", "map.zoom_in"], ["zoom-out", "map.zoom_out"], ["fit", "map.fit"]].forEach(([id, key]) => { $(id).title = word(key); $(id).setAttribute("aria-label", word(key)); });
    $("map").setAttribute("aria-label", word("map.canvas"));
    $("search").placeholder = word("map.search"); $("search").setAttribute("aria-label", word("map.search"));
    const t = data.total;
    $("figures").replaceChildren(...[["kpi.planned", `${number(t.planned)}/${number(t.orders)}`], ["kpi.couriers", `${number(t.used)}/${number(t.available)}`], ["kpi.stops", number(t.stops)],
      ["kpi.km", number((t.metres + data.trucks.metres) / 1000)], ["kpi.hours", number((t.duty + data.trucks.duty) / 3600)], ["kpi.cost", money(t.cost + data.trucks.cost)]].map(([key, value]) => el("div", "", el("dt", "", word(key)), el("dd", "", value))));
    $("tabs").replaceChildren(...TABS.map((name) => {
      const node = button("", () => open(name), word(`map.tab.${name}`));
      node.id = `tab-${name}`; node.setAttribute("role", "tab"); node.setAttribute("aria-controls", "content");
      if (name !== "totals") node.append(el("span", `count${name === "left_out" && data.left.length ? " bad" : ""}`, number(name === "couriers" ? data.couriers.length : data.left.length)));
      return node;
    }));
    legend(); render(); map.draw();
  }
  $("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    open(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]); $(`tab-${tab}`).focus();
  });
  $("search").addEventListener("input", (event) => { query = event.target.value; render(); });
  $("language").addEventListener("click", () => { lang = lang === "vi" ? "en" : "vi"; speak(); });
  $("zoom-in").addEventListener("click", () => map.zoom(1.6));
  $("zoom-out").addEventListener("click", () => map.zoom(1 / 1.6));
  $("fit").addEventListener("click", () => { map.fit(); });
  $("print").addEventListener("click", () => window.print());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && map.state.courier >= 0) { const n = map.state.courier; choose(-1, -1); const item = document.querySelector(`[data-courier="${n}"]`); if (item) item.focus(); }
    else if (event.key === "Escape" && map.state.office >= 0) { map.state.office = -1; map.draw(); }
    else if (event.key === "/" && document.activeElement !== $("search") && !$("searching").hidden) { event.preventDefault(); $("search").focus(); }
  });
  if (window.matchMedia("(max-width: 760px)").matches) $("legend").open = false;
  window.buuta = { map, data, choose };
  speak();
})();
