//! A sign-in elsewhere that returns name and citizen ID number (HB-25, HB-28 to HB-31): a payment app after the model of
//! Alipay (`kind = "oauth2-alipay"`), or an OpenID provider (`kind = "oidc"`).
//!
//! That somebody has an account there says nothing (`facts/domain.md` 3.2): only the returned pair counts, and only when
//! it is the account's own. Signing in by it is another matter and not done here; nothing is kept that would link the
//! two accounts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::evidence::Details;
use model::language::{Language, LocalizedText};
use serde::Deserialize;
use url::Url;

use crate::evidence::away::{self, Alipay, AlipayContract, OpenId, OpenIdContract};
use crate::evidence::port::{
    Adapter, Arrival, Astray, Away, Back, Definition, Departure, Entry, Outside, Party, Road, Traveller,
};
use crate::evidence::source::{Reply, Word};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "trusted_sign_in",
    road: Road::Away,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect: |entry, outside| TrustedSignIn::connect(entry, outside).map(|one| Adapter::Away(Arc::new(one))),
};

/// The source's own settings.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "read once at the start and taken apart at once")]
enum Settings {
    /// A payment app.
    #[serde(rename = "oauth2-alipay")]
    Alipay {
        partner: LocalizedText,
        partner_id: String,
        app_id: String,
        authorize_url: Url,
        token_url: Url,
        user_url: Url,
        #[serde(default = "auth_user")]
        scope: String,
    },
    /// An OpenID provider; the issuer is the entry's `url`.
    #[serde(rename = "oidc")]
    OpenId {
        partner: LocalizedText,
        partner_id: String,
        client_id: String,
        #[serde(default = "minimal_scope")]
        scope: String,
        #[serde(default = "name_claim")]
        name_claim: String,
        #[serde(default = "number_claim")]
        number_claim: String,
    },
}

fn auth_user() -> String {
    "auth_user".to_owned()
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
struct TrustedSignIn {
    partner: LocalizedText,
    partner_id: String,
    kind: Kind,
    outside: Outside,
}

#[derive(Debug)]
enum Kind {
    Alipay(Box<Alipay>),
    OpenId(Box<OpenId>),
}

impl Kind {
    const fn word(&self) -> &'static str {
        match self {
            Self::Alipay(_) => "oauth2-alipay",
            Self::OpenId(_) => "oidc",
        }
    }
}

/// What either kind says.
struct Said {
    subject: String,
    vouches: bool,
    name: Option<String>,
    number: Option<String>,
}

impl TrustedSignIn {
    fn connect(entry: &Entry, outside: &Outside) -> Result<Self, String> {
        let secret = entry
            .key
            .clone()
            .ok_or("key_file: the secret at the partner is missing")?;
        let (partner, partner_id, kind) = match away::settings(entry)? {
            Settings::Alipay {
                partner,
                partner_id,
                app_id,
                authorize_url,
                token_url,
                user_url,
                scope,
            } => {
                let contract = AlipayContract {
                    authorize: authorize_url,
                    token: token_url,
                    user: user_url,
                    app_id,
                    secret,
                    scope,
                    limit: entry.time_limit,
                };
                (
                    partner,
                    partner_id,
                    Kind::Alipay(Box::new(Alipay::new(contract, outside.clone()))),
                )
            }
            Settings::OpenId {
                partner,
                partner_id,
                client_id,
                scope,
                name_claim,
                number_claim,
            } => {
                let contract = OpenIdContract {
                    issuer: entry.url.clone().ok_or("url: the partner's issuer is missing")?,
                    client_id,
                    secret,
                    scope,
                    acr_values: Vec::new(),
                    name_claim,
                    number_claim,
                    asks_user_endpoint: true,
                    limit: entry.time_limit,
                };
                let kind = Kind::OpenId(Box::new(OpenId::new(contract, outside.clone())));
                (partner, partner_id, kind)
            }
        };
        away::check_partner_id(&partner_id)?;
        Ok(Self {
            partner,
            partner_id,
            kind,
            outside: outside.clone(),
        })
    }

    async fn who(&self, back: &Back<'_>) -> Result<Said, Astray> {
        Ok(match &self.kind {
            Kind::Alipay(alipay) => {
                let answer = alipay.arrive(back).await?;
                Said {
                    subject: answer.user,
                    vouches: answer.is_certified != Some(false),
                    name: answer.name,
                    number: answer.number,
                }
            }
            Kind::OpenId(openid) => {
                let answer = openid.arrive(back).await?;
                Said {
                    subject: answer.subject,
                    vouches: true,
                    name: answer.name,
                    number: answer.number,
                }
            }
        })
    }

    fn arrival(&self, said: &Said, now: DateTime<Utc>) -> Arrival {
        // An app that says that it has not checked its customer has nothing to say.
        let word = if said.vouches { Word::Match } else { Word::NotFound };
        Arrival {
            reply: Reply {
                word,
                reference: Some(away::reference(&self.partner_id, &said.subject)),
                until: None,
                details: Details {
                    partner: Some(self.partner_id.clone()),
                    method: Some(self.kind.word().to_owned()),
                    ..Details::default()
                },
            },
            said: away::person(said.name.as_deref(), said.number.as_deref(), now),
        }
    }
}

