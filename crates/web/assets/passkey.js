// Passkeys: reads what a page asks, asks the browser, and sends its answer with the page's own form.
//
// A box ([data-passkey]) stands in the form. Where the form has a button with the value "passkey", that one begins;
// otherwise every button of the form does. With data-offer the browser also offers passkeys at the form's own field.
(() => {
  "use strict";

  const decode = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0));
  };
  const encode = (bytes) => {
    if (!bytes) return undefined;
    const text = Array.from(new Uint8Array(bytes), (b) => String.fromCharCode(b)).join("");
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const known = (list) => (list || []).map((one) => ({ ...one, id: decode(one.id) }));

  const read = (text) => {
    const all = JSON.parse(text).publicKey;
    all.challenge = decode(all.challenge);
    if (all.user) all.user.id = decode(all.user.id);
    if (all.excludeCredentials) all.excludeCredentials = known(all.excludeCredentials);
    if (all.allowCredentials) all.allowCredentials = known(all.allowCredentials);
    return all;
  };

  const written = (credential) => {
    const answer = credential.response;
    const response = { clientDataJSON: encode(answer.clientDataJSON) };
    if (answer.attestationObject) {
      response.attestationObject = encode(answer.attestationObject);
      if (answer.getTransports) response.transports = answer.getTransports();
    } else {
      response.authenticatorData = encode(answer.authenticatorData);
      response.signature = encode(answer.signature);
      response.userHandle = encode(answer.userHandle) || null;
    }
    return JSON.stringify({
      id: credential.id,
      rawId: encode(credential.rawId),
      type: credential.type,
      response,
      extensions: {},
    });
  };

  const hidden = (form, name) => {
    let field = form.querySelector(`input[type=hidden][name=${name}]`);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    return field;
  };

  const serve = (box) => {
    const form = box.closest("form");
    const failed = box.querySelector("[role=alert]");
    const own = form.querySelector("button[value=passkey]");
    const say = (text) => { failed.textContent = text; };
    if (!window.PublicKeyCredential || !navigator.credentials) {
      if (own && box.dataset.offer) own.hidden = true;
      else say(box.dataset.unsupported);
      return;
    }
    let busy = false;
    let offered = null;

    const send = (credential) => {
      hidden(form, "credential").value = written(credential);
      if (own) hidden(form, own.name).value = "passkey";
      form.submit();
    };
    const ask = async () => {
      if (busy) return;
      busy = true;
      say("");
      if (offered) offered.abort();
      try {
        const publicKey = read(box.dataset.passkey);
        send(box.dataset.make
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey }));
      } catch {
        say(box.dataset.failed);
        busy = false;
      }
    };
    const offer = async () => {
      const can = window.PublicKeyCredential.isConditionalMediationAvailable;
      if (!can || !await window.PublicKeyCredential.isConditionalMediationAvailable()) return;
      offered = new AbortController();
      try {
        const publicKey = read(box.dataset.passkey);
        send(await navigator.credentials.get({ publicKey, mediation: "conditional", signal: offered.signal }));
      } catch {
        // Nobody chose one, or a button was faster.
      }
    };

    if (own) {
      own.addEventListener("click", (event) => {
        event.preventDefault();
        ask();
      });
    } else {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        ask();
      });
    }
    if (box.dataset.offer) offer();
  };

  for (const box of document.querySelectorAll("form [data-passkey]")) serve(box);
})();
