### Texts of the sandbox: the city sub-sites and the world server.

## The cities.
city-hefei-sign = 合
city-hefei-name = 合肥政务服务
city-hefei-province = 安徽省
city-hefei-tagline = 一网通办，一次登录
city-hefei-welcome = 合肥市民，今天想办什么事？
city-hefei-agency = 合肥市数据资源管理局（示例）
city-yichang-sign = 宜
city-yichang-name = 宜昌政务服务
city-yichang-province = 湖北省
city-yichang-tagline = 三峡门户，便民到家
city-yichang-welcome = 宜昌市民，需要我们做什么？
city-yichang-agency = 宜昌市政务服务和大数据管理局（示例）
city-nanning-sign = 邕
city-nanning-name = 南宁政务服务
city-nanning-province = 广西壮族自治区
city-nanning-tagline = 绿城智办，密钥守护
city-nanning-welcome = 南宁市民，今天要办什么？
city-nanning-agency = 南宁市大数据发展局（示例）

## Around every page of a sub-site.
site-skip = 跳到正文
site-demo = 演示站点
site-languages = 语言
site-home = 返回首页
site-sign-in = 登录
site-register = 注册
site-sign-out = 退出
site-resident = 居民
site-identity = 您的身份信息
site-level = 认证等级
site-seals = 核验依据
site-no-seals = 未提供
site-verified-on = 核验日期
site-lapses-on = 有效期至
site-subject = 本站用户标识
site-notice-not-signed-in = 您尚未在统一身份认证平台登录，或者还需要您本人确认。
site-ended = 统一身份认证平台已于 { $time }（北京时间）结束您在本站的登录。
site-level-fell = 统一身份认证平台告知本站：自 { $time }（北京时间）起，您的身份等级为 { $level }（{ $name }）。请重新登录，以当前等级继续办理。
site-footer = 沙箱演示，所有人物和数据均为虚构

## Home.
home-lead = 一次注册，全省通行。登录后，根据您的认证等级办理不同的事项。
home-check-session = 看看我是否已在其他站点登录
home-services = 热门服务
home-open-to-all = 无需登录
home-needs-level = 需要等级 { $level }
home-files = 我的档案（省档案平台）
home-about-title = 您的信息如何使用
home-about = 本站只收到您同意提供的内容：本站专用的标识、认证等级和核验日期，以及您允许的姓名和手机号。其他城市看到的是另一个标识。
site-home-title = 首页

## Services.
service-caption = 明细
service-guide = 办事指南
service-guide-about = 查询办理条件、材料和时限，人人可看。
service-guide-row-1 = 居住证办理
service-guide-row-1-value = 5 个工作日
service-guide-row-2 = 新生儿入户
service-guide-row-2-value = 当场办结
service-guide-row-3 = 个体工商户登记
service-guide-row-3-value = 1 个工作日
service-guide-row-4 = 老年优待证
service-guide-row-4-value = 3 个工作日
service-bills = 缴费查询
service-bills-about = 查看水、电、燃气账单，需要实名。
service-bills-row-1 = 水费（本月）
service-bills-row-1-value = ￥38.60
service-bills-row-2 = 电费（本月）
service-bills-row-2-value = ￥126.40
service-bills-row-3 = 燃气费（本月）
service-bills-row-3-value = ￥52.00
service-bills-row-4 = 合计
service-bills-row-4-value = ￥217.00
service-provident-fund = 公积金提取
service-provident-fund-about = 申请提取住房公积金，需要第二种来源核验。
service-provident-fund-row-1 = 账户余额
service-provident-fund-row-1-value = ￥84,210.35
service-provident-fund-row-2 = 月缴存额
service-provident-fund-row-2-value = ￥1,860.00
service-provident-fund-row-3 = 可提取额度
service-provident-fund-row-3-value = ￥42,000.00
service-provident-fund-row-4 = 到账账户
service-provident-fund-row-4-value = 尾号 0014

