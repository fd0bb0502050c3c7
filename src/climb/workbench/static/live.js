// A live page whose workbench has gone says so; it goes on by itself when the workbench is back.
const lost = document.querySelector("[data-lost]");

document.addEventListener("htmx:sseError", () => { lost.hidden = false; });
document.addEventListener("htmx:sseOpen", () => { lost.hidden = true; });
