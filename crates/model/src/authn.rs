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

    /// How strong the sign-in was. Two factors count as two only when they are of different kinds.
    pub fn strength(&self) -> Strength {
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
        let mut amr: Vec<_> = self
            .iter()
            .map(|method| match method {
                Method::Password => "pwd",
                Method::Sms => "sms",
                Method::Totp => "otp",
                Method::Passkey => "hwk",
                Method::Certificate => "sc",
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
    fn amr_names_the_methods_and_says_mfa_only_when_true() {
        assert_eq!(
            Methods::new([Method::Sms, Method::Password]).amr(),
            ["pwd", "sms", "mfa"]
        );
        assert_eq!(Methods::new([Method::Password, Method::Password]).amr(), ["pwd"]);
    }
}
