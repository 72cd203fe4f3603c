// Notes at a place: a selection in the text, or a rectangle drawn on a picture or moved by keyboard. The form works
// without script; with it only this part of the page is replaced, so that points that were typed stay.
const root = document.getElementById("annotated");
const find = (id) => document.getElementById(id);

// Offsets count characters as the server does, not UTF-16 units.
const characters = (text) => [...text].length;

function takeSelection() {
  const text = find("annotated-text");
  const selection = document.getSelection();
  if (!text || !selection.rangeCount || selection.isCollapsed) return false;
  const range = selection.getRangeAt(0);
  if (!text.contains(range.commonAncestorContainer)) return false;
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  find("note-exact").value = range.toString();
  find("note-start").value = String(characters(before.toString()));
  return true;
}

const FIELDS = ["x", "y", "width", "height"];
const read = () => FIELDS.map((name) => Number(find(`note-${name}`).value) || 0);

function draw(place) {
  const draft = find("note-draft");
  FIELDS.forEach((name, number) => {
    const value = place[number].toFixed(2);
    find(`note-${name}`).value = value;
    draft.setAttribute(name, value);
  });
}

const within = (value, least, most) => Math.min(most, Math.max(least, value));

function moved(key, resize) {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const [right, down] = steps[key];
  let [x, y, width, height] = read();
  if (!width || !height) [x, y, width, height] = [40, 40, 20, 10];
  else if (resize) [width, height] = [within(width + right, 1, 100 - x), within(height + down, 1, 100 - y)];
  else [x, y] = [within(x + right, 0, 100 - width), within(y + down, 0, 100 - height)];
  draw([x, y, width, height]);
}

let from = null;

function point(event) {
  const box = find("annotated-picture").getBoundingClientRect();
  return [
    within((100 * (event.clientX - box.left)) / box.width, 0, 100),
    within((100 * (event.clientY - box.top)) / box.height, 0, 100),
  ];
}

root.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#annotated-picture")) return;
  event.preventDefault();
  find("annotated-picture").focus();
  from = point(event);
});
document.addEventListener("pointermove", (event) => {
  if (!from) return;
  const to = point(event);
  draw([Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])]);
});
document.addEventListener("pointerup", () => { from = null; });
document.addEventListener("selectionchange", takeSelection);

document.addEventListener("keydown", (event) => {
  const picture = event.target.closest("#annotated-picture");
  if (picture && event.key.startsWith("Arrow")) {
    event.preventDefault();
    moved(event.key, event.shiftKey);
  } else if ((picture && event.key === "Enter") || (event.key.toLowerCase() === "a" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea, select"))) {
    if (!find("note-body")) return;
    event.preventDefault();
    find("note-body").focus();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest(".note-form")) {
    event.preventDefault();
    event.target.closest("form").requestSubmit();
  }
});

root.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-note]");
  if (!form) return;
  event.preventDefault();
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Requested-With": "fetch" },
  });
  if (answer.ok || answer.status === 422) {
    root.innerHTML = await answer.text();
    (find("annotated-text") || find("annotated-picture"))?.focus();
  } else {
    form.submit();
  }
});
