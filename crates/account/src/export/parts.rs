//! The document, part by part, in the order of `docs/export.md`.

use serde::Serialize;

/// The name of the format; another number means that a member changed its meaning or is gone.
pub(super) const FORMAT: &str = "denizen-account-export/1";

/// The document.
#[derive(Debug, Serialize)]
pub(super) struct Export {
    pub(super) format: &'static str,
    pub(super) made_at: String,
    pub(super) account: AccountPart,
    pub(super) level: LevelPart,
    pub(super) evidence: Vec<EvidencePart>,
    pub(super) cases: Vec<CasePart>,
    pub(super) factors: Vec<FactorPart>,
    pub(super) sign_ins: Vec<SignInPart>,
    pub(super) devices: Vec<DevicePart>,
    pub(super) history: Vec<HistoryPart>,
    pub(super) sharing: Vec<SharingPart>,
    pub(super) agreements: Vec<AgreementPart>,
    pub(super) changes: Vec<ChangePart>,
    pub(super) standing: Vec<StandingPart>,
    pub(super) objections: Vec<ObjectionPart>,
    pub(super) notices: Vec<NoticePart>,
    pub(super) preferences: Vec<PreferencePart>,
}

#[derive(Debug, Serialize)]
pub(super) struct AccountPart {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) language: &'static str,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) username: Option<String>,
    pub(super) declared_name: Option<String>,
    pub(super) verified_name: Option<String>,
    pub(super) citizen_id: Option<String>,
    pub(super) created_at: String,
    pub(super) changed_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct LevelPart {
    pub(super) number: u8,
    pub(super) name: String,
    pub(super) since: Option<String>,
    pub(super) lapses_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct EvidencePart {
    pub(super) source: String,
    pub(super) issued_at: String,
    pub(super) expires_at: Option<String>,
    pub(super) ended_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct CasePart {
    pub(super) number: String,
    pub(super) source: String,
    pub(super) state: &'static str,
    pub(super) name: Option<String>,
    pub(super) citizen_id: Option<String>,
    pub(super) created_at: String,
    pub(super) changed_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct FactorPart {
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) last_used_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct SignInPart {
    pub(super) device: String,
    pub(super) methods: Vec<&'static str>,
    pub(super) created_at: String,
    pub(super) last_used_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct DevicePart {
    pub(super) device: String,
    pub(super) created_at: String,
    pub(super) last_used_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct HistoryPart {
    pub(super) at: String,
    pub(super) what: &'static str,
    pub(super) client: Option<String>,
    pub(super) methods: Vec<&'static str>,
    pub(super) level: Option<u8>,
    pub(super) device: Option<String>,
    pub(super) network: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct SharingPart {
    pub(super) client: String,
    pub(super) allowed: Vec<&'static str>,
    pub(super) receipt: serde_json::Value,
    pub(super) created_at: String,
    pub(super) ended_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct AgreementPart {
    pub(super) agreement: String,
    pub(super) version: String,
    pub(super) language: &'static str,
    pub(super) answer: &'static str,
    pub(super) at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangePart {
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) created_at: String,
    pub(super) effective_at: String,
    pub(super) ended_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct StandingPart {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) reason: String,
    pub(super) at: String,
    pub(super) until: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ObjectionPart {
    pub(super) text: String,
    pub(super) at: String,
    pub(super) outcome: Option<&'static str>,
    pub(super) decided_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct PreferencePart {
    pub(super) topic: &'static str,
    pub(super) channels: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct NoticePart {
    pub(super) kind: &'static str,
    pub(super) at: String,
    pub(super) read_at: Option<String>,
}
