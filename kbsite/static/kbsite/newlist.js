// Shows what a field becomes when it is left empty, while the text that it is made from is typed.
// The server proposes the same when the form is sent; see papers/newlist.py.

const shortName = (text, longest) =>
  text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9\s_-]/g, "").replace(/[\s_-]+/g, "-").replace(/^-/, "").slice(0, longest).replace(/-$/, "");

const propose = () => {
  for (const field of document.querySelectorAll("[data-proposed-from]")) {
    const source = document.getElementById(field.dataset.proposedFrom).value.trim();
    const pattern = field.dataset.proposal;
    field.placeholder = !source ? "" : pattern ? pattern.replace("*", source) : shortName(source, field.maxLength);
  }
};

// A category's words stand under the name of their language, which may have been typed just now.
const nameLanguages = () => {
  for (const heading of document.querySelectorAll("[data-language-of]")) {
    const code = document.getElementById(heading.dataset.languageOf).value.trim();
    if (code === heading.dataset.code) continue;
    try {
      heading.textContent = new Intl.DisplayNames([code], { type: "language" }).of(code);
      heading.dataset.code = code;
    } catch {
      // no language yet
    }
  }
};

propose();
document.addEventListener("change", nameLanguages);
document.addEventListener("input", propose);
document.addEventListener("htmx:afterSettle", propose);
