//! Everything that is kept about a person, as one value: the JSON document and the page show the same. The members are
//! described in `docs/export.md`, which a test compares.

use chrono::{DateTime, SecondsFormat, Utc};
use model::authn::Method;
use model::notice::{Channel, Topic};
use store::accounts::Account;
use store::factors::Kind as FactorKind;
use store::history::{self, Entry};
use store::{StoreError, Tx};

use super::parts::{
    AccountPart, AgreementPart, CasePart, ChangePart, DevicePart, EvidencePart, Export, FORMAT, FactorPart,
    HistoryPart, LevelPart, NoticePart, ObjectionPart, PreferencePart, SharingPart, SignInPart, StandingPart,
};
use crate::Service;
use crate::evidence;

/// The most entries of the history that are read, newest first: more than anybody has in the time that they are kept.
const HISTORY_MAX: u64 = 20_000;
/// The most notices that are read, newest first.
const NOTICES_MAX: u64 = 1000;

/// A moment as RFC 3339 in UTC, to the second.
fn at(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn words(methods: impl Iterator<Item = Method>) -> Vec<&'static str> {
    methods
        .map(|method| match method {
            Method::Password => "password",
            Method::Sms => "sms",
            Method::Totp => "totp",
            Method::Passkey => "passkey",
            Method::Certificate => "certificate",
            Method::Scan => "scan",
        })
        .collect()
}

/// Reads everything.
pub(super) async fn read(service: &Service, account: &Account) -> Result<Export, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    Ok(Export {
        format: FORMAT,
        made_at: at(now),
        account: of_account(account),
        level: level(service, &tx, account).await?,
        evidence: proofs(&tx, account).await?,
        cases: cases(&tx, account).await?,
        factors: factors(&tx, account).await?,
        sign_ins: sign_ins(service, &tx, account).await?,
        devices: devices(&tx, account).await?,
        history: past(&tx, account).await?,
        sharing: sharing(&tx, account).await?,
        agreements: agreements(&tx, account).await?,
        changes: changes(&tx, account).await?,
        standing: standing(&tx, account).await?,
        objections: objections(&tx, account).await?,
        notices: notices(&tx, account).await?,
        preferences: preferences(&tx, account).await?,
    })
}

fn of_account(account: &Account) -> AccountPart {
    AccountPart {
        kind: account.kind.as_str(),
        status: account.status.as_str(),
        language: account.language.tag(),
        phone: account.phone.as_ref().map(|phone| phone.e164().to_owned()),
        email: account.email.as_ref().map(|email| email.as_str().to_owned()),
        username: account.username.as_ref().map(|name| name.as_str().to_owned()),
        declared_name: account
            .declared_name
            .as_ref()
            .map(|name| name.as_str().to_owned()),
        verified_name: account.name.as_ref().map(|name| name.as_str().to_owned()),
        citizen_id: account
            .citizen_id
            .as_ref()
            .map(|number| number.as_str().to_owned()),
        created_at: at(account.created_at),
        changed_at: at(account.updated_at),
    }
}

async fn level(service: &Service, tx: &Tx, account: &Account) -> Result<LevelPart, StoreError> {
    let held = store::evidence::list(tx, account.id).await?;
    let now = evidence::level_from(service, account, &held);
    Ok(LevelPart {
        number: now.level.number(),
        name: service.ladder().name(now.level, account.language).to_owned(),
        since: now.since.map(at),
        lapses_at: now.lapses_at.map(at),
    })
}

async fn proofs(tx: &Tx, account: &Account) -> Result<Vec<EvidencePart>, StoreError> {
    let held = store::evidence::list(tx, account.id).await?;
    let parts = held.into_iter().map(|piece| EvidencePart {
        source: piece.source.as_str().to_owned(),
        issued_at: at(piece.issued_at),
        expires_at: piece.expires_at.map(at),
        ended_at: piece.ended_at.map(at),
    });
    Ok(parts.collect())
}

async fn cases(tx: &Tx, account: &Account) -> Result<Vec<CasePart>, StoreError> {
    let list = store::cases::list_all(tx, account.id).await?;
    let parts = list.into_iter().map(|case| CasePart {
        number: case.number.as_str().to_owned(),
        source: case.source.as_str().to_owned(),
        state: case.state.as_str(),
        name: case.input.as_ref().map(|input| input.name.as_str().to_owned()),
        citizen_id: case
            .input
            .as_ref()
            .map(|input| input.citizen_id.as_str().to_owned()),
        created_at: at(case.created_at),
        changed_at: at(case.updated_at),
    });
    Ok(parts.collect())
}

/// What a person has to sign in with; secrets and public keys stay where they are.
async fn factors(tx: &Tx, account: &Account) -> Result<Vec<FactorPart>, StoreError> {
    let enrolled = crate::factors::of(tx, account).await?;
    let bare = |kind, changed: DateTime<Utc>| FactorPart {
        kind,
        name: None,
        created_at: Some(at(changed)),
        last_used_at: None,
    };
    let password = enrolled.password.map(|changed| bare("password", changed));
    let codes = enrolled
        .sheet
        .as_ref()
        .map(|sheet| bare("recovery_codes", sheet.made_at));
    let named = enrolled
        .totp
        .iter()
        .chain(&enrolled.passkeys)
        .map(|factor| FactorPart {
            kind: match factor.kind {
                FactorKind::Totp => "totp",
                FactorKind::Passkey => "passkey",
            },
            name: Some(factor.name.clone()),
            created_at: Some(at(factor.created_at)),
            last_used_at: factor.last_used_at.map(at),
        });
    Ok(password.into_iter().chain(named).chain(codes).collect())
}

