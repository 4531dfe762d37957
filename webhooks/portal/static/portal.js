// What a page cannot do without a script; everything works without it, too.
"use strict";

const dialog = () => document.getElementById("dialog");

// What opened the dialog. An entry of a menu is gone with its menu, so its menu's button stands for it.
let opener = null;

// A confirmation that was loaded into the dialog is shown at once, under its own heading.
document.addEventListener("htmx:after:swap", () => {
  const box = dialog();
  if (box && box.firstElementChild && !box.open) {
    const menu = document.activeElement.closest("[popover]");
    opener = (menu && document.querySelector(`[popovertarget="${menu.id}"]`)) || document.activeElement;
    box.querySelector("h1").id = "dialog-title";
    box.showModal();
  }
});

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close]");
  if (closer && dialog()?.contains(closer)) {
    event.preventDefault();
    dialog().close();
  }
});

document.addEventListener(
  "close",
  (event) => {
    if (event.target === dialog()) {
      dialog().replaceChildren();
      opener?.focus();
    }
  },
  true,
);

// "All on this page": data-all names the checkboxes that follow it.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) {
    for (const box of document.getElementsByName(name)) {
      box.checked = event.target.checked;
    }
  }
});

// Nobody looks at a page in the background, so it does not look after itself.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.detail.ctx.request.headers["X-Refresh"]) {
    event.preventDefault();
  }
});
