// Suggestions under a search box, by the pattern of an editable combobox with a list (WAI-ARIA Authoring Practices):
// the focus stays in the box, the arrows choose, Enter goes there, Escape closes. Without script the box just searches.

const PAUSE = 120; // milliseconds without a key before it is asked
const LEAST = 2; // characters

const element = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

function combine(box, number) {
  const list = element("ul", "completions");
  list.id = `completions-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.dataset.completions);
  list.hidden = true;
  const said = element("span", "visually-hidden");
  said.setAttribute("role", "status");
  box.after(list, said);
  for (const [name, value] of Object.entries({
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-haspopup": "listbox",
  })) {
    box.setAttribute(name, value);
  }
  let chosen = -1;
  let asking = null;
  let timer = 0;

  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    choose(-1);
  };

  const choose = (place) => {
    const options = [...list.children];
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = place;
    const option = options[chosen];
    if (!option) {
      box.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const show = (results) => {
    list.replaceChildren(
      ...results.map((each, place) => {
        const option = element("li", "completion");
        option.id = `${list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.address = each.address;
        option.append(element("span", "completion-kind", box.dataset[each.kind]), " ", element("span", "", each.text));
        return option;
      }),
    );
    chosen = -1;
    box.removeAttribute("aria-activedescendant");
    list.hidden = results.length === 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
    said.textContent = list.hidden ? "" : `${results.length} ${box.dataset.completions}`;
  };

  const ask = async () => {
    asking?.abort();
    const text = box.value.trim();
    if (text.length < LEAST) return close();
    asking = new AbortController();
    try {
      const answer = await fetch(`${box.dataset.complete}?q=${encodeURIComponent(text)}`, { signal: asking.signal });
      if (answer.ok && document.activeElement === box) show((await answer.json()).results);
    } catch {
      // typed on, or offline: the box still searches
    }
  };

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") choose(chosen === last ? -1 : chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen === -1 ? last : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) window.location.assign(list.children[chosen].dataset.address);
    else {
      if (event.key === "Enter" || event.key === "Tab") close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("blur", close);
  box.form?.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) window.location.assign(option.dataset.address);
  });
}

document.querySelectorAll("input[data-complete]").forEach(combine);
