//! The driving licence with its file number (NA-25). The number of the licence is the citizen ID number; the file
//! number is what shows that the person holds it.

use model::language::Language;

use crate::evidence::port::{Definition, Field, FormRoad, Road, Shape};
use crate::evidence::{fields, http};

/// How many digits a file number has.
const DIGITS: usize = 12;

/// The source.
pub static SOURCE: Definition = Definition {
    id: "driving_licence",
    road: Road::Form(FormRoad::asking(&[Field::new(
        "file_number",
        Shape::Digits,
        file_number,
    )])),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

fn file_number(typed: &str) -> Result<String, &'static str> {
    let number = fields::number(typed).ok_or("source-driving-licence-missing")?;
    if !fields::is_digits(&number) {
        return Err("source-driving-licence-digits");
    }
    if number.len() != DIGITS {
        return Err("source-driving-licence-length");
    }
    Ok(number)
}

const ZH: &str = "
source-driving-licence-name = 驾驶证
source-driving-licence-title = 通过驾驶证核验
source-driving-licence-text = 公安交通管理部门将核对以下信息与您填写的驾驶证档案编号是否一致。
source-driving-licence-consent = 点击按钮即表示您同意将上述信息和档案编号提供给公安交通管理部门，仅用于本次比对。
source-driving-licence-file-number = 档案编号
source-driving-licence-file-number-hint = 驾驶证副页上的 12 位数字，不是证号
source-driving-licence-missing = 请填写档案编号
source-driving-licence-digits = 档案编号只包含数字
source-driving-licence-length = 档案编号为 12 位数字，请数一数再试
";

const EN: &str = "
source-driving-licence-name = Driving licence
source-driving-licence-title = Verify with your driving licence
source-driving-licence-text = The traffic police compare these details with the file number of your licence.
source-driving-licence-consent = By pressing the button you agree that these details and the file number are given to the traffic police, for this one comparison only.
source-driving-licence-file-number = File number
source-driving-licence-file-number-hint = 12 digits on the second page of the licence, not the number of the licence
source-driving-licence-missing = Enter the file number
source-driving-licence-digits = The file number has digits only
source-driving-licence-length = The file number has 12 digits. Count them and try again.
";

const VI: &str = "
source-driving-licence-name = Giấy phép lái xe
source-driving-licence-title = Xác thực qua giấy phép lái xe
source-driving-licence-text = Cảnh sát giao thông đối chiếu các thông tin này với số hồ sơ của giấy phép lái xe.
source-driving-licence-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này và số hồ sơ cho cảnh sát giao thông, chỉ cho lần đối chiếu này.
source-driving-licence-file-number = Số hồ sơ
source-driving-licence-file-number-hint = 12 chữ số ở trang phụ, không phải số giấy phép
source-driving-licence-missing = Hãy nhập số hồ sơ
source-driving-licence-digits = Số hồ sơ chỉ gồm chữ số
source-driving-licence-length = Số hồ sơ có 12 chữ số. Hãy đếm lại.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_na_25_a_file_number_has_twelve_digits() {
        assert_eq!(file_number("3401 0000 0001").as_deref(), Ok("340100000001"));
        assert_eq!(file_number(""), Err("source-driving-licence-missing"));
        assert_eq!(file_number("34010000000X"), Err("source-driving-licence-digits"));
        assert_eq!(file_number("34010000001"), Err("source-driving-licence-length"));
    }
}
