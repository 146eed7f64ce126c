//! A certificate that names the person (level 4): a challenge signed by the key of a certificate of an authority that the
//! configuration lists. Its evidence ends with the certificate, and when the certificate is revoked.

use std::sync::Arc;

use model::language::Language;

use crate::evidence::certificate::{Authorities, Settings};
use crate::evidence::port::{Adapter, Definition, Entry, Outside, Road};

/// The source.
pub static SOURCE: Definition = Definition {
    id: "certificate",
    road: Road::Certificate,
    texts: &[(Language::ZhCn, ZH), (Language::En, EN), (Language::Vi, VI)],
    connect,
};

fn connect(entry: &Entry, outside: &Outside) -> Result<Adapter, String> {
    let settings = toml::Value::Table(entry.settings.clone())
        .try_into::<Settings>()
        .map_err(|error| format!("settings: {}", error.message()))?;
    let authorities = Authorities::read(settings, entry, outside)?;
    Ok(Adapter::Certificate(Arc::new(authorities)))
}

const ZH: &str = "
source-certificate-name = 数字证书
source-certificate-title = 使用数字证书认证
source-certificate-text = 如果您持有电子认证机构签发给您本人的数字证书（例如 USB Key），可用它对下面的文字签名来证明身份。
source-certificate-consent = 提交即表示您同意我们读取证书中的姓名和号码，并与您账号的实名信息比对。证书本身不会保存，只记录签发机构和序列号。
source-certificate-step-copy = 复制下面这一行待签名文字，不要改动。
source-certificate-step-sign = 在证书软件中用签名证书对它签名（SHA-256）。
source-certificate-step-paste = 把证书和签名粘贴到下面，然后提交。
source-certificate-challenge = 待签名文字
source-certificate-challenge-hint = 10 分钟内有效，只能使用一次，只用于提升“account=”后所示手机号账号的等级。如果不是您自己的手机号，请勿签名。
source-certificate-certificate = 证书
source-certificate-certificate-hint = 以 -----BEGIN CERTIFICATE----- 开头的内容，只粘贴您本人的签名证书
source-certificate-certificate-form = 请粘贴一张完整的证书，前后不要有其他内容
source-certificate-signature = 签名
source-certificate-signature-hint = Base64 格式
source-certificate-signature-form = 请粘贴 Base64 格式的签名
source-certificate-submit = 提交
source-certificate-said-unreadable = 无法读取这张证书，请重新导出后再试。
source-certificate-said-unknown-authority = 这张证书不是由本平台认可的电子认证机构签发的。
source-certificate-said-not-yet-valid = 这张证书尚未生效。
source-certificate-said-expired = 这张证书已过期，请到签发机构更新。
source-certificate-said-revoked = 这张证书已被吊销，不能使用。
source-certificate-said-revocation-unknown = 暂时无法确认证书是否已被吊销，请稍后再试。这不是您的问题。
source-certificate-said-usage = 这张证书不是本人的签名证书。一个 USB Key 中可能有两张证书，请选择用于签名的那一张。
source-certificate-said-weak = 这张证书使用的算法不受支持或强度不足，请联系签发机构更换。
source-certificate-said-nameless = 证书中没有找到姓名和公民身份号码，不能用于个人认证。
source-certificate-said-signature = 签名与证书或待签名文字不符。请用下面的新文字重新签名。
source-certificate-said-differs = 证书所写的人与本账号的实名信息不一致。
source-certificate-said-register-differs = 证书中的姓名和号码与人口库不一致，请联系签发机构或到服务窗口办理。
source-certificate-said-used = 这段文字已经用过了。请用下面的新文字重新签名。
source-certificate-said-busy = 您发来的签名正在核验，请稍候再按一次提交。如果是我们这边中断了，最迟两分钟后按提交即可，所填内容仍在，不计入次数。
source-certificate-said-too-late = 这段文字已超过 10 分钟。请用下面的新文字重新签名。
source-certificate-said-lost = 这段文字不属于本次登录。请用下面的新文字重新签名。
";

