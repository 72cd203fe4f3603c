// After the hand-in nothing of the paper stays in the browser.
import { forget } from "./journal.js";
import { forgetFiles } from "./uploads.js";

forget();
forgetFiles();
navigator.serviceWorker?.ready.then((registration) => registration.active?.postMessage("forget"));
caches?.keys().then((names) => names.filter((name) => name.startsWith("certengine-exam")).forEach((name) => caches.delete(name)));
