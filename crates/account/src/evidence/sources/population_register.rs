//! The population register: name and citizen ID number agree (`pop_2f`); with the dates printed on the identity card
//! as well, it is known that the person holds the card or has seen it (`doc_valid`).

use chrono::NaiveDate;
use model::evidence::Details;
use model::language::Language;
use store::cases::Factors;

use crate::evidence::port::{Definition, Field, FormRoad, Misfit, Road, Shape};
use crate::evidence::{fields, http};

/// The word for a card that does not expire.
const LONG_TERM: &str = "long_term";
const ISSUED: &str = "document_issued_on";
const EXPIRES: &str = "document_expires_on";

/// The source.
pub static SOURCE: Definition = Definition {
    id: "population_register",
    road: Road::Form(FormRoad {
        types_identity: true,
        together,
        details,
        ..FormRoad::asking(&[
            Field::new(ISSUED, Shape::Day, issued_on).optional(),
            Field::new(EXPIRES, Shape::Day, expires_on).optional(),
        ])
    }),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

fn issued_on(typed: &str) -> Result<String, &'static str> {
    fields::day(typed)
        .map(|day| day.to_string())
        .ok_or("source-population-register-day")
}

fn expires_on(typed: &str) -> Result<String, &'static str> {
    let words = typed.trim().to_lowercase();
    if matches!(
        words.as_str(),
        "长期" | "長期" | "long term" | "long-term" | "long_term" | "dài hạn" | "không thời hạn"
    ) {
        return Ok(LONG_TERM.to_owned());
    }
    fields::day(typed)
        .map(|day| day.to_string())
        .ok_or("source-population-register-until")
}

fn together(typed: &Factors, today: NaiveDate) -> Result<(), Misfit> {
    let (issued, expires) = match (typed.get(ISSUED), typed.get(EXPIRES)) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err((ISSUED, "source-population-register-both")),
        (Some(_), None) => return Err((EXPIRES, "source-population-register-both")),
        (Some(issued), Some(expires)) => (issued, expires),
    };
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let Some(issued) = day(issued).filter(|issued| *issued <= today) else {
        return Err((ISSUED, "source-population-register-future"));
    };
    match day(expires) {
        Some(expires) if expires <= issued => Err((EXPIRES, "source-population-register-order")),
        Some(expires) if expires < today => Err((EXPIRES, "source-population-register-expired")),
        _ => Ok(()),
    }
}

fn details(typed: &Factors) -> Details {
    let Some(expires) = typed.get(EXPIRES) else {
        return Details::default();
    };
    Details {
        document: Some("idcard".to_owned()),
        document_expires: expires.parse().ok(),
        ..Details::default()
    }
}

const ZH: &str = "
source-population-register-name = 人口库（姓名和公民身份号码）
source-population-register-title = 核验姓名和公民身份号码
source-population-register-text = 您填写的内容将与人口库比对，一致即达到实名等级。每天可尝试的次数有限，请核对后再提交。
source-population-register-consent = 姓名和号码加密保存，未经您同意不会提供给任何网站。核验通过后不能修改。
source-population-register-more = 身份证在手边？可填写有效期限（选填）
source-population-register-more-text = 一并核对有效期限可以说明证件由您持有。两个日期要么都填，要么都不填。
source-population-register-document-issued-on = 有效期起始日
source-population-register-document-issued-on-hint = 证件国徽面“有效期限”的前一个日期，如 2016.05.04
source-population-register-document-expires-on = 有效期截止日
source-population-register-document-expires-on-hint = “有效期限”的后一个日期，如 2036.05.04；也可填“长期”
source-population-register-day = 请填写日期，如 2016.05.04
source-population-register-until = 请填写日期，如 2036.05.04，或填写“长期”
source-population-register-both = 请把两个日期都填上，或都留空
source-population-register-future = 起始日晚于今天，请核对
source-population-register-order = 截止日应晚于起始日，请核对
source-population-register-expired = 该证件已过有效期。请换领新证后再填写，或把两个日期都留空
";

const EN: &str = "
source-population-register-name = Population register (name and citizen ID number)
source-population-register-title = Verify your name and citizen ID number
source-population-register-text = What you enter is compared with the population register. If it agrees, your account reaches the real-name level. The number of tries in a day is limited, so check before you send.
source-population-register-consent = Name and number are stored encrypted and given to no site without your consent. Once verified, they cannot be changed.
source-population-register-more = Is your identity card at hand? Its dates (optional)
source-population-register-more-text = If the dates are compared as well, it is known that you hold the card. Fill in both dates or neither.
source-population-register-document-issued-on = Valid from
source-population-register-document-issued-on-hint = The first date of the period of validity on the side with the national emblem, such as 2016.05.04
source-population-register-document-expires-on = Valid until
source-population-register-document-expires-on-hint = The second date, such as 2036.05.04, or “long term”
source-population-register-day = Enter a date, such as 2016.05.04
source-population-register-until = Enter a date, such as 2036.05.04, or “long term”
source-population-register-both = Fill in both dates, or neither
source-population-register-future = This date is in the future. Check it.
source-population-register-order = The card ends before it begins. Check both dates.
source-population-register-expired = This card has expired. Renew it first, or leave both dates empty.
";

