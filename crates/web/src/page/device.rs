//! What kind of browser this is, from a closed list: for the list of sign-ins, never for decisions.

/// A browser and its system, as far as the `User-Agent` lets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// The browser's name, or `Browser`.
    pub browser: &'static str,
    /// The system's name, or an empty text.
    pub system: &'static str,
}

/// How much of the header is looked at, in bytes.
const USER_AGENT_BYTES: usize = 512;

const BROWSERS: [(&str, &str); 9] = [
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl Device {
    /// Reads a `User-Agent`.
    pub fn of(user_agent: &str) -> Self {
        let head = user_agent.get(..USER_AGENT_BYTES).unwrap_or(user_agent);
        let find = |list: &[(&str, &'static str)]| {
            list.iter()
                .find_map(|(mark, name)| head.contains(mark).then_some(*name))
        };
        Self {
            browser: find(&BROWSERS).unwrap_or("Browser"),
            system: find(&SYSTEMS).unwrap_or_default(),
        }
    }

    /// `Chrome, Windows`.
    pub fn label(self) -> String {
        if self.system.is_empty() {
            self.browser.to_owned()
        } else {
            format!("{}, {}", self.browser, self.system)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_named_and_nothing_of_the_header_is_repeated() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0";
        assert_eq!(Device::of(edge).label(), "Edge, Windows");
        assert_eq!(Device::of("<script>\u{1b}[31m").label(), "Browser");
        assert_eq!(Device::of("").label(), "Browser");
    }
}
