// What both screens of an exam do when the server takes nothing more from them.
const element = (id) => document.getElementById(id);
const OUTSIDE = ["delivery.other_device", "delivery.wrong_key"];

export function stop(problem, texts, { leave, reload }) {
  if (problem === "delivery.closed") return leave();
  // The page itself leads to where one waits to be let in.
  if (OUTSIDE.includes(problem)) return reload();
  const taken = problem === "delivery.taken_over";
  element("stopped-title").textContent = texts[taken ? "taken_title" : "suspended_title"];
  element("stopped-text").textContent = texts[taken ? "taken_text" : "suspended_text"];
  element("take-back").hidden = !taken;
  if (!element("stopped").open) element("stopped").showModal();
}
