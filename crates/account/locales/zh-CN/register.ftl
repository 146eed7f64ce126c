# 注册

register-title = 用户注册
register-kind = 请选择用户类型
register-kind-resident = 个人用户
register-kind-resident-hint = 以个人身份办事。
register-kind-organisation = 法人用户
register-kind-organisation-hint = 以企业或者其他组织的身份办事。
register-phone = 手机号码
register-phone-hint = 请填写本人的手机号码。境外号码请以“+”和国家（地区）代码开头。
register-phone-missing = 请填写手机号码
register-phone-length = 手机号码位数不对，内地号码为 11 位
register-phone-character = 手机号码只能填写数字，境外号码可以“+”开头
register-phone-country = 暂不支持该国家（地区）的号码，请使用内地、香港、澳门、台湾或者越南的手机号码
register-phone-not-mobile = 这不是手机号码
register-send-code = 获取验证码
register-have-account = 已有账号，去登录
register-unfinished = 验证码已发往 { $phone }，该次注册尚未完成。
register-unfinished-continue = 继续使用此号码
register-ended = 该次注册已结束：可能已在其他窗口完成，或者已超过时限。请重新开始。
register-draft-other = 您已在其他窗口填写了另一个号码：{ $phone }。本页面现用于该号码，刚才填写的内容未被使用。

register-code-too-soon = 验证码刚刚发出，请在 { $seconds } 秒后再次获取。
register-code-too-many = 获取验证码过于频繁，请在 { $minutes } 分钟后再试。

register-confirm-title = 验证手机并设置密码
register-code-sent = 短信已发往 { $phone }，其中的验证码在 { $minutes } 分钟内有效。请按短信提示操作。
register-code = 短信验证码
register-code-hint = 6 位数字。没有收到短信的，可以点击下方“重新发送”，以最新一条为准。
register-code-hint-wait = 6 位数字。没有收到短信的，{ $seconds } 秒后可以重新发送，以最新一条为准。
register-code-missing = 请填写短信验证码
register-code-form = 短信验证码为 6 位数字
register-code-wrong = 短信验证码不正确，还可以尝试 { $left } 次
register-code-exhausted = 该验证码的尝试次数已用完，请点击下方“重新发送”
register-code-expired = 该验证码已失效，请点击下方“重新发送”
register-password = 登录密码
register-password-hint = 8 至 64 个字符，至少包含数字、字母、符号中的两种，可以使用任何可见字符。请勿使用本人号码，也不要与其他网站的密码相同。
register-strength-weak = 强度：弱
register-strength-fair = 强度：中
register-strength-strong = 强度：强
register-password-missing = 请设置登录密码
register-password-again = 确认密码
register-password-differs = 两次填写的密码不一致
register-agree = 我已阅读并同意《{ $agreement }》，承诺所提供的信息真实、完整
register-agree-missing = 请阅读注册协议并勾选同意
register-agree-changed = 注册协议的文本已变更，请重新阅读并勾选同意
register-public-computer = 这是公用电脑
register-public-computer-hint = 在网吧、办事大厅等公共场所请勾选，系统会在较短时间后自动退出登录。
register-submit = 注册
register-resend = 重新发送
register-change-phone = 更换手机号码
register-busy = 当前注册人数较多，您的填写没有丢失。请几秒后重新填写密码并再次提交。

register-organisation-title = 法人用户注册
register-organisation-first = 请法定代表人先注册个人账号并完成实名，再从该账号注册法人账号。
register-organisation-later = 法人注册暂未开放。您可以先为法定代表人注册个人账号。
register-organisation-continue = 注册个人账号

register-phone-taken-title = 该手机号码已有账号
register-phone-taken = 在您注册期间，该手机号码已注册账号。您可以直接登录使用，本次操作未作任何更改。
register-phone-taken-sign-in = 去登录

# 协议

agreement-version = 版本 { $version }，自 { $date } 起生效

# 图形验证码

captcha-label = 图形验证码
captcha-hint = 请填写图中的字符，不区分大小写。每张图只能使用一次，5 分钟内有效。
captcha-alt = 图形验证码，请将图中字符填入输入框。看不见图片的，请使用下方的语音。
captcha-refresh = 看不清，换一张
captcha-other = 看不见图片
captcha-listen = 收听语音验证码（英文）
captcha-help-phone = 图片和语音都无法使用的，请拨打 { $phone } 或者前往办事窗口，由工作人员协助办理。
captcha-help = 图片和语音都无法使用的，请前往办事窗口，由工作人员协助办理。
captcha-missing = 请填写图形验证码
captcha-wrong = 图形验证码不正确或者已过期，请按新图重新填写

# 密码规则

password-fault-too-short = 密码至少 8 个字符
password-fault-too-long = 密码最多 64 个字符
password-fault-unprintable = 密码中含有无法再次输入的字符
password-fault-too-few-kinds = 密码至少包含数字、字母、符号中的两种
password-fault-contains-phone = 密码中含有您的手机号码，请换一个他人无法猜到的密码
password-fault-contains-citizen-id = 密码中含有您的身份证件号码，请换一个他人无法猜到的密码
password-fault-contains-birth-date = 密码中含有您的出生日期，请换一个他人无法猜到的密码
password-fault-contains-name = 密码中含有您的姓名，请换一个他人无法猜到的密码
password-fault-contains-email = 密码中含有您的电子邮箱，请换一个他人无法猜到的密码
password-fault-contains-username = 密码中含有您的用户名，请换一个他人无法猜到的密码
password-fault-contains-site-name = 密码中含有本网站的名称，请换一个他人无法猜到的密码
password-fault-breached = 该密码属于最容易被猜到的密码，请换一个

# 用电子邮箱注册

register-by-email = 用姓名、电子邮箱和手机号注册
register-by-phone = 只用手机号注册
register-email-title = 用电子邮箱注册账号
register-email-steps = 先用验证码确认手机号，再打开我们发送的链接确认电子邮箱。
register-name = 姓名
register-name-hint = 与身份证件一致。此处不作核验。
register-email = 电子邮箱
register-email-hint = 请填写现在可以打开的邮箱，我们会发送链接。
register-email-missing = 请输入电子邮箱
register-email-length = 电子邮箱过长
register-email-character = 电子邮箱含有不能使用的字符
register-email-form = 请输入电子邮箱，例如 name@example.com
register-activation-link = 没有收到激活链接？
register-activation-title = 确认电子邮箱
register-activation-sent = 邮件正在发往 { $email }。请在 { $hours } 小时内用任意浏览器打开其中的链接，并点击页面上的按钮。请按邮件内容操作。
register-activation-help = 没有收到？请查看垃圾邮件，或重新发送。未完成这一步，账号不能使用。
register-activation-resend = 重新发送邮件
register-activation-too-soon = 邮件刚刚发送，请在 { $seconds } 秒后重试。
register-activation-then = 已完成？去登录
register-activation-ask-title = 重新发送激活链接
register-activation-ask-text = 如果您已用电子邮箱注册但没有收到链接，请在此输入该邮箱。
register-activation-ask = 发送链接
register-activation-perhaps = 如果有账号等待确认该邮箱，含链接的邮件正在发送。
