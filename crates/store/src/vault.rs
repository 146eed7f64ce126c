//! Sealed columns, keyed indexes and the program's own keys.
//!
//! A key-encryption key from outside the database (a file or the environment) opens the rows of `secret`; those
//! keys seal columns with AES-256-GCM under a random 96-bit nonce, bound to column and row by the associated
//! data, and index values that are looked up with HMAC-SHA-256. Number spaces are small (phones, citizen IDs),
//! so a plain hash would be no protection (attack A293).

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Nonce, Payload};
use aes_gcm::{Aes256Gcm, Key};
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use model::clock::Clock;
use model::rng::Rng;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait as _, TransactionTrait as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::entity::secret;
use crate::error::StoreError;

const NONCE_BYTES: usize = 12;
const DATA_KEY: &str = "data:1";
const INDEX_KEY: &str = "index:1";
const ROOT_KEY: &str = "root:1";

/// The key that opens all others. Lives outside the database.
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(…)")
    }
}

impl KeyEncryptionKey {
    /// Reads 64 hexadecimal digits or base64 of 32 bytes; white space around is ignored.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let bytes = if text.len() == 64 {
            decode_hex(text)
        } else {
            decode_base64(text)
        };
        let bytes = Zeroizing::new(bytes.ok_or(StoreError::BadKeyEncryptionKey)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StoreError::BadKeyEncryptionKey)?;
        Ok(Self(Zeroizing::new(key)))
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let pairs = digits?;
    pairs
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Where a sealed value stands. Moving a value to another column makes it unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A phone number of an account.
    AccountPhone,
    /// A verified name.
    AccountName,
    /// A proven citizen ID number.
    AccountCitizenId,
    /// A phone number in a registration.
    RegistrationPhone,
    /// What was typed for a case.
    CaseInput,
    /// The answer of a captcha.
    CaptchaAnswer,
    /// Device of a session.
    SessionDevice,
    /// Recipient of a message.
    OutboxRecipient,
    /// Text of a message.
    OutboxText,
    /// A sub-site's request.
    InteractionRequest,
    /// A private signing key.
    SigningKey,
    /// A sub-site's pushed request.
    PushedRequest,
    /// The secret of a sub-site that signs with it.
    ClientSecret,
    /// What the page after a sign-out is about; no column, but the page's address.
    SignOutTicket,
    /// A sub-site's form that asks for a sign-out; no column, but the address that it continues at.
    SignOutRequest,
    /// A picture that was sent for a case.
    CaseImage,
    /// The shared secret of an operator's one-time codes.
    OperatorTotp,
    /// What an operator's sign-in waits for.
    OperatorPending,
    /// What is kept while a browser is at another party.
    RoundTrip,
    /// An e-mail address of an account.
    AccountEmail,
    /// A user name.
    AccountUsername,
    /// A name that somebody gave and nobody checked.
    AccountDeclaredName,
    /// An e-mail address in a registration.
    RegistrationEmail,
    /// A name in a registration.
    RegistrationName,
    /// The network of a session.
    SessionNetwork,
    /// What a step of a browser waits for.
    Ceremony,
    /// What somebody calls a factor.
    FactorName,
    /// The secret or the public key of a factor.
    FactorSecret,
    /// What is to change.
    ChangeDetails,
    /// Device and network of what happened.
    HistoryDetails,
    /// A browser that is known.
    DeviceLabel,
    /// What a notice says.
    NoticeArgs,
    /// Device and network of a sign-in that waits for a phone.
    ScanDetails,
    /// What an operator noted.
    StandingNote,
    /// What somebody says against a decision.
    AppealText,
}

impl Column {
    const fn label(self) -> &'static str {
        match self {
            Self::AccountPhone => "account.phone",
            Self::AccountName => "account.name",
            Self::AccountCitizenId => "account.citizen_id",
            Self::RegistrationPhone => "registration.phone",
            Self::CaseInput => "verification_case.input",
            Self::CaptchaAnswer => "captcha.answer",
            Self::SessionDevice => "session.device",
            Self::OutboxRecipient => "outbox.recipient",
            Self::OutboxText => "outbox.text",
            Self::InteractionRequest => "interaction.request",
            Self::SigningKey => "signing_key.private",
            Self::PushedRequest => "pushed_request.request",
            Self::ClientSecret => "client.secret",
            Self::SignOutTicket => "sign_out.ticket",
            Self::SignOutRequest => "sign_out.request",
            Self::CaseImage => "case_image.image",
            Self::OperatorTotp => "operator.totp",
            Self::OperatorPending => "operator_session.pending",
            Self::RoundTrip => "round_trip.kept",
            Self::AccountEmail => "account.email",
            Self::AccountUsername => "account.username",
            Self::AccountDeclaredName => "account.declared_name",
            Self::RegistrationEmail => "registration.email",
            Self::RegistrationName => "registration.name",
            Self::SessionNetwork => "session.network",
            Self::Ceremony => "ceremony.state",
            Self::FactorName => "factor.name",
            Self::FactorSecret => "factor.secret",
            Self::ChangeDetails => "account_change.details",
            Self::HistoryDetails => "account_history.details",
            Self::DeviceLabel => "known_device.label",
            Self::NoticeArgs => "notice.args",
            Self::ScanDetails => "scan.details",
            Self::StandingNote => "standing_change.note",
            Self::AppealText => "standing_appeal.text",
        }
    }
}

