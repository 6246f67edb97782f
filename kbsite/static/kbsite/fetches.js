// What a menu holds is fetched when it is opened: <details data-fetches="address"> with a link to that page in it.

document.addEventListener(
  "toggle",
  async ({ target }) => {
    if (!target.open || !target.dataset?.fetches) return;
    try {
      const answer = await fetch(target.dataset.fetches, { headers: { Part: "1" } });
      if (answer.ok && !answer.redirected) target.querySelector(".menu-panel").innerHTML = await answer.text();
    } catch {
      // The link stays.
    }
  },
  true, // it does not bubble
);
