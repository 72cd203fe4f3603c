// Shows only the fields that the chosen type has; without script all are shown and the server decides.
const type = document.getElementById("type");

function show() {
  for (const part of document.querySelectorAll("[data-types]")) {
    part.hidden = !part.dataset.types.split(" ").includes(type.value);
  }
}

type.addEventListener("change", show);
show();
