//! Hashes and verifies passwords: argon2id (RFC 9106) in PHC strings, away from the threads that answer requests.
//!
//! A hash costs about 19 MiB and tens of milliseconds, so it is rationed: as many at a time as there are cores, 64
//! waiting, two seconds of waiting at most, then [`HashingError::Busy`], which pages answer with 429. Memory is
//! therefore bounded whatever arrives (A301). The permit moves into the hashing thread, so that a caller who goes
//! away does not free a slot that is still at work.
//!
//! What this does not do: it does not count wrong passwords; captcha and throttles come before it.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use model::rng::Rng;
use subtle::ConstantTimeEq as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Password;
use super::threads::{Memory, Threads};

/// The bytes of a salt (RFC 9106 section 3.1 recommends 16).
const SALT_BYTES: usize = 16;
/// The bytes of a hash.
const HASH_BYTES: usize = 32;
/// The most hashes at a time; each is a thread with its memory.
const PERMITS_MAX: usize = 256;
/// The longest PHC string that is read.
const PHC_BYTES_MAX: usize = 512;

/// How passwords are hashed and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingSettings {
    /// Memory for one hash in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at a time.
    pub permits: usize,
    /// Callers that may wait for their turn.
    pub queue: usize,
    /// How long they wait.
    pub wait: Duration,
}

impl Default for HashingSettings {
    /// OWASP's choice for argon2id (19 MiB, two passes, one lane), and one hash a core.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
            permits: std::thread::available_parallelism().map_or(1, NonZero::get),
            queue: 64,
            wait: Duration::from_secs(2),
        }
    }
}

impl HashingSettings {
    /// The cheapest parameters that argon2 accepts. For tests only: they protect nothing.
    pub const fn cheap_for_tests() -> Self {
        Self {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
            permits: 2,
            queue: 64,
            wait: Duration::from_secs(30),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many passwords at once; the caller should answer "try again shortly" (429).
    #[error("too many passwords are being checked")]
    Busy,
    /// The parameters of the configuration are impossible.
    #[error("the parameters for hashing passwords are impossible: {0}")]
    Settings(argon2::Error),
    /// argon2 refused, or what is stored is not a hash of ours.
    #[error("a password could not be hashed or compared: {0}")]
    Argon2(password_hash::Error),
    /// The thread that hashed did not come back.
    #[error("the thread that hashes passwords failed")]
    Thread,
    /// The threads that hash could not be started.
    #[error("no threads to hash passwords on")]
    NoThread(#[source] std::io::Error),
}

/// A hash as it is stored: a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword(String);

impl StoredPassword {
    /// Takes over what the database holds. Whether it is a hash of ours shows when it is compared.
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword(…)")
    }
}

/// What comparing a password gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right one, hashed with today's parameters.
    Right,
    /// The right one, hashed with older parameters: hash it again and store that.
    RightButOld,
    /// The wrong one, or nobody to compare with.
    Wrong,
}

impl Verdict {
    /// Whether the password was right.
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::RightButOld)
    }
}

/// The service; clones share one queue.
#[derive(Clone)]
pub struct Hashing(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    params: Params,
    decoy: StoredPassword,
    rng: Rng,
    slots: Arc<Semaphore>,
    threads: Threads,
    waiting: Semaphore,
    wait: Duration,
    #[cfg(test)]
    turns: std::sync::atomic::AtomicUsize,
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing")
            .field("params", &self.0.params)
            .finish_non_exhaustive()
    }
}

impl Hashing {
    /// Starts the service. Makes one hash on the calling thread: the decoy.
    pub fn new(settings: HashingSettings, rng: Rng) -> Result<Self, HashingError> {
        let params = Params::new(
            settings.memory_kib,
            settings.passes,
            settings.lanes,
            Some(HASH_BYTES),
        )
        .map_err(HashingError::Settings)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let permits = settings.permits.clamp(1, PERMITS_MAX);
        // A password that nobody can type: random bytes, thrown away.
        let nobody = Zeroizing::new(rng.bytes::<32>());
        let decoy = make(&argon2, nobody.as_slice(), &rng.bytes(), &mut Memory::new())?;
        Ok(Self(Arc::new(Inner {
            argon2,
            params,
            decoy,
            rng,
            slots: Arc::new(Semaphore::new(permits)),
            threads: Threads::start(permits).map_err(HashingError::NoThread)?,
            waiting: Semaphore::new(settings.queue.min(Semaphore::MAX_PERMITS)),
            wait: settings.wait,
            #[cfg(test)]
            turns: std::sync::atomic::AtomicUsize::new(0),
        })))
    }

