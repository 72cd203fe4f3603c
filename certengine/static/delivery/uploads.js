// Files on their way: one part after the other, kept in the browser until the server has the whole, so that neither a
// cut nor a reload loses one. Without IndexedDB a file has to be chosen again, and goes on where it stopped.
const NAME = "certengine-files";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files", { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// Where the browser has no subtle cryptography (a plain http address) the server works the hash out alone.
async function sha256(file) {
  if (!crypto.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Uploads {
  constructor(data, token, tell) {
    Object.assign(this, { data, token, tell });
    this.queue = [];
    this.generation = 0;
    this.failures = 0;
    this.whole = () => {};
    addEventListener("online", () => this.go());
  }

  async load() {
    try {
      this.database = await opened();
      const kept = await this.run("readonly", (store) => store.getAll());
      for (const each of kept) if (each.attempt === this.data.attempt) this.queue.push({ ...each, sent: 0, state: "waiting" });
    } catch { this.database = null; }
  }

  run(mode, act) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction("files", mode);
      const request = act(transaction.objectStore("files"));
      transaction.oncomplete = () => resolve(request && request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  async keep({ key, attempt, name, size, file, id, sha256: digest }) {
    if (this.database) await this.run("readwrite", (store) => store.put({ key, attempt, name, size, file, id, sha256: digest })).catch(() => {});
  }

  async drop(upload) {
    this.queue = this.queue.filter((each) => each !== upload);
    if (this.database) await this.run("readwrite", (store) => store.delete(upload.key)).catch(() => {});
    this.tell("changed");
  }

  async add(files) {
    for (const file of files) {
      const upload = { key: `${this.data.attempt} ${performance.timeOrigin + performance.now()} ${file.name}`, attempt: this.data.attempt, name: file.name, size: file.size, file, sent: 0, state: "waiting" };
      this.queue.push(upload);
      await this.keep(upload);
    }
    this.tell("changed");
    this.go();
  }

  stop() { this.stopped = true; }

  // One file at a time; a second call while one is under way changes nothing.
  go() {
    clearTimeout(this.timer);
    this.going ??= this.#go().finally(() => {
      this.going = null;
      if (this.queue.length && !this.stopped && !this.refused) this.timer = setTimeout(() => this.go(), Math.min(15000, 1000 * 2 ** Math.max(0, this.failures - 1)));
    });
    this.refused = false;
    return this.going;
  }

  async #go() {
    while (this.queue.length && !this.stopped) {
      const upload = this.queue[0];
      try {
        if (!(await this.#send(upload))) return;
        this.failures = 0;
        this.tell("online");
      } catch (error) {
        if (error?.name === "NotReadableError" || error?.name === "NotFoundError") {
          await this.drop(upload);
          this.tell("problem", { message: JSON.parse(document.getElementById("texts").textContent).unreadable.replace("{name}", upload.name) });
          continue;
        }
        this.failures += 1;
        upload.state = "offline";
        this.tell("lost");
        this.tell("changed");
        return;
      }
    }
  }

  // True when the next file may go: this one is whole or was refused for good.
  async #send(upload) {
    if (upload.sha256 === undefined) {
      upload.state = "hashing";
      this.tell("changed");
      upload.sha256 = await sha256(upload.file);
    }
    let begun;
    if (upload.id && !upload.sha256) begun = { status: 200, body: { id: upload.id, received: await this.#received(upload.id) } };
    else begun = await this.#ask("POST", this.data.addresses.begin, JSON.stringify({ name: upload.name, size: upload.size, sha256: upload.sha256, generation: this.generation }), "application/json");
    if (begun.status !== 200) return this.#not(upload, begun);
    upload.id = begun.body.id;
    await this.keep(upload);
    let received = begun.body.received;
    let whole = begun.body.whole;
    while (!whole) {
      if (this.stopped) return false;
      Object.assign(upload, { sent: received, state: "sending" });
      this.tell("changed");
      const part = await upload.file.slice(received, received + this.data.part).arrayBuffer();
      const answer = await this.#ask("PUT", `${this.data.addresses.file}${upload.id}?at=${received}&generation=${this.generation}`, part, "application/octet-stream");
      if (answer.status !== 200) return this.#not(upload, answer);
      ({ received, whole } = answer.body);
    }
    await this.whole();
    await this.drop(upload);
    return true;
  }

  async #received(id) {
    const { body } = await this.#ask("POST", this.data.addresses.state, JSON.stringify({ generation: this.generation }), "application/json");
    return body.files.find((file) => file.id === id)?.received ?? 0;
  }

  async #not(upload, { status, body }) {
    if (status >= 500 || status === 429) throw new Error(status);
    if (status === 409) {
      this.refused = true;
      this.tell("refused", body);
      return false;
    }
    await this.drop(upload);
    this.tell("problem", body);
    return true;
  }

  async remove(id) {
    const answer = await this.#ask("DELETE", `${this.data.addresses.file}${id}?generation=${this.generation}`, null, "application/json");
    if (answer.status === 409) this.tell("refused", answer.body);
  }

  async #ask(method, address, body, kind) {
    const answer = await fetch(address, {
      method, body, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(60000),
      headers: { "Content-Type": kind, Accept: "application/json", "X-CSRFToken": this.token },
    });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  }
}

export function forgetFiles() {
  indexedDB.deleteDatabase(NAME);
}
