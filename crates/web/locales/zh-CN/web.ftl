# 页面框架
web-skip = 跳到正文
web-preferences = 语言和字号
web-print-large = 大字版
web-print-normal = 标准字号
web-origin = 请核对浏览器地址栏，本服务的网址以此开头：
web-nav = 个人中心
web-nav-account = 我的账号
web-nav-level = 认证等级
web-nav-security = 登录与安全
web-nav-sharing = 授权与共享
web-sign-out = 退出登录
web-help-phone = 服务热线
web-help-link = 帮助中心
web-correlation = 业务追踪号

# 表单
web-error-summary = 请更正以下内容
web-error-prefix = 错误：
web-optional = （选填）
web-continue = 继续
web-back = 返回
web-cancel = 取消
web-home = 返回首页
web-resend-wait = { $seconds } 秒后可重发
web-show-password = 显示密码
web-hide-password = 隐藏密码
web-passkey-failed = 浏览器没有给出通行密钥。请重试，或者换一种方式。
web-passkey-unsupported = 这个浏览器不支持通行密钥。请换一种方式。
web-passkey-needs-script = 通行密钥需要 JavaScript。没有它时，请换一种方式。

# 出现问题时
problem-not-found = 没有找到该页面
problem-not-found-help = 请检查网址是否完整，或者返回首页重新进入。
problem-bad-request = 无法识别该请求
problem-bad-request-help = 请返回上一页重新操作。如果您是从其他网站跳转过来的，请回到该网站重新进入。
problem-form-expired = 页面已失效
problem-form-expired-help = 您提交的页面已过期，或者浏览器没有保存本站的 Cookie。请返回上一页，刷新后重新填写；如仍不能提交，请在浏览器设置中允许本站使用 Cookie。
web-form-expired-on = 继续办理
problem-cross-site = 已拦截来自其他网站的提交
problem-cross-site-help = 为保护您的账号，本服务不接受其他网站代为提交的内容。请在本服务的页面上重新操作。
problem-too-many = 操作过于频繁
problem-too-many-help = 为保护账号安全，请在 { $minutes } 分钟后再试。您已填写的内容不受影响。
problem-unavailable = 服务暂时繁忙
problem-unavailable-help = 您的账号和资料不受影响。请稍候片刻再试；如问题持续，请拨打服务热线并告知页面底部的业务追踪号。
problem-internal = 服务出现故障
problem-internal-help = 这不是您的操作造成的，我们已记录该问题。请稍后再试；如问题持续，请拨打服务热线并告知页面底部的业务追踪号。
problem-method = 不支持这种访问方式
problem-method-help = 请返回首页，从页面上的入口重新进入。
problem-host = 访问的网址不正确
problem-host-help = 请使用本服务的正式网址访问。
problem-content-type = 无法识别提交的内容
problem-content-type-help = 请返回上一页，在页面上重新填写并提交。
problem-too-large = 提交的内容过大
problem-too-large-help = 请减少内容后重新提交。
problem-too-slow = 提交超时
problem-too-slow-help = 网络连接可能不稳定。请检查网络后重新提交。

# What a sub-site says about itself
web-site-policy = “{ $site }”的隐私政策（在新窗口打开）
web-site-terms = “{ $site }”的服务条款（在新窗口打开）
web-site-home = 关于“{ $site }”（在新窗口打开）
web-site-logo = “{ $site }”的标识（在新窗口打开）