const VI: &str = "
source-population-register-name = Cơ sở dữ liệu dân cư (họ tên và số căn cước)
source-population-register-title = Xác thực họ tên và số căn cước
source-population-register-text = Thông tin bạn nhập được đối chiếu với cơ sở dữ liệu dân cư. Nếu khớp, tài khoản đạt mức danh tính thật. Số lần thử mỗi ngày có hạn, hãy kiểm tra trước khi gửi.
source-population-register-consent = Họ tên và số căn cước được lưu mã hoá và không cung cấp cho trang nào nếu bạn không đồng ý. Sau khi xác thực, không thể thay đổi.
source-population-register-more = Có sẵn thẻ căn cước? Nhập thời hạn của thẻ (không bắt buộc)
source-population-register-more-text = Đối chiếu cả thời hạn cho biết bạn đang giữ thẻ. Hãy nhập cả hai ngày hoặc bỏ trống cả hai.
source-population-register-document-issued-on = Có giá trị từ ngày
source-population-register-document-issued-on-hint = Ngày đầu của thời hạn in trên mặt có quốc huy, ví dụ 2016.05.04
source-population-register-document-expires-on = Có giá trị đến ngày
source-population-register-document-expires-on-hint = Ngày thứ hai, ví dụ 2036.05.04, hoặc “dài hạn”
source-population-register-day = Hãy nhập ngày, ví dụ 2016.05.04
source-population-register-until = Hãy nhập ngày, ví dụ 2036.05.04, hoặc “dài hạn”
source-population-register-both = Hãy nhập cả hai ngày hoặc bỏ trống cả hai
source-population-register-future = Ngày này ở tương lai. Hãy kiểm tra lại.
source-population-register-order = Ngày hết hạn phải sau ngày bắt đầu. Hãy kiểm tra lại.
source-population-register-expired = Thẻ này đã hết hạn. Hãy đổi thẻ trước hoặc bỏ trống cả hai ngày.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(issued: Option<&str>, expires: Option<&str>) -> Factors {
        let given = [(ISSUED, issued), (EXPIRES, expires)];
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(Factors::none(), |all, (name, value)| {
                all.with(name, value.to_owned(), true)
            })
    }

    #[test]
    fn source_na_24_the_dates_of_a_card_come_in_pairs_and_in_order() {
        let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        let fault = |issued, expires| {
            together(&dates(issued, expires), today)
                .err()
                .map(|fault| fault.1)
        };
        assert_eq!(fault(None, None), None);
        assert_eq!(fault(Some("2016-05-04"), Some("2036-05-04")), None);
        assert_eq!(fault(Some("2016-05-04"), Some(LONG_TERM)), None);
        assert_eq!(fault(Some("2016-05-04"), Some("2026-06-01")), None);
        for (issued, expires, expected) in [
            (Some("2016-05-04"), None, "both"),
            (None, Some("2036-05-04"), "both"),
            (Some("2026-06-02"), Some("2036-05-04"), "future"),
            (Some("2016-05-04"), Some("2016-05-04"), "order"),
            (Some("2006-05-31"), Some("2026-05-31"), "expired"),
        ] {
            let key = format!("source-population-register-{expected}");
            assert_eq!(fault(issued, expires), Some(key.as_str()));
        }
    }

    #[test]
    fn evidence_says_which_document_and_until_when_only_where_dates_were_compared() {
        assert_eq!(details(&Factors::none()), Details::default());
        let with = details(&dates(Some("2016-05-04"), Some("2036-05-04")));
        assert_eq!(with.document.as_deref(), Some("idcard"));
        assert_eq!(with.document_expires, NaiveDate::from_ymd_opt(2036, 5, 4));
        assert_eq!(
            details(&dates(Some("2016-05-04"), Some(LONG_TERM))).document_expires,
            None
        );
    }

    #[test]
    fn long_term_is_understood_in_every_language() {
        for typed in ["长期", " Long-term ", "dài hạn"] {
            assert_eq!(expires_on(typed).as_deref(), Ok(LONG_TERM), "{typed}");
        }
        assert_eq!(expires_on("2036.05.04").as_deref(), Ok("2036-05-04"));
        assert!(expires_on("soon").is_err() && issued_on("长期").is_err());
    }
}
