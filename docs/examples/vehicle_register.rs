//! The vehicle register: the number plate belongs to the person.

use model::language::Language;

use crate::evidence::http;
use crate::evidence::port::{Definition, Field, FormRoad, Road, Shape};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "vehicle_register",
    // The form asks for a plate. Name and number are the verified ones.
    road: Road::Form(FormRoad::asking(&[Field::new("plate", Shape::Text, plate)])),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    // Asked by HTTP with a JSON document and a bearer key, as every source that has nothing of its own.
    connect: http::connect,
};

/// A plate as the register writes it, or the key of what is wrong. Nobody is asked before this agrees.
fn plate(typed: &str) -> Result<String, &'static str> {
    let plate: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '-' | '.'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let mut characters = plate.chars();
    let province = characters.next().ok_or("source-vehicle-register-missing")?;
    let rest = characters.as_str();
    let is_good = ('\u{4e00}'..='\u{9fff}').contains(&province)
        && (6..=7).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_good {
        Ok(plate)
    } else {
        Err("source-vehicle-register-form")
    }
}

const ZH: &str = "
source-vehicle-register-name = 机动车登记
source-vehicle-register-title = 通过机动车登记核验
source-vehicle-register-text = 车辆管理所将核对以下信息与您名下的车牌号是否一致。
source-vehicle-register-consent = 点击按钮即表示您同意将上述信息和车牌号提供给车辆管理所，仅用于本次比对。
source-vehicle-register-plate = 车牌号
source-vehicle-register-plate-hint = 如 皖A10001
source-vehicle-register-missing = 请填写车牌号
source-vehicle-register-form = 车牌号以汉字开头，后面是 6 或 7 位字母和数字
";

const EN: &str = "
source-vehicle-register-name = Vehicle register
source-vehicle-register-title = Verify with your vehicle
source-vehicle-register-text = The vehicle office compares these details with the number plate that you enter.
source-vehicle-register-consent = By pressing the button you agree that these details and the plate are given to the vehicle office, for this one comparison only.
source-vehicle-register-plate = Number plate
source-vehicle-register-plate-hint = Such as 皖A10001
source-vehicle-register-missing = Enter the number plate
source-vehicle-register-form = A plate begins with a Chinese character; 6 or 7 letters and digits follow
";

const VI: &str = "
source-vehicle-register-name = Đăng ký xe
source-vehicle-register-title = Xác thực qua đăng ký xe
source-vehicle-register-text = Cơ quan đăng ký xe đối chiếu các thông tin này với biển số xe bạn nhập.
source-vehicle-register-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này và biển số xe cho cơ quan đăng ký xe, chỉ cho lần đối chiếu này.
source-vehicle-register-plate = Biển số xe
source-vehicle-register-plate-hint = Ví dụ 皖A10001
source-vehicle-register-missing = Hãy nhập biển số xe
source-vehicle-register-form = Biển số bắt đầu bằng một chữ Hán, sau đó là 6 hoặc 7 chữ cái và chữ số
";
