// The newest answer to each item, kept in the browser until the server has said that it is durable, and after.
const NAME = "certengine-exam";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: ["attempt", "item"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Journal {
  constructor(attempt) {
    this.attempt = attempt;
    this.entries = new Map();
  }

  // A browser that refuses storage still examines: entries then live in memory alone.
  async load() {
    try {
      this.database = await opened();
      const all = await this.run("readonly", (store) => store.getAll());
      for (const entry of all) if (entry.attempt === this.attempt) this.entries.set(entry.item, entry);
    } catch {
      this.database = null;
    }
  }

  run(mode, act) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction("answers", mode);
      const request = act(transaction.objectStore("answers"));
      transaction.oncomplete = () => resolve(request && request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  // What the server has: it wins where its number is higher.
  merge(saved) {
    for (const [item, [sequence, answer, flagged]] of Object.entries(saved)) {
      const mine = this.entries.get(item);
      if (!mine || mine.sequence < sequence) this.keep({ attempt: this.attempt, item, sequence, answer, flagged, durable: true });
      else if (mine.sequence === sequence) mine.durable = true;
    }
  }

  keep(entry) {
    this.entries.set(entry.item, entry);
    if (this.database) this.run("readwrite", (store) => store.put(entry)).catch(() => { this.database = null; });
  }

  pending() {
    return [...this.entries.values()].filter((entry) => !entry.durable);
  }

  highest() {
    return Math.max(0, ...[...this.entries.values()].map((entry) => entry.sequence));
  }

  acknowledge(sequences) {
    const done = new Set(sequences);
    for (const entry of this.entries.values()) if (done.has(entry.sequence) && !entry.durable) this.keep({ ...entry, durable: true });
  }
}

export function forget() {
  indexedDB.deleteDatabase(NAME);
}
