// A file dropped on the form is sent as if it had been chosen.
const form = document.getElementById("drop");
const stop = (event) => event.preventDefault();
for (const name of ["dragover", "dragenter"]) document.addEventListener(name, (event) => { stop(event); form.classList.add("is-over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-over"); });
document.addEventListener("drop", (event) => {
  stop(event);
  form.classList.remove("is-over");
  if (!event.dataTransfer.files.length) return;
  form.elements.file.files = event.dataTransfer.files;
  form.requestSubmit();
});
