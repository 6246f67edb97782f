// Decisions on their way to the server. The next card is shown at once; what was decided is kept in this browser until
// the server has answered, sent in order, and sent again when it could not be reached. Nothing is decided twice: each
// form carries a key by which the server knows it again. A second tab may send the same: that is no harm. What makes the
// server fail holds up no other paper: it is tried again when those are sent.

const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 4000; // somebody may be waiting for the card behind it
const GATEWAYS = [429, 502, 503, 504]; // trouble of the whole site that may pass

const place = (user) => `outbox:${user}`; // whoever signs in next sends nothing of mine
let isSending = false;
let wake = () => {};

export const letters = (user) => JSON.parse(localStorage.getItem(place(user)) ?? "[]");

/** Keep a decision, {url, body, key, paper, title}, and send what is kept. */
export function put(user, letter) {
  keep(user, [...letters(user), letter]);
  send(user);
}

/** Send what is kept; each answer is told by an event "outbox", {state, letter?, html?}. */
export async function send(user) {
  if (isSending) return;
  isSending = true;
  let pause = FIRST_PAUSE;
  const aside = new Set(); // papers of letters that make the server fail
  try {
    while (letters(user).length) {
      const letter = letters(user).find(({ paper }) => !aside.has(paper));
      const answer = letter ? await post(letter) : { state: "unreached" };
      if (answer.state === "failing") {
        aside.add(letter.paper);
        continue;
      }
      if (answer.state === "unreached") {
        tell({ state: "kept" });
        await Promise.race([new Promise((done) => setTimeout(done, pause)), new Promise((done) => (wake = done))]);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        aside.clear();
        continue;
      }
      if (answer.state === "signed-out") return tell(answer);
      pause = FIRST_PAUSE;
      keep(user, letters(user).filter((each) => each.key !== letter.key));
      tell({ ...answer, letter });
    }
  } finally {
    isSending = false;
  }
}

async function post({ url, body }) {
  try {
    return await answered(
      await fetch(url, {
        method: "POST",
        body: new URLSearchParams(body),
        headers: { Outbox: "1", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] },
      }),
    );
  } catch {
    return { state: "unreached" }; // also where the server went away in the middle of its answer
  }
}

async function answered(response) {
  if (GATEWAYS.includes(response.status)) return { state: "unreached" };
  if (response.status === 500) return { state: "failing" };
  if (response.redirected) return { state: "signed-out" };
  // A right that was taken away does not come back by waiting, and what follows may be for another list.
  if (response.status === 403) return { state: (await response.text()).includes("data-refused") ? "refused" : "signed-out" };
  if ([200, 409, 422].includes(response.status)) {
    return { state: response.ok ? "saved" : "undecided", html: await response.text() };
  }
  return { state: "failed" };
}

const keep = (user, all) => localStorage.setItem(place(user), JSON.stringify(all));
const tell = (detail) => document.dispatchEvent(new CustomEvent("outbox", { detail }));

window.addEventListener("online", () => wake());
