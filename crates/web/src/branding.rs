//! How a province presents the service: its names, its help contact, its time zone. From the configuration.

use chrono::FixedOffset;
use model::language::LocalizedText;
use serde::Deserialize;

/// The `branding` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Branding {
    /// The name of the service, in the header of every page.
    pub service_name: LocalizedText,
    /// The agency that is responsible for it, in the footer.
    pub agency: LocalizedText,
    /// The telephone number of the help desk.
    pub help_phone: Option<String>,
    /// The address of a page with help (https).
    pub help_link: Option<String>,
    /// The province's time, in minutes east of UTC.
    pub time_zone_offset_minutes: i32,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            service_name: LocalizedText::new("统一身份认证", "Unified Sign-in", "Đăng nhập thống nhất"),
            agency: LocalizedText::new(
                "省政务服务管理办公室",
                "Provincial Government Services Office",
                "Văn phòng Dịch vụ công tỉnh",
            ),
            help_phone: Some("12345".to_owned()),
            help_link: None,
            time_zone_offset_minutes: 8 * 60,
        }
    }
}

impl Branding {
    /// The province's time zone; China's when the configured offset is not one.
    pub fn zone(&self) -> FixedOffset {
        self.time_zone_offset_minutes
            .checked_mul(60)
            .and_then(FixedOffset::east_opt)
            .or_else(|| FixedOffset::east_opt(8 * 3600))
            .unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
    }

    /// What is wrong with the section, each with its key.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self
            .service_name
            .texts()
            .iter()
            .any(|text| text.trim().is_empty())
        {
            faults.push(("branding.service_name", "is empty in a language"));
        }
        if self.agency.texts().iter().any(|text| text.trim().is_empty()) {
            faults.push(("branding.agency", "is empty in a language"));
        }
        if self
            .help_link
            .as_ref()
            .is_some_and(|link| !link.starts_with("https://"))
        {
            faults.push(("branding.help_link", "does not start with https://"));
        }
        if self.time_zone_offset_minutes.unsigned_abs() >= 24 * 60 {
            faults.push((
                "branding.time_zone_offset_minutes",
                "is not between -1439 and 1439",
            ));
        }
        faults
    }
}
