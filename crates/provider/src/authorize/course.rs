//! What the steps of a request are told besides the request: the time, the rules, the answers so far, and the person in
//! front of the browser.

use account::agreements::Agreements;
use chrono::{DateTime, NaiveDate, Utc};
use model::evidence::Evidence;
use model::interaction::Interaction;
use model::ladder::Ladder;
use store::grants::Grant;
use store::sessions::LiveSession;

use crate::authorize::request::Request;

/// At which point of its way the request is.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// Now.
    pub now: DateTime<Utc>,
    /// The day, where the people are.
    pub today: NaiveDate,
    /// The rules of levels.
    pub ladder: &'a Ladder,
    /// The agreements that people accept.
    pub agreements: &'a Agreements,
    /// What the resident was asked and answered; `None` when the request has just arrived.
    pub asked: Option<&'a Interaction>,
}

impl Course<'_> {
    /// When the sign-in must have been, at the earliest. Fixed when the request arrives, so that signing in once is
    /// enough and `prompt=login` does not go round in circles. What was stored without such a time, though the request
    /// demands one, is measured from its arrival: having been asked is no proof of a new sign-in.
    pub(super) fn auth_after(&self, request: &Request) -> Option<DateTime<Utc>> {
        match self.asked {
            Some(interaction) => {
                let stored = interaction.wants.auth_after;
                stored.or_else(|| request.auth_after(interaction.created_at))
            }
            None => request.auth_after(self.now),
        }
    }

    pub(super) fn is_new_enough(&self, session: &LiveSession, request: &Request) -> bool {
        let after_request = self.asked.is_some() || !request.prompt.demands_sign_in();
        after_request
            && self
                .auth_after(request)
                .is_none_or(|after| session.auth_time >= after)
    }
}

/// What is known about the person in front of the browser.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The sign-in, if there is one.
    pub session: Option<LiveSession>,
    /// The name under which the client knows its owner.
    pub subject: String,
    /// What supports the account's level.
    pub evidence: Vec<Evidence>,
    /// What the owner allowed the client.
    pub grant: Option<Grant>,
    /// The version of the agreement that the owner accepted last.
    pub agreed: Option<String>,
    /// The version of it that the owner has put off for now.
    pub put_off: Option<String>,
}