async fn sign_ins(service: &Service, tx: &Tx, account: &Account) -> Result<Vec<SignInPart>, StoreError> {
    let limits = &service.config().session;
    let list = store::sessions::list(tx, account.id, limits, service.now()).await?;
    let parts = list.into_iter().map(|one| SignInPart {
        device: one.device,
        methods: words(one.methods.iter()),
        created_at: at(one.created_at),
        last_used_at: at(one.last_seen_at),
    });
    Ok(parts.collect())
}

async fn devices(tx: &Tx, account: &Account) -> Result<Vec<DevicePart>, StoreError> {
    let list = store::devices::list(tx, account.id).await?;
    let parts = list.into_iter().map(|one| DevicePart {
        device: one.label,
        created_at: at(one.first_seen_at),
        last_used_at: at(one.last_seen_at),
    });
    Ok(parts.collect())
}

async fn past(tx: &Tx, account: &Account) -> Result<Vec<HistoryPart>, StoreError> {
    let all = history::newest(tx, account.id, HISTORY_MAX).await?;
    Ok(all.into_iter().map(happening).collect())
}

fn happening(entry: Entry) -> HistoryPart {
    let (device, network) = entry
        .place
        .map_or((None, None), |place| (Some(place.device), Some(place.network)));
    HistoryPart {
        at: at(entry.at),
        what: entry.what.as_str(),
        client: entry.client.map(|client| client.as_str().to_owned()),
        methods: entry
            .methods
            .map(|methods| words(methods.iter()))
            .unwrap_or_default(),
        level: entry.level.map(model::ladder::Level::number),
        device,
        network,
    }
}

async fn sharing(tx: &Tx, account: &Account) -> Result<Vec<SharingPart>, StoreError> {
    let list = store::grants::list(tx, account.id).await?;
    let parts = list.into_iter().map(|grant| SharingPart {
        client: grant.client_id.as_str().to_owned(),
        allowed: grant.allowed.iter().map(model::scope::Scope::as_str).collect(),
        receipt: grant.receipt,
        created_at: at(grant.created_at),
        ended_at: grant.revoked_at.map(at),
    });
    Ok(parts.collect())
}

async fn agreements(tx: &Tx, account: &Account) -> Result<Vec<AgreementPart>, StoreError> {
    let list = store::agreements::list(tx, account.id).await?;
    let parts = list.into_iter().map(|one| AgreementPart {
        agreement: one.agreement,
        version: one.version,
        language: one.language.tag(),
        answer: one.answer.as_str(),
        at: at(one.at),
    });
    Ok(parts.collect())
}

async fn changes(tx: &Tx, account: &Account) -> Result<Vec<ChangePart>, StoreError> {
    let list = store::changes::list(tx, account.id).await?;
    let parts = list.into_iter().map(|one| ChangePart {
        kind: one.kind.as_str(),
        state: one.state.as_str(),
        created_at: at(one.created_at),
        effective_at: at(one.effective_at),
        ended_at: one.ended_at.map(at),
    });
    Ok(parts.collect())
}

/// Decisions about the account, with their reasons; notes of operators among themselves are not the person's data and
/// are asked for by letter.
async fn standing(tx: &Tx, account: &Account) -> Result<Vec<StandingPart>, StoreError> {
    let list = store::standing_changes::list(tx, account.id).await?;
    let parts = list.into_iter().map(|one| StandingPart {
        from: one.from.as_str(),
        to: one.to.as_str(),
        reason: one.reason,
        at: at(one.at),
        until: one.until.map(at),
    });
    Ok(parts.collect())
}

/// What the person wrote against decisions, in their words.
async fn objections(tx: &Tx, account: &Account) -> Result<Vec<ObjectionPart>, StoreError> {
    let list = store::standing_changes::appeals_of(tx, account.id).await?;
    let parts = list.into_iter().map(|one| ObjectionPart {
        text: one.text.expose().clone(),
        at: at(one.at),
        outcome: one.decided.map(|(outcome, _)| outcome.as_str()),
        decided_at: one.decided.map(|(_, decided)| at(decided)),
    });
    Ok(parts.collect())
}

/// By which channels the person is told of what can be switched off.
async fn preferences(tx: &Tx, account: &Account) -> Result<Vec<PreferencePart>, StoreError> {
    let wishes = store::notices::wishes(tx, account.id).await?;
    let optional = Topic::ALL.into_iter().filter(|topic| topic.is_optional());
    let parts = optional.map(|topic| {
        let wanted = Channel::ALL
            .into_iter()
            .filter(|channel| wishes.wants(topic, *channel));
        PreferencePart {
            topic: topic.as_str(),
            channels: wanted.map(Channel::as_str).collect(),
        }
    });
    Ok(parts.collect())
}

async fn notices(tx: &Tx, account: &Account) -> Result<Vec<NoticePart>, StoreError> {
    let list = store::notices::list(tx, account.id, (0, NOTICES_MAX)).await?;
    let parts = list.into_iter().map(|one| NoticePart {
        kind: one.kind.as_str(),
        at: at(one.created_at),
        read_at: one.read_at.map(at),
    });
    Ok(parts.collect())
}
