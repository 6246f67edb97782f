// What is typed into a paper's row, and the note, are kept until the tab is closed, and stand there again when the paper
// does: after another card, after a mistake, after undoing. While somebody types, the line in the README is shown as it
// would stand.

const FIELDS = "fieldset.rows :is(input, textarea):not([type=hidden], [type=checkbox]), #note";
const rowFields = () => [...document.querySelectorAll(FIELDS)];

/** Under which name the row of the card is kept; whoever signs in next in this tab types anew. */
function typedKey() {
  const { user, row } = document.getElementById("stage").dataset;
  return `typed:${user}/${row}`;
}

function keepTyped() {
  const kept = JSON.parse(sessionStorage.getItem(typedKey()) ?? "{}");
  for (const { name, value, defaultValue } of rowFields()) if (value !== defaultValue || name in kept) kept[name] = value;
  sessionStorage.setItem(typedKey(), JSON.stringify(kept));
}

export function restoreTyped() {
  const kept = JSON.parse(sessionStorage.getItem(typedKey()) ?? "{}");
  // After a preview or a mistake the server has sent what was typed: that is nothing to tell.
  const lost = rowFields().filter(({ name, defaultValue }) => name in kept && kept[name] !== defaultValue);
  for (const field of lost) field.value = kept[field.name];
  for (const notice of document.querySelectorAll("[data-restored]")) notice.hidden = !lost.length;
}

function discardTyped() {
  sessionStorage.removeItem(typedKey());
  for (const field of rowFields()) field.value = field.defaultValue;
  for (const notice of document.querySelectorAll("[data-restored]")) notice.hidden = true;
  document.querySelector("fieldset.rows [data-key=e]")?.focus(); // the button that was pressed is gone
}

document.addEventListener("input", (event) => {
  if (!event.target.matches?.(FIELDS)) return;
  keepTyped();
  if (!event.target.closest("fieldset.rows")) return;
  clearTimeout(pausing);
  pausing = setTimeout(showLines, PAUSE_IN_TYPING);
});

const PAUSE_IN_TYPING = 500; // milliseconds
let pausing;

async function showLines() {
  const form = document.querySelector("form[data-decides]");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form, form.elements.preview));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Preview: "1" } });
    if (answer.ok && !answer.redirected && form.isConnected) {
      document.getElementById("lines").innerHTML = await answer.text();
    }
  } catch {
    // Without the server there is no preview, and typing goes on.
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-discards]")) discardTyped();
});
