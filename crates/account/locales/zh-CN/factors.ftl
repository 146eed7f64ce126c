# 再次证明是本人
confirm-title = 请确认是您本人
confirm-why = 接下来的操作关系到您的登录方式，请再确认一次是您本人。
confirm-password = 您的密码
confirm-password-button = 用密码确认
confirm-password-wrong = 密码不正确
confirm-totp = 身份验证器中的动态码
confirm-totp-hint = 六位数字，每 30 秒更新一次
confirm-totp-button = 用动态码确认
confirm-passkey = 用通行密钥确认
confirm-passkey-refused = 该通行密钥未被接受。请重试，或者换一种方式。
confirm-recovery-code = 打印的恢复码
confirm-recovery-code-hint = 四组，每组四个字符。每个恢复码只能使用一次。
confirm-recovery-code-button = 使用恢复码
confirm-sms = 短信验证码
confirm-sms-hint = 六位数字，已发送到您账户的手机
confirm-sms-button = 用验证码确认
confirm-sms-again = 重新发送验证码
confirm-sms-send = 向我的手机发送验证码
confirm-sms-country = 无法向您手机所在的国家或地区发送短信
confirm-none = 目前没有可用的确认方式。
confirm-recover = 找回账户
confirm-lost = 所需的验证方式已经不在您手中？请在它自己的页面上移除：需要等待 { $hours } 小时，我们会通过所有能联系到您的方式通知您。
confirm-done = 已确认是您本人。请在这里完成刚才的操作。

# 尝试
factors-code-unreadable = 这看起来不像一个验证码。请按显示的样子输入。
factors-code-wrong = 验证码不正确，或者已经使用过
factors-paused = 尝试次数过多。请在 { $minutes } 分钟后再试。
factors-off = 错误次数过多，该方式已停用。请使用其他方式，然后重新设置。

# 登录与安全页面上的列表
factors-panel-title = 您的登录方式
factors-password = 密码
factors-password-changed = 上次修改：{ $moment }
factors-password-none = 您还没有密码。设置密码后可以用手机号登录。
factors-password-change = 修改密码
factors-password-first = 设置密码
factors-authenticator = 身份验证器
factors-authenticator-count = { $count ->
        [0] 未设置
       *[other] { $count } 个
    }
factors-authenticator-manage = 管理身份验证器
factors-passkeys = 通行密钥
factors-passkeys-count = { $count ->
        [0] 暂无
       *[other] { $count } 个
    }
factors-passkeys-manage = 管理通行密钥
factors-codes = 恢复码
factors-codes-none = 暂无。请打印一份，以备手机丢失时使用。
factors-codes-left = { $count ->
        [0] 已全部使用
       *[other] 剩余 { $count } 个
    }，生成于 { $day }
factors-codes-manage = 管理恢复码
factors-old-title = 您的密码已使用 { $days } 天
factors-old-text = 密码本身没有问题。如果您在别处也使用它，或者别人可能知道它，现在是更换的好时机。
factors-old-later = 以后再提醒我

# 密码
factors-password-title = 修改密码
factors-password-title-first = 设置密码
factors-password-first-text = 设置密码后，您可以用手机号登录。
factors-password-current = 当前密码
factors-password-current-missing = 请输入当前密码
factors-password-current-wrong = 这不是当前密码
factors-password-new = 新密码
factors-password-used = 您以前使用过这个密码。请换一个。
factors-password-submit = 保存密码
factors-password-forgot = 我忘记了当前密码
factors-password-ends = 您的其他登录都会结束，各网站会请您重新登录。
factors-password-done = 密码已修改。您的其他登录均已结束。

# 身份验证器
factors-authenticator-title = 身份验证器
factors-authenticator-text = 手机上的应用每 30 秒显示一个新的动态码。启用后，仅凭密码不能登录。
factors-authenticator-add = 设置身份验证器
factors-authenticator-new-title = 设置身份验证器
factors-authenticator-scan = 打开应用，扫描此图。
factors-authenticator-picture = 供身份验证器扫描的图
factors-authenticator-spelled = 或者在应用中输入此密钥：
factors-authenticator-code = 应用现在显示的动态码
factors-authenticator-wrong = 动态码不正确。请检查手机时间是否准确，并输入最新的动态码。
factors-authenticator-submit = 完成设置
factors-authenticator-done = 身份验证器已设置。
factors-many = 数量已达上限。请先移除一个。
factors-late = 此页面已超时，没有任何更改。这里是新的图：请重新扫描，并再次输入动态码。

# 通行密钥
factors-passkeys-title = 通行密钥
factors-passkeys-text = 通行密钥用手机或电脑的指纹、面容或 PIN 码登录。无需输入任何内容，假冒网站也无法骗取。
factors-passkeys-add = 添加通行密钥
factors-passkeys-nowhere = 在此地址无法使用通行密钥：需要域名，而不是数字地址。
factors-passkey-new-title = 添加通行密钥
factors-passkey-new-text = 浏览器会询问把通行密钥保存在哪里，并验证是您本人。
factors-passkey-make = 创建通行密钥
factors-passkey-refused = 没有创建通行密钥。请重试；如果它已经属于您，则无需操作。
factors-passkey-done = 通行密钥已添加。今后您可以用它登录。

# 两者
factors-name = 名称
factors-name-hint = 便于您辨认，例如“办公电脑”
factors-name-missing = 请输入名称
factors-rename = 重命名
factors-rename-button = 保存名称
factors-renamed = 名称已修改。
factors-since = 添加时间
factors-used = 上次使用
factors-never = 尚未使用
factors-remove = 移除
factors-remove-title = 移除“{ $name }”
factors-remove-text-totp = 该应用的动态码将不再有效。
factors-remove-text-passkey = 该通行密钥将不能再用于登录。请在您的设备上也将其删除。
factors-remove-others = 您的其他登录都会结束。
factors-remove-last = 这是您最后一种强验证方式。移除后仅凭密码即可登录，要求更高的服务将拒绝您。
factors-remove-accept = 我明白我的账户受到的保护会减弱
factors-remove-accept-missing = 如果确实需要，请勾选此项
factors-remove-submit = 移除
factors-removed = 已移除。其他登录均已结束。
factors-remove-lost-title = 它已经不在您手中？
factors-remove-lost-text = 如果您无法用它验证，也没有恢复码，它将在 { $hours } 小时后移除。我们会立即通过所有能联系到您的方式通知您，在此之前您可以取消。
factors-remove-lost-submit = { $hours } 小时后移除
factors-waiting = 将移除于 { $moment }
factors-waiting-stop = 取消移除
factors-stopped = 已保留。
factors-scheduled = 到时间后将移除。在此之前您可以在这里取消。

# 恢复码
factors-codes-title = 恢复码
factors-codes-text = 写在纸上的十个恢复码，供手机或电脑丢失时使用。每个只能使用一次。请与证件放在一起，不要存在手机里。
factors-codes-make = 生成恢复码
factors-codes-make-again = 生成新的恢复码
factors-codes-replaced = 新的恢复码会取代旧的，旧的将不再有效。
factors-sheet-title = 您的恢复码
factors-sheet-text = 请打印此页或抄写下来。恢复码显示到 { $moment } 为止，之后不再显示。
factors-sheet-for = 账户 { $name }，生成于 { $day }
factors-sheet-done = 我已保存好
factors-sheet-gone = 恢复码不再显示。如果您没有保存，请重新生成。
contact-change-factor = 移除一种身份验证方式
