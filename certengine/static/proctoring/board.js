// Refreshes the seats every few seconds and counts down by the server's clock.
import { serverClock, spelled } from "../delivery/clock.js";

const live = document.getElementById("live");
const left = document.getElementById("left");
const now = serverClock(Number(left.dataset.now));

async function refresh() {
  try {
    const answer = await fetch(live.dataset.address, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const focused = document.activeElement?.closest("#live a")?.getAttribute("href");
    live.innerHTML = await answer.text();
    now.set(Number(live.querySelector("[data-now]").dataset.now));
    if (focused) live.querySelector(`a[href="${focused}"]`)?.focus({ preventScroll: true });
  } catch {
    if (!live.querySelector(".alert")) live.prepend(Object.assign(document.createElement("p"), { className: "alert alert-warning", textContent: live.dataset.lost }));
  }
}
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
const tick = () => { left.textContent = spelled(Number(left.dataset.ends) - now()); };
tick();
setInterval(tick, 500);
