// Follows long work until it is over, then shows what came of it.
const work = document.getElementById("work");

async function look() {
  try {
    const answer = await fetch(work.dataset.progress);
    const { state, done, total } = await answer.json();
    if (state === "done" || state === "failed") {
      location.reload();
      return;
    }
    if (total) {
      const bar = work.querySelector("progress");
      bar.max = total;
      bar.value = done;
      work.querySelector(".count").textContent = `${done} / ${total}`;
    }
  } catch {
    // The line is down for a moment; the work goes on without it.
  }
  setTimeout(look, 1000);
}

if (work) look();
