//! An operator's sign-in: who is here, what they may do, and how it begins and ends.
//!
//! The cookie is the console's own, `SameSite=Strict`; a resident's sign-in is worth nothing here and this one nothing
//! there. Roles and status are read at every request, so that a change counts at once. Every rise of what was proven
//! gives a new cookie value, and the old one is dead (A151).

use axum::response::Response;
use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::{OperatorId, OperatorSessionId};
use model::secret::Token;
use store::operators::Operator;
use store::operators::signins::{self, Live, NewSignIn, Rise, Stage};
use store::{StoreError, Tx};
use web::page::Navigation;
use web::paths::LocalPath;
use web::{Problem, Visit};

pub use account::session::Stop;

use crate::Service;
use crate::roles::{Permission, Roles};

/// The first page.
pub(crate) const HOME: LocalPath = LocalPath::known("/operator");
/// Where one signs in.
pub(crate) const SIGN_IN: LocalPath = LocalPath::known("/operator/sign-in");
/// Where one proves once more that it is oneself.
pub(crate) const CONFIRM: LocalPath = LocalPath::known("/operator/confirm");
/// The form of the button that signs out.
pub(crate) const LEAVE: (&str, &str) = ("/operator/sign-out", "operator-sign-out");

/// Pages with what they need and the keys of their names, in the order of the navigation.
const PLACES: [(&str, &str, Option<Permission>); 8] = [
    ("/operator", "operator-nav-home", None),
    ("/operator/queue", "operator-nav-queue", Some(Permission::Review)),
    (
        "/operator/counter",
        "operator-nav-counter",
        Some(Permission::Counter),
    ),
    (
        "/operator/standing",
        "operator-nav-standing",
        Some(Permission::Standing),
    ),
    ("/operator/audit", "operator-nav-audit", Some(Permission::Audit)),
    (
        "/operator/sources",
        "operator-nav-sources",
        Some(Permission::Sources),
    ),
    (
        "/operator/operators",
        "operator-nav-operators",
        Some(Permission::Operators),
    ),
    ("/operator/security", "operator-nav-security", None),
];

/// An operator who is signed in.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who it is.
    pub operator: Operator,
    /// What they work as, at this moment.
    pub roles: Roles,
    /// The sign-in.
    pub session: OperatorSessionId,
    /// When they last proved that it is them.
    pub proven_at: DateTime<Utc>,
    pub(crate) live: Live,
}

impl Signed {
    /// Whether they may do something.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.may(permission)
    }
}

/// The sign-in of the browser, however far it has come.
pub(crate) async fn current(service: &Service, visit: &Visit) -> Result<Option<Live>, StoreError> {
    let Some(token) = visit.operator_token() else {
        return Ok(None);
    };
    let (tx, idle) = (service.store().read(), service.config().idle());
    signins::find_live(&tx, &token.hash(), idle, visit.now()).await
}

/// The sign-in of the browser at one stage, with its operator.
pub(crate) async fn at_stage(
    service: &Service,
    visit: &Visit,
    stage: Stage,
) -> Result<Option<(Live, Operator)>, StoreError> {
    let live = current(service, visit).await?.filter(|live| live.stage == stage);
    Ok(live.and_then(|live| {
        let operator = live.operator.clone()?;
        Some((live, operator))
    }))
}

/// Who is signed in; otherwise the sign-in page, which comes back afterwards. Shows the navigation.
pub async fn signed_in(service: &Service, visit: &mut Visit) -> Result<Signed, Stop> {
    let Some((live, operator)) = at_stage(service, visit, Stage::Full).await? else {
        return Err(Stop::Go(visit.redirect(&returning(SIGN_IN, visit))));
    };
    let roles = Roles::from_stored(&operator.roles);
    let allowed = PLACES
        .iter()
        .filter(|(_, _, needs)| needs.is_none_or(|needs| roles.may(needs)));
    visit.prefer_language(operator.language);
    visit.set_signed_in(&operator.name);
    visit.set_navigation(Navigation {
        places: allowed.map(|(href, key, _)| (*href, *key)).collect(),
        leave: LEAVE,
    });
    Ok(Signed {
        roles,
        session: live.id,
        proven_at: live.proven_at,
        operator,
        live,
    })
}

/// Who is signed in and may do this; otherwise the sign-in page, or a page that says that the role is missing.
pub async fn require(service: &Service, visit: &mut Visit, needs: Permission) -> Result<Signed, Stop> {
    let signed = signed_in(service, visit).await?;
    if signed.may(needs) {
        return Ok(signed);
    }
    let problem = Problem::new(axum::http::StatusCode::FORBIDDEN, "operator-not-allowed");
    Err(problem.link(HOME, "operator-to-home").into())
}

/// The same for what a stolen sign-in must not do: a proof of the last minutes is needed, otherwise the page that asks
/// for one comes first. For pages as well as for what they send, because what was sent is lost by the detour.
pub async fn require_fresh(service: &Service, visit: &mut Visit, needs: Permission) -> Result<Signed, Stop> {
    let signed = require(service, visit, needs).await?;
    match stale(service, visit, &signed) {
        Some(page) => Err(Stop::Go(page)),
        None => Ok(signed),
    }
}

