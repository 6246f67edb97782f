// The next cards, fetched while the present one is read, so that a key shows the next card without a wait.

const CARDS = 2; // enough for two decisions while the server cannot be reached
const STALE = 8 * 60 * 1000; // milliseconds: the server keeps a card for us for ten minutes

let cards = []; // {paper, html, at}
let queue = ""; // which they are of: its address, with its category, order and all that narrows it
let fetching = null;
let but = []; // papers that are on the page or on their way

/** Say of which queue cards are wanted and which papers are not to come, and fetch what is missing. */
export function fill(address, papers) {
  if (address !== queue) cards = [];
  queue = address;
  but = papers;
  cards = cards.filter((card) => !but.includes(card.paper) && Date.now() - card.at < STALE);
  fetching ??= fetchMissing().finally(() => (fetching = null));
  return fetching;
}

/** Return the next card's HTML; wait for it where it is still on its way; null when the server cannot be reached. */
export async function take(address, papers) {
  await fill(address, papers);
  return cards.shift()?.html ?? null;
}

/** Return the next card's HTML if it is here; undefined if it is not. */
export const here = () => cards.shift()?.html;

async function fetchMissing() {
  while (cards.length < CARDS && !cards.some((card) => !card.paper)) {
    const address = queue;
    const asked = [...but, ...cards.map((card) => card.paper)].join(",");
    const separator = address.includes("?") ? "&" : "?";
    let html;
    try {
      const response = await fetch(`${address}${separator}but=${asked}`, { headers: { "HX-Request": "true" } });
      if (!response.ok || response.redirected) return;
      html = await response.text();
    } catch {
      return;
    }
    const paper = html.match(/data-paper="(\d*)"/)?.[1] ?? "";
    // Meanwhile the paper may have been opened, or another queue.
    if (address === queue && !but.includes(paper)) cards.push({ paper, html, at: Date.now() });
  }
}
