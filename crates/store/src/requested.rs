//! What was asked for one by one with the `claims` parameter, as codes and tokens keep it: single claims (OpenID Connect
//! Core 5.5), and verified ones with what is wanted of their verification (OpenID Connect for Identity Assurance 1.0).
//!
//! The provider reads the parameter and decides; here is only the shape in which its reading is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Claims asked for one by one, as far as they were permitted. Names that the provider does not know may be in it and
/// release nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaims {
    /// For the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, RequestedClaim>,
    /// For the userinfo endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, RequestedClaim>,
    /// `verified_claims` for the ID token.
    #[serde(default, skip_serializing_if = "RequestedVerified::is_empty")]
    pub verified_id_token: RequestedVerified,
    /// `verified_claims` for the userinfo endpoint.
    #[serde(default, skip_serializing_if = "RequestedVerified::is_empty")]
    pub verified_userinfo: RequestedVerified,
}

/// How one claim was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaim {
    /// Whether the sub-site says that it cannot do without.
    #[serde(default)]
    pub essential: bool,
    /// The only values that are of use to the sub-site (`value`, `values`); any when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl RequestedClaim {
    /// Whether a value is one that was asked for.
    pub fn takes(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

/// `verified_claims` as it was asked for in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedVerified {
    /// Whether it came as a list, and is answered as one.
    #[serde(default)]
    pub listed: bool,
    /// The elements.
    pub elements: Vec<VerifiedElement>,
}

impl RequestedVerified {
    /// Whether nothing is asked for.
    pub const fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }
}

/// One element of `verified_claims` as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedElement {
    /// What is wanted of the verification.
    pub verification: Wish,
    /// The claims, by name.
    #[serde(default)]
    pub claims: BTreeMap<String, Limits>,
}

/// What is wanted of one member of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// A value, within limits.
    Value(Limits),
    /// These members of an object, and no others.
    Members(BTreeMap<String, Self>),
    /// Entries of a list that are as one of these.
    Entries(Vec<Self>),
}

/// The limits within which a value is of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The only values that will do; any when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// For a date: how many seconds ago it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

impl Wish {
    /// Whether anything in it must hold, so that a verification which lacks it is no answer.
    pub fn is_strict(&self) -> bool {
        match self {
            Self::Value(limits) => !limits.values.is_empty() || limits.max_age.is_some(),
            Self::Members(members) => members.values().any(Self::is_strict),
            Self::Entries(entries) => entries.iter().any(Self::is_strict),
        }
    }
}
