# 实名认证

evidence-caption = 实名认证
evidence-welcome = 账号已注册成功。您可以现在完成实名认证，也可以以后再说。
evidence-name = 姓名
evidence-name-hint = 请与居民身份证上的姓名完全一致。少数民族姓名中的间隔号请填写“·”。
evidence-name-missing = 请填写姓名
evidence-name-length = 姓名不能超过 100 个字符
evidence-name-digit = 姓名中不能有数字
evidence-name-character = 姓名中有不能识别的字符，请删除表情、符号等内容
evidence-name-separator = 间隔号的前后都应有文字
evidence-citizen-id = 公民身份号码
evidence-citizen-id-hint = 18 位。港澳台居民请填写居住证号码。
evidence-citizen-id-missing = 请填写公民身份号码
evidence-citizen-id-length = 公民身份号码应为 18 位，请核对位数
evidence-citizen-id-character = 公民身份号码前 17 位为数字，最后一位为数字或者 X
evidence-citizen-id-region = 公民身份号码的前两位不是有效的省级代码，请核对
evidence-citizen-id-date = 公民身份号码第 7 至 14 位的出生日期不存在，请核对
evidence-citizen-id-future = 公民身份号码中的出生日期晚于今天，请核对
evidence-citizen-id-check = 公民身份号码的最后一位与前面各位不符，可能有一位填错，请逐位核对
evidence-citizen-id-other = 您的账号已用另一个公民身份号码完成认证，已认证的信息不能更改。如有疑问请到服务窗口办理。
evidence-phone = 手机号码
evidence-skip = 暂不认证，以后再说

evidence-submit = 实名认证
evidence-agree-submit = 同意并核验
evidence-name-other = 您的账户已用另一姓名通过认证，已认证的信息不能修改。如已更名，请提交证件由人工审核，或者到服务窗口办理。
evidence-mismatch = 填写的信息与对方的记录不一致，认证未通过。请核对后重试，今天还可以尝试 { $left } 次。
evidence-not-found = 在目前能够查询的库中没有找到相应的记录。请核对后重试，今天还可以尝试 { $left } 次；也可以申请人工核实，或者到服务窗口办理。

evidence-case-number = 业务编号：
evidence-review-title = 确认填写无误？
evidence-review-text = 近期改名、户口迁移、参军或者退役等情况，可能导致库中信息尚未更新。您可以申请由工作人员核实，结果将以短信通知。
evidence-review-submit = 申请人工核实
evidence-filed-title = 已受理人工核实申请
evidence-filed-text = 工作人员将核实您提交的信息，结果会以短信通知，也可以在“认证等级”页面查看进度。在此期间您的账号可以照常使用。

evidence-waiting-title = 暂时无法完成核验
evidence-waiting-text = 对方系统目前没有应答，核验尚未完成，这不是您的问题。您填写的内容已加密保存，系统会自动继续核验，不计入您的尝试次数。
evidence-waiting-sms = 有结果后将以短信通知您，您不必在此等候。
evidence-again-title = 核验尚未完成
evidence-again-text = 对方系统暂时没有响应，这不是您的问题，也不计入尝试次数。
evidence-again-help = 其中一项信息只使用一次，我们不保存，因此无法代您重试。其他内容都已保留，稍后回来只需重新填写这一项。
evidence-again-go = 重新填写
evidence-conflict-title = 该公民身份号码已在另一账号完成认证
evidence-conflict-text = 信息核验一致，但该公民身份号码已由另一账号完成认证，一个人只能有一个实名账号。两个账号都没有任何变动。
evidence-conflict-help = 如果那是您以前的账号，请退出后用该公民身份号码登录。如果不是您本人注册的，请携带身份证件到服务窗口，并告知以下编号。
evidence-restricted-title = 请到服务窗口办理
evidence-restricted-text = 该记录目前的状态不允许在网上办理认证。为防止他人冒用，此账号已暂停使用，等待工作人员核实。
evidence-restricted-help = 请本人携带身份证件到政务服务窗口，并告知以下编号。
evidence-limit-title = 今天的认证次数已用完
evidence-limit-text = 为防止身份信息被他人试探，每个账号、每个公民身份号码每天的认证次数有限，目前不能继续尝试。
evidence-limit-help = 请明天再试；急需办理的，请携带身份证件到服务窗口。
evidence-limit-review = 改为上传身份证件照片，由人工审核
evidence-go-on-without = 暂不提升等级，继续前往
evidence-to-level = 查看认证等级

evidence-phone-title = 先验证手机号码
evidence-phone-text = 为确认是您本人在操作，提升认证等级前需要验证手机号码 { $phone }。
evidence-phone-sent = 验证码已发往 { $phone }，请填写收到的验证码。
evidence-code = 短信验证码
evidence-code-hint = 6 位数字，以最新收到的一条为准。
evidence-code-send = 获取验证码
evidence-code-resend = 重新发送
evidence-code-next = 下一步
evidence-code-form = 短信验证码为 6 位数字
evidence-code-wrong = 短信验证码不正确，还可以尝试 { $count } 次
evidence-code-exhausted = 该验证码的尝试次数已用完，请重新获取
evidence-code-expired = 该验证码已失效，请重新获取
evidence-code-too-soon = 验证码刚刚发出，请在 { $seconds } 秒后再次获取。
evidence-code-too-many = 获取验证码过于频繁，请在 { $minutes } 分钟后再试。
evidence-code-country = 暂不支持向该国家（地区）的号码发送短信，请到服务窗口办理。

# 短信

evidence-counter-title = 到政务服务窗口核验
evidence-counter-text = 在政务服务窗口，工作人员会将您本人与身份证件进行比对。只需几分钟，可达到最高等级。
evidence-counter-bring = 请携带身份证原件；港澳台居民请携带居住证原件。
evidence-counter-phone = 请携带本账号所用的手机：办理时会向它发送验证码。
evidence-counter-two = 由两名工作人员共同确认。结果将以短信通知您，无需等候。
