//! What is refused of proofs of possession (RFC 9449 sections 5, 7 and 8), at whichever endpoint.

use super::faults;

/// One text for every fault of a proof.
const BAD_PROOF: &str = "the DPoP proof is not one for this request, or was used before";

faults! {
    /// Why a proof of possession is refused.
    DpopError {
        /// Two headers, or one that cannot be read.
        SeveralProofs => InvalidDpopProof, BAD_REQUEST, "send one DPoP header";
        /// The proof is not what it must be.
        ProofRefused => InvalidDpopProof, BAD_REQUEST, BAD_PROOF;
        /// The proof was used before.
        ProofReplayed => InvalidDpopProof, BAD_REQUEST, BAD_PROOF;
        /// There is no proof, and this client's tokens are bound to a key.
        ProofMissing => InvalidDpopProof, BAD_REQUEST, "this client has to send a DPoP proof";
        /// There is no nonce, and one is demanded.
        NonceMissing => UseDpopNonce, BAD_REQUEST, "use the nonce of the DPoP-Nonce header";
        /// The nonce is not one of ours, or old.
        NonceStale => UseDpopNonce, BAD_REQUEST, "use the nonce of the DPoP-Nonce header";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for DpopError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed while a proof of possession was noted");
        Self::StoreFailed
    }
}
