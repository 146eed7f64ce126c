//! The mobile operators' common check: name, citizen ID number, and the account's proven phone in that person's own name
//! (`carrier_3f`). Nothing is typed.

use model::language::Language;

use crate::evidence::http;
use crate::evidence::port::{Definition, FormRoad, Road};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "mobile_operator",
    road: Road::Form(FormRoad {
        with_phone: true,
        ..FormRoad::asking(&[])
    }),
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: http::connect,
};

const ZH: &str = "
source-mobile-operator-name = 手机运营商（号码登记在本人名下）
source-mobile-operator-title = 通过手机运营商核验
source-mobile-operator-text = 您的手机运营商将把以下信息与入网登记比对，确认该号码登记在您本人名下。
source-mobile-operator-consent = 点击按钮即表示您同意将上述信息提供给该号码的运营商，仅用于本次比对。
";

const EN: &str = "
source-mobile-operator-name = Mobile operator (the number is in your own name)
source-mobile-operator-title = Verify with your mobile operator
source-mobile-operator-text = Your mobile operator compares these details with its contract, to see whether the number is registered in your own name.
source-mobile-operator-consent = By pressing the button you agree that these details are given to the operator of this number, for this one comparison only.
";

const VI: &str = "
source-mobile-operator-name = Nhà mạng (số điện thoại đứng tên bạn)
source-mobile-operator-title = Xác thực qua nhà mạng
source-mobile-operator-text = Nhà mạng đối chiếu các thông tin này với hợp đồng để biết số điện thoại có đứng tên bạn hay không.
source-mobile-operator-consent = Khi bấm nút, bạn đồng ý cung cấp các thông tin này cho nhà mạng của số điện thoại, chỉ cho lần đối chiếu này.
";
