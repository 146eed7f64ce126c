//! The housing provident fund: the personal account belongs to the person (NA-23).

use model::language::Language;

use crate::evidence::port::{Definition, Field, FormRoad, Road, Shape};
use crate::evidence::{fields, http};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "provident_fund",
    road: Road::Form(FormRoad::asking(&[Field::new("account", Shape::Digits, account)])),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

fn account(typed: &str) -> Result<String, &'static str> {
    let number = fields::number(typed).ok_or("source-provident-fund-missing")?;
    if !fields::is_digits(&number) {
        return Err("source-provident-fund-digits");
    }
    if !(9..=20).contains(&number.len()) {
        return Err("source-provident-fund-length");
    }
    Ok(number)
}

const ZH: &str = "
source-provident-fund-name = 住房公积金
source-provident-fund-title = 通过住房公积金账户核验
source-provident-fund-text = 住房公积金管理中心将核对以下信息与您填写的个人公积金账号是否一致。
source-provident-fund-consent = 点击按钮即表示您同意将上述信息和账号提供给住房公积金管理中心，仅用于本次比对。
source-provident-fund-account = 个人公积金账号
source-provident-fund-account-hint = 9 至 20 位数字，可在公积金对账单或单位经办人处查到
source-provident-fund-missing = 请填写个人公积金账号
source-provident-fund-digits = 公积金账号只包含数字
source-provident-fund-length = 公积金账号为 9 至 20 位数字，请数一数再试
";

const EN: &str = "
source-provident-fund-name = Housing provident fund
source-provident-fund-title = Verify with your housing provident fund
source-provident-fund-text = The provident-fund centre compares these details with the personal account number that you enter.
source-provident-fund-consent = By pressing the button you agree that these details and the number are given to the provident-fund centre, for this one comparison only.
source-provident-fund-account = Personal account number
source-provident-fund-account-hint = 9 to 20 digits, on your statement or from your employer
source-provident-fund-missing = Enter the account number
source-provident-fund-digits = The account number has digits only
source-provident-fund-length = The account number has 9 to 20 digits. Count them and try again.
";

const VI: &str = "
source-provident-fund-name = Quỹ nhà ở
source-provident-fund-title = Xác thực qua quỹ nhà ở
source-provident-fund-text = Trung tâm quỹ nhà ở đối chiếu các thông tin này với số tài khoản cá nhân bạn nhập.
source-provident-fund-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này và số tài khoản cho trung tâm quỹ nhà ở, chỉ cho lần đối chiếu này.
source-provident-fund-account = Số tài khoản cá nhân
source-provident-fund-account-hint = 9 đến 20 chữ số, có trên sao kê hoặc hỏi nơi làm việc
source-provident-fund-missing = Hãy nhập số tài khoản
source-provident-fund-digits = Số tài khoản chỉ gồm chữ số
source-provident-fund-length = Số tài khoản có 9 đến 20 chữ số. Hãy đếm lại.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_na_23_an_account_number_has_digits_only() {
        assert_eq!(account("0551-0000 0001").as_deref(), Ok("055100000001"));
        assert_eq!(account(" "), Err("source-provident-fund-missing"));
        assert_eq!(account("05510000000A"), Err("source-provident-fund-digits"));
        assert_eq!(account("05510000"), Err("source-provident-fund-length"));
    }
}
