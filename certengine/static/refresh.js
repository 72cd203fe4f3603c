// The page comes anew after the seconds that its head names; not while somebody is in a field or has a part of it marked.
const seconds = Number(document.querySelector("meta[name=refresh-after]").content);
setInterval(() => {
  const busy = document.activeElement && document.activeElement.matches("input, select, textarea, summary");
  if (!document.hidden && !busy && String(getSelection()) === "") location.reload();
}, seconds * 1000);
