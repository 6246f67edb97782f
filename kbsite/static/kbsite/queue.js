// The queue by keyboard. Every link and button says its own keys: <button data-key="r">, <a data-key="j ArrowRight">.
// Keys never act while somebody types, while an answer is on its way, or when a key is held down.
// A decision shows the next card at once (ahead.js) and is sent meanwhile (outbox.js).

import * as ahead from "./ahead.js";
import * as outbox from "./outbox.js";

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
  if (event.repeat || isBusy() || document.querySelector("dialog[open]") || document.querySelector(".htmx-request")) return;
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

// A TL;DR that a source offers is taken with one click.
document.addEventListener("click", (event) => {
  const offer = event.target.closest?.("[data-fills]");
  if (!offer) return;
  const field = document.getElementById(offer.dataset.fills);
  field.value = offer.parentElement.querySelector("q").textContent;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
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
  field.dispatchEvent(new Event("input", { bubbles: true }));
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

// --- deciding ----------------------------------------------------------------------------------------------------

const user = () => stage().dataset.user;
const onTheirWay = () => outbox.letters(user()).map((letter) => letter.paper);
const fillAhead = () => ahead.fill(stage().dataset.next, [...onTheirWay(), stage().dataset.paper].filter(Boolean));
let undoWhenSaved = false;

// In the first phase, so that htmx does not send it, too.
document.addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    if (!form.matches("form[data-decides]") || !submitter?.name || submitter.name === "preview") return;
    event.preventDefault();
    event.stopPropagation();
    if (!isBusy()) decide(form, submitter);
  },
  true,
);

async function decide(form, button) {
  const body = [...new FormData(form, button)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const { paper } = stage().dataset;
  const title = document.getElementById("card-title").textContent;
  const verb = button.title || button.innerText.replace(/\s+/g, " ").trim();
  const key = form.elements.key.value;
  outbox.put(user(), { url: form.action, body, key, paper, title, typed: typedKey() });
  let html = ahead.here();
  if (html === undefined) {
    stage().setAttribute("aria-busy", "true");
    html = await ahead.take(stage().dataset.next, onTheirWay().concat(paper));
    if (stage().dataset.paper !== paper) return; // somebody opened another card meanwhile
  }
  if (html) show(html);
  else stage().dataset.stuck = "";
  showSaving(verb, title);
  if (html) fillAhead();
  else if (!outbox.letters(user()).length) goOn();
}

/** Whether this card is decided, and the next one is not here yet. */
const isBusy = () => stage()?.hasAttribute("aria-busy");

const goOn = () => htmx.ajax("GET", stage().dataset.next, { target: "#stage", swap: "outerHTML" });

function show(html) {
  const news = document.querySelector(".stage-news").innerHTML; // newer than those that came with the card
  stage().outerHTML = html;
  document.querySelector(".stage-news").innerHTML = news;
  htmx.process(stage());
  history.pushState({ htmx: true }, "", stage().dataset.address);
  arrive();
}

function showSaving(verb, title) {
  if (!outbox.letters(user()).length) return; // it is saved already
  const line = document.querySelector("[data-saving]");
  line.querySelector("[data-verb]").textContent = verb;
  line.querySelector("[data-title]").textContent = title;
  line.hidden = false;
  for (const other of document.querySelectorAll(".stage-news form.last")) other.hidden = true;
}

document.addEventListener("outbox", ({ detail: { state, letter, html } }) => {
  if (!stage()) return;
  if (state === "saved") sessionStorage.removeItem(letter.typed);
  if (html) {
    const region = document.querySelector(".stage-news");
    region.innerHTML = html;
    htmx.process(region);
    showCounts();
    const progress = region.querySelector("[data-progress]"); // beside the news: it is nothing to read out each time
    document.querySelector(".stage-progress").replaceChildren(...progress.childNodes);
    progress.remove();
  }
  const waiting = outbox.letters(user()).length;
  if (state === "kept") {
    for (const count of document.querySelectorAll("[data-kept]")) count.textContent = waiting;
  }
  if (state === "kept" || state === "signed-out" || state === "failed") return showNews(state);
  if (waiting) return;
  if (undoWhenSaved) {
    undoWhenSaved = false;
    document.querySelector(".stage-news form.last button")?.click();
  } else if (!stage().dataset.paper || "stuck" in stage().dataset) {
    goOn(); // with what is left, if anything
  }
});

// Undo means the decision that is just being saved, not the one before.
document.addEventListener("keydown", (event) => {
  if (event.key !== "u" || isTyping(event.target) || !stage() || !outbox.letters(user()).length) return;
  event.stopImmediatePropagation();
  undoWhenSaved = true;
}, true);

function showNews(what) {
  say(what);
  for (const line of document.querySelectorAll("[data-saving]")) line.hidden = true;
}

function showCounts() {
  const news = document.querySelector(".stage-news [data-counts]");
  if (!news) return;
  for (const pair of news.dataset.counts.split(",")) {
    const words = pair.trim().split(" ");
    const key = words.length > 1 ? words[0] : "";
    for (const count of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) count.textContent = words.at(-1);
  }
  const likely = document.querySelector(".site-nav a[aria-current=page] .count");
  if (likely) likely.firstChild.data = news.dataset.likely;
}

// --- arriving at a card ------------------------------------------------------------------------------------------

// After a decision, readers of screens are at the new title; else at what is wrong, or where they asked for a preview.
document.addEventListener("htmx:afterSettle", () => {
  arrive();
  if (stage()) fillAhead();
});

function arrive() {
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
}
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
  if (!event.target.closest?.("fieldset.rows")) return;
  keepTyped();
  clearTimeout(pausing);
  pausing = setTimeout(showLines, PAUSE_IN_TYPING);
});

// While somebody types, the line in the README is shown as it would stand.
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

function prepare() {
  for (const element of document.querySelectorAll("[data-scripted]")) element.hidden = false;
  for (const tag of document.querySelectorAll("span[data-adds]")) tag.replaceWith(asButton(tag));
  for (const box of document.querySelectorAll("[data-keys-on]")) box.checked = keysAreOn();
  if (stage()) restoreTyped();
  // What is scrolled to stays clear of the bar of verbs, which is as high as its buttons need.
  const bar = document.querySelector(".decide")?.offsetHeight;
  document.documentElement.style.scrollPaddingBottom = bar ? `${bar + 16}px` : "";
  showCounts();
}
prepare();
if (stage()) {
  fillAhead();
  outbox.send(user()); // what another page has left
}
