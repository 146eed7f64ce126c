# 登录

signin-title = 登录
signin-for-site = 正在前往：{ $site }
signin-identifier = 手机号码、公民身份号码、用户名或电子邮箱
signin-identifier-hint = 完成实名认证后可以使用公民身份号码登录，电子邮箱确认后可以用于登录。
signin-identifier-missing = 请填写手机号码、公民身份号码、用户名或电子邮箱
signin-identifier-unusable = 填写的内容不是手机号码、公民身份号码、用户名或电子邮箱，请核对后重新填写
signin-password = 登录密码
signin-password-missing = 请填写登录密码
signin-public-computer = 这是公用电脑
signin-public-computer-hint = 在网吧、办事大厅等公共场所请勾选，系统会在较短时间后自动退出登录。用完请点击“退出登录”并关闭浏览器。
signin-submit = 登录
signin-cancel = 不登录，返回原网站
signin-no-account = 还没有账号？
signin-register = 立即注册
signin-wrong = 填写的账号与密码不匹配，请核对后重试。多次输错后将暂停登录一段时间；错误次数过多时，需要通过“忘记密码”重新设置密码。
signin-again = 您已登录为 { $who }。为保护您的账号，本次办理需要重新登录确认。

signin-paused = 登录失败次数过多。为保护账号安全，请在 { $minutes } 分钟后再试。您的账号和资料不受影响。
signin-busy = 当前登录人数较多。您的密码没有被判为错误，本次也不计入失败次数。请在 { $seconds } 秒后重新输入密码并登录。

# 退出登录

signin-sign-out-title = 退出登录
signin-sign-out-text = 退出后，本浏览器需要重新登录才能使用您的账号。
signin-sign-out-button = 退出登录
signin-signed-out-title = 您已退出登录
signin-signed-out-text = 本服务在此浏览器中的登录已结束。您在各分站上的登录可能仍然有效，请在相应网站上一并退出。
signin-signed-out-close = 使用公用电脑的，请关闭所有浏览器窗口后再离开。
signin-signed-out-again = 重新登录

# 其他登录方式与第二步验证

signin-recover = 忘记密码，或者还没有密码？
signin-passkey = 使用通行密钥登录
signin-passkey-needs-script = 使用通行密钥需要浏览器启用 JavaScript。未启用时请使用密码登录。
signin-passkey-refused = 该通行密钥未被接受。请重试，或者换一种方式。
signin-late = 这一步已超时，未做任何更改。请重新登录。
signin-ended = 您的登录在操作完成之前已经结束，没有任何更改。请重新登录。
signin-second-title = 还差一步
signin-factor-submit = 继续
signin-factor-leave = 停止并重新开始
signin-factor-missing = 请输入验证码
signin-factor-code-hint = 六位数字
signin-factor-totp = 身份验证器应用中的验证码
signin-factor-totp-text = 请打开身份验证器应用，输入其中为本账号显示的验证码。
signin-factor-totp-link = 使用身份验证器应用
signin-factor-password-text = 请再输入您账号的密码。
signin-factor-password-link = 使用密码
signin-factor-sms = 短信中的验证码
signin-factor-sms-text = 我们可以向 { $phone } 发送短信验证码。
signin-factor-sms-sent = 验证码已发送至 { $phone }。任何政府工作人员都不会向您索要验证码。
signin-factor-sms-send = 发送验证码
signin-factor-sms-again = 重新发送验证码
signin-factor-sms-link = 用短信获取验证码
signin-factor-recovery = 恢复码
signin-factor-recovery-hint = 您打印的恢复码，由 16 位字母和数字组成，每个只能使用一次。
signin-factor-recovery-text = 如果手边没有其他方式，可以使用一个打印好的恢复码。
signin-factor-recovery-link = 使用恢复码
signin-factor-passkey-text = 请使用本设备或您手机上的通行密钥，用指纹、面容或设备 PIN 码确认。
signin-factor-passkey-begin = 使用通行密钥
signin-factor-passkey-use = 立即使用通行密钥
signin-factor-passkey-link = 使用通行密钥
signin-factor-others = 其他方式
signin-factor-none = 以上方式都没有？
signin-more-title = 该服务需要更强的登录验证
signin-more-passkey = 您的认证等级已经足够，只是本次登录的验证强度还不够：请再使用您的通行密钥。
signin-more-no-passkey = 您的认证等级已经足够。该服务还需要通行密钥，而您尚未设置。您可以现在设置，之后继续办理。
signin-more-second = 您的认证等级已经足够，只是本次登录的验证强度还不够：请再完成一步验证。
signin-more-no-second = 您的认证等级已经足够。该服务还需要第二步验证，而您尚未设置。您可以现在设置，之后继续办理。
signin-more-same-kind = 您的认证等级已经足够。该服务还需要第二步验证。您已设置的验证方式与您刚才登录所用的属于同一类，不能算作第二步。您可以现在设置另一种，之后继续办理。
signin-more-nothing = 您的认证等级已经足够。该服务还需要更强的登录验证，而目前在这里无法完成。
signin-more-make-passkey = 设置通行密钥
signin-more-make-authenticator = 设置身份验证器应用
signin-more-make-password = 设置密码
signin-more-not-now = 暂不
