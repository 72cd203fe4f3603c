// Ticking the page's rows at once, and showing only the field that the chosen act needs.
const form = document.getElementById("bulk");
const act = document.getElementById("act");
const every = document.getElementById("choose-all");

function show() {
  for (const part of form.querySelectorAll("[data-acts]")) part.hidden = part.dataset.acts !== act.value;
}

if (act) {
  act.addEventListener("change", show);
  every.addEventListener("change", () => {
    for (const box of form.querySelectorAll("input[name=code]")) box.checked = every.checked;
  });
  show();
}
