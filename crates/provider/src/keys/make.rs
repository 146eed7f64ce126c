//! Keys are made on threads of their own, because an RSA key takes long.

use jose::key::{KeyError, PrivateKey};
use model::client::SigningAlg;
use store::Store;
use tokio::sync::oneshot;

use super::KeysError;

/// Makes keys, all at the same time.
pub(super) async fn make(
    store: &Store,
    algs: impl IntoIterator<Item = SigningAlg>,
) -> Result<Vec<PrivateKey>, KeysError> {
    let begin = |alg| begin_to_make(store.clone(), alg);
    let under_way = algs.into_iter().map(begin).collect::<Result<Vec<_>, _>>()?;
    let mut keys = Vec::new();
    for key in under_way {
        keys.push(key.await.map_err(|_| KeysError::NoThread)??);
    }
    Ok(keys)
}

fn begin_to_make(
    store: Store,
    alg: SigningAlg,
) -> Result<oneshot::Receiver<Result<PrivateKey, KeyError>>, KeysError> {
    let (send, receive) = oneshot::channel();
    let work = move || {
        // Nobody waits any more when the node is being stopped.
        let _ = send.send(generate(&store, alg));
    };
    std::thread::Builder::new()
        .name("key-maker".to_owned())
        .spawn(work)
        .map_err(|_| KeysError::NoThread)?;
    Ok(receive)
}

#[cfg(not(test))]
fn generate(_: &Store, alg: SigningAlg) -> Result<PrivateKey, KeyError> {
    PrivateKey::generate(alg)
}

#[cfg(test)]
use crate::testing::generate;