const EN: &str = "
source-certificate-name = Digital certificate
source-certificate-title = Prove yourself with a digital certificate
source-certificate-text = If a certification authority has issued a digital certificate to you in person, on a USB key for example, you can prove who you are by signing the text below with it.
source-certificate-consent = By sending the form you agree that name and number are read from the certificate and compared with those of your account. The certificate itself is not stored, only its issuer and serial number.
source-certificate-step-copy = Copy the line below without changing it.
source-certificate-step-sign = Sign it with your signing certificate in the software that came with it (SHA-256).
source-certificate-step-paste = Paste certificate and signature below, and send the form.
source-certificate-challenge = Text to sign
source-certificate-challenge-hint = Good for 10 minutes, once, and only to raise the level of the account with the phone after “account=”. Do not sign if that is not your phone.
source-certificate-certificate = Certificate
source-certificate-certificate-hint = It begins with -----BEGIN CERTIFICATE-----. Paste your own signing certificate only.
source-certificate-certificate-form = Paste one whole certificate, with nothing before or after it
source-certificate-signature = Signature
source-certificate-signature-hint = In base64
source-certificate-signature-form = Paste the signature in base64
source-certificate-submit = Send
source-certificate-said-unreadable = The certificate cannot be read. Export it again.
source-certificate-said-unknown-authority = The certificate is not of an authority that is accepted here.
source-certificate-said-not-yet-valid = The certificate is not valid yet.
source-certificate-said-expired = The certificate has expired. Have it renewed by its authority.
source-certificate-said-revoked = The certificate has been revoked and cannot be used.
source-certificate-said-revocation-unknown = It cannot be found out at the moment whether the certificate has been revoked. Try again later; this is not your fault.
source-certificate-said-usage = This is not a person’s signing certificate. A USB key may hold two certificates: choose the one for signatures.
source-certificate-said-weak = The certificate uses an algorithm that is too weak or not supported. Ask its authority for another.
source-certificate-said-nameless = The certificate has no name and citizen ID number where they should be, so it cannot prove a person.
source-certificate-said-signature = The signature does not fit the certificate or the text. Sign the new text below.
source-certificate-said-differs = The certificate names somebody else than the verified person of this account.
source-certificate-said-register-differs = Name and number in the certificate do not agree with the population register. Ask its authority, or come to a service counter.
source-certificate-said-used = That text was used already. Sign the new text below.
source-certificate-said-busy = Your signature is being checked right now. Wait a moment and send it again. If the check was interrupted on our side, sending it again works after two minutes at the latest; what you pasted is still here, and it does not count as a try.
source-certificate-said-too-late = That text was older than 10 minutes. Sign the new text below.
source-certificate-said-lost = That text does not belong to this sign-in. Sign the new text below.
";

const VI: &str = "
source-certificate-name = Chứng thư số
source-certificate-title = Xác minh bằng chứng thư số
source-certificate-text = Nếu bạn có chứng thư số do tổ chức chứng thực cấp cho chính bạn (ví dụ trên USB), bạn có thể chứng minh danh tính bằng cách ký vào dòng chữ dưới đây.
source-certificate-consent = Khi gửi, bạn đồng ý cho đọc họ tên và số định danh trong chứng thư và đối chiếu với tài khoản. Chứng thư không được lưu, chỉ ghi lại tổ chức cấp và số sê-ri.
source-certificate-step-copy = Sao chép dòng dưới đây, không thay đổi.
source-certificate-step-sign = Ký bằng chứng thư ký số trong phần mềm đi kèm (SHA-256).
source-certificate-step-paste = Dán chứng thư và chữ ký vào bên dưới rồi gửi.
source-certificate-challenge = Dòng chữ cần ký
source-certificate-challenge-hint = Có hiệu lực 10 phút, dùng một lần, chỉ để nâng mức xác thực của tài khoản có số điện thoại ghi sau “account=”. Đừng ký nếu đó không phải số của bạn.
source-certificate-certificate = Chứng thư
source-certificate-certificate-hint = Bắt đầu bằng -----BEGIN CERTIFICATE-----. Chỉ dán chứng thư ký số của chính bạn.
source-certificate-certificate-form = Hãy dán một chứng thư đầy đủ, không có gì trước hoặc sau
source-certificate-signature = Chữ ký
source-certificate-signature-hint = Ở dạng base64
source-certificate-signature-form = Hãy dán chữ ký ở dạng base64
source-certificate-submit = Gửi
source-certificate-said-unreadable = Không đọc được chứng thư này. Hãy xuất lại chứng thư.
source-certificate-said-unknown-authority = Chứng thư này không do tổ chức được chấp nhận ở đây cấp.
source-certificate-said-not-yet-valid = Chứng thư này chưa có hiệu lực.
source-certificate-said-expired = Chứng thư này đã hết hạn. Hãy gia hạn tại tổ chức cấp.
source-certificate-said-revoked = Chứng thư này đã bị thu hồi và không dùng được.
source-certificate-said-revocation-unknown = Hiện chưa biết chứng thư đã bị thu hồi hay chưa. Hãy thử lại sau; đây không phải lỗi của bạn.
source-certificate-said-usage = Đây không phải chứng thư ký số của cá nhân. Một USB có thể chứa hai chứng thư: hãy chọn chứng thư dùng để ký.
source-certificate-said-weak = Chứng thư dùng thuật toán quá yếu hoặc không được hỗ trợ. Hãy liên hệ tổ chức cấp.
source-certificate-said-nameless = Trong chứng thư không có họ tên và số định danh nên không dùng để xác minh cá nhân được.
source-certificate-said-signature = Chữ ký không khớp với chứng thư hoặc dòng chữ. Hãy ký dòng chữ mới dưới đây.
source-certificate-said-differs = Người ghi trong chứng thư khác với người đã xác minh của tài khoản này.
source-certificate-said-register-differs = Họ tên và số trong chứng thư không khớp với cơ sở dữ liệu dân cư. Hãy hỏi tổ chức cấp hoặc đến quầy phục vụ.
source-certificate-said-used = Dòng chữ đó đã được dùng. Hãy ký dòng chữ mới dưới đây.
source-certificate-said-busy = Chữ ký của bạn đang được kiểm tra. Hãy đợi một lát rồi gửi lại. Nếu phía chúng tôi bị gián đoạn, chậm nhất sau hai phút bạn có thể gửi lại; nội dung đã dán vẫn còn và không tính là một lần thử.
source-certificate-said-too-late = Dòng chữ đó đã quá 10 phút. Hãy ký dòng chữ mới dưới đây.
source-certificate-said-lost = Dòng chữ đó không thuộc lần đăng nhập này. Hãy ký dòng chữ mới dưới đây.
";
