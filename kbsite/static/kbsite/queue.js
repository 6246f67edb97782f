// The queue by keyboard. Every link and button says its own keys: <button data-key="r">, <a data-key="j ArrowRight">.
// Keys never act while somebody types, while an answer is on its way, or when a key is held down.
// A decision shows the next card at once (ahead.js) and is sent meanwhile (outbox.js).

import * as ahead from "./ahead.js";
import { lookForMoves } from "./moves.js";
import * as outbox from "./outbox.js";
import { restoreTyped } from "./typed.js";

const stage = () => document.getElementById("stage");
const isTyping = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable]"));

function onKey(event) {
  if (event.key === "Enter" && event.target.matches?.(".menu-items input")) {
    event.preventDefault(); // Enter would press the form's first button, which is not the one beside the field
    [...event.target.closest(".menu-items").querySelectorAll("button")].at(-1).click();
    return;
  }
  if (!isCommand(event)) return;
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
const isCommand = ({ ctrlKey, altKey, metaKey, isComposing }) => keysAreOn() && !(ctrlKey || altKey || metaKey || isComposing);

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

document.addEventListener("htmx:sendError", () => {
  say("offline");
  goOnLater();
});
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  say(xhr.status === 403 ? "refused" : "failed");
  if (xhr.status === 429 || xhr.status >= 500) goOnLater();
});

// The words stand in the page, so that they are in its language.
function say(what) {
  for (const notice of document.querySelectorAll("[data-trouble]")) notice.hidden = notice.dataset.trouble !== what;
}

// --- deciding ----------------------------------------------------------------------------------------------------

const user = () => stage().dataset.user;
const onTheirWay = () => outbox.letters(user()).map((letter) => letter.paper);
const fillAhead = () => ahead.fill(stage().dataset.next, [...onTheirWay(), stage().dataset.paper].filter(Boolean));
let undoing = ""; // key of what is to be undone as soon as it is saved

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

// The second click of two finds the button of the next card under it, which nobody has read yet.
const DECIDING = ["accept", "reject", "defer", "duplicate"];
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("form[data-decides] button");
    if (event.detail > 1 && DECIDING.includes(button?.name)) event.preventDefault();
  },
  true,
);

async function decide(form, button) {
  const body = [...new FormData(form, button)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const { paper } = stage().dataset;
  const title = document.getElementById("card-title").textContent;
  const verb = button.title || button.innerText.replace(/\s+/g, " ").trim();
  const key = form.elements.key.value;
  outbox.put(user(), { url: form.action, body, key, paper, title });
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

/** A card that is decided and saved does not stay because the next one could not be had at once. */
function goOnLater() {
  setTimeout(() => {
    if (stage() && "stuck" in stage().dataset && !outbox.letters(user()).length) goOn();
  }, PAUSE);
}
const PAUSE = 2000; // milliseconds

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
  for (const other of document.querySelectorAll(".stage-news :is(form.last, [data-taken-back])")) other.hidden = true;
}

document.addEventListener("outbox", ({ detail: { state, letter, html } }) => {
  if (!stage()) return;
  const isHere = letter && isOfThisList(letter);
  if (html && (isHere || state !== "saved")) showAnswer(html, isHere);
  if (state === "saved" && isHere) lookForMoves();
  const waiting = outbox.letters(user()).length;
  if (state === "kept") {
    for (const count of document.querySelectorAll("[data-kept]")) count.textContent = waiting;
  }
  const isUndone = undoing && letter?.key === undoing;
  if (isUndone) undoing = "";
  if (["kept", "signed-out", "refused", "failed"].includes(state)) return showNews(state);
  if (isUndone && isHere && state === "saved") return document.querySelector(".stage-news form.last button")?.click();
  if (waiting) return;
  if (!stage().dataset.paper || "stuck" in stage().dataset) goOn(); // with what is left, if anything
});

/** Whether a decision is for the list of this page: what another page has left may be for another one. */
const isOfThisList = ({ url }) => new URL(url).pathname.startsWith(new URL(stage().dataset.next, location).pathname);

function showAnswer(html, isHere) {
  const region = document.querySelector(".stage-news");
  region.innerHTML = html;
  const progress = region.querySelector("[data-progress]"); // beside the news: it is nothing to read out each time
  if (isHere) document.querySelector(".stage-progress").replaceChildren(...progress.childNodes);
  else for (const each of region.querySelectorAll("[data-counts], form.last")) each.remove(); // another list's
  progress.remove();
  htmx.process(region);
  showCounts();
}

// Undo means the decision that is just being saved, not the one before, and nothing if that one is refused.
document.addEventListener("keydown", (event) => {
  if (event.key !== "u" || isTyping(event.target) || !isCommand(event) || !stage()) return;
  const saving = outbox.letters(user());
  if (!saving.length || document.querySelector("details.menu-up[open], dialog[open]")) return;
  event.stopImmediatePropagation();
  undoing = saving.at(-1).key;
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
    const title = document.getElementById("card-title");
    window.scrollTo(0, 0);
    // In a low or narrow window the menus, and what fails, would leave no room for the card.
    if (title?.getBoundingClientRect().top > innerHeight / 2) document.querySelector(".stage-news").scrollIntoView();
    title?.focus({ preventScroll: true });
  }
}
document.addEventListener("htmx:historyRestore", () => prepare());

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
