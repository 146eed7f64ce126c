# Các trang của nhà cung cấp danh tính: yêu cầu không thể tiếp tục và đăng xuất.

problem-authorize-client = Trang web đưa bạn đến đây chưa kết nối với dịch vụ này
problem-authorize-client-help = Chúng tôi không gửi gì cho trang web đó. Hãy quay lại trang web và thử lại. Nếu vẫn xảy ra, hãy báo cho đơn vị vận hành trang web mã số ở cuối trang này.
problem-authorize-redirect = Trang web yêu cầu chuyển bạn đến một địa chỉ chưa đăng ký
problem-authorize-redirect-help = Vì an toàn của bạn, chúng tôi không chuyển đến đó. Hãy quay lại trang web và thử lại. Nếu vẫn xảy ra, hãy báo cho đơn vị vận hành trang web mã số ở cuối trang này.
problem-authorize-request = Không đọc được yêu cầu của trang web
problem-authorize-request-help = Không có gì được gửi tới trang đó. Hãy quay lại trang web và thử lại. Nếu vẫn gặp lại, hãy báo cho đơn vị vận hành trang web số ở cuối trang này.
problem-authorize-pushed = Yêu cầu này đã kết thúc
problem-authorize-pushed-help = Yêu cầu đã được trả lời, đã chờ quá lâu hoặc thuộc về một trang web khác. Không có gì được gửi đi. Hãy mở trang web bạn muốn dùng và bắt đầu lại từ đó.
problem-authorize-not-here = Bước này thuộc về trình duyệt khác hoặc đã kết thúc
problem-authorize-not-here-help = Việc đăng nhập phải hoàn tất trên chính trình duyệt đã bắt đầu. Hãy mở trang web bạn muốn dùng và bắt đầu lại. Nếu ai đó gửi cho bạn địa chỉ này, đừng tiếp tục.

authorize-over-title = Yêu cầu này đã kết thúc
authorize-over-answered = Bạn đã trả lời yêu cầu này. Nếu trang web không hiển thị bạn đã đăng nhập, hãy bắt đầu lại ở đó.
authorize-over-too-old = Yêu cầu này đã chờ quá lâu. Chúng tôi không gửi gì cho trang web. Hãy bắt đầu lại ở đó.
authorize-over-signed-out = Bạn đã đăng xuất trong trình duyệt này khi yêu cầu đang chờ. Chúng tôi không gửi gì cho trang web. Nếu bạn vẫn muốn đăng nhập, hãy bắt đầu lại ở đó.
authorize-over-back = Quay lại { $site }

form-post-title = Đang đưa bạn trở lại trang web
form-post-text = Câu trả lời của bạn đang được gửi tới trang web. Nếu không có gì xảy ra, hãy nhấn nút bên dưới.
form-post-button = Tiếp tục

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
logout-done-sites-maybe = Các trang web bạn đã đăng nhập trước đó có thể vẫn giữ phiên đăng nhập riêng. Hãy đăng xuất cả ở đó.
logout-done-shared = Nếu dùng máy tính chung, hãy đóng tất cả cửa sổ trình duyệt ngay bây giờ.
logout-sites-title = Các trang web đã nhận đăng nhập của bạn
logout-sites-waiting = Chúng tôi đang thông báo cho các trang web này. { $confirmed } trong số { $all } đã xác nhận.
logout-sites-confirmed = Tất cả các trang web này đã xác nhận bạn đã đăng xuất.
logout-sites-not-all = { $confirmed } trong số { $all } đã xác nhận. Hãy tự đăng xuất tại các trang web chưa xác nhận.
logout-site-confirmed = Đã xác nhận: đã đăng xuất
logout-site-waiting = Đang thông báo
logout-site-later = Chưa trả lời; chúng tôi tiếp tục thử
logout-site-no-answer = Không trả lời: hãy tự đăng xuất ở đó
logout-site-refused = Không xác nhận: hãy tự đăng xuất ở đó
logout-site-framed = Đã báo qua trình duyệt này, không có trả lời: hãy kiểm tra ở đó
logout-site-not-supported = Không hỗ trợ: hãy tự đăng xuất ở đó
logout-look-again = Xem lại
logout-leaving = Chúng tôi đang đăng xuất bạn tại các trang web khác. Sau đó bạn sẽ được đưa trở lại.
logout-back = Quay lại trang web
logout-back-site = Quay lại { $site }
logout-done-sign-in = Đăng nhập lại
logout-frame = Đăng xuất tại một trang web
logout-again-title = Bạn đang đăng nhập
logout-again-text = Trang này nói về một lần đăng xuất trước đó. Từ đó đã có người đăng nhập lại trong trình duyệt này.
logout-again-account = Đến tài khoản của tôi

registration-purpose = Trang web chưa nêu mục đích
