//! Another province's word that a person is a real person: OpenID Connect, with the level in `acr` and name and number in
//! the signed identity token.
//!
//! Its words are mapped by a table in our own configuration and never copied (A250): what the table does not have is
//! nothing, what it has below level 3 is nothing here either, and what it has above counts as level 3. Name and number
//! come from the signed token alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::evidence::Details;
use model::ladder::Level;
use model::language::{Language, LocalizedText};
use serde::Deserialize;

use crate::evidence::away::{self, OpenId, OpenIdAnswer, OpenIdContract};
use crate::evidence::port::{
    Adapter, Arrival, Astray, Away, Back, Definition, Departure, Entry, Outside, Party, Road, Traveller,
};
use crate::evidence::source::{Reply, Word};

/// The level that this source is named after: less is nothing, and more is no more. It reads the other province's word and
/// is no step of our ladder: what the evidence is worth here, `assurance.toml` says.
const LEVEL: u8 = 3;

/// The source.
pub static SOURCE: Definition = Definition {
    id: "other_province_level_3",
    road: Road::Away,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: |entry, outside| OtherProvince::connect(entry, outside).map(|one| Adapter::Away(Arc::new(one))),
};

/// The source's own settings; the issuer is the entry's `url`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The province, as people know it.
    partner: LocalizedText,
    /// Its short name in evidence.
    partner_id: String,
    /// Our name there.
    client_id: String,
    /// What is asked for.
    #[serde(default = "minimal_scope")]
    scope: String,
    #[serde(default = "name_claim")]
    name_claim: String,
    #[serde(default = "number_claim")]
    number_claim: String,
    /// Its words for levels, and what each is worth on our ladder.
    levels: BTreeMap<String, u8>,
}

fn minimal_scope() -> String {
    "openid profile".to_owned()
}

fn name_claim() -> String {
    "name".to_owned()
}

fn number_claim() -> String {
    "citizen_id".to_owned()
}

#[derive(Debug)]
struct OtherProvince {
    partner: LocalizedText,
    partner_id: String,
    levels: BTreeMap<String, u8>,
    openid: OpenId,
    outside: Outside,
}

impl OtherProvince {
    fn connect(entry: &Entry, outside: &Outside) -> Result<Self, String> {
        let settings: Settings = away::settings(entry)?;
        away::check_partner_id(&settings.partner_id)?;
        if let Some((word, level)) = settings
            .levels
            .iter()
            .find(|(_, level)| Level::new(**level).is_none())
        {
            return Err(format!(
                "settings.levels: {word:?} = {level} is no level of ours (0 to 4)"
            ));
        }
        let enough: Vec<String> = settings
            .levels
            .iter()
            .filter(|(_, level)| **level >= LEVEL)
            .map(|(word, _)| word.clone())
            .collect();
        if enough.is_empty() {
            return Err(format!(
                "settings.levels: none of its words is worth level {LEVEL}"
            ));
        }
        let contract = OpenIdContract {
            issuer: entry.url.clone().ok_or("url: the province's issuer is missing")?,
            client_id: settings.client_id,
            secret: entry
                .key
                .clone()
                .ok_or("key_file: the secret at the province is missing")?,
            scope: settings.scope,
            acr_values: enough,
            name_claim: settings.name_claim,
            number_claim: settings.number_claim,
            asks_user_endpoint: false,
            limit: entry.time_limit,
        };
        Ok(Self {
            partner: settings.partner,
            partner_id: settings.partner_id,
            levels: settings.levels,
            openid: OpenId::new(contract, outside.clone()),
            outside: outside.clone(),
        })
    }

    /// What the province's word is worth here.
    fn worth(&self, acr: Option<&str>) -> u8 {
        let mapped = acr
            .and_then(|acr| self.levels.get(acr))
            .copied()
            .unwrap_or_default();
        mapped.min(LEVEL)
    }

    fn arrival(&self, answer: OpenIdAnswer, now: DateTime<Utc>) -> Arrival {
        let word = if self.worth(answer.acr.as_deref()) >= LEVEL {
            Word::Match
        } else {
            Word::NotFound
        };
        let known = answer.acr.filter(|acr| self.levels.contains_key(acr));
        Arrival {
            reply: Reply {
                word,
                reference: Some(away::reference(&self.partner_id, &answer.subject)),
                until: None,
                details: Details {
                    partner: Some(self.partner_id.clone()),
                    method: known,
                    ..Details::default()
                },
            },
            said: away::person(answer.name.as_deref(), answer.number.as_deref(), now),
        }
    }
}

