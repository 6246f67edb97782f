// Marking papers by key: L puts the paper on the reading list or takes it off, S ticks it as seen or not. The paper is
// the one whose row holds the focus, else that of the page. Without script the buttons do the same.

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (localStorage.getItem("keys") === "off" || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const key = event.key.toLowerCase();
  if (key !== "l" && key !== "s") return;
  const row = document.activeElement?.closest("li:has([data-marks])");
  const marks = (row ?? document.querySelector("[data-marks-page]"))?.querySelector("[data-marks]");
  const button = marks?.querySelector(`[data-key=${key}]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
