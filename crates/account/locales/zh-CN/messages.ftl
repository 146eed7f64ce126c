# One-time codes, by text message. Beside the notices in notices.ftl these are all texts that are sent; the frame
# (`notice-frame-sms`) puts the name of the service in front.

sms-code-registration = 您正在注册账号，验证码 { $code }，{ $minutes } 分钟内有效。工作人员不会索要验证码，请勿告诉他人。
sms-code-sign-in = 您正在登录，验证码 { $code }，{ $minutes } 分钟内有效。工作人员不会索要验证码，请勿告诉他人。
sms-code-raise-level = 您正在进行身份核验，验证码 { $code }，{ $minutes } 分钟内有效。请勿告诉他人。
sms-code-recovery = 您正在重设密码，验证码 { $code }，{ $minutes } 分钟内有效。工作人员不会索要验证码，请勿告诉他人。
sms-code-new-phone = 您正在将本号码绑定到账号，验证码 { $code }，{ $minutes } 分钟内有效。工作人员不会索要验证码，请勿告诉他人。
sms-code-old-phone = 您的账号正在更换手机号码（本号码将被替换），验证码 { $code }，{ $minutes } 分钟内有效。如非本人操作，请勿告诉他人，并尽快修改密码。
sms-code-join = 验证码 { $code }，用于将您较早的账号与新账号合并，{ $minutes } 分钟内有效。如非本人操作，说明有人知道您的密码：请勿告诉任何人，并尽快修改密码。
sms-code-appeal = 验证码 { $code }，用于对账号处理决定提出申诉，{ $minutes } 分钟内有效。请勿告诉任何人。

# Answers to whoever asked for a code that there is none for

sms-has-account = 该手机号码已有账号。如属您本人，请登录，或到 { $page } 找回；如您最近才启用该号码、账号不是您的，也请在该页说明。如非本人操作，无需处理。
sms-account-waits = 使用本手机号的账号尚待确认电子邮箱。请打开邮件中的链接，或到 { $page } 重新获取。如非本人操作，请忽略。
sms-no-account = 该手机号码没有账号。如非本人操作，无需处理。
sms-no-appeal = 有人想对此手机号所属账号的处理决定提出申诉。目前没有可申诉的决定，或已提出过申诉。如非本人操作，请忽略。

# Verifications

sms-verify-passed = 您的实名认证已完成，认证等级已提升。可登录后在“认证等级”页面查看。
sms-verify-answered = 您的实名认证已有结果，未能自动通过。请登录后在“认证等级”页面查看，或者到服务窗口咨询。
sms-verify-restricted = 您的实名认证已有结果：无法在线办理。请本人携带身份证件到服务窗口办理，无需登录。
sms-verify-expired = 因对方系统长时间无应答，您的实名认证未能完成，您的账号不受影响。请登录后重新提交。
sms-verify-type-again = 您的身份核验中断了，其中一项信息我们不保存，请登录后重新填写。您的账号不受影响。

# Reviews

sms-accounts-joined = 两个账号已合并（业务 { $case }）。如非本人操作，请在 { $hours } 小时内到 { $page } 提出异议，口令 { $word }。
sms-review-approved = 您的业务已审核通过，请登录后在“我的业务”中查看。
sms-review-rejected = 您的业务未通过审核，请登录后在“我的业务”中查看原因和后续办法。
sms-review-more = 您的业务需要补充材料，请登录后在“我的业务”中查看。
sms-review-expired = 您的业务因逾期未答复已结束。账号不受影响，您可随时重新申请。

# Sub-sites

sms-refresh-replayed = “{ $site }”持有的您的访问凭证被重复使用，可能已泄露。我们已停止该网站的访问，请在该网站重新登录。如有疑问，请登录本平台查看登录记录。

# Mails with a link or a code

mail-activate = 激活您的账号
mail-activate-text = 有人用本邮箱注册了账号。如果是您本人，请在 { $hours } 小时内打开链接并点击页面上的按钮：{ $link } 如非本人操作，请忽略本邮件。
mail-has-account = 您已有账号
mail-has-account-text = 有人想用本邮箱注册账号，但本邮箱已有账号。如果是您本人，请用本邮箱登录。如非本人操作，请忽略本邮件。
recover-mail-subject = 找回账号的验证码
recover-mail-text = 您找回账号的验证码是 { $code }，{ $minutes } 分钟内有效。如非本人操作，说明有人持有您的手机号码：请登录并检查您的账号。
contact-mail-new-subject = 确认您的电子邮箱
contact-mail-new-text = 有人希望将此邮箱绑定到账号。如果是您本人，请在 { $hours } 小时内打开链接；否则无需处理。
contact-mail-old-subject = 同意更改电子邮箱
contact-mail-old-text = 您账号的电子邮箱将被更换。如果您同意，请在 { $hours } 小时内打开链接；如非本人操作，请打开另一封邮件中的链接。
