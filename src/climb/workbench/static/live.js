// A live page whose workbench has gone says so; it goes on by itself when the workbench is back.
const lost = document.querySelector("[data-lost]");

document.addEventListener("htmx:sseError", () => { lost.hidden = false; });
document.addEventListener("htmx:sseOpen", () => { lost.hidden = true; });

// A chart that is wider than the window begins at the left; what it points at may be farther on.
function reveal() {
  for (const mark of document.querySelectorAll(".plot .mark")) {
    const figure = mark.closest(".plot");
    const [at, seen] = [mark.getBoundingClientRect().left, figure.getBoundingClientRect()];
    if (at > seen.left + seen.width * 0.75) figure.scrollLeft += at - seen.left - seen.width / 2;
  }
}

document.addEventListener("htmx:afterSwap", reveal);
reveal();