/// What is looked up by a keyed index. The same number gives different indexes for different kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Phone numbers (E.164).
    Phone,
    /// Citizen ID numbers.
    CitizenId,
    /// Counters against guessing.
    Throttle,
    /// One-time codes.
    OtpCode,
    /// E-mail addresses, in lower case.
    Email,
    /// User names, in lower case.
    Username,
    /// Printed recovery codes.
    RecoveryCode,
}

impl Index {
    const fn label(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::CitizenId => "citizen_id",
            Self::Throttle => "throttle",
            Self::OtpCode => "otp_code",
            Self::Email => "email",
            Self::Username => "username",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// The opened keys.
pub struct Vault {
    data: Aes256Gcm,
    index: Zeroizing<[u8; 32]>,
    root: Zeroizing<[u8; 32]>,
    rng: Rng,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Seals a value for a column of the row `row`.
    pub fn seal(&self, column: Column, row: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.data, &self.rng, (column.label(), row), plain)
    }

    /// Opens a value.
    pub fn open(&self, column: Column, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open_with(&self.data, (column.label(), row), sealed)
    }

    /// Opens a value that is text.
    pub fn open_text(&self, column: Column, row: &[u8], sealed: &[u8]) -> Result<String, StoreError> {
        let plain = self.open(column, row, sealed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| StoreError::Sealed(column.label()))
    }

    /// The keyed index of a normalised value.
    pub fn index(&self, kind: Index, value: &str) -> [u8; 32] {
        mac(&self.index, kind.label(), value.as_bytes())
    }

    /// A key of the program's own for one purpose, the same on every node and for good.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.root, purpose, b"derived key"))
    }

    /// Proof that the program wrote a value for one purpose, which nobody can make with the database alone.
    pub(crate) fn mac(&self, purpose: &str, value: &[u8]) -> [u8; 32] {
        mac(&self.derive(purpose), purpose, value)
    }
}

fn mac(key: &[u8; 32], label: &str, value: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; 32]; // HMAC takes keys of any length
    };
    mac.update(label.as_bytes());
    mac.update(&[0]);
    mac.update(value);
    mac.finalize().into_bytes().into()
}

fn associated((label, row): (&str, &[u8])) -> Vec<u8> {
    [label.as_bytes(), &[0], row].concat()
}

fn seal(key: &Aes256Gcm, rng: &Rng, place: (&str, &[u8]), plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce = rng.bytes::<NONCE_BYTES>();
    let payload = Payload {
        msg: plain,
        aad: &associated(place),
    };
    let sealed = key
        .encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload)
        .map_err(|_| StoreError::Sealed("seal"))?;
    // The first byte says under which key the value is sealed, so that keys can be changed while rows stay.
    Ok([&[1_u8][..], &nonce, &sealed].concat())
}

fn open_with(
    key: &Aes256Gcm,
    place: (&'static str, &[u8]),
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let broken = StoreError::Sealed(place.0);
    let Some((&1, rest)) = sealed.split_first() else {
        return Err(broken);
    };
    let Some((nonce, body)) = rest.split_first_chunk::<NONCE_BYTES>() else {
        return Err(broken);
    };
    let payload = Payload {
        msg: body,
        aad: &associated(place),
    };
    key.decrypt(&Nonce::<Aes256Gcm>::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| broken)
}

/// Opens the keys, or makes them on the first start. Nodes that start together agree: the first insert wins.
pub(crate) async fn open(
    db: &DatabaseConnection,
    key: &KeyEncryptionKey,
    clock: &Clock,
    rng: &Rng,
) -> Result<Vault, StoreError> {
    let kek = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key.0));
    let mut keys = Vec::new();
    for name in [DATA_KEY, INDEX_KEY, ROOT_KEY] {
        keys.push(load_or_make(db, &kek, name, clock, rng).await?);
    }
    let [data, index, root] = <[_; 3]>::try_from(keys).map_err(|_| StoreError::Malformed("secret"))?;
    Ok(Vault {
        data: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*data)),
        index,
        root,
        rng: rng.clone(),
    })
}

async fn load_or_make(
    db: &DatabaseConnection,
    kek: &Aes256Gcm,
    name: &'static str,
    clock: &Clock,
    rng: &Rng,
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let place = ("secret", name.as_bytes());
    if secret::Entity::find_by_id(name).one(db).await?.is_none() {
        let fresh = Zeroizing::new(rng.bytes::<32>());
        let tx = db.begin().await?;
        let row = secret::ActiveModel {
            name: Set(name.to_owned()),
            sealed: Set(seal(kek, rng, place, fresh.as_slice())?),
            created_at: Set(clock.now()),
        };
        secret::Entity::insert(row)
            .on_conflict(OnConflict::column(secret::Column::Name).do_nothing().to_owned())
            .exec_without_returning(&tx)
            .await?;
        tx.commit().await?;
    }
    let row = secret::Entity::find_by_id(name)
        .one(db)
        .await?
        .ok_or(StoreError::Malformed("secret"))?;
    let plain = open_with(kek, place, &row.sealed)?;
    <[u8; 32]>::try_from(plain.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Malformed("secret"))
}