    /// Hashes a password that was chosen.
    pub async fn hash(&self, password: &Password) -> Result<StoredPassword, HashingError> {
        let (inner, password) = (Arc::clone(&self.0), password.clone());
        self.in_turn(move |memory| {
            make(
                &inner.argon2,
                password.expose().as_bytes(),
                &inner.rng.bytes(),
                memory,
            )
        })
        .await
    }

    /// Compares a password with what is stored. `None` stands for an account that does not exist, or has no
    /// password: the same work is done on a decoy, so that the time tells nothing.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&StoredPassword>,
    ) -> Result<Verdict, HashingError> {
        let inner = Arc::clone(&self.0);
        let (password, known, stored) = (
            password.clone(),
            stored.is_some(),
            stored.unwrap_or(&self.0.decoy).clone(),
        );
        self.in_turn(move |memory| inner.compare(&password, &stored, known, memory))
            .await
    }

    /// Whether what is stored was made with other parameters than today's.
    pub fn needs_rehash(&self, stored: &StoredPassword) -> bool {
        read(stored).map_or(true, |hash| self.0.is_old(&hash))
    }

    /// How many more callers could be hashing now; for health and metrics.
    pub fn free_slots(&self) -> usize {
        self.0.slots.available_permits()
    }

    /// How many passwords were hashed or compared so far.
    #[cfg(test)]
    pub(crate) fn turns(&self) -> usize {
        self.0.turns.load(std::sync::atomic::Ordering::SeqCst)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let permit = self.turn().await?;
        #[cfg(test)]
        self.0.turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let done = self.0.threads.run(move |memory| {
            let result = work(memory);
            drop(permit);
            result
        });
        done.await.ok_or(HashingError::Thread)?
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        if let Ok(permit) = Arc::clone(&self.0.slots).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.0.waiting.try_acquire().map_err(|_| HashingError::Busy)?;
        match timeout(self.0.wait, Arc::clone(&self.0.slots).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed; a time-out is the only way here.
            Ok(Err(_)) | Err(_) => Err(HashingError::Busy),
        }
    }
}

impl Inner {
    fn compare(
        &self,
        password: &Password,
        stored: &StoredPassword,
        known: bool,
        memory: &mut Memory,
    ) -> Result<Verdict, HashingError> {
        let hash = read(stored)?;
        if !is_right(password.expose().as_bytes(), &hash, memory).map_err(HashingError::Argon2)? || !known {
            return Ok(Verdict::Wrong);
        }
        Ok(if self.is_old(&hash) {
            Verdict::RightButOld
        } else {
            Verdict::Right
        })
    }

    fn is_old(&self, hash: &PasswordHash) -> bool {
        let params = Params::try_from(hash);
        let same_algorithm =
            hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(u32::from(Version::V0x13));
        !(same_algorithm && params.is_ok_and(|params| params == self.params))
    }
}

fn make(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8; SALT_BYTES],
    memory: &mut Memory,
) -> Result<StoredPassword, HashingError> {
    let hash = derive(argon2, password, (salt, HASH_BYTES), memory).and_then(|output| {
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(argon2.params())?,
            salt: Some(Salt::new(salt)?),
            hash: Some(output),
        })
    });
    Ok(StoredPassword(hash.map_err(HashingError::Argon2)?.to_string()))
}

/// Whether a password is the one that a hash was made from, whatever parameters it was made with.
fn is_right(password: &[u8], hash: &PasswordHash, memory: &mut Memory) -> password_hash::Result<bool> {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(password_hash::Error::EncodingInvalid);
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from)?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
    let output = derive(&argon2, password, (salt.as_ref(), expected.len()), memory)?;
    Ok(output.as_ref().ct_eq(expected.as_ref()).into())
}

/// The hash itself, in memory that is used again and again.
fn derive(
    argon2: &Argon2<'_>,
    password: &[u8],
    (salt, length): (&[u8], usize),
    memory: &mut Memory,
) -> password_hash::Result<Output> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut buffer = [0_u8; Output::MAX_LENGTH];
    let out = buffer.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    let blocks = memory.get_mut(..blocks).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, out, blocks)?;
    Ok(Output::new(out)?)
}

fn read(stored: &StoredPassword) -> Result<PasswordHash, HashingError> {
    if stored.0.len() > PHC_BYTES_MAX {
        return Err(HashingError::Argon2(password_hash::Error::EncodingInvalid));
    }
    PasswordHash::new(&stored.0).map_err(|error| HashingError::Argon2(error.into()))
}

#[cfg(test)]
mod tests;