#[async_trait]
impl Away for TrustedSignIn {
    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            name: &self.partner,
            keeps_days: None,
        })
    }

    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply> {
        match &self.kind {
            Kind::Alipay(alipay) => Ok(alipay.leave(traveller)),
            Kind::OpenId(openid) => openid
                .leave(traveller)
                .await
                .map_err(|astray| Reply::bare(astray.word())),
        }
    }

    async fn arrive(&self, back: &Back<'_>) -> Result<Arrival, Astray> {
        let said = self.who(back).await?;
        Ok(self.arrival(&said, self.outside.clock.now()))
    }
}

const ZH: &str = "
source-trusted-sign-in-name = 可信账号登录
source-trusted-sign-in-title = 通过“可信账号”核验
source-trusted-sign-in-text = 您将前往“{ $party }”登录。如果对方返回的姓名和公民身份号码与您在这里的一致，就作为一项新的核验依据。
source-trusted-sign-in-told = 我们不向对方提供您的姓名、号码或手机号，对方只知道您从本平台前往。
source-trusted-sign-in-tells = 对方在您同意后只告诉我们姓名和公民身份号码。仅仅拥有对方的账号不会提高等级，我们也不会把两个账号关联起来用于登录。
source-trusted-sign-in-voluntary = 是否使用由您决定，也可以改用下面的其他方式。
source-trusted-sign-in-submit = 前往登录
source-trusted-sign-in-differs = “{ $party }”的账号与您这里已核验的身份不一致，因此不能使用。请用您本人的账号登录；如果这里的身份有误，请到政务服务窗口办理。
source-trusted-sign-in-not-enough = “{ $party }”表示该账号尚未实名，因此不能作为依据。请先在对方完成实名，或改用下面的其他方式。
source-trusted-sign-in-nameless = “{ $party }”没有返回姓名和公民身份号码。仅仅登录成功不会提高等级；请在对方页面同意提供这两项，或改用下面的其他方式。
";

const EN: &str = "
source-trusted-sign-in-name = Sign-in with a trusted verified account
source-trusted-sign-in-title = Verify with a trusted account
source-trusted-sign-in-text = You go to “{ $party }” and sign in there. If the name and citizen ID number that they return are the same as yours here, that counts as one more proof.
source-trusted-sign-in-told = We tell them neither your name nor your numbers; they only learn that you come from here.
source-trusted-sign-in-tells = With your consent they tell us your name and citizen ID number and nothing else. Having an account there does not raise your level by itself, and the two accounts are not linked for signing in.
source-trusted-sign-in-voluntary = It is your choice. You can take one of the other ways below instead.
source-trusted-sign-in-submit = Go there and sign in
source-trusted-sign-in-differs = The account at “{ $party }” does not belong to the identity that is verified here, so it cannot be used. Sign in there with your own account; if something is wrong with your identity here, come to a service counter.
source-trusted-sign-in-not-enough = “{ $party }” says that this account has not been verified there, so it proves nothing. Verify it there first, or take another way below.
source-trusted-sign-in-nameless = “{ $party }” did not return a name and a citizen ID number. Signing in alone does not raise your level: agree there to pass both on, or take another way below.
";

const VI: &str = "
source-trusted-sign-in-name = Đăng nhập bằng tài khoản tin cậy đã xác minh
source-trusted-sign-in-title = Xác minh qua tài khoản tin cậy
source-trusted-sign-in-text = Bạn sẽ sang “{ $party }” và đăng nhập ở đó. Nếu họ tên và số định danh họ trả về giống với của bạn ở đây thì được tính là một bằng chứng nữa.
source-trusted-sign-in-told = Chúng tôi không cho họ biết họ tên hay số nào của bạn; họ chỉ biết bạn đến từ đây.
source-trusted-sign-in-tells = Khi bạn đồng ý, họ chỉ cho chúng tôi biết họ tên và số định danh. Chỉ có tài khoản ở đó thì mức không tăng, và hai tài khoản không được liên kết để đăng nhập.
source-trusted-sign-in-voluntary = Đây là lựa chọn của bạn. Bạn có thể đi một trong các cách khác bên dưới.
source-trusted-sign-in-submit = Sang đó để đăng nhập
source-trusted-sign-in-differs = Tài khoản ở “{ $party }” không thuộc về danh tính đã xác minh ở đây nên không dùng được. Hãy đăng nhập bằng tài khoản của chính bạn; nếu danh tính ở đây sai, hãy đến quầy dịch vụ công.
source-trusted-sign-in-not-enough = “{ $party }” cho biết tài khoản này chưa được xác minh nên không chứng minh được gì. Hãy xác minh ở đó trước, hoặc chọn cách khác bên dưới.
source-trusted-sign-in-nameless = “{ $party }” không trả về họ tên và số định danh. Chỉ đăng nhập thì mức không tăng: hãy đồng ý cung cấp cả hai ở đó, hoặc chọn cách khác bên dưới.
";
