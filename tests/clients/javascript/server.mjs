// A relying party for the acceptance tests: `openid-client`, used the way its documentation shows it.
//
// One process plays several registered clients. `PUT /clients/NAME` says how a client is registered; the rest is under
// `/NAME/`: pages for the browser (`/`, `sign-in`, `callback`, `sign-out`, `signed-out`), receivers (`back-channel`,
// `front-channel`), and `POST do/WHAT` for what needs no browser. Prints `listening PORT` when it is ready. With two
// arguments, the files of a certificate chain and its key, it speaks https.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { randomUUID, webcrypto } from 'node:crypto'

// Node 18 keeps these behind a flag.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey

const oidc = await import('openid-client')
const jose = await import('jose')

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const clients = new Map()
let base

class Client {
  constructor(name) {
    this.name = name
    this.keys = new Map()
    this.flows = new Map()
    this.sessions = new Map()
    this.logoutTokens = new Set()
    this.told = []
    this.configure({})
  }

  configure(settings) {
    this.settings = settings
    this.discovered = undefined
  }

  at(path) {
    return `${base}/${this.name}/${path}`
  }

  /** The client's own key for an algorithm, made when it is first needed. */
  async key(alg = this.settings.key_alg ?? 'ES256') {
    if (!this.keys.has(alg)) {
      const pair = await jose.generateKeyPair(alg, { extractable: true })
      const jwk = { ...(await jose.exportJWK(pair.publicKey)), alg, use: 'sig' }
      jwk.kid = await jose.calculateJwkThumbprint(jwk)
      this.keys.set(alg, { jwk, signing: { key: pair.privateKey, kid: jwk.kid } })
    }
    return this.keys.get(alg)
  }

  async authentication() {
    const { method, client_secret: secret } = this.settings
    switch (method) {
      case 'client_secret_basic':
        return oidc.ClientSecretBasic(secret)
      case 'client_secret_post':
        return oidc.ClientSecretPost(secret)
      case 'client_secret_jwt':
        return oidc.ClientSecretJwt(secret)
      case 'private_key_jwt':
        return oidc.PrivateKeyJwt((await this.key()).signing)
      default:
        return oidc.None()
    }
  }

  async options() {
    const { issuer } = this.settings
    return issuer.startsWith('http:') ? { execute: [oidc.allowInsecureRequests] } : {}
  }

  /** What discovery said, kept as a real client keeps it. */
  configuration() {
    this.discovered ??= (async () =>
      oidc.discovery(
        new URL(this.settings.issuer),
        this.settings.client_id,
        this.settings.metadata ?? {},
        await this.authentication(),
        await this.options(),
      ))()
    return this.discovered
  }

  async proofs(config, flow) {
    if (!this.settings.dpop) return undefined
    flow.pair ??= await oidc.randomDPoPKeyPair(this.settings.dpop)
    flow.handle ??= oidc.getDPoPHandle(config, flow.pair)
    return { DPoP: flow.handle }
  }

  async signIn(query) {
    const config = await this.configuration()
    const flow = {
      id: randomUUID(),
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
    }
    const parameters = new URLSearchParams({
      redirect_uri: this.at('callback'),
      scope: this.settings.scope ?? 'openid',
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      state: flow.state,
      nonce: flow.nonce,
      ...(this.settings.parameters ?? {}),
    })
    for (const [name, value] of query) parameters.append(name, value)
    if (parameters.has('max_age')) flow.maxAge = Number(parameters.get('max_age'))
    let url
    let asked = parameters
    if (this.settings.request_object) {
      url = await oidc.buildAuthorizationUrlWithJAR(config, parameters, (await this.key()).signing)
      asked = url.searchParams
    }
    if (this.settings.par) {
      url = await oidc.buildAuthorizationUrlWithPAR(config, asked, await this.proofs(config, flow))
    }
    url ??= oidc.buildAuthorizationUrl(config, parameters)
    this.flows.set(flow.id, flow)
    return { url, flow }
  }

