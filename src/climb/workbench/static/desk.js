// The writing desk: what is typed is kept as a draft within a second, and evidence is inserted where the cursor stands.
const form = document.querySelector("[data-desk]");
const text = form.querySelector("textarea");
const kept = form.querySelector("[data-kept]");
let timer = 0;
let changed = false;
let saving = false;

const draft = () => new URLSearchParams(new FormData(form));

async function keep() {
  changed = false;
  try {
    const answer = await fetch("/journal/drafts", { method: "POST", body: draft() });
    kept.textContent = answer.ok ? `Draft kept at ${await answer.text()}` : "The draft could not be kept: save now.";
  } catch {
    changed = true;
    kept.textContent = "The workbench does not answer. What you typed is still in this page.";
  }
}

form.addEventListener("input", () => {
  changed = true;
  clearTimeout(timer);
  timer = setTimeout(keep, 600);
});

form.addEventListener("submit", () => {
  saving = true;
  clearTimeout(timer);
});

addEventListener("pagehide", () => {
  if (changed && !saving) navigator.sendBeacon("/journal/drafts", draft());
});

for (const button of document.querySelectorAll("[data-quote]")) {
  const line = button.parentElement.querySelector("code").textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const before = text.value.slice(0, text.selectionStart);
    const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    text.setRangeText(`${gap}${line}\n\n`, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    form.dispatchEvent(new Event("input"));
  });
}
