// What script adds to pages that work without it: a form is sent once, the error summary gets the focus, a code can
// be asked for again when its time has come, a new password shows its strength, a consent button takes no early press.
"use strict";

(function () {
  const all = function (selector, act) {
    document.querySelectorAll(selector).forEach(act);
  };

  const focusSummary = function () {
    const summary = document.querySelector(".summary");
    if (summary) summary.focus();
  };

  // The button keeps its name and value, so it is not disabled; the second press is dropped instead.
  const sendOnce = function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      window.setTimeout(function () { delete form.dataset.sent; }, 8000);
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
  };

  // <button data-resend-after="60" data-resend-text="%s seconds">
  const countDown = function (button) {
    const label = button.textContent;
    const until = Date.now() + 1000 * Number(button.dataset.resendAfter || 0);
    const tick = function () {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (!(left > 0)) {
        button.disabled = false;
        button.textContent = label;
        return;
      }
      button.disabled = true;
      button.textContent = (button.dataset.resendText || "%s").replace("%s", String(left));
      window.setTimeout(tick, 500);
    };
    tick();
  };

  // <input data-weak="…" data-fair="…" data-strong="…">; advice only, the server decides.
  const showStrength = function (input) {
    const meter = document.createElement("div");
    meter.className = "meter";
    meter.setAttribute("aria-live", "polite");
    for (let step = 0; step < 3; step += 1) meter.appendChild(document.createElement("i"));
    const word = meter.appendChild(document.createElement("span"));
    input.parentElement.appendChild(meter);
    const measure = function () {
      const text = input.value;
      const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter(function (kind) { return kind.test(text); }).length;
      const variety = new Set(text).size;
      let score = 0;
      if (text) score = 1;
      if (text.length >= 8 && kinds >= 2 && variety >= 5) score = 2;
      if ((text.length >= 12 && kinds >= 3 && variety >= 8) || (text.length >= 16 && kinds >= 2 && variety >= 10)) score = 3;
      meter.dataset.score = String(score);
      meter.hidden = score === 0;
      const words = ["", input.dataset.weak, input.dataset.fair, input.dataset.strong];
      if (word.textContent !== words[score]) word.textContent = words[score] || "";
    };
    input.addEventListener("input", measure);
    measure();
  };

  // <input type="password" data-show="…" data-hide="…">
  const offerToShow = function (input) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = input.dataset.show;
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", function () {
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.textContent = hidden ? input.dataset.hide : input.dataset.show;
    });
    input.insertAdjacentElement("afterend", button);
    if (input.form) input.form.addEventListener("submit", function () { input.type = "password"; });
  };

  // A decision takes no press before it has been in view for half a second.
  const holdBack = function (button) {
    if (!("IntersectionObserver" in window)) return;
    button.disabled = true;
    const observer = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      observer.disconnect();
      window.setTimeout(function () { button.disabled = false; }, 500);
    });
    observer.observe(button);
  };

  // <div data-frames data-limit="3000" data-then="…">: goes on once every frame has loaded, or at the limit.
  const awaitFrames = function (box) {
    const frames = box.querySelectorAll("iframe[data-src]");
    let left = frames.length;
    let gone = false;
    const go = function () {
      if (gone) return;
      gone = true;
      if (box.dataset.then) window.location.replace(box.dataset.then);
    };
    frames.forEach(function (frame) {
      frame.addEventListener("load", function () {
        left -= 1;
        if (left <= 0) go();
      });
      // Begun only now, so that no load is missed.
      frame.src = frame.dataset.src;
    });
    window.setTimeout(go, Number(box.dataset.limit || 0));
  };

  // <div id="…" data-look="…" data-after="2000">: its next state is fetched and put in its place, so that the page
  // does not jump and a screen reader hears only what has changed.
  const lookAgain = function (part) {
    window.setTimeout(function () {
      fetch(part.dataset.look, { credentials: "same-origin", redirect: "error" })
        .then(function (answer) { return answer.ok ? answer.text() : ""; })
        .then(function (text) {
          if (!text) return;
          const next = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
          // There is nothing to wait for any more: the page that says why comes in its place.
          if (!next) { window.location.replace(part.dataset.look); return; }
          const said = part.querySelector("[role=status]");
          const says = next.querySelector("[role=status]");
          if (said && says) {
            if (said.textContent !== says.textContent) said.textContent = says.textContent;
            said.className = says.className;
            next.replaceChild(said, says);
          }
          part.replaceChildren.apply(part, Array.from(next.childNodes));
          delete part.dataset.look;
          if (!next.dataset.look) return;
          part.dataset.look = next.dataset.look;
          part.dataset.after = next.dataset.after;
          lookAgain(part);
        })
        .catch(function () {});
    }, Number(part.dataset.after || 2000));
  };

  focusSummary();
  all("[data-frames]", awaitFrames);
  all("[data-look]", lookAgain);
  all("main form", sendOnce);
  all("[data-resend-after]", countDown);
  all("input[data-weak]", showStrength);
  all("input[data-show]", offerToShow);
  all("button[data-guarded]", holdBack);
})();
