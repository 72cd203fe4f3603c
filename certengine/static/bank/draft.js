// The editor's other half: how the draft looks and what the check says, soon after each change; pictures at the cursor.
const form = document.getElementById("draft-form");
const pane = document.getElementById("draft");
const picture = document.getElementById("picture");
const note = document.getElementById("picture-note");
let timer = 0;
let asked = 0;
let place = form.querySelector("textarea");

function post(address, body) {
  return fetch(address, { method: "POST", body });
}

async function preview() {
  const mine = ++asked;
  try {
    const answer = await post(form.dataset.draft, new FormData(form));
    if (mine !== asked) return;
    if (!answer.ok) throw new Error(answer.status);
    pane.innerHTML = await answer.text();
  } catch {
    pane.textContent = pane.dataset.failed;
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(preview, 500);
}

form.addEventListener("input", later);
form.addEventListener("focusin", (event) => { if (event.target.matches("textarea")) place = event.target; });
picture.addEventListener("change", async () => {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("picture", picture.files[0]);
  picture.value = "";
  try {
    const answer = await (await post(picture.dataset.to, body)).json();
    if (answer.markdown) place.setRangeText(answer.markdown, place.selectionStart, place.selectionEnd, "end");
    note.textContent = answer.problem ?? answer.markdown;
    later();
  } catch {
    note.textContent = picture.dataset.failed;
  }
});
preview();