## What the records office has.
file-records = 我的档案
file-records-about = 居住、婚姻、驾驶等登记，由省档案平台提供，需要实名。
file-records-residence = 居住登记
file-records-marriage = 婚姻登记
file-records-driving = 驾驶证初领
file-tax-file = 我的税务档案
file-tax-file-about = 个人所得税汇总，需要双源核验，并且最近刚登录过。
file-tax-file-income = 全年收入
file-tax-file-deductions = 专项扣除
file-tax-file-paid = 已缴税额
file-tax-file-refund = 可退税额
file-caption = 明细
file-shown-level = 出示的认证等级
file-shown-time = 登录时间（北京时间）
file-shown-token = 访问令牌
file-token-jwt = 已签名，当场核验
file-token-asked = 向认证平台查询核验
file-token-bound = 已绑定本站密钥
file-recent-needed = 档案平台要求您重新登录一次，以确认是您本人

## Levels and evidence.
level-0 = 已注册
level-1 = 实名
level-2 = 实名（双源）
level-3 = 实人
level-4 = 面签或证书
level-unknown = 未说明
seal-phone-sms = 手机短信
seal-email-link = 电子邮箱
seal-population-register = 人口库
seal-mobile-operator = 运营商
seal-bank-card = 银行卡
seal-social-security = 社保

## When the level is too low.
level-needed-title = 需要更高的认证等级
level-needed-needs = 此服务需要等级 { $level }：{ $name }
level-needed-have = 您现在是等级 { $level }：{ $name }
level-needed-have-none = 您尚未在本站登录
level-needed-advice = 在统一身份认证平台完成核验后，会自动回到这里。您也可以先办理其他事项。
level-needed-raise = 提升到等级 { $level }

## When something went wrong.
problem-title = 这次没有办成
problem-again = 重新登录
problem-code = 错误代码
problem-other = 身份认证平台没有完成登录。您没有损失任何内容，可以再试一次。
problem-access-denied = 您没有同意提供信息，所以未登录。
problem-state-mismatch = 这个登录链接已经用过、已过期，或来自另一个浏览器。请重新登录。
problem-issuer-mismatch = 回应来自另一个身份认证平台，已拒绝。
problem-provider-unreachable = 暂时无法连接身份认证平台，请稍后再试。
problem-login-required = 您尚未在身份认证平台登录。
problem-no-token = 没有得到访问档案的许可，请重新登录后再试。
problem-records-refused = 省档案平台没有接受本站的请求，请稍后再试。
problem-records-unreachable = 暂时无法连接省档案平台，请稍后再试。
problem-not-found = 没有这个页面。
problem-foreign-form = 这个请求不是从本站页面发出的，已拒绝。
problem-invalid-start = 请求的参数不正确。

## Signing out.
signed-out-title = 您已退出
signed-out-everywhere = 您已从本站退出，身份认证平台也结束了本次登录。
signed-out-here = 您已从本站退出。身份认证平台没有确认结束登录：在公用电脑上，请关闭浏览器。

## For developers.
developer-title = 开发者信息
developer-lead = 本站从统一身份认证平台收到的内容，已核对签名、签发者、受众、随机数和时间。
developer-nothing = 登录后，这里显示收到的令牌。
developer-raw = ID Token 原文
developer-header = 头部
developer-claims = 声明
developer-userinfo = 用户信息端点
developer-response = 令牌响应
developer-try = 试一试

