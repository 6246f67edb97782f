// A decision is learned from in a moment: what it moved up is shown beside the card, where that is still the same one.

const LEARNED_WITHIN = 1500; // milliseconds
let looking = 0;
let newest = 0; // version of the head that was told of
const stage = () => document.getElementById("stage");

export function lookForMoves() {
  if (looking) return; // it will tell of this decision, too
  newest = Math.max(newest, Number(document.querySelector(".next")?.dataset.head.slice(1)) || 0);
  looking = setTimeout(async () => {
    looking = 0;
    if (stage()?.dataset.paper) await showMoves(stage().dataset.paper).catch(() => {}); // nothing is lost without it
  }, LEARNED_WITHIN);
}

async function showMoves(paper) {
  const address = new URL(stage().dataset.next, location);
  address.pathname += "moved/";
  address.searchParams.set("since", newest);
  address.searchParams.set("paper", paper);
  const answer = await fetch(address);
  if (answer.status !== 200 || answer.redirected) return;
  const html = await answer.text();
  const beside = document.querySelector(".next");
  if (stage()?.dataset.paper !== paper || !beside) return;
  const came = document.createRange().createContextualFragment(html);
  newest = Number(came.querySelector("[data-moved]").dataset.version);
  beside.querySelector("[data-moved]").replaceWith(came.querySelector("[data-moved]"));
  const list = beside.querySelector(".next-list");
  if (list.contains(document.activeElement)) return; // nothing moves away under somebody's finger
  list.replaceWith(came.querySelector(".next-list"));
  htmx.process(beside.querySelector(".next-list"));
}