  async callBack(current, flow) {
    const config = await this.configuration()
    const options = await this.proofs(config, flow)
    const checks = {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      maxAge: flow.maxAge,
      idTokenExpected: true,
    }
    const tokens = await oidc.authorizationCodeGrant(config, current, checks, undefined, options)
    const claims = tokens.claims()
    const session = { id: randomUUID(), claims, pair: flow.pair, handle: flow.handle }
    this.keep(session, tokens)
    session.userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, options)
    this.sessions.set(session.id, session)
    return session
  }

  keep(session, tokens) {
    for (const name of ['access_token', 'refresh_token', 'id_token', 'token_type', 'scope', 'expires_in']) {
      if (tokens[name] !== undefined) session[name] = tokens[name]
    }
    if (tokens.id_token) session.claims = tokens.claims()
  }

  /** What needs no browser: `openid-client`'s calls one by one, with what they answer as JSON. */
  async act(what, session, fields) {
    const config = await this.configuration()
    const options = await this.proofs(config, session ?? this)
    switch (what) {
      case 'metadata':
        return config.serverMetadata()
      case 'client-credentials':
        return oidc.clientCredentialsGrant(config, fields, options)
      case 'refresh': {
        const before = session.refresh_token
        const tokens = await oidc.refreshTokenGrant(config, before, fields, options)
        this.keep(session, tokens)
        return { ...session, rotated: session.refresh_token !== before, response: tokens }
      }
      case 'refresh-with':
        return oidc.refreshTokenGrant(config, fields.get('token'), undefined, options)
      case 'userinfo':
        session.userinfo = await oidc.fetchUserInfo(config, session.access_token, session.claims.sub, options)
        return session.userinfo
      case 'introspect':
        return oidc.tokenIntrospection(config, fields.get('token'))
      case 'revoke':
        await oidc.tokenRevocation(config, fields.get('token'))
        return {}
      case 'call': {
        const url = new URL(fields.get('url'))
        const answer = await oidc.fetchProtectedResource(
          config, fields.get('access_token') ?? session.access_token, url, 'GET', undefined, undefined, options)
        return { status: answer.status, body: await answer.text() }
      }
      default:
        throw new Error(`nothing is called ${what}`)
    }
  }

  /** Dynamic registration (RFC 7591); the client is then this one. */
  async register(metadata, initialAccessToken) {
    const registered = await oidc.dynamicClientRegistration(
      new URL(this.settings.issuer), metadata, await this.authentication(),
      { ...(await this.options()), initialAccessToken })
    this.discovered = Promise.resolve(registered)
    this.settings.client_id = registered.clientMetadata().client_id
    return registered.clientMetadata()
  }

  /** OpenID Connect Back-Channel Logout 1.0, section 2.6, with nothing forgiven. */
  async backChannel(token) {
    const config = await this.configuration()
    const server = config.serverMetadata()
    const { payload } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(server.jwks_uri)), {
      issuer: server.issuer,
      audience: this.settings.client_id,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      clockTolerance: 5,
    })
    const events = Object.entries(payload.events)
    const fit = events.length === 1 && events[0][0] === LOGOUT_EVENT && Object.keys(events[0][1]).length === 0
    if (!fit) throw new Error('not the event of a logout')
    if (payload.nonce !== undefined) throw new Error('a nonce: this may be an ID token')
    if (payload.sub === undefined && payload.sid === undefined) throw new Error('nobody is named')
    if (this.logoutTokens.has(payload.jti)) throw new Error('this token was here before')
    this.logoutTokens.add(payload.jti)
    const ended = this.end(({ claims }) => (payload.sid ? claims.sid === payload.sid : claims.sub === payload.sub))
    this.told.push({ by: 'back-channel', ended, payload })
  }

  end(match) {
    const found = [...this.sessions.values()].filter(match)
    for (const session of found) this.sessions.delete(session.id)
    return found.length
  }
}

function client(name) {
  if (!clients.has(name)) clients.set(name, new Client(name))
  return clients.get(name)
}

// --- HTTP --------------------------------------------------------------------------------------------------------

async function body(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function cookies(request) {
  const pairs = (request.headers.cookie ?? '').split('; ').filter(Boolean)
  return Object.fromEntries(pairs.map((pair) => pair.split('=')))
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(value))
}

function page(response, status, name, value) {
  const text = JSON.stringify(value, null, 1).replace(/&/g, '&amp;').replace(/</g, '&lt;')
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`<!doctype html><html lang="en"><title>${name}</title>
<body data-page="${name}"><main><h1>${name}</h1><pre id="told">${text}</pre>
<p><a id="sign-in" href="sign-in">Sign in</a> <a id="sign-out" href="sign-out">Sign out</a></p></main>`)
}

function leave(response, url, set) {
  response.writeHead(303, { location: url, 'cache-control': 'no-store', ...(set ? { 'set-cookie': set } : {}) })
  response.end()
}

/** An error as the library tells it, with what it was caused by. */
function told(fault) {
  const { name, message, code, error, error_description, status } = fault
  const cause = fault.cause instanceof Error ? told(fault.cause) : fault.cause?.toString()
  return { name, message, code, error, error_description, status, cause }
}

