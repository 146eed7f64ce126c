//! The identity document shown at a service counter. The residents' page only says what to bring; an operator has the
//! page for a person who stands there.

use model::language::Language;

use crate::evidence::port::{Adapter, Definition, Road};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "counter",
    road: Road::Counter,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: |_, _| Ok(Adapter::People),
};

const ZH: &str = "
source-counter-name = 到政务服务窗口现场核验
";

const EN: &str = "
source-counter-name = In person at a service counter
";

const VI: &str = "
source-counter-name = Trực tiếp tại quầy phục vụ
";
