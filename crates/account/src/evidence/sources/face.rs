//! A live face, compared elsewhere with the photograph of the population register (`face_pop`). The company is told the
//! verified name and number, gives a number of the check and an address for the browser, and is asked for the result
//! server to server: what the browser brings back decides nothing.
//!
//! No picture reaches us (L25): a result, the company's own number for it, and nothing else. The page before it asks for
//! a consent of its own and names another road (L07, L24).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use model::evidence::Details;
use model::language::{Language, LocalizedText};
use model::secret::{Sensitive, Token};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::evidence::away;
use crate::evidence::port::{
    Adapter, Arrival, Astray, Away, Back, Definition, Departure, Entry, Outside, Party, Road, Traveller,
};
use crate::evidence::source::{Reply, Word};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "face",
    road: Road::Away,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: |entry, outside| {
        Face::connect(entry, outside).map(|face| Adapter::Away(std::sync::Arc::new(face)))
    },
};

/// The source's own settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Who compares, as people know it.
    partner: LocalizedText,
    /// Its short name in evidence.
    partner_id: String,
    /// For how many days at most it keeps pictures.
    keeps_days: u32,
    /// Where its pages are, when they are not at `url`.
    #[serde(default)]
    pages: Option<Url>,
}

struct Face {
    url: Url,
    key: Sensitive<String>,
    limit: Duration,
    settings: Settings,
    outside: Outside,
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl Face {
    fn connect(entry: &Entry, outside: &Outside) -> Result<Self, String> {
        let settings: Settings = away::settings(entry)?;
        away::check_partner_id(&settings.partner_id)?;
        Ok(Self {
            url: entry
                .url
                .clone()
                .ok_or("url: the address of the company's interface is missing")?,
            key: entry
                .key
                .clone()
                .ok_or("key_file: the company's bearer key is missing")?,
            limit: entry.time_limit,
            settings,
            outside: outside.clone(),
        })
    }

    async fn ask(&self, path: &str, question: &Value) -> Result<Map<String, Value>, Astray> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(path);
        }
        let request = self
            .outside
            .client
            .post(url)
            .bearer_auth(self.key.expose())
            .json(question);
        away::object(request, self.limit, &self.settings.partner_id).await
    }

    /// What the company says, tied to the check that it gave us, to our own number for it, and to the pair we stated.
    fn judge(&self, answer: &Map<String, Value>, back: &Back<'_>) -> Result<Arrival, Astray> {
        let text = |name: &str| away::text(answer, name).unwrap_or_default();
        let is_ours = |name: &str| {
            let kept = back.kept.get(name).map(String::as_str).unwrap_or_default();
            !kept.is_empty() && bool::from(kept.as_bytes().ct_eq(text(name).as_bytes()))
        };
        if !is_ours("certify_id") || !is_ours("reference") {
            tracing::error!(party = self.settings.partner_id, "answered about another check");
            return Err(Astray::NotRight);
        }
        let word = match (text("state"), text("reason")) {
            ("passed", _) => Word::Match,
            ("failed", "restricted") => Word::Restricted,
            ("failed", _) => Word::Mismatch,
            ("cancelled", _) => return Err(Astray::Cancelled),
            // Still looked at there, or a word that nobody knows.
            _ => return Err(Astray::NotRight),
        };
        let said = away::person(
            away::text(answer, "name"),
            away::text(answer, "citizen_id"),
            self.outside.clock.now(),
        );
        let certify_id = back.kept.get("certify_id").cloned();
        Ok(Arrival {
            reply: Reply {
                word,
                reference: certify_id,
                until: None,
                details: Details {
                    partner: Some(self.settings.partner_id.clone()),
                    method: Some("live_face".to_owned()),
                    ..Details::default()
                },
            },
            said,
        })
    }
}

