//! Everything that is written to the audit log: a closed list. Details hold identifiers, never personal data.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An account was made.
    AccountRegistered,
    /// A version of an agreement was accepted.
    AgreementAccepted,
    /// A person signed in.
    SignedIn,
    /// A sign-in was refused.
    SignInRefused,
    /// A session was ended by its owner.
    SignedOut,
    /// A source was asked about a person.
    SourceAsked,
    /// Evidence was stored.
    EvidenceRecorded,
    /// Evidence was ended.
    EvidenceEnded,
    /// A case was opened or changed its state.
    CaseChanged,
    /// An account was frozen.
    AccountFrozen,
    /// A number that is proven elsewhere was tried.
    ConflictFound,
    /// A grant was stored.
    ConsentGiven,
    /// A release was refused.
    ConsentDenied,
    /// A grant was taken back.
    ConsentWithdrawn,
    /// A code was issued to a sub-site.
    CodeIssued,
    /// A code was redeemed.
    CodeRedeemed,
    /// A code came a second time; what the first use gave was revoked.
    CodeReplayed,
    /// A client's proof was refused.
    ClientRefused,
    /// A signing key was made, promoted or retired.
    KeyChanged,
    /// A sub-site's registration was applied.
    ClientChanged,
    /// A refresh token gave new tokens.
    TokenRefreshed,
    /// A refresh token was refused.
    RefreshRefused,
    /// A used refresh token came again; its family was revoked.
    RefreshReplayed,
    /// A client gave a token back.
    TokenRevoked,
    /// A sub-site did not confirm that a sign-in ended.
    LogoutNotConfirmed,
    /// A permission to register sub-sites by program was made or ended.
    RegistrationAllowed,
    /// A code was spent and gave nothing.
    CodeRefused,
    /// An account's level fell.
    LevelFell,
    /// A sub-site did not confirm that it knows of a fall.
    StatusEventNotConfirmed,
    /// An operator signed in at the console.
    OperatorSignedIn,
    /// An operator's sign-in was refused.
    OperatorSignInRefused,
    /// An operator signed out.
    OperatorSignedOut,
    /// Somebody was made an operator, or has to enrol once more.
    OperatorInvited,
    /// An operator chose their proofs.
    OperatorEnrolled,
    /// An operator typed too many wrong codes.
    OperatorLocked,
    /// An operator's roles were changed, or they were disabled.
    OperatorChanged,
    /// An operator changed their password, codes or passkeys.
    OperatorFactorChanged,
    /// An operator looked into this log for one account.
    AuditRead,
    /// An operator looked at what belongs to a case.
    CaseLookedAt,
    /// An operator took a step at a case.
    CaseWorkedOn,
    /// A newer account of a person was joined to this older one.
    AccountsJoined,
    /// An account was closed.
    AccountClosed,
    /// An account that was registered by e-mail was activated.
    AccountActivated,
    /// An account's standing was changed: held, suspended, ended, or usable again.
    StandingChanged,
    /// An operator proposed to end an account, or a proposal was taken back.
    StandingProposed,
    /// An operator looked an account up.
    StandingLookedAt,
    /// Somebody objected to a decision about their account.
    AppealFiled,
    /// An objection was decided.
    AppealDecided,
    /// An account's owner began to close it.
    ClosingStarted,
    /// Closing an account was stopped.
    ClosingStopped,
    /// What had been kept of a closed account was forgotten.
    RetainedForgotten,
    /// A person refused a changed agreement.
    AgreementRefused,
    /// A person took a copy of their data.
    DataExported,
    /// A phone let another device sign in.
    ScanAllowed,
    /// A phone refused, or gave the wrong number.
    ScanRefused,
    /// A recovery began that waits.
    RecoveryStarted,
    /// An account was given back.
    AccountRecovered,
    /// A phone, an e-mail address or a user name is to change.
    ContactChanging,
    /// A phone, an e-mail address or a user name was changed.
    ContactChanged,
    /// A change that waited was stopped, or one that had happened was taken back.
    ChangeEnded,
    /// Somebody has proven a phone that belongs to another account.
    NumberDisputed,
    /// Operators saw a person who cannot get into the account.
    CounterRecovery,
    /// An operator at a counter looked for an account, or looked at what waits for one.
    CounterLookedUp,
    /// A resident's factor was added, removed or is being removed.
    FactorChanged,
    /// A resident's password was set or changed.
    PasswordChanged,
}

impl Event {
    /// The name in the log and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountRegistered => "account_registered",
            Self::AgreementAccepted => "agreement_accepted",
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::SourceAsked => "source_asked",
            Self::EvidenceRecorded => "evidence_recorded",
            Self::EvidenceEnded => "evidence_ended",
            Self::CaseChanged => "case_changed",
            Self::AccountFrozen => "account_frozen",
            Self::ConflictFound => "conflict_found",
            Self::ConsentGiven => "consent_given",
            Self::ConsentDenied => "consent_denied",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::CodeIssued => "code_issued",
            Self::CodeRedeemed => "code_redeemed",
            Self::CodeReplayed => "code_replayed",
            Self::CodeRefused => "code_refused",
            Self::ClientRefused => "client_refused",
            Self::KeyChanged => "key_changed",
            Self::ClientChanged => "client_changed",
            Self::RegistrationAllowed => "registration_allowed",
            Self::LogoutNotConfirmed => "logout_not_confirmed",
            Self::TokenRefreshed => "token_refreshed",
            Self::RefreshRefused => "refresh_refused",
            Self::RefreshReplayed => "refresh_replayed",
            Self::TokenRevoked => "token_revoked",
            Self::LevelFell => "level_fell",
            Self::StatusEventNotConfirmed => "status_event_not_confirmed",
            Self::OperatorSignedIn => "operator_signed_in",
            Self::OperatorSignInRefused => "operator_sign_in_refused",
            Self::OperatorSignedOut => "operator_signed_out",
            Self::OperatorInvited => "operator_invited",
            Self::OperatorEnrolled => "operator_enrolled",
            Self::OperatorLocked => "operator_locked",
            Self::OperatorChanged => "operator_changed",
            Self::OperatorFactorChanged => "operator_factor_changed",
            Self::AuditRead => "audit_read",
            Self::CaseLookedAt => "case_looked_at",
            Self::CaseWorkedOn => "case_worked_on",
            Self::AccountsJoined => "accounts_joined",
            Self::AccountClosed => "account_closed",
            Self::AccountActivated => "account_activated",
            Self::StandingChanged => "standing_changed",
            Self::StandingProposed => "standing_proposed",
            Self::StandingLookedAt => "standing_looked_at",
            Self::AppealFiled => "appeal_filed",
            Self::AppealDecided => "appeal_decided",
            Self::ClosingStarted => "closing_started",
            Self::ClosingStopped => "closing_stopped",
            Self::RetainedForgotten => "retained_forgotten",
            Self::AgreementRefused => "agreement_refused",
            Self::DataExported => "data_exported",
            Self::ScanAllowed => "scan_allowed",
            Self::ScanRefused => "scan_refused",
            Self::RecoveryStarted => "recovery_started",
            Self::AccountRecovered => "account_recovered",
            Self::ContactChanging => "contact_changing",
            Self::ContactChanged => "contact_changed",
            Self::ChangeEnded => "change_ended",
            Self::NumberDisputed => "number_disputed",
            Self::CounterRecovery => "counter_recovery",
            Self::CounterLookedUp => "counter_looked_up",
            Self::FactorChanged => "factor_changed",
            Self::PasswordChanged => "password_changed",
        }
    }
}
