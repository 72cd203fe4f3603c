// Counts down by the server's clock and goes in by itself when the time has come.
import { serverClock, spelled } from "./clock.js";

const waiting = document.getElementById("waiting");
const starts = Number(waiting.dataset.starts);
const now = serverClock(Number(waiting.dataset.now));
const button = document.querySelector("#start button");
let sent = false;

function tick() {
  const left = starts - now();
  document.getElementById("countdown").textContent = spelled(left);
  button.disabled = left > 0;
  if (left <= 0 && !sent) {
    sent = true;
    // Spread over two seconds, so that thousands do not knock in the same instant.
    setTimeout(() => document.getElementById("start").submit(), Math.random() * 2000);
  }
}
tick();
setInterval(tick, 500);
