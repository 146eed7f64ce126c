//! The order of an authorization request, and nowhere else:
//!
//! ```text
//! Raw -> ClientKnown -> RedirectTrusted -> Parsed -> Permitted -> SignedIn | Ask -> Agreed | Ask -> LevelReached | Ask -> Consented | Ask -> Answer
//! ```
//!
//! Each step takes the proof that the one before made. Up to [`RedirectTrusted`] a fault is a page; after it the
//! sub-site is told. Up to [`Permitted`] nothing is known about the person; from there on a step that lacks
//! something asks the resident, and the request walks the same steps again when the answer is there
//! ([`super::resume`]). The steps are pure: what they need was looked up before ([`Standing`]).

mod agreed;
mod answer;

use chrono::{DateTime, Utc};
use model::client::Client;
use model::evidence::Evidence;
use model::interaction::{Decision, Wants};
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use store::codes::{CodeDetails, RequestedClaims};
use store::grants::Grant;
use store::sessions::LiveSession;

use self::agreed::Agreed;
pub use self::answer::Answer;
use crate::Service;
use crate::authorize::ask::{Ask, AskPage};
use crate::authorize::course::{Course, Standing};
use crate::authorize::fault::PageFault;
use crate::authorize::hint;
use crate::authorize::level::{Climber, LevelDecision, LevelDemand, strength_for};
use crate::authorize::permit;
use crate::authorize::raw::Raw;
use crate::authorize::redirect::{ClientKnown, RedirectTrusted, Reply};
use crate::authorize::request::Request;
use crate::claims::scope_of;
use crate::error::AuthorizeError;
use crate::router::paths;
use crate::verified_claims;

/// May this be asked? The steps that know nothing about the person.
pub fn admit(service: &Service, raw: Raw) -> Result<Permitted, Stop> {
    let client = ClientKnown::find(raw, |id| service.client(id))?;
    let redirect = RedirectTrusted::check(client, service.issuer())?;
    let parsed = Parsed::read(redirect)?;
    Permitted::check(parsed, |token, client| hint::subject(service, token, client))
}

/// What is the answer for this person? The steps that may ask.
pub fn settle(permitted: Permitted, standing: Standing, course: &Course<'_>) -> Result<Answer, Stop> {
    let signed_in = SignedIn::check(permitted, standing, course)?;
    let agreed = Agreed::check(signed_in, course)?;
    let reached = LevelReached::check(agreed, course)?;
    let consented = Consented::check(reached, course)?;
    Ok(consented.answer())
}

/// Why the steps ended before the answer.
#[derive(Debug)]
pub enum Stop {
    /// A page; nobody is sent anywhere.
    Page(PageFault),
    /// The sub-site is told.
    Reply(Box<Reply>),
    /// The resident is asked.
    Ask(Box<Ask>),
}

impl From<PageFault> for Stop {
    fn from(fault: PageFault) -> Self {
        Self::Page(fault)
    }
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Reply(Box::new(reply))
    }
}

/// The third step: the parameters are right in themselves.
#[derive(Debug)]
pub struct Parsed {
    redirect: RedirectTrusted,
    request: Request,
}

impl Parsed {
    /// Reads the parameters.
    pub fn read(redirect: RedirectTrusted) -> Result<Self, Stop> {
        match Request::parse(redirect.raw()) {
            Ok(request) => Ok(Self { redirect, request }),
            Err(error) => Err(redirect.refuse(error).into()),
        }
    }
}

/// The fourth step: this client may ask this.
#[derive(Debug)]
pub struct Permitted {
    redirect: RedirectTrusted,
    request: Request,
    demand: LevelDemand,
    /// The only people who will do, by the names under which the client knows them: all of these sets name them.
    subjects: Vec<Vec<String>>,
    /// What would be released and is the resident's to decide.
    releasable: ScopeSet,
}

impl Permitted {
    /// Compares the request with the client's registration. `hint` reads an `id_token_hint`.
    pub fn check(
        Parsed {
            redirect,
            mut request,
        }: Parsed,
        hint: impl FnOnce(&str, &Client) -> Result<String, AuthorizeError>,
    ) -> Result<Self, Stop> {
        let client = redirect.client();
        permit::complete(&mut request, client);
        let compared = permit::level_within(&request, &redirect)
            .and_then(|demand| Ok((demand, permit::subjects(&request, |token| hint(token, client))?)));
        match compared {
            Ok((demand, subjects)) => {
                let releasable = permit::releasable(&request, client);
                Ok(Self {
                    redirect,
                    request,
                    demand,
                    subjects,
                    releasable,
                })
            }
            Err(error) => Err(redirect.refuse(error).into()),
        }
    }

