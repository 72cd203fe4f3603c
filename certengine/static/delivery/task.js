// The screen of a practical task: the clock, and files that are sent in parts and go on after a cut or a reload.
import { serverClock, spelled } from "./clock.js";
import { stop } from "./stopped.js";
import { Uploads } from "./uploads.js";
import { watch } from "./watch.js";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const texts = JSON.parse(element("texts").textContent);
const say = (key, values = {}) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), texts[key]);
const token = document.querySelector("meta[name=csrf-token]").content;
const now = serverClock(data.now);
const uploads = new Uploads(data, token, heard);
const watching = watch(data.addresses.events, token);
const ALIVE = 15000;
let deadline = data.deadline;
let files = data.files;
let over = false;

const time = (at) => new Date(at).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);

function heard(what, body) {
  if (what === "changed") return show();
  if (what === "online" || what === "lost") {
    element("saved").classList.toggle("is-offline", what === "lost");
    element("saved").textContent = texts[what === "lost" ? "lost" : "connected"];
    watching.network(what === "online");
  } else if (what === "refused") refused(body);
  else if (what === "problem") problem(body.message);
}

function problem(text) {
  const note = document.createElement("p");
  note.className = "alert alert-danger py-2";
  note.textContent = text;
  element("problems").replaceChildren(note);
}

function refused({ problem }) {
  stop(problem, texts, { leave, reload: () => { over = true; location.reload(); } });
}

function leave() {
  if (over) return;
  over = true;
  uploads.stop();
  location.replace(data.addresses.receipt);
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10000),
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function alive() {
  if (over) return;
  try {
    const body = await post(data.addresses.state, { generation: uploads.generation });
    now.set(body.now);
    deadline = body.deadline;
    files = body.files;
    heard("online");
    if (body.state === "submitted") leave();
    else if (body.state === "suspended") refused({ problem: "delivery.suspended" });
    else if (body.problem) refused(body);
    else {
      if (element("stopped").open) element("stopped").close();
      uploads.go();
    }
    show();
  } catch { heard("lost"); }
}

function line(className, ...parts) {
  const entry = document.createElement("li");
  entry.className = className;
  entry.append(...parts);
  return entry;
}

function small(text, className = "small") {
  const part = document.createElement("div");
  part.className = className;
  part.textContent = text;
  return part;
}

function whole(file) {
  const name = document.createElement("strong");
  name.textContent = file.name;
  const parts = [name, ` ${size(file.size)}`, small(file.counts ? say("whole", { time: time(file.at) }) : texts.replaced), small(`SHA-256 ${file.sha256}`, "hash small")];
  if (file.counts) {
    const look = document.createElement("a");
    look.href = data.addresses.file + file.id;
    look.textContent = texts.look;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn-sm btn-link";
    remove.textContent = texts.remove;
    remove.addEventListener("click", async () => { await uploads.remove(file.id); await alive(); });
    parts.push(look, remove);
  }
  return line(`task-file${file.counts ? "" : " replaced"}`, ...parts);
}

function moving(upload) {
  const name = document.createElement("strong");
  name.textContent = upload.name;
  const bar = document.createElement("progress");
  Object.assign(bar, { max: upload.size, value: upload.sent });
  bar.setAttribute("aria-label", upload.name);
  return line("task-file", name, ` ${size(upload.size)}`, bar, small(say(upload.state, { percent: `${Math.floor((upload.sent * 100) / upload.size)}%` })));
}

function show() {
  const going = [...uploads.queue];
  const here = new Set(going.map((upload) => upload.id));
  const unfinished = files.filter((file) => !file.sha256 && !here.has(file.id));
  const entries = [
    ...going.map(moving),
    ...unfinished.map((file) => line("task-file", Object.assign(document.createElement("strong"), { textContent: file.name }), small(say("unfinished", { percent: `${Math.floor((file.received * 100) / file.size)}%` })))),
    ...files.filter((file) => file.sha256).reverse().map(whole),
  ];
  element("files").replaceChildren(...(entries.length ? entries : [line("text-body-secondary", texts.none)]));
}

function handIn() {
  const counting = files.filter((file) => file.counts);
  const list = document.createElement("ul");
  list.append(...counting.map((file) => line("", `${file.name} · ${size(file.size)}`)));
  const parts = [small(counting.length ? say("summary", { count: counting.length }) : texts.nothing, ""), list];
  if (uploads.queue.length) parts.push(small(say("pending", { count: uploads.queue.length }), "fw-bold"));
  element("really").disabled = uploads.queue.length > 0;
  element("summary").replaceChildren(...parts);
  element("confirm").showModal();
}

function tick() {
  const left = deadline - now();
  element("clock").textContent = spelled(left);
  element("clock").parentElement.classList.toggle("is-short", left < 300000);
  if (left <= -1000 && !over && !element("stopped").open) { over = true; uploads.stop(); element("submit").submit(); }
}

async function begin() {
  show();
  const kept = sessionStorage.getItem(`generation-${data.attempt}`);
  uploads.generation = Number(kept) || data.generation;
  try {
    uploads.generation = (await post(data.addresses.open, {})).generation;
    sessionStorage.setItem(`generation-${data.attempt}`, uploads.generation);
    heard("online");
  } catch { heard("lost"); }
  await uploads.load();
  show();
  tick();
  setInterval(tick, 500);
  setInterval(alive, ALIVE);
  uploads.whole = alive;
  uploads.go();
}

element("choose").addEventListener("change", (event) => { element("problems").replaceChildren(); uploads.add([...event.target.files]); event.target.value = ""; });
element("drop").addEventListener("dragover", (event) => { event.preventDefault(); element("drop").classList.add("is-over"); });
element("drop").addEventListener("dragleave", () => element("drop").classList.remove("is-over"));
element("drop").addEventListener("drop", (event) => { event.preventDefault(); element("drop").classList.remove("is-over"); element("problems").replaceChildren(); uploads.add([...event.dataTransfer.files]); });
element("hand-in").addEventListener("click", handIn);
element("go-on").addEventListener("click", () => element("confirm").close());
element("submit").addEventListener("submit", () => { over = true; uploads.stop(); });
element("take-back").addEventListener("click", () => location.reload());
element("stopped").addEventListener("cancel", (event) => event.preventDefault());
addEventListener("online", alive);
addEventListener("beforeunload", (event) => { if (!over && uploads.queue.length) event.preventDefault(); });
navigator.serviceWorker?.register(data.addresses.worker, { scope: "/exam" }).catch(() => {});
begin();
