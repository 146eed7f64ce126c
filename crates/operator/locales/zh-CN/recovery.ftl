# 窗口找回账号

counter-recovery-title = 无法进入账号的群众
counter-recovery-text = 请将本人与证件进行比对。仅凭已认证的姓名和号码查找账号。须由第二名工作人员同意；系统会立即通过账号现有的联系方式通知本人。工作人员不设置、也不会知道密码。
counter-recovery-phone = 本人随身携带的手机号码
counter-recovery-phone-hint = 该号码将成为账号的手机号码。
counter-recovery-code-hint = 由本人读出短信中的验证码。
counter-recovery-submit = 提交建议
counter-recovery-unknown = 没有可用该姓名和号码找回的账号
counter-recovery-proposed = 已提交，须由第二名工作人员同意。
counter-recovery-agreed = 已同意。本人现在可以在“忘记密码”处用该手机号码设置密码。
counter-recovery-refused = 已拒绝，没有任何更改。
counter-recovery-gone = 已没有可以同意的事项。
counter-recovery-own = 这是您自己提交的，须由他人同意。
counter-recovery-taken = 该手机号码现已属于另一个账号，没有任何更改。
counter-recovery-waiting = 等待第二名工作人员
counter-recovery-none = 没有等待事项。
counter-recovery-one = { $document }，新号码 { $phone }，截止 { $moment }
counter-recovery-agree = 同意
counter-recovery-refuse = 拒绝
counter-recovery-link = 无法进入账号的群众