    /// The address that answers go to, and who is behind it.
    pub const fn redirect(&self) -> &RedirectTrusted {
        &self.redirect
    }

    /// What is asked.
    pub const fn request(&self) -> &Request {
        &self.request
    }

    fn refuse(&self, error: AuthorizeError) -> Stop {
        self.redirect.refuse(error).into()
    }

    fn ask(&self, page: AskPage, auth_after: Option<DateTime<Utc>>) -> Stop {
        if self.request.prompt.none {
            return self.refuse(page.error_when_silent());
        }
        let wants = Wants {
            auth_after,
            level: self.demand.goal(),
            login_hint: self.request.login_hint.clone(),
            scopes: self.releasable.clone(),
            ask_consent_again: self.request.prompt.consent,
        };
        Stop::Ask(Box::new(Ask::new(page, &self.redirect, wants)))
    }

    fn names(&self, standing: &Standing) -> bool {
        self.subjects.iter().all(|set| set.contains(&standing.subject))
    }
}

/// The fifth step: the right person is signed in, lately enough, and the sub-site may hear what follows from who it is.
#[derive(Debug)]
pub struct SignedIn {
    permitted: Permitted,
    session: LiveSession,
    evidence: Vec<Evidence>,
    grant: Option<Grant>,
    agreed: Option<String>,
    put_off: Option<String>,
}

impl SignedIn {
    fn check(permitted: Permitted, standing: Standing, course: &Course<'_>) -> Result<Self, Stop> {
        let request = &permitted.request;
        if course.asked.is_some_and(|asked| asked.answers.cancelled) {
            return Err(permitted.refuse(AuthorizeError::Cancelled));
        }
        let Some(session) = standing
            .session
            .as_ref()
            .filter(|session| course.is_new_enough(session, request))
        else {
            let page = if request.prompt.create {
                AskPage::Register
            } else {
                AskPage::SignIn
            };
            return Err(permitted.ask(page, course.auth_after(request)));
        };
        if !permitted.names(&standing) {
            // Whoever has just signed in for this request is not the person it names (Core 3.1.2.1).
            let just_now = course
                .asked
                .is_some_and(|asked| session.auth_time >= asked.created_at);
            return Err(if just_now {
                permitted.refuse(AuthorizeError::LoginRequired)
            } else {
                permitted.ask(AskPage::SignIn, Some(course.now))
            });
        }
        // Without a page, a sub-site learns nothing of somebody who has agreed to nothing there.
        if request.prompt.none && standing.grant.is_none() {
            return Err(permitted.refuse(AskPage::Consent.error_when_silent()));
        }
        if !permitted
            .redirect
            .client()
            .account_kinds
            .contains(&session.account.kind)
        {
            return Err(permitted.refuse(AuthorizeError::AccountKindNotAllowed));
        }
        match standing {
            Standing {
                session: Some(session),
                evidence,
                grant,
                agreed,
                put_off,
                ..
            } => Ok(Self {
                permitted,
                session,
                evidence,
                grant,
                agreed,
                put_off,
            }),
            Standing { session: None, .. } => Err(permitted.refuse(AuthorizeError::LoginRequired)),
        }
    }
}

/// The seventh step: the level is there, or it was only wished for.
#[derive(Debug)]
pub struct LevelReached {
    signed_in: SignedIn,
    identity: Level,
    acr: Level,
}

