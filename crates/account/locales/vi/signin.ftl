# Đăng nhập

signin-title = Đăng nhập
signin-for-site = Đang chuyển đến: { $site }
signin-identifier = Số điện thoại di động hoặc số căn cước công dân
signin-identifier-hint = Có thể dùng số căn cước công dân sau khi đã xác thực danh tính.
signin-identifier-missing = Hãy nhập số điện thoại di động hoặc số căn cước công dân
signin-identifier-unusable = Đây không phải số điện thoại di động, cũng không phải số căn cước công dân. Hãy kiểm tra và nhập lại.
signin-password = Mật khẩu
signin-password-missing = Hãy nhập mật khẩu
signin-public-computer = Đây là máy tính dùng chung
signin-public-computer-hint = Dành cho quán internet và nơi tiếp dân: bạn sẽ được đăng xuất sau thời gian ngắn. Khi dùng xong, hãy đăng xuất và đóng trình duyệt.
signin-submit = Đăng nhập
signin-cancel = Không đăng nhập, quay lại trang trước đó
signin-no-account = Chưa có tài khoản?
signin-register = Đăng ký ngay
signin-wrong = Số hoặc mật khẩu không đúng. Hãy kiểm tra và thử lại. Sau nhiều lần sai, việc đăng nhập sẽ tạm dừng một thời gian.
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
