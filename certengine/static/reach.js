// A table that is wider than its place is scrolled there: by the keyboard too, and under the name of what stands above it.
const named = (box) => box.querySelector("caption")?.textContent.trim() || heading(box);

function heading(box) {
  const above = [...document.querySelectorAll("main :is(h1, h2, h3, h4, summary)")];
  return above.findLast((each) => each.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING)?.textContent.trim() || document.title;
}

const watch = new ResizeObserver((changes) => {
  for (const { target: box } of changes) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", named(box));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
});
for (const box of document.querySelectorAll(".table-responsive, .spread, .design-parts, main pre")) watch.observe(box);

// After a refusal the keyboard stands where it is explained, or at the first field that is wrong; each such field says why.
for (const field of document.querySelectorAll("main .is-invalid")) {
  field.setAttribute("aria-invalid", "true");
  const why = field.parentElement.querySelector(".invalid-feedback");
  if (why && !field.hasAttribute("aria-describedby")) {
    why.id ||= `${field.id}-why`;
    field.setAttribute("aria-describedby", why.id);
  }
}
// Once the browser has gone to the part that the address names.
addEventListener("load", () => (document.querySelector("main [role=alert][tabindex]") ?? document.querySelector("main .is-invalid"))?.focus());
