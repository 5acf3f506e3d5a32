"use strict";
// What a study's page does for the pointer and the keyboard; without it all is there to be read.
(() => {
  const all = (what, from = document) => [...from.querySelectorAll(what)];

  // A scenario under the pointer, or with the focus, is put forward in every figure.
  const forward = (one) => {
    document.body.classList.toggle("focus", one !== null);
    for (const each of all("[data-one]")) each.classList.toggle("forward", each.dataset.one === one);
  };
  let held = null;
  for (const card of all("[data-card]")) {
    const one = card.dataset.card;
    card.addEventListener("mouseenter", () => forward(one));
    card.addEventListener("mouseleave", () => forward(held));
    card.addEventListener("focus", () => forward(one));
    card.addEventListener("blur", () => forward(held));
    card.addEventListener("click", () => {
      held = held === one ? null : one;
      forward(held);
      show(one);
    });
  }

  // The map of one scenario at a time.
  const show = (one) => {
    for (const layer of all("[data-layer]")) layer.style.display = layer.dataset.layer === one ? "" : "none";
    for (const button of all("[data-show]")) button.ariaPressed = String(button.dataset.show === one);
  };
  for (const button of all("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
  const first = all("[data-layer]").find((layer) => layer.style.display !== "none");
  if (first) show(first.dataset.layer);

  // Words of a mark at once, not after the browser's second of waiting.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  for (const title of all("svg :not(svg) > title")) {
    const mark = title.parentNode;
    const words = title.textContent;
    mark.setAttribute("aria-label", words);
    title.remove();
    mark.addEventListener("mousemove", (event) => {
      tip.textContent = words;
      tip.hidden = false;
      tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
      tip.style.top = `${event.clientY + 16}px`;
    });
    mark.addEventListener("mouseleave", () => { tip.hidden = true; });
  }

  // Tables are sorted by what a heading is clicked on: numbers as numbers, by the value before ±.
  // Rows without a name belong to the one above, and move with it.
  const value = (cell) => {
    const words = cell.textContent.split("±")[0].replace(/[^\d.,−-]/g, "").replace("−", "-");
    const plain = document.documentElement.lang === "vi"
      ? words.replaceAll(".", "").replace(",", ".") : words.replaceAll(",", "");
    return plain === "" || Number.isNaN(Number(plain)) ? null : Number(plain);
  };
  for (const head of all("table.sorted th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const table = head.closest("table");
      const place = [...head.parentNode.children].indexOf(head);
      const down = head.ariaSort !== "descending";
      for (const each of all("th", table)) each.removeAttribute("aria-sort");
      head.ariaSort = down ? "descending" : "ascending";
      const groups = [];
      for (const row of all("tbody tr", table)) {
        if (row.cells[0].textContent !== "" || groups.length === 0) groups.push([]);
        groups.at(-1).push(row);
      }
      const key = (group) => group[0].cells[place];
      groups.sort((a, b) => {
        const [x, y] = [value(key(a)), value(key(b))];
        const order = x !== null && y !== null
          ? x - y : key(a).textContent.localeCompare(key(b).textContent, document.documentElement.lang);
        return down ? -order : order;
      });
      table.tBodies[0].append(...groups.flat());
    });
  }
})();
