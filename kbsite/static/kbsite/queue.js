// The queue by keyboard. Every link and button says its own keys: <button data-key="r">, <a data-key="j ArrowRight">.
// Keys never act while somebody types, while an answer is on its way, or when a key is held down.

const stage = () => document.getElementById("stage");
const isTyping = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable]"));

function onKey(event) {
  if (event.key === "Enter" && event.target.matches?.(".menu-items input")) {
    event.preventDefault(); // Enter would press the form's first button, which is not the one beside the field
    [...event.target.closest(".menu-items").querySelectorAll("button")].at(-1).click();
    return;
  }
  if (!keysAreOn() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.repeat || document.querySelector("dialog[open]") || document.querySelector(".htmx-request")) return;
  // A menu that is open has the keys to itself.
  const scope = document.querySelector("details.menu-up[open]") ?? document;
  for (const target of scope.querySelectorAll("[data-key]")) {
    if (target.dataset.key.split(" ").includes(event.key) && target.checkVisibility()) {
      event.preventDefault();
      act(target);
      return;
    }
  }
}

function act(target) {
  const hash = target.getAttribute("href")?.startsWith("#") ? target.getAttribute("href").slice(1) : "";
  if (hash) focusField(hash);
  else target.click();
  if (target.matches("summary")) target.parentElement.querySelector(".menu-items textarea")?.focus();
}

function focusField(id) {
  const field = document.getElementById(id);
  field?.focus({ preventScroll: true });
  (field?.closest(".field") ?? field)?.scrollIntoView({ block: "center" }); // with its label and what is wrong with it
}

document.addEventListener("keydown", onKey);

// Single letters get in the way of people who speak to their computer: they can turn the keys off.
const keysAreOn = () => localStorage.getItem("keys") !== "off";

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-on]")) localStorage.setItem("keys", event.target.checked ? "on" : "off");
});

document.addEventListener("click", (event) => {
  const adder = event.target.closest?.("[data-adds]");
  if (adder) addTag(document.getElementById(adder.dataset.adds), adder.textContent);
  const link = event.target.closest?.("a[data-key][href^='#']");
  if (link) {
    event.preventDefault();
    focusField(link.getAttribute("href").slice(1));
  }
});

function asButton(tag) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: tag.className, textContent: tag.textContent });
  button.dataset.adds = tag.dataset.adds;
  return button;
}

function addTag(field, tag) {
  const tags = field.value.split(",").map((each) => each.trim()).filter(Boolean);
  field.value = (tags.includes(tag) ? tags.filter((each) => each !== tag) : [...tags, tag]).join(", ");
  keepTyped();
}

// The session ended meanwhile: go to the sign-in page instead of showing it inside this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, shouldSwap } = event.detail;
  if (shouldSwap && !xhr.responseText.includes('id="stage"')) {
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
  }
});

document.addEventListener("htmx:sendError", () => say("offline"));
document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.status === 403 ? "refused" : "failed"));

// The words stand in the page, so that they are in its language.
function say(what) {
  for (const notice of document.querySelectorAll("[data-trouble]")) notice.hidden = notice.dataset.trouble !== what;
}

// After a decision, readers of screens are at the new title; else at what is wrong, or where they asked for a preview.
document.addEventListener("htmx:afterSettle", () => {
  prepare();
  const wrong = stage()?.querySelector("[aria-invalid=true]");
  const line = stage()?.querySelector(".line");
  if (wrong) {
    focusField(wrong.id);
  } else if (line) {
    // Whoever asked from within a field is still in it.
    if (!stage().contains(document.activeElement)) stage().querySelector("[name=preview]").focus({ preventScroll: true });
    line.scrollIntoView({ block: "center" });
  } else {
    window.scrollTo(0, 0);
    document.getElementById("card-title")?.focus({ preventScroll: true });
  }
});
document.addEventListener("htmx:historyRestore", () => prepare());

// What is typed into a paper's row is kept until the tab is closed, and stands there again when the paper does.
const ROW_FIELDS = "fieldset.rows :is(input, textarea):not([type=hidden], [type=checkbox])";
const rowFields = () => [...document.querySelectorAll(ROW_FIELDS)];
const typedKey = () => `typed:${stage().dataset.row}`;

function keepTyped() {
  const kept = JSON.parse(sessionStorage.getItem(typedKey()) ?? "{}");
  for (const { name, value, defaultValue } of rowFields()) if (value !== defaultValue || name in kept) kept[name] = value;
  sessionStorage.setItem(typedKey(), JSON.stringify(kept));
}

function restoreTyped() {
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
  if (event.target.closest?.("fieldset.rows")) keepTyped();
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-discards]")) discardTyped();
});

function prepare() {
  for (const element of document.querySelectorAll("[data-scripted]")) element.hidden = false;
  for (const tag of document.querySelectorAll("span[data-adds]")) tag.replaceWith(asButton(tag));
  for (const box of document.querySelectorAll("[data-keys-on]")) box.checked = keysAreOn();
  if (stage()) restoreTyped();
  // What is scrolled to stays clear of the bar of verbs, which is as high as its buttons need.
  const bar = document.querySelector(".decide")?.offsetHeight;
  document.documentElement.style.scrollPaddingBottom = bar ? `${bar + 16}px` : "";
  const count = document.querySelector(".site-nav a[aria-current=page] .count");
  if (count && stage()?.dataset.likely) count.firstChild.data = stage().dataset.likely;
}
prepare();
