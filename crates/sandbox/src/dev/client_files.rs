//! The files of the sub-sites and of the records office for `clients.d/`.

use crate::City;
use crate::config::{RecordsConfig, SiteConfig, SiteProfile};

/// A sub-site's file. `resource` is what it may ask tokens for.
pub fn sub_site_file(site: &SiteConfig, base_url: &str, resource: &str) -> String {
    let (sector, zh, en, vi) = match site.city {
        City::Hefei => ("hefei", "合肥", "Hefei", "Hợp Phì"),
        City::Yichang => ("yichang", "宜昌", "Yichang", "Nghi Xương"),
        City::Nanning => ("nanning", "南宁", "Nanning", "Nam Ninh"),
    };
    let (client_id, auth_method) = (&site.client_id, site.auth_method.word());
    let credential = if site.public_keys().is_some() {
        String::new()
    } else {
        format!("secret_file = \"{client_id}.secret\"\n")
    };
    let rules = rules(site, base_url);
    let keys = keys(site);
    format!(
        r#"client_id = "{client_id}"
name = {{ zh-CN = "{zh}政务服务", en = "{en} City Services", vi = "Dịch vụ công {vi}" }}
agency = {{ zh-CN = "{zh}市政务服务管理局（示例）", en = "{en} City Services Bureau (example)", vi = "Cục Dịch vụ công {vi} (ví dụ)" }}
sector = "{sector}"
redirect_uris = ["{base_url}/callback"]
post_logout_redirect_uris = ["{base_url}/signed-out"]
home_uri = "{base_url}/"
auth_method = "{auth_method}"
{credential}scopes = ["openid", "assurance", "seals", "real_name", "phone"]
grant_types = ["authorization_code", "refresh_token"]
# The records office, whose API the site calls with the resident's token (RFC 8707).
resources = ["{resource}"]
{rules}
[purpose]
assurance = {{ zh-CN = "判断您可以办理哪些事项", en = "to know which services you may use", vi = "để biết bạn được dùng dịch vụ nào" }}
seals = {{ zh-CN = "显示您的身份是何时、由谁核验的", en = "to show when and by whom your identity was confirmed", vi = "để cho biết danh tính được xác minh khi nào, bởi ai" }}
real_name = {{ zh-CN = "在页面和办件中称呼您", en = "to address you and to fill in applications", vi = "để xưng hô và điền hồ sơ" }}
phone = {{ zh-CN = "通知您办理进度", en = "to tell you how your application is going", vi = "để báo tiến độ hồ sơ" }}
{keys}"#
    )
}

/// What tells the three sites apart: how they are told that a sign-in ended, what their tokens look like, and that the
/// third follows FAPI 2.0.
fn rules(site: &SiteConfig, base_url: &str) -> String {
    let back = format!("backchannel_logout_uri = \"{base_url}/backchannel-logout\"\n");
    let front = format!("frontchannel_logout_uri = \"{base_url}/frontchannel-logout\"\n");
    let own = match site.city {
        City::Yichang => format!("access_token_format = \"opaque\"\n{back}{front}"),
        City::Hefei | City::Nanning => format!("access_token_format = \"jwt\"\n{back}"),
    };
    let profile = match site.profile {
        SiteProfile::Oidc => "",
        SiteProfile::Fapi2 => {
            "profile = \"fapi2-security\"\nrequire_pushed_authorization_requests = true\n\
             dpop_bound_access_tokens = true\n"
        }
    };
    // Whoever relies on levels wants to hear at once when one falls.
    format!("{own}events_uri = \"{base_url}/events\"\n{profile}")
}

fn keys(site: &SiteConfig) -> String {
    let Some(set) = site.public_keys() else {
        return String::new();
    };
    let mut text = "\n[[jwks.keys]]\n".to_owned();
    let key = set.get("keys").and_then(|keys| keys.get(0));
    for (name, value) in key.and_then(serde_json::Value::as_object).into_iter().flatten() {
        text.extend([name.as_str(), " = ", &value.to_string(), "\n"]);
    }
    text
}

/// The records office's file: it signs nobody in, and asks what opaque tokens mean (RFC 7662).
pub fn records_office_file(office: &RecordsConfig, resource: &str) -> String {
    let client_id = &office.client_id;
    let base_url = resource.trim_end_matches("/api");
    format!(
        r#"client_id = "{client_id}"
name = {{ zh-CN = "省档案平台（示例）", en = "Provincial Records Office (example)", vi = "Cơ quan Lưu trữ tỉnh (ví dụ)" }}
agency = {{ zh-CN = "省档案局（示例）", en = "Provincial Archives (example)", vi = "Cục Lưu trữ tỉnh (ví dụ)" }}
sector = "records"
redirect_uris = ["{base_url}/nobody-signs-in-here"]
auth_method = "client_secret_basic"
secret_file = "{client_id}.secret"
scopes = ["openid"]
serves_resources = ["{resource}"]
"#
    )
}
