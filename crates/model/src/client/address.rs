//! Which addresses can be registered (RFC 6749 section 3.1.2, RFC 9700 section 4.1).

use url::Url;

/// Whether an address is fit to be registered as a place to send browsers to.
pub fn check_redirect_uri(uri: &str, production: bool) -> Result<(), &'static str> {
    if uri.len() > 500 {
        return Err("is longer than 500 characters");
    }
    if uri.chars().any(|c| !c.is_ascii_graphic() || c == '\\') {
        return Err("has characters that do not belong into an address");
    }
    let parsed = Url::parse(uri).map_err(|_| "is not an absolute address")?;
    if parsed.as_str() != uri && parsed.as_str() != format!("{uri}/") {
        return Err("is not in its normal form");
    }
    if parsed.fragment().is_some() {
        return Err("has a fragment");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("has user information");
    }
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => {
            if name.split('.').any(|label| label.starts_with("xn--")) {
                return Err("has an internationalised host name; register the plain one");
            }
            if !has_plain_host(&parsed) {
                return Err("has a host name of other characters than a-z, 0-9, points and hyphens");
            }
            name == "localhost"
        }
        None => return Err("has no host"),
    };
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if loopback || !production => Ok(()),
        "http" => Err("must be https"),
        _ => Err("must be http or https"),
    }
}

/// Whether the host of an address is an IP literal or a name of letters, digits, points and hyphens. Addresses may have
/// `;`, `,`, `*` and quotes in the names of hosts, and the policies of our pages, in which origins are written, have
/// other uses for those (A158, A161).
pub fn has_plain_host(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Domain(name)) => {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
            !name.is_empty() && name.bytes().all(plain)
        }
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Whether FAPI 2.0 Security Profile (section 5.3.2.2) lets a browser carry an answer there: by https, or by http to a
/// loopback address, whose traffic leaves no machine (RFC 8252 section 7.3). `localhost` is a name, and names can be
/// resolved to anything (RFC 8252 section 8.3).
pub fn is_redirect_uri_of_fapi(uri: &str) -> bool {
    let Ok(parsed) = Url::parse(uri) else {
        return false;
    };
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    };
    match parsed.scheme() {
        "https" => true,
        "http" => loopback,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fapi_redirects_by_https_or_to_a_loopback_address() {
        for good in [
            "https://a.example/cb",
            "http://127.0.0.1:8101/callback",
            "http://[::1]/callback",
        ] {
            assert!(is_redirect_uri_of_fapi(good), "{good}");
        }
        for bad in [
            "http://a.example/cb",
            "http://localhost/cb",
            "http://127.0.0.1.example/cb",
            "http://10.0.0.1/cb",
            "http://[fe80::1]/cb",
            "ftp://127.0.0.1/cb",
            "httpsx://a.example/cb",
            "/cb",
            "",
        ] {
            assert!(!is_redirect_uri_of_fapi(bad), "{bad}");
        }
    }

    #[test]
    fn attack_013_only_web_addresses_can_be_registered() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "https://a.example/cb#x",
            "https://user@a.example/cb",
            "https://a.example\\cb",
            "https://a.example/cb\n",
            "/cb",
            "https://",
            "http://site.example/cb",
        ] {
            assert!(check_redirect_uri(bad, true).is_err(), "{bad:?}");
        }
        for good in [
            "https://a.example/cb",
            "https://a.example/cb?x=1",
            "http://127.0.0.1:8101/callback",
        ] {
            assert_eq!(check_redirect_uri(good, true), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn attack_014_015_look_alikes_and_odd_hosts_are_refused() {
        for bad in [
            "https://xn--80ak6aa92e.example/cb",
            "https://аpple.example/cb",
            "https://a。example/cb",
            "https://2130706433/cb",
            "https://0x7f.1/cb",
            "https://[fe80::1%25eth0]/cb",
            "https://A.example/cb",
            "https://a.example/x/../cb",
        ] {
            assert!(check_redirect_uri(bad, true).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn attack_158_161_a_host_that_could_write_into_a_policy_is_refused() {
        for bad in [
            "https://!;sandbox/",
            "https://a;sandbox.example/cb",
            "https://a,b.example/cb",
            "https://*.example/cb",
            "https://*/cb",
            "https://'self'/cb",
            "https://a.example;form-action/",
            "https://a_b.example/cb",
            "https://$.example/cb",
            "https://a~.example/",
        ] {
            for production in [true, false] {
                assert!(check_redirect_uri(bad, production).is_err(), "{bad:?}");
            }
        }
        for good in [
            "https://a-1.example:8443/cb;x=1,2",
            "https://[2001:db8::1]/cb",
            "https://192.0.2.1/",
        ] {
            assert_eq!(check_redirect_uri(good, true), Ok(()), "{good:?}");
        }
    }
}
