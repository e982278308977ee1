// Choosing people in the list: everyone on the page at once, and how many are chosen.
"use strict";
(function () {
  const form = document.querySelector("[data-decides]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  const boxes = () => [...form.querySelectorAll("input[name='person']")];
  const bar = form.querySelector(".decide-bar");
  const said = form.querySelector("[data-chosen]");

  function tell() {
    const shown = boxes();
    const count = shown.filter((box) => box.checked).length;
    const words = count === 0 ? "Nobody chosen" : count === 1 ? "One person chosen" : `${count} people chosen`;
    if (said) said.textContent = words;
    for (const place of form.querySelectorAll("[data-chosen-words]")) place.textContent = count ? `For the ${words.toLowerCase()}.` : "Choose people in the list first.";
    bar?.classList.toggle("chosen", count > 0);
    if (all) {
      all.checked = count > 0 && count === shown.length;
      all.indeterminate = count > 0 && count < shown.length;
    }
  }

  form.addEventListener("change", function (event) {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    tell();
  });
  window.addEventListener("pageshow", tell);
  tell();
})();
