// Sends the answer on to the sub-site at once; the button stays for browsers without scripts.
"use strict";
const form = document.querySelector("form");
if (form !== null) {
  form.submit();
}