## The world server.
world-title = 沙箱世界
world-navigation = 导航
world-lead = 这里模拟人口库、其他数据库（银行卡、社保、公积金、驾驶证、车辆）、企业库、运营商、短信网关和邮件服务器。所有人物均为虚构，号码校验位正确，但不属于任何人。
world-provider = 身份认证平台：
world-faults = 已开启的故障
world-people = 居民
world-copy-hint = 点击任意值即可全选，然后复制。手机号可任选，短信都会到发件箱。
world-name = 姓名 / 名称
world-citizen-id = 公民身份号码
world-phone = 手机号
world-purpose = 用途
world-enterprises = 组织
world-credit-code = 统一社会信用代码
world-representative = 法定代表人
world-api = 接口
world-api-outbox = 发出的短信和邮件，最新的在前。
world-api-captcha = 图片验证码的答案（仅开发环境）。
world-api-people = 在所有登记库中新增或修改。
world-api-faults = slow、hang、down、500、redirect、garbage、wrong、refused、quota、empty、cut、huge、twice、none
world-api-journal = 每个登记库被问过什么。
world-api-residents = 经由平台自己的页面注册并核验一位测试居民。
world-api-approvals = 测试居民的手机如何回应扫码登录：allow（允许）、deny（拒绝）或 ignore（不理会）。
world-further = 其他数据库
world-holding-document = 身份证
world-holding-bank-card = 银行卡
world-holding-social-security = 社保卡号
world-holding-provident-fund = 公积金账号
world-holding-driving-licence = 驾驶证档案编号
world-holding-vehicle = 车牌号
world-purpose-match = 一致
world-purpose-leap-day = 一致；生于 2 月 29 日
world-purpose-middle-dot = 一致；姓名含间隔号
world-purpose-rare-character = 一致；生僻字（扩展区）
world-purpose-latin-name = 一致；港澳居民居住证，拉丁字母姓名
world-purpose-permit = 一致；台湾居民居住证
world-purpose-mismatch = 不一致：登记库中是另一个姓名
world-purpose-not-found = 查无此人
world-purpose-deceased = 受限：登记为死亡
world-purpose-locked = 受限：已锁定
world-purpose-cancelled = 受限：户口已注销
world-purpose-minor = 一致；未成年人
world-purpose-slow = 一致，但每个登记库要 4 秒
world-purpose-unavailable = 人口库对此人总是不可用
world-purpose-operator-mismatch = 人口库一致；运营商不一致
world-purpose-made = 由 POST /residents 创建
world-outbox = 发件箱
world-outbox-to = 收件人
world-outbox-filter = 筛选
world-outbox-empty = 还没有消息。
world-outbox-open-link = 打开链接
world-sms = 短信
world-email = 邮件

## The parties elsewhere: faces, payment app, bank, another province.
vendor-face-title = 实人认证（模拟）
vendor-face-lead = 这里代替摄像头：请选择要模拟的结果。
vendor-face-busy = 仍在比对，请稍候；您也可以返回。
vendor-face-passes = 比对通过
vendor-face-fails = 比对不通过
vendor-face-cancels = 取消
vendor-face-another-person = 通过，但结果是另一个人的
vendor-face-hangs = 一直没有结果
vendor-payment-title = 畅付钱包登录（模拟）
vendor-bank-title = 通汇银行登录（模拟）
vendor-province-title = 邻省统一身份认证（模拟）
vendor-sign-in-lead = 请选择以谁的身份登录，以及对方应当怎样答复。
vendor-person = 以谁的身份
vendor-level = 声明的等级
vendor-withhold = 不提供
vendor-withhold-nothing = 全部提供
vendor-withhold-name = 不提供姓名
vendor-withhold-number = 不提供证件号码
vendor-withhold-both = 姓名和证件号码都不提供
vendor-lie = 错误或谎言
vendor-allow = 登录并同意
vendor-deny = 拒绝
vendor-back = 返回
vendor-gone = 此请求已失效
vendor-refused = 请求不正确
vendor-go-back = 请返回原来的网站重新开始。

# 数字证书

authority-title = 证书软件（模拟）
authority-lead = 本页代表 USB Key 附带的软件：选择证书持有人，粘贴待签名文字，得到证书和签名。
authority-challenge = 待签名文字
authority-flaw = 证书
authority-flaw-none = 正常的签名证书
authority-flaw-expired = 已过期的证书
authority-flaw-encryption = 加密证书（不能用于签名）
authority-submit = 签名
authority-signed = 已签名
authority-signed-lead = 将以下两项粘贴到认证页面。
authority-certificate = 证书
authority-signature = 签名
authority-again = 再签一次
authority-api = 模拟证书软件：为某个人签名；吊销某个人的证书。
