// One question: drawn from the paper's safe HTML, and its answer read back by option ids.
const LETTERS = "ABCDEFGHIJ";

const made = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};
const html = (name, className, content) => made(name, { className, innerHTML: content });

export function isAnswered(answer) {
  if (answer === null || answer === undefined) return false;
  if (typeof answer === "object") return Object.values(answer).some(isAnswered);
  return String(answer).trim() !== "";
}

export function draw(place, item, answer, say, changed) {
  place.replaceChildren(html("div", "stem", item.stem));
  DRAW[item.type](place, item, answer, say, changed);
}

export function answerOf(place, item) {
  return READ[item.type](place, item);
}

function options(kind) {
  return (place, item, answer, say, changed) => {
    if (kind === "checkbox") place.append(made("p", { className: "text-body-secondary", textContent: say("multiple_hint") }));
    const chosen = new Set([answer ?? []].flat());
    const group = made("div", { role: kind === "radio" ? "radiogroup" : "group" });
    group.setAttribute("aria-labelledby", "question-title");
    item.options.forEach((option, number) => {
      const input = made("input", { type: kind, name: `option-${item.id}`, value: option.id, checked: chosen.has(option.id) });
      input.addEventListener("change", changed);
      group.append(made("label", { className: "option" }, input, made("span", { className: "letter", textContent: LETTERS[number] }), html("span", "", option.html)));
    });
    place.append(group);
  };
}

const checked = (place) => [...place.querySelectorAll(".option input:checked")].map((input) => input.value);

function gaps(place, item, answer, say, changed) {
  item.blanks.forEach((blank, number) => {
    const input = made("input", { type: "text", className: "form-control", value: answer?.[blank] ?? "", maxLength: 400 });
    input.dataset.blank = blank;
    input.addEventListener("input", changed);
    place.append(made("label", { className: "d-block mb-2" }, say("blank", { n: number + 1 }), input));
  });
}

function pairs(place, item, answer, say, changed) {
  for (const left of item.options) {
    const select = made("select", { className: "form-select w-auto" }, made("option", { value: "", textContent: say("choose") }));
    item.matches.forEach((right, number) => select.append(made("option", { value: right.id, innerHTML: `${LETTERS[number]}. ${right.html}`, selected: answer?.[left.id] === right.id })));
    select.dataset.left = left.id;
    select.addEventListener("change", changed);
    place.append(made("label", { className: "d-flex flex-wrap gap-3 align-items-center mb-2" }, html("span", "", left.html), select));
  }
}

function order(place, item, answer, say, changed) {
  const list = made("ol", { className: "list-group list-group-numbered" });
  const ids = answer ?? item.options.map((option) => option.id);
  for (const id of ids) {
    const row = made("li", { className: "list-group-item d-flex gap-2 align-items-center" });
    row.dataset.option = id;
    const move = (name, act) => {
      const button = made("button", { type: "button", className: "btn btn-sm btn-outline-primary", textContent: say(name) });
      button.addEventListener("click", () => { act(); changed(); button.focus(); });
      return button;
    };
    row.append(
      html("span", "me-auto", item.options.find((option) => option.id === id).html),
      move("up", () => row.previousElementSibling?.before(row)),
      move("down", () => row.nextElementSibling?.after(row)),
    );
    list.append(row);
  }
  place.append(list);
}

function text(place, _item, answer, _say, changed) {
  const area = made("textarea", { className: "form-control", rows: 10, value: answer ?? "", maxLength: 20000 });
  area.setAttribute("aria-labelledby", "question-title");
  area.addEventListener("input", changed);
  place.append(area);
}

// A case: its questions below one another, each in a place of its own and answered for itself.
function parts(place, item, answer, say, changed) {
  item.parts.forEach((part, number) => {
    const own = made("section", { className: "part" });
    const inside = made("div", {});
    const heading = made("h3", { className: "h6", id: `part-${number}`, textContent: say("part", { n: number + 1, type: say(part.type), points: part.points }) });
    own.dataset.part = part.id;
    draw(inside, { ...part, id: `${item.id}-${part.id}` }, answer?.[part.id] ?? null, say, changed);
    inside.querySelectorAll("[aria-labelledby=question-title]").forEach((node) => node.setAttribute("aria-labelledby", heading.id));
    own.append(heading, inside);
    place.append(own);
  });
}

function partsOf(place, item) {
  const given = item.parts.map((part) => [part.id, answerOf(place.querySelector(`[data-part="${part.id}"]`), part)]).filter(([, answer]) => answer !== null);
  return given.length ? Object.fromEntries(given) : null;
}

const mapped = (place, name) => {
  const filled = [...place.querySelectorAll(`[data-${name}]`)].filter((field) => field.value.trim() !== "");
  return filled.length ? Object.fromEntries(filled.map((field) => [field.dataset[name], field.value])) : null;
};

const DRAW = { single: options("radio"), judgement: options("radio"), multiple: options("checkbox"), fill_in: gaps, matching: pairs, ordering: order, short_answer: text, case: parts };
const READ = {
  single: (place) => checked(place)[0] ?? null,
  judgement: (place) => checked(place)[0] ?? null,
  multiple: (place) => { const ids = checked(place); return ids.length ? ids : null; },
  fill_in: (place) => mapped(place, "blank"),
  matching: (place) => mapped(place, "left"),
  ordering: (place) => [...place.querySelectorAll("[data-option]")].map((row) => row.dataset.option),
  short_answer: (place) => place.querySelector("textarea").value || null,
  case: partsOf,
};