/// The page that asks for a proof, when the last one is too old for what a page sends: after it that page comes back, and
/// not what was sent.
pub(crate) fn stale_at(
    service: &Service,
    visit: &Visit,
    signed: &Signed,
    page: &LocalPath,
) -> Option<Response> {
    let fresh = service.config().is_fresh(signed.proven_at, visit.now());
    (!fresh).then(|| visit.redirect(&CONFIRM.with("return_to", page.as_str())))
}

/// [`signed_in`] with a proof of the last minutes.
pub(crate) async fn signed_in_fresh(service: &Service, visit: &mut Visit) -> Result<Signed, Stop> {
    let signed = signed_in(service, visit).await?;
    match stale(service, visit, &signed) {
        Some(page) => Err(Stop::Go(page)),
        None => Ok(signed),
    }
}

/// The page that asks for a proof, when the last one is too old.
fn stale(service: &Service, visit: &Visit, signed: &Signed) -> Option<Response> {
    let fresh = service.config().is_fresh(signed.proven_at, visit.now());
    (!fresh).then(|| visit.redirect(&returning(CONFIRM, visit)))
}

fn returning(page: LocalPath, visit: &Visit) -> LocalPath {
    match visit.here() {
        Some(here) if here.path() != HOME.path() => page.with("return_to", here.as_str()),
        _ => page,
    }
}

/// Where to go on: a page of the console that was asked for, or the first one. Never anywhere else (A011).
pub(crate) fn onward(return_to: Option<&str>) -> LocalPath {
    let asked = return_to.and_then(|text| LocalPath::parse(text).ok());
    let inside = asked.filter(|path| {
        let path = path.path();
        path.starts_with("/operator/")
            && !path.starts_with("/operator/sign-")
            && !path.starts_with("/operator/enrol")
    });
    inside.unwrap_or(HOME)
}

/// Begins a sign-in that is not complete, in the place of the one that the browser had.
pub(crate) async fn begin(
    service: &Service,
    visit: &mut Visit,
    (stage, operator): (Stage, Option<OperatorId>),
    minutes: i64,
) -> Result<OperatorSessionId, StoreError> {
    let (now, rng) = (visit.now(), service.rng());
    let (id, token) = (OperatorSessionId::new(now, rng), Token::generate(rng));
    let old = current(service, visit).await?;
    let tx = service.store().begin().await?;
    if let Some(old) = old {
        signins::end(&tx, old.id, now).await?;
    }
    let new = NewSignIn {
        id,
        token_hash: token.hash(),
        operator,
        stage,
        now,
        expires_at: now + chrono::TimeDelta::minutes(minutes),
    };
    signins::create(&tx, &new).await?;
    tx.commit().await?;
    visit.start_operator(&token);
    Ok(id)
}

/// Makes a sign-in a full one, or a full one fresh, under a new cookie. `None` when it ended meanwhile. The browser gets
/// the cookie once the transaction is committed, by [`Visit::start_operator`].
pub(crate) async fn rise(
    service: &Service,
    tx: &Tx,
    live: &Live,
    operator: OperatorId,
) -> Result<Option<Token>, StoreError> {
    let (now, token) = (service.now(), Token::generate(service.rng()));
    let rise = Rise {
        from: live.stage,
        operator,
        token_hash: token.hash(),
        now,
        // Proving oneself again makes nothing longer.
        expires_at: match live.stage {
            Stage::Full => live.expires_at,
            _ => service.config().ends_at(now),
        },
    };
    let risen = signins::rise(tx, live.id, &rise).await?;
    Ok(risen.then_some(token))
}

/// Signs out: ends the sign-in, and makes the browser forget it.
pub(crate) async fn end(service: &Service, visit: &mut Visit) -> Result<(), StoreError> {
    if let Some(live) = current(service, visit).await? {
        let tx = service.store().begin().await?;
        if signins::end(&tx, live.id, visit.now()).await?
            && let Some(operator) = &live.operator
        {
            let entry = crate::audit::of(
                operator.id,
                visit,
                Event::OperatorSignedOut,
                serde_json::json!({}),
            );
            store::audit::record(&tx, service.rng(), entry).await?;
        }
        tx.commit().await?;
    }
    visit.end_operator();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_011_one_comes_back_to_pages_of_the_console_only() {
        for good in ["/operator/queue", "/operator/operators/0190?x=1"] {
            assert_eq!(onward(Some(good)).as_str(), good);
        }
        for bad in [
            "https://evil.example/operator/queue",
            "//evil.example/operator/",
            "/operator/../account",
            "/account",
            "/operatorx",
            "/operator/sign-out",
            "/operator/sign-in",
            "/operator/enrol?token=x",
            "",
        ] {
            let path = onward(Some(bad));
            assert!(
                path == HOME || path.as_str().starts_with("/operator/"),
                "{bad}: {path:?}"
            );
            assert!(
                !path.as_str().contains("evil") && !path.as_str().contains(".."),
                "{bad}"
            );
        }
        assert_eq!(onward(None), HOME);
    }
}