#[async_trait]
impl Away for OtherProvince {
    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            name: &self.partner,
            keeps_days: None,
        })
    }

    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply> {
        self.openid
            .leave(traveller)
            .await
            .map_err(|astray| Reply::bare(astray.word()))
    }

    async fn arrive(&self, back: &Back<'_>) -> Result<Arrival, Astray> {
        let answer = self.openid.arrive(back).await?;
        Ok(self.arrival(answer, self.outside.clock.now()))
    }
}

const ZH: &str = "
source-other-province-level-3-name = 外省实人认证
source-other-province-level-3-title = 使用外省的实人认证
source-other-province-level-3-text = 如果您已在“{ $party }”完成实人认证，可以前往登录，由对方证明您的等级。
source-other-province-level-3-told = 我们不向对方提供您的姓名、号码或手机号，对方只知道您从本平台前往以及需要的等级。
source-other-province-level-3-tells = 对方在您同意后告诉我们姓名、公民身份号码和您在那里的等级。姓名和号码必须与您在这里的一致。对方的等级按对照表换算，最高计为三级。
source-other-province-level-3-voluntary = 是否使用由您决定，也可以改用下面的其他方式。
source-other-province-level-3-submit = 前往登录
source-other-province-level-3-differs = “{ $party }”的账号与您这里已核验的身份不一致，因此不能使用。请用您本人的账号登录；如果这里的身份有误，请到政务服务窗口办理。
source-other-province-level-3-not-enough = 您在“{ $party }”的等级还没有达到实人认证，因此这里的等级没有变化。请先在对方完成实人认证，或改用下面的其他方式。
source-other-province-level-3-nameless = “{ $party }”没有返回姓名和公民身份号码，因此不能使用。请在对方页面同意提供这两项，或改用下面的其他方式。
";

const EN: &str = "
source-other-province-level-3-name = Real-person check of another province
source-other-province-level-3-title = Use the real-person check of another province
source-other-province-level-3-text = If “{ $party }” has verified you as a real person, you can sign in there and have your level confirmed.
source-other-province-level-3-told = We tell them neither your name nor your numbers; they only learn that you come from here and which level is needed.
source-other-province-level-3-tells = With your consent they tell us your name, your citizen ID number and your level there. Name and number must be the same as yours here. Their level is translated by a table, and counts as level 3 at most.
source-other-province-level-3-voluntary = It is your choice. You can take one of the other ways below instead.
source-other-province-level-3-submit = Go there and sign in
source-other-province-level-3-differs = The account at “{ $party }” does not belong to the identity that is verified here, so it cannot be used. Sign in there with your own account; if something is wrong with your identity here, come to a service counter.
source-other-province-level-3-not-enough = Your level at “{ $party }” is below that of a real-person check, so your level here has not changed. Reach it there first, or take another way below.
source-other-province-level-3-nameless = “{ $party }” did not return a name and a citizen ID number, so its word cannot be used. Agree there to pass both on, or take another way below.
";

const VI: &str = "
source-other-province-level-3-name = Xác minh người thật của tỉnh khác
source-other-province-level-3-title = Dùng xác minh người thật của tỉnh khác
source-other-province-level-3-text = Nếu “{ $party }” đã xác minh bạn là người thật, bạn có thể đăng nhập ở đó để được xác nhận mức.
source-other-province-level-3-told = Chúng tôi không cho họ biết họ tên hay số nào của bạn; họ chỉ biết bạn đến từ đây và cần mức nào.
source-other-province-level-3-tells = Khi bạn đồng ý, họ cho chúng tôi biết họ tên, số định danh và mức của bạn ở đó. Họ tên và số phải giống với của bạn ở đây. Mức của họ được quy đổi theo bảng, cao nhất là mức 3.
source-other-province-level-3-voluntary = Đây là lựa chọn của bạn. Bạn có thể đi một trong các cách khác bên dưới.
source-other-province-level-3-submit = Sang đó để đăng nhập
source-other-province-level-3-differs = Tài khoản ở “{ $party }” không thuộc về danh tính đã xác minh ở đây nên không dùng được. Hãy đăng nhập bằng tài khoản của chính bạn; nếu danh tính ở đây sai, hãy đến quầy dịch vụ công.
source-other-province-level-3-not-enough = Mức của bạn ở “{ $party }” thấp hơn xác minh người thật nên mức ở đây không thay đổi. Hãy đạt mức đó ở đó trước, hoặc chọn cách khác bên dưới.
source-other-province-level-3-nameless = “{ $party }” không trả về họ tên và số định danh nên không dùng được. Hãy đồng ý cung cấp cả hai ở đó, hoặc chọn cách khác bên dưới.
";