#[async_trait]
impl Away for Face {
    fn compares_a_face(&self) -> bool {
        true
    }

    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            name: &self.settings.partner,
            keeps_days: Some(self.settings.keeps_days),
        })
    }

    fn can_be_asked_again(&self) -> bool {
        true
    }

    fn is_asked_first(&self) -> bool {
        true
    }

    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply> {
        let Some((name, number)) = traveller.stated else {
            return Err(Reply::bare(Word::Unavailable));
        };
        let reference = Token::generate(&self.outside.rng);
        let mut return_url = traveller.return_to.clone();
        return_url.query_pairs_mut().append_pair("state", traveller.state);
        let question = json!({
            "reference": reference.expose(),
            "name": name.as_str(),
            "citizen_id": number.as_str(),
            "return_url": return_url,
        });
        let answer = self
            .ask("start", &question)
            .await
            .map_err(|astray| Reply::bare(astray.word()))?;
        let pages = self.settings.pages.as_ref().unwrap_or(&self.url);
        let to = away::text(&answer, "url").and_then(|text| away::address(text, pages));
        // A company whose computers were broken into sends nobody elsewhere.
        let to = to.filter(|to| to.origin() == pages.origin());
        let certify_id = away::text(&answer, "certify_id").filter(|id| id.len() <= 100);
        let (Some(to), Some(certify_id)) = (to, certify_id) else {
            tracing::error!(
                party = self.settings.partner_id,
                "began a check without a number or a page of its own"
            );
            return Err(Reply::bare(Word::Unavailable));
        };
        let kept = [("certify_id", certify_id), ("reference", reference.expose())];
        Ok(Departure {
            to,
            kept: kept
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        })
    }

    async fn arrive(&self, back: &Back<'_>) -> Result<Arrival, Astray> {
        let certify_id = back.kept.get("certify_id").ok_or(Astray::NotRight)?;
        // What the browser brings is compared and not believed.
        if back
            .parameters
            .get("certify_id")
            .is_some_and(|brought| brought != certify_id)
        {
            return Err(Astray::NotRight);
        }
        let answer = self.ask("result", &json!({ "certify_id": certify_id })).await?;
        self.judge(&answer, back)
    }
}

const ZH: &str = "
source-face-name = 人脸比对
source-face-title = 通过人脸比对核验
source-face-text = 您将前往“{ $party }”，用摄像头拍摄面部，与人口库中的证件照片比对，确认是您本人。
source-face-told = 我们会把您已核验的姓名和公民身份号码提供给对方，仅用于这一次比对。
source-face-tells = 对方只把是否通过和比对编号告诉我们，不提供任何照片；我们不保存人脸信息。对方最多保存 { $days } 天，之后删除。
source-face-voluntary = 是否使用人脸比对完全由您决定。不使用不会影响您的其他服务，您可以改用下面的其他方式。
source-face-agree = 我单独同意“{ $party }”为本次核验处理我的人脸信息
source-face-submit = 同意并开始
source-face-differs = 比对没有通过：未能确认是您本人。请在光线充足处正对镜头再试，或改用下面的其他方式。
source-face-not-enough = “{ $party }”没有给出可以使用的结果，您的等级没有变化。
source-face-nameless = 返回的结果没有说明是为谁做的比对，因此不能使用，您的等级没有变化。
";

const EN: &str = "
source-face-name = Face comparison
source-face-title = Verify by a comparison of your face
source-face-text = You go to “{ $party }”, where your camera takes your face and it is compared with the photograph in the population register, to make sure that it is you.
source-face-told = They are told your verified name and citizen ID number, for this one comparison only.
source-face-tells = They tell us only whether it passed, and their number for it: no picture. We keep nothing of your face. They keep it for { $days } days at most and then delete it.
source-face-voluntary = Using your face is entirely your choice. If you would rather not, no other service suffers by it, and you can take one of the other ways below.
source-face-agree = I agree, separately, that “{ $party }” processes my face for this check
source-face-submit = Agree and begin
source-face-differs = It did not pass: nobody could tell that it is you. Try again in good light, facing the camera, or take another way below.
source-face-not-enough = “{ $party }” gave no result that can be used. Your level has not changed.
source-face-nameless = The result does not say whose face was compared, so it cannot be used. Your level has not changed.
";

const VI: &str = "
source-face-name = So khớp khuôn mặt
source-face-title = Xác minh bằng so khớp khuôn mặt
source-face-text = Bạn sẽ sang “{ $party }”, nơi máy ảnh chụp khuôn mặt bạn và so với ảnh trong cơ sở dữ liệu dân cư, để chắc chắn đó là bạn.
source-face-told = Họ được cho biết họ tên và số định danh đã xác minh của bạn, chỉ cho lần so khớp này.
source-face-tells = Họ chỉ cho chúng tôi biết có đạt hay không và mã số của lần so khớp, không có ảnh. Chúng tôi không lưu gì về khuôn mặt bạn. Họ lưu nhiều nhất { $days } ngày rồi xóa.
source-face-voluntary = Dùng khuôn mặt hay không hoàn toàn do bạn chọn. Nếu không muốn, các dịch vụ khác của bạn không bị ảnh hưởng; bạn có thể đi một trong các cách khác bên dưới.
source-face-agree = Tôi đồng ý riêng để “{ $party }” xử lý khuôn mặt tôi cho lần xác minh này
source-face-submit = Đồng ý và bắt đầu
source-face-differs = Không đạt: chưa xác nhận được đó là bạn. Hãy thử lại ở nơi đủ sáng, nhìn thẳng vào máy ảnh, hoặc chọn cách khác bên dưới.
source-face-not-enough = “{ $party }” không đưa ra kết quả dùng được. Mức của bạn không thay đổi.
source-face-nameless = Kết quả không cho biết đã so khớp khuôn mặt của ai nên không dùng được. Mức của bạn không thay đổi.
";
