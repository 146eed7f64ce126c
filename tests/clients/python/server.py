"""A relying party for the acceptance tests: Authlib with Flask, used the way its documentation shows it.

One process plays several registered clients. `PUT /clients/NAME` says how a client is registered; the rest is under
`/NAME/`: pages for the browser (`/`, `sign-in`, `callback`, `sign-out`, `signed-out`) and `POST do/WHAT` for what
needs no browser. Prints `listening PORT` when it is ready.
"""

import json
import os
import secrets
import sys
import threading
import traceback

from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from flask import Flask, redirect, request, session
from joserfc.jwk import ECKey
from markupsafe import escape
from werkzeug.serving import make_server

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
# One cookie for all of them, of a name that no other program on this host has.
app.config["SESSION_COOKIE_NAME"] = "authlib"

keys: dict[str, ECKey] = {}
clients: dict[str, "Client"] = {}
# What a cookie is too small for.
sessions: dict[str, dict] = {}


def key(name: str) -> ECKey:
    """The client's own key, made when it is first needed."""
    if name not in keys:
        keys[name] = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
    return keys[name]


class Client:
    """A registered client."""

    def __init__(self, name: str, settings: dict):
        self.name = name
        self.settings = settings
        secret = settings.get("client_secret")
        if settings["method"] == "private_key_jwt":
            secret = key(name)
        self.app = OAuth(app).register(
            name,
            client_id=settings["client_id"],
            client_secret=secret,
            server_metadata_url=settings["issuer"] + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.get("scope", "openid"),
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": settings["method"],
                "revocation_endpoint_auth_method": settings["method"],
            },
        )
        methods = {"private_key_jwt": PrivateKeyJWT, "client_secret_jwt": ClientSecretJWT}
        if method := methods.get(settings["method"]):
            endpoint = self.app.load_server_metadata()["token_endpoint"]
            alg = "ES256" if settings["method"] == "private_key_jwt" else "HS256"
            headers = {"kid": key(name).kid} if settings["method"] == "private_key_jwt" else None
            self.app.client_auth_methods = [method(endpoint, alg=alg, headers=headers)]

    def at(self, path: str) -> str:
        return f"{request.host_url}{self.name}/{path}"

    def direct(self):
        """A session for calls without a browser, with the endpoints that discovery found."""
        return self.app._get_oauth_client(**self.app.load_server_metadata())

    def act(self, what: str, known: dict | None, fields: dict) -> dict:
        metadata = self.app.load_server_metadata()
        with self.direct() as http:
            match what:
                case "metadata":
                    return metadata
                case "client-credentials":
                    return http.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", **fields)
                case "refresh":
                    token = http.refresh_token(metadata["token_endpoint"], refresh_token=known["refresh_token"])
                    if token.get("id_token"):
                        known["claims"] = dict(self.app.parse_id_token(token, nonce=None))
                    rotated = token.get("refresh_token", known["refresh_token"]) != known["refresh_token"]
                    known.update(token)
                    return {**known, "rotated": rotated}
                case "userinfo":
                    return dict(self.app.userinfo(token=known))
                case "introspect":
                    return http.introspect_token(metadata["introspection_endpoint"], token=fields["token"]).json()
                case "revoke":
                    answer = http.revoke_token(metadata["revocation_endpoint"], token=fields["token"])
                    return {"status": answer.status_code, "body": answer.text}
        raise LookupError(what)


def page(name: str, told: dict, status: int = 200):
    text = escape(json.dumps(told, indent=1))
    return (
        f'<!doctype html><html lang="en"><title>{name}</title><body data-page="{name}"><main><h1>{name}</h1>'
        f'<pre id="told">{text}</pre><p><a id="sign-in" href="sign-in">Sign in</a> '
        f'<a id="sign-out" href="sign-out">Sign out</a></p></main>',
        status,
        {"cache-control": "no-store"},
    )


@app.errorhandler(Exception)
def failed(fault: Exception):
    traceback.print_exception(fault)
    told = {"name": type(fault).__name__, "message": str(fault), "error": getattr(fault, "error", None)}
    if request.method == "POST":
        return told, 500
    return page("failed", told, 500)


@app.get("/keys/<name>")
def published(name: str):
    return {"keys": [key(name).as_dict(private=False)]}


@app.put("/clients/<name>")
def configure(name: str):
    clients[name] = Client(name, request.get_json())
    return {}


@app.get("/<name>/")
def home(name: str):
    known = sessions.get(session.get(name, ""))
    return page("signed-in", known) if known else page("signed-out", {})


@app.get("/<name>/sign-in")
def sign_in(name: str):
    one = clients[name]
    return one.app.authorize_redirect(one.at("callback"), **request.args.to_dict())


@app.get("/<name>/callback")
def callback(name: str):
    one = clients[name]
    # Authlib checks the ID token's issuer; it does not look at `iss` of the answer (RFC 9207), so this page does.
    issuer = one.settings.get("expected_issuer", one.settings["issuer"])
    if request.args.get("iss", issuer) != issuer:
        return page("failed", {"message": "another issuer answered"}, 400)
    token = one.app.authorize_access_token(claims_options={"iss": {"essential": True, "values": [issuer]}})
    known = {"id": secrets.token_urlsafe(16), "claims": dict(token.pop("userinfo")), **token}
    info = one.app.userinfo(token=token)
    if info["sub"] != known["claims"]["sub"]:
        return page("failed", {"message": "userinfo of somebody else"}, 400)
    known["userinfo"] = dict(info)
    sessions[known["id"]] = known
    session[name] = known["id"]
    return redirect(one.at(""))


@app.get("/<name>/sign-out")
def sign_out(name: str):
    one = clients[name]
    known = sessions.pop(session.pop(name, ""), None)
    if known is None:
        return redirect(one.at(""))
    return one.app.logout_redirect(
        post_logout_redirect_uri=one.at("signed-out"), id_token_hint=known["id_token"]
    )


@app.get("/<name>/signed-out")
def signed_out(name: str):
    clients[name].app.validate_logout_response()
    return page("farewell", {"state": "as it was sent"})


@app.post("/<name>/do/<what>")
def act(name: str, what: str):
    known = sessions.get(request.args.get("session", ""))
    return clients[name].act(what, known, request.form.to_dict())


def main() -> None:
    # Whoever started this holds the other end of the standard input.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"listening {server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
