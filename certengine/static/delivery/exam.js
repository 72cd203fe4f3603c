// The examination screen: question grid, one question at a time, answers kept and sent as they are given.
import { serverClock, spelled } from "./clock.js";
import { Journal } from "./journal.js";
import { answerOf, isAnswered, draw } from "./question.js";
import { Sender } from "./sender.js";
import { answerFile, possible } from "./answer_file.js";
import { stop } from "./stopped.js";
import { watch } from "./watch.js";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const texts = JSON.parse(element("texts").textContent);
const say = (key, values = {}) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), texts[key]);
const items = data.script.sections.flatMap((section) => section.items);
const now = serverClock(data.now);
const journal = new Journal(data.attempt);
const token = document.querySelector("meta[name=csrf-token]").content;
const sender = new Sender(journal, data.addresses, token, heard);
const watching = watch(data.addresses.events, token);
let deadline = data.deadline;
let extra = data.extra;
let sequence = 0;
let current = Math.min(Number(sessionStorage.getItem(`place-${data.attempt}`)) || 0, items.length - 1);
let over = false;

function heard(what, body) {
  const saved = element("saved");
  if (what === "clock") {
    now.set(body.now);
    deadline = body.deadline;
    if (body.extra > extra) announce(say("extended", { minutes: Math.floor((deadline - now()) / 60000) }));
    extra = body.extra;
    if (body.state === "running") element("stopped").close();
    if (body.state === "submitted") leave();
  } else if (what === "saving") {
    saved.textContent = texts.saving;
  } else if (what === "saved") {
    saved.classList.remove("is-offline");
    element("carry").hidden = true;
    watching.network(true);
    if (!journal.pending().length && journal.highest()) saved.textContent = say("saved", { time: new Date(body.now).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false }) });
  } else if (what === "offline") {
    saved.classList.add("is-offline");
    element("carry").hidden = !possible();
    watching.network(false);
    saved.textContent = say("offline", { count: journal.pending().length });
  } else if (what === "refused") {
    refused(body.problem);
  }
}

function refused(problem) {
  stop(problem, texts, { leave, reload: () => { over = true; location.reload(); } });
}

function leave() {
  if (over) return;
  over = true;
  sender.stopped = true;
  location.replace(data.addresses.receipt);
}

function announce(text) {
  const note = document.createElement("div");
  note.className = "alert alert-info m-2";
  note.setAttribute("role", "status");
  note.textContent = text;
  element("bar").after(note);
  setTimeout(() => note.remove(), 20000);
}

function entry(item) {
  return journal.entries.get(item.id) ?? { answer: null, flagged: false };
}

function change(item, part) {
  sequence += 1;
  const { answer, flagged } = { ...entry(item), ...part };
  journal.keep({ attempt: data.attempt, item: item.id, sequence, answer, flagged, durable: false });
  mark();
  sender.soon();
}

function grid() {
  let number = 0;
  for (const section of data.script.sections) {
    const heading = document.createElement("h2");
    heading.textContent = say("section", { type: texts[section.type], count: section.items.length });
    const cells = document.createElement("div");
    cells.className = "cells";
    for (const _item of section.items) {
      const place = number++;
      const cell = document.createElement("button");
      cell.type = "button";
      cell.className = "cell";
      cell.textContent = number;
      cell.addEventListener("click", () => show(place, true));
      cells.append(cell);
    }
    element("grid").append(heading, cells);
  }
}

function mark() {
  document.querySelectorAll("#grid .cell").forEach((cell, place) => {
    const { answer, flagged } = entry(items[place]);
    const answered = isAnswered(answer);
    cell.classList.toggle("answered", answered);
    cell.classList.toggle("flagged", flagged);
    cell.toggleAttribute("aria-current", place === current);
    cell.setAttribute("aria-label", [say("cell", { n: place + 1 }), texts[answered ? "cell_answered" : "cell_open"], flagged ? texts.cell_flagged : ""].filter(Boolean).join(" "));
  });
}

function show(place, focus = false) {
  current = Math.max(0, Math.min(place, items.length - 1));
  sessionStorage.setItem(`place-${data.attempt}`, current);
  const item = items[current];
  element("question-title").textContent = say("heading", { n: current + 1, type: texts[item.type], points: item.points });
  draw(element("question"), item, entry(item).answer, say, () => change(item, { answer: answerOf(element("question"), item) }));
  element("flag").checked = entry(item).flagged;
  element("previous").disabled = current === 0;
  element("next").disabled = current === items.length - 1;
  mark();
  if (focus) element("question-title").focus();
}

