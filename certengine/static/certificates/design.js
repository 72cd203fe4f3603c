// The preview follows the form; boxes on it are dragged, and say so where two overlap.
const form = document.getElementById("design");
const stage = document.getElementById("stage");
const preview = document.getElementById("preview");
const problems = document.getElementById("problems");
const [width, height] = [Number(form.dataset.width), Number(form.dataset.height)];
const boxes = new Map();

const field = (part, key) => form.elements[`${part}-${key}`];
const number = (part, key) => Number(field(part, key).value) || 0;

function place(part) {
  const box = boxes.get(part);
  box.style.left = `${(number(part, "x") / width) * 100}%`;
  box.style.top = `${(number(part, "y") / height) * 100}%`;
  box.style.width = `${(number(part, "width") / width) * 100}%`;
  box.style.height = `${(number(part, "height") / height) * 100}%`;
}

let asked = 0;
let waiting;
async function draw() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
  // A later change has overtaken this one.
  if (mine !== asked || !answer.ok) return;
  const found = await answer.json();
  if (found.image) preview.src = found.image;
  const wrong = new Set(found.problems.map((each) => each.part));
  for (const [part, box] of boxes) box.classList.toggle("is-wrong", wrong.has(part));
  problems.replaceChildren();
  if (!found.problems.length) return;
  const list = document.createElement("ul");
  list.className = "alert alert-warning mb-3 ps-5";
  for (const each of found.problems) list.append(Object.assign(document.createElement("li"), { textContent: each.text }));
  problems.append(list);
}
const soon = () => {
  clearTimeout(waiting);
  waiting = setTimeout(draw, 250);
};

function drag(part, box) {
  box.addEventListener("pointerdown", (start) => {
    box.setPointerCapture(start.pointerId);
    const from = [number(part, "x"), number(part, "y")];
    const scale = width / stage.clientWidth;
    const move = (event) => {
      const half = (value) => (Math.round(value * 2) / 2).toFixed(1);
      field(part, "x").value = half(Math.max(0, from[0] + (event.clientX - start.clientX) * scale));
      field(part, "y").value = half(Math.max(0, from[1] + (event.clientY - start.clientY) * scale));
      place(part);
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", () => { box.removeEventListener("pointermove", move); soon(); }, { once: true });
  });
}

for (const row of form.querySelectorAll("[data-part]")) {
  const part = row.dataset.part;
  const box = document.createElement("div");
  box.className = "design-box";
  box.title = row.querySelector("th").textContent;
  stage.append(box);
  boxes.set(part, box);
  place(part);
  drag(part, box);
}
form.addEventListener("input", () => {
  for (const part of boxes.keys()) place(part);
  soon();
});
draw();
