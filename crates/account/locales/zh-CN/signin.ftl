# 登录

signin-title = 登录
signin-for-site = 正在前往：{ $site }
signin-identifier = 手机号码或公民身份号码
signin-identifier-hint = 完成实名认证后，可以使用公民身份号码登录。
signin-identifier-missing = 请填写手机号码或公民身份号码
signin-identifier-unusable = 填写的内容既不是手机号码，也不是公民身份号码，请核对后重新填写
signin-password = 登录密码
signin-password-missing = 请填写登录密码
signin-public-computer = 这是公用电脑
signin-public-computer-hint = 在网吧、办事大厅等公共场所请勾选，系统会在较短时间后自动退出登录。用完请点击“退出登录”并关闭浏览器。
signin-submit = 登录
signin-cancel = 不登录，返回原网站
signin-no-account = 还没有账号？
signin-register = 立即注册
signin-wrong = 号码或密码不正确，请核对后重试。多次输错后将暂停登录一段时间。
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
