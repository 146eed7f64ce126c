//! Dates and times as people in the three languages write them. The time zone is a fixed offset of the province.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, Timelike as _, Utc};
use model::language::Language;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment: `2026年5月4日 09:30`, `4 May 2026, 09:30`, `09:30, 4/5/2026`.
pub fn moment(language: Language, at: DateTime<Utc>, zone: FixedOffset) -> String {
    let local = at.with_timezone(&zone);
    let (hour, minute) = (local.hour(), local.minute());
    let day = date(language, local.date_naive());
    match language {
        Language::ZhCn => format!("{day} {hour:02}:{minute:02}"),
        Language::En => format!("{day}, {hour:02}:{minute:02}"),
        Language::Vi => format!("{hour:02}:{minute:02}, {day}"),
    }
}

/// A day: `2026年5月4日`, `4 May 2026`, `4/5/2026`.
pub fn date(language: Language, day: NaiveDate) -> String {
    let (year, month, of_month) = (day.year(), day.month(), day.day());
    match language {
        Language::ZhCn => format!("{year}年{month}月{of_month}日"),
        Language::En => {
            let index = usize::try_from(day.month0()).unwrap_or_default();
            format!(
                "{of_month} {} {year}",
                MONTHS.get(index).copied().unwrap_or_default()
            )
        }
        Language::Vi => format!("{of_month}/{month}/{year}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_naturally_in_each_language_and_in_the_provinces_time() {
        let at = DateTime::parse_from_rfc3339("2026-05-04T01:30:59Z")
            .unwrap()
            .with_timezone(&Utc);
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        assert_eq!(moment(Language::ZhCn, at, zone), "2026年5月4日 09:30");
        assert_eq!(moment(Language::En, at, zone), "4 May 2026, 09:30");
        assert_eq!(moment(Language::Vi, at, zone), "09:30, 4/5/2026");
    }

    #[test]
    fn a_day_changes_at_the_provinces_midnight() {
        let at = DateTime::parse_from_rfc3339("2026-12-31T16:00:00Z")
            .unwrap()
            .with_timezone(&Utc);
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        assert_eq!(moment(Language::En, at, zone), "1 January 2027, 00:00");
    }
}
