// Sends what is pending, again and again until it is acknowledged; without news it says that it is alive.
const ALIVE = 15000;
const LONGEST_PAUSE = 15000;

export class Sender {
  constructor(journal, addresses, token, tell) {
    Object.assign(this, { journal, addresses, token, tell });
    this.generation = 0;
    this.failures = 0;
    this.sending = null;
    this.stopped = false;
    addEventListener("online", () => this.soon(0));
    // A machine that slept has a steady clock that slept with it: the server's time is asked for at once.
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !this.stopped) this.refresh(); });
  }

  async post(address, body) {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10000),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.token },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  }

  // A screen takes the attempt over; false without a network.
  async open() {
    try {
      const { status, body } = await this.post(this.addresses.open, {});
      if (status === 409) this.tell("refused", body);
      if (status !== 200) return false;
      this.generation = body.generation;
      this.stopped = false;
      this.journal.merge(body.saved);
      this.tell("clock", body);
      return true;
    } catch {
      return false;
    }
  }

  soon(pause = 250) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), pause);
  }

  // What is under way may tell the time of before.
  refresh() {
    if (this.sending) this.again = true;
    else this.soon(0);
  }

  // One request at a time; resolves when nothing is pending or the sending failed.
  send() {
    this.sending ??= this.#send().finally(() => {
      this.sending = null;
      if (!this.stopped) {
        const waiting = this.journal.pending().length;
        const now = this.again && !this.failures;
        this.again = false;
        this.soon(now ? 0 : this.failures ? Math.min(LONGEST_PAUSE, 1000 * 2 ** (this.failures - 1)) : waiting ? 0 : ALIVE);
      }
    });
    return this.sending;
  }

  async #send() {
    if (this.stopped) return;
    const pending = this.journal.pending().slice(0, 200);
    if (pending.length) this.tell("saving");
    try {
      const rows = pending.map((entry) => [entry.item, entry.sequence, entry.answer, entry.flagged]);
      const { status, body } = await this.post(this.addresses.answers, { generation: this.generation, answers: rows });
      if (status === 200) {
        this.failures = 0;
        this.journal.acknowledge(body.saved);
        this.tell("clock", body);
        this.tell("saved", body);
      } else if (status === 409) {
        this.failures = 0;
        this.tell("clock", body);
        this.#refused(body);
      } else {
        this.#failed(pending);
      }
    } catch {
      this.#failed(pending);
    }
  }

  #refused(body) {
    this.stopped = body.problem !== "delivery.suspended";
    this.tell("refused", body);
  }

  #failed() {
    this.failures += 1;
    this.tell("offline");
  }
}
