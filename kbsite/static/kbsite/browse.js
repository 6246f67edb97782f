// Papers by key: J and K move down and up the rows, Enter opens the one that holds the focus, as any link does.

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (localStorage.getItem("keys") === "off" || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const step = { j: 1, k: -1 }[event.key.toLowerCase()];
  if (!step) return;
  const rows = [...document.querySelectorAll("[data-rows] > *")];
  if (!rows.length) return;
  event.preventDefault();
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step, 0), rows.length - 1)];
  next.querySelector(".paper-title a").focus();
  next.scrollIntoView({ block: "nearest" });
});
