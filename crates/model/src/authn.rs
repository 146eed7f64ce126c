//! How a sign-in was done, and how strong that is (`amr` of RFC 8176, strengths A1 to A4 of the product).

use serde::{Deserialize, Serialize};

/// One way in which a person proved to be the account's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A password.
    Password,
    /// A code sent by SMS to the proven phone.
    Sms,
    /// A code of an authenticator application.
    Totp,
    /// A passkey that verified its user.
    Passkey,
    /// A certificate on hardware, opened with a PIN.
    Certificate,
    /// A phone that was signed in and let this device in. Beside it stand the methods of the phone's own sign-in.
    Scan,
}

/// How strong a sign-in is, 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Strength {
    /// One factor.
    A1,
    /// Two factors of different kinds.
    A2,
    /// Two factors, one of them a user-verifying passkey or equal to it.
    A3,
    /// A key in hardware with a PIN.
    A4,
}

impl Strength {
    /// All strengths, weakest first.
    pub const ALL: [Self; 4] = [Self::A1, Self::A2, Self::A3, Self::A4];

    /// The number that claims carry.
    pub const fn number(self) -> u8 {
        match self {
            Self::A1 => 1,
            Self::A2 => 2,
            Self::A3 => 3,
            Self::A4 => 4,
        }
    }
}

impl TryFrom<u8> for Strength {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|strength| strength.number() == number)
            .ok_or_else(|| format!("{number} is not a strength from 1 to 4"))
    }
}

impl From<Strength> for u8 {
    fn from(strength: Strength) -> Self {
        strength.number()
    }
}

/// The methods used in one sign-in, each once, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(Vec<Method>);

impl Methods {
    /// A set of methods.
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        let mut methods: Vec<_> = methods.into_iter().collect();
        methods.sort_unstable();
        methods.dedup();
        Self(methods)
    }

    /// Whether a method was used.
    pub fn contains(&self, method: Method) -> bool {
        self.0.contains(&method)
    }

    /// The methods in order.
    pub fn iter(&self) -> impl Iterator<Item = Method> + '_ {
        self.0.iter().copied()
    }

    /// The methods and one more, given in this browser. A passkey or a certificate of its own makes up for having come by
    /// scanning.
    #[must_use]
    pub fn with(&self, method: Method) -> Self {
        let local = matches!(method, Method::Passkey | Method::Certificate);
        let foreign = |one: &Method| {
            self.contains(Method::Scan) && matches!(one, Method::Scan | Method::Passkey | Method::Certificate)
        };
        let kept = self.iter().filter(|one| !(local && foreign(one)));
        Self::new(kept.chain([method]))
    }

    /// How strong the sign-in was. Two factors count as two only when they are of different kinds. What came by scanning
    /// is A2 at most: whoever is talked into scanning a stranger's code is not protected by the phone's passkey.
    pub fn strength(&self) -> Strength {
        if self.contains(Method::Scan) {
            return self.own_strength().min(Strength::A2);
        }
        self.own_strength()
    }

    fn own_strength(&self) -> Strength {
        let knows = self.contains(Method::Password);
        let has = self.contains(Method::Sms) || self.contains(Method::Totp);
        if self.contains(Method::Certificate) {
            Strength::A4
        } else if self.contains(Method::Passkey) {
            Strength::A3
        } else if knows && has {
            Strength::A2
        } else {
            Strength::A1
        }
    }

    /// The `amr` claim: values of the RFC 8176 registry, and `mfa` where the factors differ in kind.
    pub fn amr(&self) -> Vec<&'static str> {
        // What the phone was signed in with says nothing about a key on this device.
        let by_scan = self.contains(Method::Scan);
        let told = |method: &Method| !(by_scan && matches!(method, Method::Passkey | Method::Certificate));
        let mut amr: Vec<_> = self
            .iter()
            .filter(told)
            .map(|method| match method {
                Method::Password => "pwd",
                Method::Sms => "sms",
                Method::Totp => "otp",
                Method::Passkey => "hwk",
                Method::Certificate => "sc",
                Method::Scan => "mca",
            })
            .collect();
        if self.strength() >= Strength::A2 {
            amr.push("mfa");
        }
        amr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_counts_kinds_not_pieces() {
        assert_eq!(Methods::new([Method::Password]).strength(), Strength::A1);
        assert_eq!(Methods::new([Method::Sms, Method::Totp]).strength(), Strength::A1);
        assert_eq!(
            Methods::new([Method::Sms, Method::Password]).strength(),
            Strength::A2
        );
        assert_eq!(Methods::new([Method::Passkey]).strength(), Strength::A3);
        assert_eq!(Methods::new([Method::Certificate]).strength(), Strength::A4);
    }

    #[test]
    fn what_came_by_scanning_is_a2_at_most_and_names_no_key() {
        let by_passkey = Methods::new([Method::Passkey, Method::Scan]);
        assert_eq!(by_passkey.strength(), Strength::A2);
        assert_eq!(by_passkey.amr(), ["mca", "mfa"]);
        let by_password = Methods::new([Method::Password, Method::Scan]);
        assert_eq!(by_password.strength(), Strength::A1);
        assert_eq!(by_password.amr(), ["pwd", "mca"]);
        // A passkey of the device itself counts in full.
        assert_eq!(by_passkey.with(Method::Passkey), Methods::new([Method::Passkey]));
        assert_eq!(by_password.with(Method::Passkey).strength(), Strength::A3);
        assert_eq!(by_password.with(Method::Totp).strength(), Strength::A2);
    }

    #[test]
    fn amr_names_the_methods_and_says_mfa_only_when_true() {
        assert_eq!(
            Methods::new([Method::Sms, Method::Password]).amr(),
            ["pwd", "sms", "mfa"]
        );
        assert_eq!(Methods::new([Method::Password, Method::Password]).amr(), ["pwd"]);
    }
}
