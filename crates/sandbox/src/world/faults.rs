//! Faults that can be switched on per route, for a number of calls or until they are switched off.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::lock;

/// The delay of a slow route when none is given.
const DEFAULT_DELAY_MS: u64 = 3_000;

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Route {
    PopulationRegister,
    MobileOperator,
    BankCard,
    SocialSecurity,
    ProvidentFund,
    DrivingLicence,
    VehicleRegister,
    EnterpriseRegister,
    Sms,
    Smtp,
    /// The back-channel logout of every sub-site, and of one.
    BackchannelLogout,
    BackchannelLogoutHefei,
    BackchannelLogoutYichang,
    BackchannelLogoutNanning,
    /// The front-channel logout of every sub-site.
    FrontchannelLogout,
    /// The events that every sub-site is pushed.
    Events,
    /// The servers of the company that compares faces.
    FaceStart,
    FaceResult,
    /// Those of the payment app.
    PaymentToken,
    PaymentUser,
    /// Those of the bank's OpenID provider.
    BankMetadata,
    BankKeys,
    BankToken,
    BankUser,
    /// Those of the other province's OpenID provider.
    ProvinceMetadata,
    ProvinceKeys,
    ProvinceToken,
    ProvinceUser,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// It does not.
    None,
    /// It answers truly, but late.
    Slow,
    /// It takes the request and does not answer.
    Hang,
    /// It answers that it is out of service.
    Down,
    /// It fails.
    #[serde(rename = "500")]
    Broken,
    /// It sends its caller elsewhere.
    Redirect,
    /// It answers with something that is not the protocol.
    Garbage,
    /// It answers in the protocol with words that mean nothing.
    Wrong,
    /// It refuses its caller: balance, signature, allow-list.
    Refused,
    /// It has had enough questions for now.
    Quota,
    /// It answers well, with nothing.
    Empty,
    /// It begins to answer `match` and breaks off.
    Cut,
    /// It answers `match` and does not come to an end.
    Huge,
    /// It answers `match` and `mismatch` in one document.
    Twice,
}

/// A switch as it is set and shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    pub route: Route,
    pub fault: Fault,
    /// For how many calls; until it is switched off when absent.
    #[serde(default)]
    pub calls: Option<u32>,
    /// How slow.
    #[serde(default = "default_delay")]
    pub delay_ms: u64,
}

const fn default_delay() -> u64 {
    DEFAULT_DELAY_MS
}

impl Setting {
    /// Route and fault as they are written.
    pub(crate) fn words(&self) -> (String, String) {
        let word = |value: serde_json::Result<serde_json::Value>| {
            value
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        (
            word(serde_json::to_value(self.route)),
            word(serde_json::to_value(self.fault)),
        )
    }
}

/// All switches.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<BTreeMap<Route, Setting>>);

impl Faults {
    /// Sets a switch.
    pub(crate) fn set(&self, setting: Setting) {
        let mut all = lock(&self.0);
        if setting.fault == Fault::None || setting.calls == Some(0) {
            all.remove(&setting.route);
        } else {
            all.insert(setting.route, setting);
        }
    }

    /// The fault that this call meets; counts the call.
    pub(crate) fn take(&self, route: Route) -> Option<Setting> {
        let mut all = lock(&self.0);
        let setting = all.get_mut(&route)?;
        let met = setting.clone();
        if let Some(left) = &mut setting.calls {
            *left -= 1;
            if *left == 0 {
                all.remove(&route);
            }
        }
        Some(met)
    }

    /// What is switched on.
    pub(crate) fn list(&self) -> Vec<Setting> {
        lock(&self.0).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(fault: Fault, calls: Option<u32>) -> Setting {
        Setting {
            route: Route::Sms,
            fault,
            calls,
            delay_ms: 0,
        }
    }

    #[test]
    fn a_fault_for_two_calls_is_met_twice() {
        let faults = Faults::default();
        faults.set(setting(Fault::Down, Some(2)));
        assert_eq!(faults.take(Route::Sms).unwrap().fault, Fault::Down);
        assert!(faults.take(Route::Smtp).is_none());
        assert!(faults.take(Route::Sms).is_some());
        assert!(faults.take(Route::Sms).is_none());
    }

    #[test]
    fn a_fault_without_a_count_stays_until_it_is_switched_off() {
        let faults = Faults::default();
        faults.set(setting(Fault::Slow, None));
        assert!((0..100).all(|_| faults.take(Route::Sms).is_some()));
        faults.set(setting(Fault::None, None));
        assert!(faults.take(Route::Sms).is_none());
    }
}
