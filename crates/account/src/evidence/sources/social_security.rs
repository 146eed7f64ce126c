//! Social security: the number of the card belongs to the person (NA-21).

use model::language::Language;

use crate::evidence::port::{Definition, Field, FormRoad, Road, Shape};
use crate::evidence::{fields, http};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "social_security",
    road: Road::Form(FormRoad::asking(&[Field::new("account", Shape::Text, account)])),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

fn account(typed: &str) -> Result<String, &'static str> {
    let number = fields::number(typed).ok_or("source-social-security-missing")?;
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("source-social-security-character");
    }
    if !(8..=18).contains(&number.len()) {
        return Err("source-social-security-length");
    }
    Ok(number)
}

const ZH: &str = "
source-social-security-name = 社会保障卡
source-social-security-title = 通过社会保障卡核验
source-social-security-text = 社会保险经办机构将核对以下信息与您填写的社会保障卡卡号是否一致。
source-social-security-consent = 点击按钮即表示您同意将上述信息和卡号提供给社会保险经办机构，仅用于本次比对。
source-social-security-account = 社会保障卡卡号
source-social-security-account-hint = 印在卡片正面，由字母和数字组成，如 AH1234567
source-social-security-missing = 请填写社会保障卡卡号
source-social-security-character = 卡号只包含字母和数字
source-social-security-length = 卡号为 8 至 18 位，请数一数再试
";

const EN: &str = "
source-social-security-name = Social-security card
source-social-security-title = Verify with your social-security card
source-social-security-text = The social-security office compares these details with the card number that you enter.
source-social-security-consent = By pressing the button you agree that these details and the number are given to the social-security office, for this one comparison only.
source-social-security-account = Number of the social-security card
source-social-security-account-hint = On the front of the card: letters and digits, such as AH1234567
source-social-security-missing = Enter the number of the card
source-social-security-character = The number has letters and digits only
source-social-security-length = The number has 8 to 18 characters. Count them and try again.
";

const VI: &str = "
source-social-security-name = Thẻ bảo hiểm xã hội
source-social-security-title = Xác thực qua thẻ bảo hiểm xã hội
source-social-security-text = Cơ quan bảo hiểm xã hội đối chiếu các thông tin này với số thẻ bạn nhập.
source-social-security-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này và số thẻ cho cơ quan bảo hiểm xã hội, chỉ cho lần đối chiếu này.
source-social-security-account = Số thẻ bảo hiểm xã hội
source-social-security-account-hint = In ở mặt trước của thẻ, gồm chữ cái và chữ số, ví dụ AH1234567
source-social-security-missing = Hãy nhập số thẻ
source-social-security-character = Số thẻ chỉ gồm chữ cái và chữ số
source-social-security-length = Số thẻ có 8 đến 18 ký tự. Hãy đếm lại.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_na_21_the_number_of_a_card_is_read_as_people_type_it() {
        assert_eq!(account(" ah 3400001 ").as_deref(), Ok("AH3400001"));
        assert_eq!(account(""), Err("source-social-security-missing"));
        assert_eq!(account("AH34<0001"), Err("source-social-security-character"));
        assert_eq!(account("AH34"), Err("source-social-security-length"));
    }
}
