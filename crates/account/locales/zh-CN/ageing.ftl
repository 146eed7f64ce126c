# 等级到期提醒

sms-level-lapses = 【{ $service }】您的“{ $level }”等级将于{ $day }到期，到期后部分事项将无法办理。请在此之前登录 { $page } 更新认证。如已更新，请忽略本短信。
