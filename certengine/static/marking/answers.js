// Marking by keyboard: digits give the current answer point its points, or the level of that number where a rubric has
// levels; F gives all of them, arrows move. While somebody
// types in a field, the keys are the field's; without script the form is filled in like any other.
const form = document.getElementById("marks");
const rows = [...form.querySelectorAll("[data-point]")];
let current = Math.max(0, rows.findIndex((row) => !row.querySelector("input").value));

function show() {
  rows.forEach((row, number) => row.classList.toggle("is-current", number === current));
}

function give(points) {
  const field = rows[current].querySelector("input");
  if (points > Number(field.dataset.most)) return;
  field.value = String(points);
  current = Math.min(current + 1, rows.length - 1);
  show();
}

function digit(number) {
  const { levels } = rows[current].querySelector("input").dataset;
  const points = levels ? levels.split(" ")[number - 1] : number;
  if (points !== undefined && points !== "") give(Number(points));
}

function follow(rel) {
  const link = document.querySelector(`a[rel=${rel}]`);
  if (link) link.click();
}

const keys = {
  ArrowUp: () => { current = Math.max(0, current - 1); show(); },
  ArrowDown: () => { current = Math.min(rows.length - 1, current + 1); show(); },
  ArrowLeft: () => follow("prev"),
  ArrowRight: () => follow("next"),
  Enter: () => form.requestSubmit(),
  f: () => give(Number(rows[current].querySelector("input").dataset.most)),
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, button, a, summary, [role=region]")) return;
  const act = /^[0-9]$/.test(event.key) ? () => digit(Number(event.key)) : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

rows.forEach((row, number) => row.addEventListener("focusin", () => { current = number; show(); }));
show();
