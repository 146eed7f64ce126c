// Passkeys: reads the options that the page holds, asks the browser, and sends its answer with the page's own form.
(() => {
  "use strict";
  const box = document.querySelector("[data-passkey]");
  const form = box && box.closest("form");
  const field = form && form.querySelector("input[name=credential]");
  if (!field) return;
  const failed = box.querySelector("[role=alert]");
  const say = (text) => { failed.textContent = text; };
  if (!window.PublicKeyCredential || !navigator.credentials) {
    say(box.dataset.unsupported);
    return;
  }

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

  const options = () => {
    const all = JSON.parse(box.dataset.passkey).publicKey;
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

  let busy = false;
  const ask = async () => {
    if (busy) return;
    busy = true;
    say("");
    try {
      const publicKey = options();
      const credential = box.dataset.make
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      field.value = written(credential);
      form.submit();
    } catch {
      say(box.dataset.failed);
      busy = false;
    }
  };

  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    ask();
  });
})();
