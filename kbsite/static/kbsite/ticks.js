// Ticking rows of a table by keyboard, and ranges: Shift ticks all from the last one on. Without script, one by one.

const form = document.querySelector("[data-ticks]");
const boxes = [...(form?.querySelectorAll("tbody input[type=checkbox]") ?? [])];
const all = form?.querySelector("[data-ticks-all]");
let last = null;

function tick(box, isRange) {
  if (isRange && last && last !== box) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
  show();
}

function show() {
  const ticked = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-ticked]").textContent = ticked ? `(${ticked})` : "";
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

function onKey(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || localStorage.getItem("keys") === "off") return;
  if (target.closest("textarea, select, input:not([type=checkbox])")) return;
  const here = boxes.indexOf(document.activeElement);
  if (key === "j" || key === "k") {
    event.preventDefault();
    boxes[Math.max(0, Math.min(boxes.length - 1, here + (key === "j" ? 1 : -1)))].focus();
  } else if (key.toLowerCase() === "x" && here >= 0) {
    event.preventDefault();
    boxes[here].checked = !boxes[here].checked;
    tick(boxes[here], event.shiftKey);
  }
}

if (form) {
  for (const element of document.querySelectorAll("[data-scripted]")) element.hidden = false;
  form.addEventListener("click", (event) => {
    if (boxes.includes(event.target)) tick(event.target, event.shiftKey);
  });
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("pageshow", show); // the browser restores ticks when one comes back
}
