# 身份提供者的少量页面：无法继续的请求、退出登录。

problem-authorize-client = 您来自的网站未接入本平台
problem-authorize-client-help = 我们没有向该网站发送任何信息。请返回该网站重试。如再次出现，请将本页底部的编号告知该网站的运营单位。
problem-authorize-redirect = 该网站要求跳转到未登记的地址
problem-authorize-redirect-help = 为了您的安全，我们没有跳转。请返回该网站重试。如再次出现，请将本页底部的编号告知该网站的运营单位。
problem-authorize-request = 无法读取该网站的请求
problem-authorize-request-help = 没有向该网站发送任何信息。请返回该网站重试。如果再次出现，请把本页底部的编号告诉该网站的运营方。
problem-authorize-pushed = 这个请求已经结束
problem-authorize-pushed-help = 它可能已经处理过、等待时间过长，或者属于另一个网站。没有向任何地方发送信息。请打开您要使用的网站，重新开始。
problem-authorize-not-here = 此步骤属于另一个浏览器，或已经结束
problem-authorize-not-here-help = 登录须在开始登录的同一浏览器中完成。请打开您要使用的网站，重新开始。如果这个地址是别人发给您的，请不要继续。

authorize-over-title = 本次请求已结束
authorize-over-answered = 您已经答复过本次请求。如果网站没有显示您已登录，请在该网站重新开始。
authorize-over-too-old = 本次请求等待时间过长，我们没有向该网站发送任何信息。请在该网站重新开始。
authorize-over-signed-out = 本次请求等待期间，您已在此浏览器中退出登录。我们没有向该网站发送任何信息。如仍需登录，请在该网站重新开始。
authorize-over-back = 返回{ $site }

form-post-title = 正在返回网站
form-post-text = 正在把您的答复发送给网站。如果没有反应，请按下面的按钮。
form-post-button = 继续

problem-logout-request = 无法执行该网站的退出登录请求
problem-logout-request-help = 您在本平台仍处于登录状态，我们没有跳转到任何网站。您可以在本平台页面退出登录。
logout-here = 在本平台退出登录

logout-confirm-title = 要退出登录吗？
logout-confirm-text = 您将在此浏览器中退出本平台。
logout-confirm-site = { $site }请求让您在此浏览器中退出本平台。
logout-confirm-yes = 退出登录
logout-confirm-stay = 保持登录，前往我的账户

logout-done-title = 您已退出登录
logout-done-text = 您已在此浏览器中退出本平台。
logout-done-sites-maybe = 您之前登录过的网站可能仍保留各自的登录状态，请在这些网站上也退出登录。
logout-done-shared = 如果使用的是公用电脑，请现在关闭浏览器的所有窗口。
logout-sites-title = 收到过您登录信息的网站
logout-sites-waiting = 正在通知以下网站，{ $all } 个中已有 { $confirmed } 个确认退出。
logout-sites-confirmed = 以下网站均已确认您已退出登录。
logout-sites-not-all = { $all } 个中有 { $confirmed } 个确认退出。请在未确认的网站上自行退出登录。
logout-site-confirmed = 已确认退出
logout-site-waiting = 正在通知
logout-site-later = 暂无回应，我们会继续通知
logout-site-no-answer = 没有回应，请在该网站自行退出
logout-site-refused = 未确认退出，请在该网站自行退出
logout-site-framed = 已通过此浏览器通知，该网站不会回应，请到该网站查看
logout-site-not-supported = 不支持同步退出，请在该网站自行退出
logout-look-again = 再次查看
logout-leaving = 正在让您退出其他网站，随后将返回。
logout-back = 返回网站
logout-back-site = 返回{ $site }
logout-done-sign-in = 重新登录
logout-frame = 在网站退出登录
logout-again-title = 您已登录
logout-again-text = 此页面是关于之前一次退出登录的。此后已有人在此浏览器中重新登录。
logout-again-account = 前往我的账户

registration-purpose = 该网站未说明用途
