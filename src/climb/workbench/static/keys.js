// The keys that the "?" list names. They rest while something is typed, and can be turned off (WCAG 2.1.4).
const PLACES = { r: "/", l: "/labs", j: "/journal", u: "/runs" };
const OFF = "climb-keys-off";

const dialog = document.getElementById("keys");
const off = dialog.querySelector("[data-keys-off]");
const opener = document.querySelector("[data-keys]");
let afterG = false;

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

function act(key) {
  if (afterG && PLACES[key]) {
    location.assign(PLACES[key]);
  } else if (key === "?") {
    dialog.showModal();
  } else if (key === "/") {
    document.getElementById("search").focus();
  } else if (key === "n") {
    document.querySelector("[data-next]")?.focus();
  } else {
    return false;
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || dialog.open || typing(event.target)) return;
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  if (act(event.key)) event.preventDefault();
  afterG = event.key === "g";
});

off.checked = Boolean(localStorage.getItem(OFF));
off.addEventListener("change", () => {
  if (off.checked) localStorage.setItem(OFF, "1");
  else localStorage.removeItem(OFF);
});
opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
