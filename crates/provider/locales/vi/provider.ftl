# Các trang của nhà cung cấp danh tính: yêu cầu không thể tiếp tục và đăng xuất.

problem-authorize-client = Trang web đưa bạn đến đây chưa kết nối với dịch vụ này
problem-authorize-client-help = Chúng tôi không gửi gì cho trang web đó. Hãy quay lại trang web và thử lại. Nếu vẫn xảy ra, hãy báo cho đơn vị vận hành trang web mã số ở cuối trang này.
problem-authorize-redirect = Trang web yêu cầu chuyển bạn đến một địa chỉ chưa đăng ký
problem-authorize-redirect-help = Vì an toàn của bạn, chúng tôi không chuyển đến đó. Hãy quay lại trang web và thử lại. Nếu vẫn xảy ra, hãy báo cho đơn vị vận hành trang web mã số ở cuối trang này.
problem-authorize-not-here = Bước này thuộc về trình duyệt khác hoặc đã kết thúc
problem-authorize-not-here-help = Việc đăng nhập phải hoàn tất trên chính trình duyệt đã bắt đầu. Hãy mở trang web bạn muốn dùng và bắt đầu lại. Nếu ai đó gửi cho bạn địa chỉ này, đừng tiếp tục.

authorize-over-title = Yêu cầu này đã kết thúc
authorize-over-answered = Bạn đã trả lời yêu cầu này. Nếu trang web không hiển thị bạn đã đăng nhập, hãy bắt đầu lại ở đó.
authorize-over-too-old = Yêu cầu này đã chờ quá lâu. Chúng tôi không gửi gì cho trang web. Hãy bắt đầu lại ở đó.
authorize-over-back = Quay lại { $site }

problem-logout-request = Không thể thực hiện yêu cầu đăng xuất của trang web
problem-logout-request-help = Bạn vẫn đang đăng nhập ở đây và không bị chuyển đi đâu. Bạn có thể đăng xuất trên trang của chúng tôi.
logout-here = Đăng xuất tại đây

logout-confirm-title = Đăng xuất?
logout-confirm-text = Bạn sẽ đăng xuất khỏi dịch vụ này trên trình duyệt này.
logout-confirm-site = { $site } yêu cầu đăng xuất bạn khỏi dịch vụ này trên trình duyệt này.
logout-confirm-yes = Đăng xuất
logout-confirm-stay = Tiếp tục đăng nhập và đến tài khoản của tôi

logout-done-title = Bạn đã đăng xuất
logout-done-text = Bạn đã đăng xuất khỏi dịch vụ này trên trình duyệt này.
logout-done-sites = Các trang web sau đã nhận đăng nhập của bạn và có thể vẫn giữ phiên đăng nhập riêng. Hãy đăng xuất cả ở đó:
logout-done-sites-maybe = Các trang web bạn đã đăng nhập trước đó có thể vẫn giữ phiên đăng nhập riêng. Hãy đăng xuất cả ở đó.
logout-done-shared = Nếu dùng máy tính chung, hãy đóng tất cả cửa sổ trình duyệt ngay bây giờ.
