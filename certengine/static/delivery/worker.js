// Shows the examination screen again when the network is gone: network first, the kept copy only without one.
const KEPT = "certengine-exam-1";
const keepable = (url) => /\/(paper|task)$/.test(url.pathname) || url.pathname.startsWith("/static/") || url.pathname.startsWith("/media/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => { if (event.data === "forget") event.waitUntil(caches.delete(KEPT)); });
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !keepable(new URL(request.url))) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT);
    try {
      const answer = await fetch(request);
      // A redirect means that the attempt is over: its copy must not come back.
      if (answer.ok && !answer.redirected && answer.type === "basic") await kept.put(request, answer.clone());
      return answer;
    } catch (error) {
      const copy = await kept.match(request);
      if (copy) return copy;
      throw error;
    }
  })());
});
