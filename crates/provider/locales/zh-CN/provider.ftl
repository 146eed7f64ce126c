# 身份提供者的少量页面：无法继续的请求、退出登录。

problem-authorize-client = 您来自的网站未接入本平台
problem-authorize-client-help = 我们没有向该网站发送任何信息。请返回该网站重试。如再次出现，请将本页底部的编号告知该网站的运营单位。
problem-authorize-redirect = 该网站要求跳转到未登记的地址
problem-authorize-redirect-help = 为了您的安全，我们没有跳转。请返回该网站重试。如再次出现，请将本页底部的编号告知该网站的运营单位。
problem-authorize-not-here = 此步骤属于另一个浏览器，或已经结束
problem-authorize-not-here-help = 登录须在开始登录的同一浏览器中完成。请打开您要使用的网站，重新开始。如果这个地址是别人发给您的，请不要继续。

authorize-over-title = 本次请求已结束
authorize-over-answered = 您已经答复过本次请求。如果网站没有显示您已登录，请在该网站重新开始。
authorize-over-too-old = 本次请求等待时间过长，我们没有向该网站发送任何信息。请在该网站重新开始。
authorize-over-back = 返回{ $site }

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
logout-done-sites = 以下网站曾收到您的登录信息，可能仍保留各自的登录状态，请在这些网站上也退出登录：
logout-done-sites-maybe = 您之前登录过的网站可能仍保留各自的登录状态，请在这些网站上也退出登录。
logout-done-shared = 如果使用的是公用电脑，请现在关闭浏览器的所有窗口。
