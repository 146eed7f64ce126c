# Đăng nhập

signin-title = Đăng nhập
signin-for-site = Đang chuyển đến: { $site }
signin-identifier = Số điện thoại di động, số căn cước, tên người dùng hoặc e-mail
signin-identifier-hint = Có thể dùng số căn cước sau khi đã xác thực danh tính, và e-mail sau khi đã xác nhận.
signin-identifier-missing = Hãy nhập số điện thoại di động, số căn cước, tên người dùng hoặc e-mail
signin-identifier-unusable = Đây không phải số điện thoại di động, số căn cước, tên người dùng hay địa chỉ e-mail. Hãy kiểm tra và nhập lại.
signin-password = Mật khẩu
signin-password-missing = Hãy nhập mật khẩu
signin-public-computer = Đây là máy tính dùng chung
signin-public-computer-hint = Dành cho quán internet và nơi tiếp dân: bạn sẽ được đăng xuất sau thời gian ngắn. Khi dùng xong, hãy đăng xuất và đóng trình duyệt.
signin-submit = Đăng nhập
signin-cancel = Không đăng nhập, quay lại trang trước đó
signin-no-account = Chưa có tài khoản?
signin-register = Đăng ký ngay
signin-wrong = Thông tin đã nhập và mật khẩu không khớp. Hãy kiểm tra và thử lại. Sau nhiều lần sai, việc đăng nhập sẽ tạm dừng một thời gian; sau rất nhiều lần, phải đặt lại mật khẩu ở mục “Quên mật khẩu”.
signin-again = Bạn đang đăng nhập với { $who }. Để bảo vệ tài khoản, thủ tục này yêu cầu bạn đăng nhập lại.

signin-paused = Đăng nhập sai quá nhiều lần. Để bảo vệ tài khoản, vui lòng thử lại sau { $minutes } phút. Tài khoản và thông tin của bạn không bị ảnh hưởng.
signin-busy = Hiện có nhiều người đang đăng nhập. Mật khẩu của bạn không bị từ chối và lần này không tính là nhập sai. Hãy nhập lại mật khẩu sau { $seconds } giây.

# Đăng xuất

signin-sign-out-title = Đăng xuất
signin-sign-out-text = Sau khi đăng xuất, trình duyệt này phải đăng nhập lại mới dùng được tài khoản của bạn.
signin-sign-out-button = Đăng xuất
signin-signed-out-title = Bạn đã đăng xuất
signin-signed-out-text = Trình duyệt này không còn đăng nhập tại đây. Các trang thành viên bạn đã dùng có thể vẫn giữ trạng thái đăng nhập: hãy đăng xuất ở đó nữa.
signin-signed-out-close = Nếu dùng máy tính chung, hãy đóng mọi cửa sổ trình duyệt trước khi rời đi.
signin-signed-out-again = Đăng nhập lại

# Các cách đăng nhập khác và bước thứ hai

signin-recover = Quên mật khẩu, hoặc chưa có mật khẩu?
signin-passkey = Đăng nhập bằng khóa truy cập
signin-passkey-needs-script = Khóa truy cập cần JavaScript trong trình duyệt. Nếu không có, hãy đăng nhập bằng mật khẩu.
signin-passkey-refused = Khóa truy cập này không được chấp nhận. Hãy thử lại hoặc chọn cách khác.
signin-late = Đã hết thời gian cho bước này. Không có gì thay đổi. Vui lòng đăng nhập lại.
signin-ended = Phiên đăng nhập của bạn đã kết thúc trước khi thực hiện được việc đó. Không có gì thay đổi. Vui lòng đăng nhập lại.
signin-second-title = Còn một bước nữa
signin-factor-submit = Tiếp tục
signin-factor-leave = Dừng và bắt đầu lại
signin-factor-missing = Hãy nhập mã
signin-factor-code-hint = Sáu chữ số
signin-factor-totp = Mã trong ứng dụng xác thực
signin-factor-totp-text = Hãy mở ứng dụng xác thực và nhập mã hiển thị cho tài khoản này.
signin-factor-totp-link = Dùng ứng dụng xác thực
signin-factor-password-text = Vui lòng nhập thêm mật khẩu của tài khoản.
signin-factor-password-link = Dùng mật khẩu
signin-factor-sms = Mã trong tin nhắn
signin-factor-sms-text = Chúng tôi có thể gửi mã bằng tin nhắn đến { $phone }.
signin-factor-sms-sent = Mã đã được gửi đến { $phone }. Không cán bộ nào được hỏi bạn mã này.
signin-factor-sms-send = Gửi mã
signin-factor-sms-again = Gửi mã khác
signin-factor-sms-link = Nhận mã qua tin nhắn
signin-factor-recovery = Mã khôi phục
signin-factor-recovery-hint = 16 chữ và số trên tờ bạn đã in. Mỗi mã chỉ dùng được một lần.
signin-factor-recovery-text = Dùng một mã khôi phục đã in nếu bạn không có sẵn cách nào khác.
signin-factor-recovery-link = Dùng mã khôi phục
signin-factor-passkey-text = Hãy dùng khóa truy cập trên thiết bị này hoặc trên điện thoại. Bạn xác nhận bằng vân tay, khuôn mặt hoặc mã PIN của thiết bị.
signin-factor-passkey-begin = Dùng khóa truy cập
signin-factor-passkey-use = Dùng khóa truy cập ngay
signin-factor-passkey-link = Dùng khóa truy cập
signin-factor-others = Cách khác
signin-factor-none = Không có sẵn cách nào?
signin-more-title = Dịch vụ này yêu cầu đăng nhập mạnh hơn
signin-more-passkey = Mức định danh của bạn đã đủ cao. Chỉ là lần đăng nhập này chưa đủ mạnh: vui lòng dùng thêm khóa truy cập.
signin-more-no-passkey = Mức định danh của bạn đã đủ cao. Dịch vụ này còn yêu cầu khóa truy cập mà bạn chưa có. Bạn có thể thiết lập ngay rồi tiếp tục.
signin-more-second = Mức định danh của bạn đã đủ cao. Chỉ là lần đăng nhập này chưa đủ mạnh: vui lòng thực hiện thêm một bước.
signin-more-no-second = Mức định danh của bạn đã đủ cao. Dịch vụ này còn yêu cầu bước thứ hai mà bạn chưa có. Bạn có thể thiết lập ngay rồi tiếp tục.
signin-more-same-kind = Mức định danh của bạn đã đủ cao. Dịch vụ này còn yêu cầu bước thứ hai. Cách xác thực bạn đã thiết lập cùng loại với cách bạn vừa đăng nhập nên không được tính là bước thứ hai. Bạn có thể thiết lập cách khác ngay rồi tiếp tục.
signin-more-nothing = Mức định danh của bạn đã đủ cao. Dịch vụ này còn yêu cầu đăng nhập mạnh hơn, hiện chưa thể thực hiện ở đây.
signin-more-make-passkey = Thiết lập khóa truy cập
signin-more-make-authenticator = Thiết lập ứng dụng xác thực
signin-more-make-password = Đặt mật khẩu
signin-more-not-now = Để sau
