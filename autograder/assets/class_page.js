"use strict";
// Sorts and filters the table. What is chosen stands in the form alone: the browser fills that in
// again when somebody comes back from a report, and the table follows.
(() => {
  const form = document.getElementById("filters");
  const body = document.querySelector("table tbody");
  const heads = [...document.querySelectorAll("thead th")];
  const rows = [...body.rows];
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const picks = [...document.querySelectorAll(".pick")];
  const language = document.documentElement.lang;
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  const texts = new Map(rows.map((row) => [row, row.textContent.toLocaleLowerCase(language)]));
  const lists = ["state", "bar", "test", "misconception"];
  const sets = new Map(
    rows.map((row) => [row, new Map(lists.map((at) => [at, new Set(row.dataset[at].split(" "))]))]),
  );

  function filter() {
    const words = form.elements.text.value.toLocaleLowerCase(language).split(/\s+/);
    const wanted = lists.map((at) => [at, form.elements[at].value]).filter(([, value]) => value);
    let count = 0;
    for (const row of rows) {
      const fits =
        words.every((word) => texts.get(row).includes(word)) &&
        wanted.every(([at, value]) => sets.get(row).get(at).has(value));
      row.hidden = !fits;
      count += fits;
    }
    const number = new Intl.NumberFormat(language);
    const values = { shown: number.format(count), all: number.format(rows.length) };
    shown.textContent = shown.dataset.text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    nothing.hidden = count > 0;
    for (const pick of picks) {
      const { filter, value } = pick.dataset;
      pick.setAttribute("aria-pressed", String(form.elements[filter].value === value));
    }
  }

  function sort(at, way) {
    const sign = way === "descending" ? -1 : 1;
    const isNumber = heads[at].dataset.kind === "number";
    const values = new Map(rows.map((row) => [row, row.cells[at].dataset.value]));
    rows.sort((one, other) => {
      const a = values.get(one);
      const b = values.get(other);
      if (isNumber && (a === "" || b === "")) return (a === "") - (b === ""); // the last either way
      return sign * (isNumber ? a - b : collator.compare(a, b));
    });
    body.append(...rows);
    heads.forEach((head, n) => head.setAttribute("aria-sort", n === at ? way : "none"));
    history.replaceState({ at, way }, "");
  }

  heads.forEach((head, at) => {
    const button = head.querySelector("button");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const other = now === "ascending" ? "descending" : "ascending";
      sort(at, now === "none" ? button.dataset.first : other);
    });
  });
  for (const pick of picks) {
    pick.addEventListener("click", () => {
      const choice = form.elements[pick.dataset.filter];
      choice.value = choice.value === pick.dataset.value ? "" : pick.dataset.value;
      filter();
      if (choice.value) form.scrollIntoView({ block: "start" });
    });
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("all").addEventListener("click", () => {
    for (const field of form.elements) field.value = "";
    filter();
  });
  form.hidden = false;
  document.documentElement.classList.add("moves");
  addEventListener("pageshow", () => {
    const before = history.state;
    if (before && heads[before.at]) sort(before.at, before.way);
    filter();
  });
})();
