//! The ways in which a party that vouches for people can be wrong, by accident or on purpose.

/// One lie. What does not fit a party is told as the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// None.
    No,
    /// Comes back with somebody else's state.
    OtherState,
    /// Says on the way back that it is somebody else (RFC 9207).
    OtherIssuer,
    /// Does not say on the way back who it is, although its metadata say that it does.
    NoIssuer,
    /// The identity token is not an answer to this request.
    WrongNonce,
    /// It is for somebody else.
    WrongAudience,
    /// It is from somebody else.
    WrongIssuer,
    /// It is over.
    Expired,
    /// The person signed in long ago.
    OldSignIn,
    /// It is not signed.
    Unsigned,
    /// It is signed with a key that is not published.
    OtherKey,
    /// The user document is about somebody else than the token.
    OtherSubject,
    /// The payment app says that the customer is not certified.
    NotCertified,
}

impl Lie {
    /// All of them, with their words in forms.
    pub(super) const ALL: [(Self, &'static str); 13] = [
        (Self::No, "no"),
        (Self::OtherState, "other-state"),
        (Self::OtherIssuer, "other-issuer"),
        (Self::NoIssuer, "no-issuer"),
        (Self::WrongNonce, "wrong-nonce"),
        (Self::WrongAudience, "wrong-audience"),
        (Self::WrongIssuer, "wrong-issuer"),
        (Self::Expired, "expired"),
        (Self::OldSignIn, "old-sign-in"),
        (Self::Unsigned, "unsigned"),
        (Self::OtherKey, "other-key"),
        (Self::OtherSubject, "other-subject"),
        (Self::NotCertified, "not-certified"),
    ];

    /// Reads a word.
    pub(super) fn of(word: Option<&str>) -> Self {
        Self::ALL
            .into_iter()
            .find(|(_, own)| Some(*own) == word)
            .map_or(Self::No, |(lie, _)| lie)
    }
}
