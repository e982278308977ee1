// Dialogs, copy buttons, the forms that must not be sent twice. Listeners sit on the document, so what htmx brings works too.
"use strict";
(function () {
  document.addEventListener("click", function (event) {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      opener.closest("[popover]")?.hidePopover();
      if (dialog && !dialog.open) dialog.showModal();
      return;
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) { closer.closest("dialog")?.close(); return; }
    const copier = event.target.closest("[data-copies]");
    if (copier) { copy(copier); return; }
    if (event.target instanceof HTMLDialogElement && outside(event)) event.target.close();
  });

  function outside(event) {
    const box = event.target.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copies);
    } catch {
      // Without https the clipboard is closed to pages; the old way still works there.
      const box = document.createElement("textarea");
      box.value = button.dataset.copies;
      box.className = "visually-hidden";
      (button.closest("dialog") || document.body).append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
      button.focus();
    }
    const use = button.querySelector("use");
    const before = use.getAttribute("href");
    use.setAttribute("href", before.replace(/#.*/, "#check"));
    button.classList.add("copied");
    say(button.dataset.copied);
    setTimeout(function () { use.setAttribute("href", before); button.classList.remove("copied"); }, 1600);
  }

  function say(words) {
    let box = document.getElementById("said-quietly");
    if (!box) {
      box = document.createElement("div");
      box.id = "said-quietly";
      box.className = "visually-hidden";
      box.setAttribute("role", "status");
      document.body.append(box);
    }
    box.textContent = words;
  }

  // A second press on a slow line must not send a form twice.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 5000); // a download leaves the page standing
  });
  window.addEventListener("pageshow", function () {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
