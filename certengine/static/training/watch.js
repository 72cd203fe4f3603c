// Tells the server every few seconds what was shown. The server's clock decides; what it says back is obeyed.
const unit = document.getElementById("unit");
const video = unit.querySelector("video");
const state = document.getElementById("state");
const bar = document.getElementById("seen");
const token = document.querySelector("meta[name=csrf-token]").content;
const EVERY = 15000;
const ordered = unit.dataset.ordered === "yes";
const length = Number(unit.dataset.length);
let done = unit.dataset.done === "yes";
// Up to where the server knows of, where the claim to come begins, where the player was last seen.
let known = Number(unit.dataset.position);
let from = known;
let last = known;
let busy = false;

const at = () => Math.round(video.currentTime * 1000);

async function speak(start, end, keepalive = false) {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(unit.dataset.heard, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ start, end: Math.max(start, Math.min(end, length)) }),
      keepalive,
    });
    if (!answer.ok) throw new Error(answer.status);
    hear(await answer.json(), end);
  } catch {
    state.textContent = state.dataset.lost;
  } finally {
    busy = false;
  }
}

function hear(told, end) {
  bar.value = told.seen;
  known = told.position;
  from = ordered ? Math.min(known, end) : known;
  if (state.textContent === state.dataset.lost) state.textContent = "";
  if (told.done) {
    done = true;
    const next = document.getElementById("next");
    if (next) {
      next.href = next.dataset.next;
      next.hidden = false;
    }
    state.textContent = told.completed ? state.dataset.completed : state.dataset.done;
  } else if (video && ordered && at() > known + 2500 && end > known + 2500) {
    video.currentTime = known / 1000;
    last = known;
  }
}

function watchVideo() {
  video.addEventListener("loadedmetadata", () => { if (!done && known < length) video.currentTime = known / 1000; }, { once: true });
  video.addEventListener("play", () => { if (!done) { from = Math.min(at(), ordered ? known : at()); speak(from, from); } });
  video.addEventListener("ratechange", () => { if (!done && video.playbackRate > 1) video.playbackRate = 1; });
  video.addEventListener("timeupdate", () => { if (!video.seeking) last = at(); });
  video.addEventListener("seeking", () => {
    if (done) return;
    const furthest = Math.max(known, last);
    if (ordered && at() > furthest + 1000) {
      video.currentTime = furthest / 1000;
      state.textContent = state.dataset.back;
    } else if (!ordered || at() < from) {
      from = at();
    }
  });
  video.addEventListener("pause", () => { if (!done && !video.seeking) speak(from, last); });
  // The clock may lag a moment behind the player: what is missing at the end is asked for once more.
  video.addEventListener("ended", () => { if (!done) { speak(from, length); setTimeout(() => { if (!done) speak(from, length); }, 2500); } });
  setInterval(() => { if (!done && !video.paused) speak(from, last); }, EVERY);
  addEventListener("pagehide", () => { if (!done && !video.paused) speak(from, last, true); });
}

function watchReading() {
  let shown = performance.now();
  let read = 0;
  const count = () => {
    const now = performance.now();
    if (!document.hidden) read += now - shown;
    shown = now;
  };
  document.addEventListener("visibilitychange", () => { const was = !document.hidden; if (was) shown = performance.now(); else { read += performance.now() - shown; } });
  const tell = (keepalive) => {
    count();
    if (done) return;
    const passed = Math.round(read);
    read = 0;
    speak(known, known + passed, keepalive);
  };
  speak(known, known);
  setInterval(() => tell(false), EVERY);
  addEventListener("pagehide", () => tell(true));
}

if (video) watchVideo();
else watchReading();
