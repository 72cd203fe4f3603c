// Tells the server what happens at this screen, as facts: each once, again and again until it is taken.
const CLOCK_STEP = 5000;

export function watch(address, token) {
  let waiting = [];
  let away = null;
  let offline = null;
  let ahead = Date.now() - performance.now();

  function note(kind, data) {
    waiting.push({ token: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`, kind, data: { ...data, screen: new Date().toISOString() } });
    send();
  }

  async function send() {
    const some = waiting.slice(0, 50);
    if (!some.length) return;
    try {
      const answer = await fetch(address, {
        method: "POST", credentials: "same-origin", cache: "no-store", keepalive: true, signal: AbortSignal.timeout(10000),
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token }, body: JSON.stringify({ events: some }),
      });
      if (!answer.ok) return;
      const taken = new Set((await answer.json()).taken);
      waiting = waiting.filter((each) => !taken.has(each.token));
    } catch { /* The next turn sends it. */ }
  }

  function left() { away ??= performance.now(); }
  function back() {
    if (away === null || document.hidden || !document.hasFocus()) return;
    const seconds = Math.round((performance.now() - away) / 1000);
    away = null;
    note("focus_lost", { seconds });
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? left() : back()));
  addEventListener("blur", left);
  addEventListener("focus", back);
  // The length alone: what a clipboard holds is nobody's business, and another program can change it.
  document.addEventListener("paste", (event) => note("pasted", { length: event.clipboardData?.getData("text").length ?? 0 }), true);
  setInterval(() => {
    const drift = Date.now() - performance.now() - ahead;
    if (Math.abs(drift) > CLOCK_STEP) { ahead += drift; note("clock_changed", { milliseconds: Math.round(drift) }); }
    send();
  }, 5000);
  return {
    network(here) {
      if (!here) offline ??= performance.now();
      else if (offline !== null) { const seconds = Math.round((performance.now() - offline) / 1000); offline = null; note("offline", { seconds }); }
    },
  };
}