impl LevelReached {
    fn check(Agreed(signed_in): Agreed, course: &Course<'_>) -> Result<Self, Stop> {
        let SignedIn {
            permitted,
            session,
            evidence,
            grant,
            ..
        } = &signed_in;
        let climber = Climber {
            kind: session.account.kind,
            evidence,
            now: course.now,
        };
        let strength = session.methods.strength();
        let identity = course.ladder.level(climber.kind, evidence, course.now).level;
        let now = course.ladder.acr(identity, strength);
        // A higher account helps only as far as this sign-in, with another factor, can carry it.
        let carried_by = |level| strength_for(course.ladder, level, strength);
        let can_reach = |level| {
            carried_by(level).is_some() && (identity >= level || climber.can_reach(course.ladder, level))
        };
        // A wish is asked for, and where nothing may be asked it is not a condition (Core 5.5.1).
        let declined = course.asked.is_some_and(|asked| asked.answers.level_declined);
        let after = course.auth_after(&permitted.request);
        match permitted.demand.decide(now, declined, can_reach) {
            LevelDecision::Reached(acr) => Ok(Self {
                signed_in,
                identity,
                acr,
            }),
            LevelDecision::RaiseWished(_) if permitted.request.prompt.none => Ok(Self {
                acr: now,
                identity,
                signed_in,
            }),
            // Just what is missing: the level first, and then the factor that carries it.
            LevelDecision::RaiseWished(level) | LevelDecision::RaiseDemanded(level) => {
                let page = match carried_by(level).filter(|_| identity >= level) {
                    Some(strength) => AskPage::Strength(strength),
                    None => AskPage::Level(level),
                };
                Err(permitted.ask(page, after))
            }
            LevelDecision::Unmet(level) => {
                let redirect = &permitted.redirect;
                // What is missing is about the resident, who sees it on our page; who has agreed to nothing here is not
                // described to the sub-site.
                Err(if grant.is_some() {
                    let missing = climber.missing(course.ladder, level);
                    let more = paths::LEVEL;
                    redirect.refuse_with(
                        AuthorizeError::LevelUnmet,
                        &format!("{missing}; ask {more} for more"),
                    )
                } else {
                    redirect.refuse(AuthorizeError::LevelUnmet)
                }
                .into())
            }
        }
    }
}

/// The eighth step: the resident decided about the release.
#[derive(Debug)]
pub struct Consented {
    reached: LevelReached,
    scopes: ScopeSet,
    claims: RequestedClaims,
}

impl Consented {
    fn check(reached: LevelReached, course: &Course<'_>) -> Result<Self, Stop> {
        let SignedIn { permitted, grant, .. } = &reached.signed_in;
        let request = &permitted.request;
        let decision = course.asked.and_then(|asked| asked.answers.consent);
        if decision == Some(Decision::Denied) {
            return Err(permitted.refuse(AuthorizeError::ConsentDenied));
        }
        let demanded = request.prompt.consent && decision != Some(Decision::Allowed);
        let decided = grant.as_ref().map(|grant| &grant.asked);
        if consent::ask::must_ask(&permitted.releasable, decided, demanded) {
            return Err(permitted.ask(AskPage::Consent, course.auth_after(request)));
        }
        let mut allowed = grant
            .as_ref()
            .map(|grant| grant.allowed.clone())
            .unwrap_or_default();
        allowed.insert(Scope::Openid);
        let scopes = request.scopes.intersection(&allowed);
        let mut claims = request.claims.claims.clone();
        let client = permitted.redirect.client();
        let may = |name: &str| scope_of(client, name).is_some_and(|scope| allowed.contains(scope));
        claims.id_token.retain(|name, _| may(name));
        claims.userinfo.retain(|name, _| may(name));
        for verified in [&mut claims.verified_id_token, &mut claims.verified_userinfo] {
            verified_claims::keep(verified, |scope| allowed.contains(scope));
        }
        Ok(Self {
            reached,
            scopes,
            claims,
        })
    }

    fn answer(self) -> Answer {
        let LevelReached {
            signed_in,
            identity,
            acr,
        } = self.reached;
        let SignedIn {
            permitted,
            session,
            grant,
            ..
        } = signed_in;
        let details = CodeDetails {
            scopes: self.scopes,
            nonce: permitted.request.nonce.clone(),
            acr,
            acr_essential: permitted.demand.is_essential(),
            identity_level: identity,
            strength: session.methods.strength(),
            methods: session.methods.clone(),
            auth_time: session.auth_time,
            auth_time_requested: permitted.request.wants_auth_time()
                || permitted.redirect.client().require_auth_time,
            claims: self.claims,
            grant: grant.map(|grant| grant.id),
            jkt: permitted.request.dpop_jkt,
            resources: permitted.request.resources,
        };
        Answer {
            redirect: permitted.redirect,
            code_challenge: permitted.request.code_challenge,
            session,
            details,
        }
    }
}