function numbers(places) {
  const list = document.createElement("div");
  list.className = "numbers";
  for (const place of places) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cell";
    button.textContent = place + 1;
    button.addEventListener("click", () => { element("confirm").close(); show(place, true); });
    list.append(button);
  }
  return list;
}

async function handIn() {
  await sender.send();
  const places = [...items.keys()];
  const open = places.filter((place) => !isAnswered(entry(items[place]).answer));
  const flagged = places.filter((place) => entry(items[place]).flagged);
  const parts = [];
  const line = (text) => { const p = document.createElement("p"); p.textContent = text; return p; };
  if (open.length) parts.push(line(say("unanswered", { count: open.length })), numbers(open));
  else parts.push(line(say("complete", { count: items.length })));
  if (flagged.length) parts.push(line(say("flagged", { count: flagged.length })), numbers(flagged));
  const unsent = journal.pending().length;
  if (unsent) parts.push(line(say("unsaved", { count: unsent })));
  element("really").disabled = unsent > 0;
  element("summary").replaceChildren(...parts);
  element("confirm").showModal();
}

async function carry() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answerFile(data.attempt, data.file_key, [...journal.entries.values()]));
  link.download = `${texts.file_name}-${data.ticket}.ceaf`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function size(step) {
  const kept = Number(localStorage.getItem("exam-size")) || 0;
  apply(step === 0 ? 0 : Math.max(-1, Math.min(3, kept + step)));
}

function apply(chosen) {
  localStorage.setItem("exam-size", chosen);
  document.body.classList.remove("exam-size-m1", "exam-size-1", "exam-size-2", "exam-size-3");
  if (chosen) document.body.classList.add(chosen < 0 ? "exam-size-m1" : `exam-size-${chosen}`);
}

function keys(event) {
  const typing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const inputs = [...element("question").querySelectorAll(".option input")];
  const key = event.key.toLowerCase();
  const place = /^[1-9]$/.test(key) ? Number(key) - 1 : /^[a-e]$|^[g-h]$/.test(key) ? key.charCodeAt(0) - 97 : -1;
  if (key === "arrowright") show(current + 1, true);
  else if (key === "arrowleft") show(current - 1, true);
  else if (key === "f") element("flag").click();
  else if (inputs[place]) inputs[place].click();
  else return;
  event.preventDefault();
}

function tick() {
  const left = deadline - now();
  element("clock").textContent = spelled(left);
  element("clock").parentElement.classList.toggle("is-short", left < 300000);
  // What is pending goes first; then the server, whose clock it is, hands in.
  if (left <= -1000 && !over && !element("stopped").open) sender.send().then(() => { if (deadline - now() <= -1000) { over = true; element("submit").submit(); } });
}

async function begin() {
  grid();
  apply(Number(localStorage.getItem("exam-size")) || 0);
  await journal.load();
  journal.merge(data.saved);
  sender.generation = Number(sessionStorage.getItem(`generation-${data.attempt}`)) || data.generation;
  if (await sender.open()) sessionStorage.setItem(`generation-${data.attempt}`, sender.generation);
  sequence = Math.max(journal.highest(), sender.generation * data.sequences);
  element("saved").textContent = texts.fresh;
  show(current);
  setInterval(tick, 500);
  tick();
  sender.soon(0);
}

element("previous").addEventListener("click", () => show(current - 1, true));
element("next").addEventListener("click", () => show(current + 1, true));
element("clear").addEventListener("click", () => { change(items[current], { answer: null }); show(current); });
element("flag").addEventListener("change", (event) => change(items[current], { flagged: event.target.checked }));
element("hand-in").addEventListener("click", handIn);
element("carry").addEventListener("click", carry);
element("go-on").addEventListener("click", () => element("confirm").close());
element("submit").addEventListener("submit", () => { over = true; sender.stopped = true; });
element("take-back").addEventListener("click", () => location.reload());
element("stopped").addEventListener("cancel", (event) => event.preventDefault());
document.querySelectorAll("[data-size]").forEach((button) => button.addEventListener("click", () => size(Number(button.dataset.size))));
document.addEventListener("keydown", keys);
addEventListener("beforeunload", (event) => { if (!over && journal.pending().length) event.preventDefault(); });
navigator.serviceWorker?.register(data.addresses.worker, { scope: "/exam" }).catch(() => {});
// Every picture of the paper now, so that none is missing when the network is.
for (const address of new Set(JSON.stringify(data.script).match(/\/media\/[0-9a-f]{64}\.[a-z]+/g))) fetch(address).catch(() => {});
begin();
