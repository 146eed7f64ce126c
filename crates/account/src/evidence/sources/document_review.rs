//! Documents compared by a reviewer: pictures of the identity card and of the face. Nobody outside is asked; the page is
//! `review::document`, and people of the province decide.

use model::language::Language;

use crate::evidence::port::{Adapter, Definition, Road};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "document_review",
    road: Road::Review,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: |_, _| Ok(Adapter::People),
};

const ZH: &str = "
source-document-review-name = 工作人员核对身份证
";

const EN: &str = "
source-document-review-name = Identity card compared by staff
";

const VI: &str = "
source-document-review-name = Nhân viên đối chiếu căn cước
";
