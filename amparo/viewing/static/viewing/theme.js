// The stored choice of appearance, applied before the first paint; "auto" follows the system.
"use strict";
(function () {
  const root = document.documentElement;
  function stored() { try { return localStorage.getItem("amparo-theme"); } catch { return null; } }
  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice; else delete root.dataset.theme;
  }
  apply(stored());
  document.addEventListener("DOMContentLoaded", function () {
    const buttons = document.querySelectorAll("[data-theme-choice]");
    function show() {
      const now = root.dataset.theme || "auto";
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === now));
    }
    show();
    for (const button of buttons) button.addEventListener("click", function () {
      const choice = button.dataset.themeChoice;
      try { if (choice === "auto") localStorage.removeItem("amparo-theme"); else localStorage.setItem("amparo-theme", choice); } catch { /* private window */ }
      apply(choice);
      show();
      document.dispatchEvent(new Event("amparo:theme"));
    });
    // Paper is light, also for canvases, which keep the colours they were painted with.
    let before;
    window.addEventListener("beforeprint", function () { before = root.dataset.theme; apply("light"); document.dispatchEvent(new Event("amparo:theme")); });
    window.addEventListener("afterprint", function () { apply(before); document.dispatchEvent(new Event("amparo:theme")); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("amparo:theme")));
  });
})();
