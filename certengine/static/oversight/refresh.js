// The page comes anew every 20 seconds; not while somebody is in a field or has a part of it marked.
setInterval(() => {
  const busy = document.activeElement && document.activeElement.matches("input, select, textarea, summary");
  if (!document.hidden && !busy && String(getSelection()) === "") location.reload();
}, 20000);