/** The browser brings the answer by POST from another site, where a Lax cookie would stay at home. */
function cookie(name, value) {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=None; Secure`
}

async function forBrowser(request, response, party, path, url) {
  const jar = cookies(request)
  const session = party.sessions.get(jar[`session-${party.name}`])
  switch (path) {
    case '':
      return page(response, 200, session ? 'signed-in' : 'signed-out', session ? shown(session) : {})
    case 'sign-in': {
      const { url: there, flow } = await party.signIn(url.searchParams)
      return leave(response, there.href, cookie(`flow-${party.name}`, flow.id))
    }
    case 'callback': {
      const flow = party.flows.get(jar[`flow-${party.name}`])
      if (!flow) return page(response, 400, 'failed', { message: 'this browser did not ask' })
      party.flows.delete(flow.id)
      let current = url
      if (request.method === 'POST') {
        const headers = { 'content-type': request.headers['content-type'] }
        current = new Request(url, { method: 'POST', headers, body: await body(request) })
      }
      const made = await party.callBack(current, flow)
      return leave(response, party.at(''), cookie(`session-${party.name}`, made.id))
    }
    case 'sign-out': {
      if (!session) return leave(response, party.at(''))
      party.sessions.delete(session.id)
      const there = oidc.buildEndSessionUrl(await party.configuration(), {
        post_logout_redirect_uri: party.at('signed-out'),
        id_token_hint: session.id_token,
        state: 'until-later',
      })
      return leave(response, there.href)
    }
    case '.well-known': {
      // What a copy of the provider's document at another address is worth.
      const copied = await fetch(`${party.settings.issuer}/.well-known/openid-configuration`)
      return json(response, 200, await copied.json())
    }
    case 'signed-out':
      return page(response, 200, 'farewell', Object.fromEntries(url.searchParams))
    case 'front-channel': {
      const server = (await party.configuration()).serverMetadata()
      const { iss, sid } = Object.fromEntries(url.searchParams)
      if (iss !== server.issuer) return page(response, 400, 'failed', { message: 'another issuer' })
      const ended = party.end(({ claims }) => claims.sid === sid)
      party.told.push({ by: 'front-channel', ended, sid })
      return page(response, 200, 'front-channel', { ended })
    }
    default:
      return page(response, 404, 'failed', { message: 'no such page' })
  }
}

function shown({ pair, handle, ...session }) {
  return session
}

async function answer(request, response) {
  const url = new URL(request.url, base)
  const [first, second = '', third = ''] = url.pathname.slice(1).split('/')
  if (first === 'keys') return json(response, 200, { keys: [(await client(second).key(third || undefined)).jwk] })
  if (first === 'clients') {
    client(second).configure(JSON.parse(await body(request)))
    return json(response, 200, {})
  }
  if (first === 'sectors') return json(response, 200, [client(second).at('callback')])
  if (first === 'told') return json(response, 200, client(second).told)
  const party = client(first)
  if (request.method === 'POST' && second === 'back-channel') {
    try {
      await party.backChannel(new URLSearchParams(await body(request)).get('logout_token'))
    } catch (fault) {
      party.told.push({ by: 'back-channel', refused: told(fault) })
      return json(response, 400, { error: 'invalid_request' })
    }
    response.writeHead(200, { 'cache-control': 'no-store' })
    return response.end()
  }
  if (request.method === 'POST' && second === 'register') {
    const { metadata, token } = JSON.parse(await body(request))
    return json(response, 200, await party.register(metadata, token))
  }
  if (request.method === 'POST' && second === 'do') {
    const session = party.sessions.get(url.searchParams.get('session'))
    const found = await party.act(third, session, new URLSearchParams(await body(request)))
    return json(response, 200, shown(found))
  }
  return forBrowser(request, response, party, second, url)
}

function serve(request, response) {
  answer(request, response).catch((fault) => {
    console.error(fault)
    if (request.method === 'POST' && !request.url.includes('callback')) json(response, 500, told(fault))
    else page(response, 500, 'failed', told(fault))
  })
}

const [cert, key] = process.argv.slice(2).map((file) => readFileSync(file))
const server = cert ? createSecureServer({ cert, key }, serve) : createServer(serve)
// Whoever started this holds the other end.
process.stdin.on('end', () => process.exit()).resume()
server.listen(0, '127.0.0.1', () => {
  base = `${cert ? 'https' : 'http'}://127.0.0.1:${server.address().port}`
  console.log(`listening ${server.address().port}`)
})
