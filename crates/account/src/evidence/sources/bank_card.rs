//! A bank card: name, citizen ID number, card, and the account's proven phone as the one reserved at the bank
//! (`bank_4f`). The card number is compared once and stored nowhere; when the bank does not answer, it is typed again.

use model::language::Language;

use crate::evidence::port::{Definition, Field, FormRoad, Road, Shape};
use crate::evidence::{fields, http};

/// The shortest and the longest number of a card (ISO/IEC 7812-1).
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=19;

/// The source.
pub static SOURCE: Definition = Definition {
    id: "bank_card",
    road: Road::Form(FormRoad {
        with_phone: true,
        ..FormRoad::asking(&[Field::new("card", Shape::Digits, card).never_stored()])
    }),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

fn card(typed: &str) -> Result<String, &'static str> {
    let number = fields::number(typed).ok_or("source-bank-card-missing")?;
    if !fields::is_digits(&number) {
        return Err("source-bank-card-digits");
    }
    if !LENGTHS.contains(&number.len()) {
        return Err("source-bank-card-length");
    }
    if !fields::has_luhn_digit(&number) {
        return Err("source-bank-card-check");
    }
    Ok(number)
}

const ZH: &str = "
source-bank-card-name = 银行卡
source-bank-card-title = 通过银行卡核验
source-bank-card-text = 发卡银行将核对以下信息、您填写的卡号以及在银行预留的手机号是否一致。请使用本人名下的银行卡。不会扣款，也不需要密码。
source-bank-card-consent = 点击按钮即表示您同意将上述信息和卡号提供给发卡银行，仅用于本次比对。卡号比对后即弃，我们不保存。
source-bank-card-card = 银行卡号
source-bank-card-card-hint = 16 至 19 位数字，印在卡片正面
source-bank-card-missing = 请填写银行卡号
source-bank-card-digits = 银行卡号只包含数字
source-bank-card-length = 银行卡号为 16 至 19 位数字，请数一数再试
source-bank-card-check = 卡号中可能有一位填错了，请逐位核对
";

const EN: &str = "
source-bank-card-name = Bank card
source-bank-card-title = Verify with a bank card
source-bank-card-text = The bank compares these details with the card number that you enter and the mobile number that you left with the bank. Use a card in your own name. Nothing is charged, and no PIN is asked for.
source-bank-card-consent = By pressing the button you agree that these details and the card number are given to the bank, for this one comparison only. The card number is not stored.
source-bank-card-card = Card number
source-bank-card-card-hint = 16 to 19 digits, on the front of the card
source-bank-card-missing = Enter the card number
source-bank-card-digits = A card number has digits only
source-bank-card-length = A card number has 16 to 19 digits. Count them and try again.
source-bank-card-check = One of the digits is probably mistyped. Compare them one by one.
";

const VI: &str = "
source-bank-card-name = Thẻ ngân hàng
source-bank-card-title = Xác thực qua thẻ ngân hàng
source-bank-card-text = Ngân hàng đối chiếu các thông tin này với số thẻ bạn nhập và số điện thoại bạn đăng ký tại ngân hàng. Hãy dùng thẻ đứng tên bạn. Không trừ tiền và không hỏi mật khẩu.
source-bank-card-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này và số thẻ cho ngân hàng, chỉ cho lần đối chiếu này. Số thẻ không được lưu lại.
source-bank-card-card = Số thẻ
source-bank-card-card-hint = 16 đến 19 chữ số, in ở mặt trước của thẻ
source-bank-card-missing = Hãy nhập số thẻ
source-bank-card-digits = Số thẻ chỉ gồm chữ số
source-bank-card-length = Số thẻ có 16 đến 19 chữ số. Hãy đếm lại.
source-bank-card-check = Có thể bạn đã nhập nhầm một chữ số. Hãy so từng chữ số.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_na_22_a_card_number_is_checked_before_the_bank_is_asked() {
        assert_eq!(
            card("6200 0000 0000 0000 018").as_deref(),
            Ok("6200000000000000018")
        );
        assert_eq!(card("４１１１-1111-1111-1111").as_deref(), Ok("4111111111111111"));
        for (typed, fault) in [
            (" ", "source-bank-card-missing"),
            ("41111111111111X1", "source-bank-card-digits"),
            ("411111111111111", "source-bank-card-length"),
            ("62000000000000000000", "source-bank-card-length"),
            ("4111111111111112", "source-bank-card-check"),
        ] {
            assert_eq!(card(typed), Err(fault), "{typed}");
        }
        let Some(form) = SOURCE.form() else {
            panic!("a form")
        };
        assert!(form.fields.iter().all(|field| !field.kept && !field.optional));
    }
}
