// What every page answers to: "/" goes to the search box, "?" opens the page's help, Escape closes menus.
// Keys never act while somebody types, nor together with Ctrl, Alt or the command key.

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-search]");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  } else if (event.key === "?") {
    const help = document.querySelector("dialog[data-help]");
    if (help && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      help.showModal();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest?.("[data-closes]")) event.target.closest("dialog")?.close();
});

// What wide screens have room for is open there by style; browsers whose style cannot do that open it, in the page and
// in every part that htmx brings.
if (!CSS.supports("selector(::details-content)")) {
  const wide = window.matchMedia("(min-width: 56.01rem)");
  const openOnWide = () => {
    if (!wide.matches) return;
    for (const part of document.querySelectorAll("details[data-wide-open]:not([open])")) part.open = true;
  };
  openOnWide();
  document.addEventListener("htmx:afterSettle", openOnWide);
}
