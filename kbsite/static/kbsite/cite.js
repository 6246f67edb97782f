// One click copies a text of the page. The buttons are there only where a script is; the texts stand below them anyway.

const buttons = document.querySelectorAll("[data-copies]");
for (const button of buttons) button.hidden = false;

// Where no clipboard is to be had, as on a page over plain HTTP, the old command copies what is selected.
const copyOldWay = (source) => {
  source.closest("details")?.setAttribute("open", "");
  getSelection().selectAllChildren(source);
  return document.execCommand("copy");
};

const copy = async (source) => {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    return copyOldWay(source);
  }
};

for (const button of buttons) {
  const status = button.parentElement.querySelector("[data-copied]");
  button.addEventListener("click", async () => {
    status.textContent = "";
    const done = await copy(document.getElementById(button.dataset.copies));
    status.textContent = done ? status.dataset.copied : status.dataset.failed;
  });
}
