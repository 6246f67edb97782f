// Arranging a list without loading its page again: the arrows, Alt with an arrow key, and dragging by the handle.
// Each is the page's own form, sent aside; the entry moves once the server has moved it, which says so by itself.

const form = document.getElementById("arrange");
const rows = (list) => [...list.querySelectorAll(":scope > [data-entry]")];
let isBusy = false;

async function send(fields) {
  const data = new FormData(form);
  for (const name of ["chosen", "to"]) data.delete(name);
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  isBusy = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } });
    // Who was signed out meanwhile is led to the sign-in page, which answers well.
    if (answer.redirected || (!answer.ok && answer.status !== 409)) throw new Error(answer.status);
    document.getElementById("messages").innerHTML = await answer.text();
    return answer.ok;
  } catch {
    say(form.dataset.lost);
    return false;
  } finally {
    isBusy = false;
  }
}

function say(words) {
  const toast = document.createElement("div");
  toast.className = "toast toast-error";
  toast.textContent = words;
  document.getElementById("messages").replaceChildren(toast);
}

// --- up and down --------------------------------------------------------------------------------------------------

async function step(button) {
  const row = button.closest("[data-entry]");
  if (isBusy || !(await send({ [button.name]: row.dataset.entry }))) return;
  const other = button.name === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (other?.dataset.entry) button.name === "up" ? other.before(row) : other.after(row);
  button.focus({ preventScroll: true }); // which it loses as it moves
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".arrange-tools button");
  if (!button) return;
  event.preventDefault();
  step(button);
});

document.addEventListener("keydown", (event) => {
  const name = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  const row = event.target.closest?.("[data-entry]");
  if (!name || !row || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  step(row.querySelector(`button[name=${name}]`));
});

// --- dragging -----------------------------------------------------------------------------------------------------

let dragged = null;
let target = null; // { list, row, isBefore }: beside which row it would go; no row in an empty section
let pointer = null; // where it is in the window
const EDGE = 80; // px from the window's edge, where the page scrolls for as long as the pointer is there

for (const handle of document.querySelectorAll(".arrange-handle")) handle.hidden = false;

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.(".arrange-handle");
  if (!handle || event.button !== 0 || isBusy) return;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  dragged = handle.closest("[data-entry]");
  dragged.classList.add("is-dragged");
  pointer = [event.clientX, event.clientY];
  requestAnimationFrame(follow);
});

document.addEventListener("pointermove", (event) => {
  pointer = [event.clientX, event.clientY];
  if (dragged) mark(placeAt(...pointer));
});

function follow() {
  if (!dragged) return;
  const [x, y] = pointer;
  const step = y < EDGE ? y - EDGE : Math.max(y - window.innerHeight + EDGE, 0);
  if (step) {
    window.scrollBy(0, step / 5);
    mark(placeAt(x, y));
  }
  requestAnimationFrame(follow);
}

document.addEventListener("pointerup", () => {
  if (dragged && target) drop();
  end();
});
document.addEventListener("pointercancel", end);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") end();
});

function placeAt(x, y) {
  const over = document.elementFromPoint(x, y)?.closest(".papers > li, .papers, .list-section");
  const list = over?.closest(".list-section")?.querySelector(".papers");
  if (!list) return null;
  const row = over.matches("[data-entry]") ? over : rows(list).at(over.matches(".papers, .list-section") && y > list.getBoundingClientRect().top ? -1 : 0);
  if (!row) return { list, row: null, isBefore: true };
  const box = row.getBoundingClientRect();
  return { list, row, isBefore: y < box.top + box.height / 2 };
}

function mark(place) {
  for (const each of document.querySelectorAll(".drop-before, .drop-behind")) each.classList.remove("drop-before", "drop-behind");
  target = place;
  (place?.row ?? place?.list.firstElementChild)?.classList.add(place.isBefore ? "drop-before" : "drop-behind");
}

function end() {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  mark(null);
}

async function drop() {
  const [row, { list, row: beside, isBefore }] = [dragged, target];
  const order = rows(list).filter((each) => each !== row);
  if (beside === row) return;
  const behind = isBefore ? order[order.indexOf(beside) - 1] : beside;
  const fields = { entry: row.dataset.entry, behind: behind?.dataset.entry ?? "", to: list.dataset.category };
  if (list !== row.parentElement) return submit(fields); // its section's numbers change too: the page comes anew
  if (!(await send(fields))) return;
  behind ? behind.after(row) : list.prepend(row);
}

// The browser's Back shows the page as it was left, with what was sent of the last entry that was dropped.
window.addEventListener("pageshow", () => {
  for (const field of form.querySelectorAll("[data-dropped]")) field.remove();
  form.querySelector("[name=to]").disabled = false;
});

function submit(fields) {
  form.querySelector("[name=to]").disabled = true;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    field.dataset.dropped = "";
    form.append(field);
  }
  for (const box of document.querySelectorAll("[name=chosen]:checked")) box.checked = false;
  form.submit();
}
