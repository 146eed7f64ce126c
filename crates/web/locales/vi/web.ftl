# Khung của mọi trang
web-skip = Chuyển đến nội dung chính
web-preferences = Ngôn ngữ và cỡ chữ
web-print-large = Chữ lớn
web-print-normal = Chữ thường
web-origin = Hãy kiểm tra thanh địa chỉ. Địa chỉ của dịch vụ này bắt đầu bằng
web-nav = Trang cá nhân
web-nav-account = Tài khoản của tôi
web-nav-level = Mức xác thực
web-nav-security = Đăng nhập và bảo mật
web-nav-sharing = Đồng ý và chia sẻ
web-sign-out = Đăng xuất
web-help-phone = Đường dây hỗ trợ
web-help-link = Trung tâm trợ giúp
web-correlation = Mã tra cứu

# Biểu mẫu
web-error-summary = Vui lòng sửa các nội dung sau
web-error-prefix = Lỗi:
web-optional = (không bắt buộc)
web-continue = Tiếp tục
web-back = Quay lại
web-cancel = Hủy
web-home = Về trang chủ
web-resend-wait = Gửi lại sau { $seconds } giây
web-show-password = Hiện mật khẩu
web-hide-password = Ẩn mật khẩu
web-passkey-failed = Trình duyệt không đưa ra khóa truy cập. Hãy thử lại, hoặc dùng cách khác.
web-passkey-unsupported = Trình duyệt này không hỗ trợ khóa truy cập. Hãy dùng cách khác.
web-passkey-needs-script = Khóa truy cập cần JavaScript. Nếu không có, hãy dùng cách khác.

# Khi có sự cố
problem-not-found = Không tìm thấy trang
problem-not-found-help = Hãy kiểm tra xem địa chỉ đã đầy đủ chưa, hoặc bắt đầu lại từ trang chủ.
problem-bad-request = Không thể hiểu yêu cầu này
problem-bad-request-help = Hãy quay lại trang trước và thử lại. Nếu bạn được chuyển đến từ một trang web khác, hãy trở lại trang đó và bắt đầu lại.
problem-form-expired = Trang đã hết hiệu lực
problem-form-expired-help = Trang bạn gửi đã quá hạn, hoặc trình duyệt không lưu cookie của chúng tôi. Hãy quay lại, tải lại trang và điền lại. Nếu vẫn không được, hãy cho phép cookie của trang này trong phần cài đặt trình duyệt.
web-form-expired-on = Tiếp tục
problem-cross-site = Đã chặn yêu cầu từ một trang web khác
problem-cross-site-help = Để bảo vệ tài khoản của bạn, chúng tôi không nhận biểu mẫu do trang web khác gửi. Vui lòng thao tác trên các trang của dịch vụ này.
problem-too-many = Thao tác quá nhiều lần
problem-too-many-help = Để bảo vệ tài khoản, vui lòng chờ { $minutes } phút rồi thử lại. Nội dung bạn đã điền không bị ảnh hưởng.
problem-unavailable = Dịch vụ đang bận
problem-unavailable-help = Tài khoản và thông tin của bạn vẫn an toàn. Vui lòng thử lại sau ít phút. Nếu vẫn gặp sự cố, hãy gọi đường dây hỗ trợ và cung cấp mã tra cứu ở cuối trang.
problem-internal = Đã xảy ra lỗi từ phía chúng tôi
problem-internal-help = Bạn không làm gì sai và chúng tôi đã ghi nhận sự cố. Vui lòng thử lại sau. Nếu vẫn gặp sự cố, hãy gọi đường dây hỗ trợ và cung cấp mã tra cứu ở cuối trang.
problem-method = Không thể truy cập trang này theo cách đó
problem-method-help = Vui lòng bắt đầu lại từ trang chủ.
problem-host = Địa chỉ truy cập không đúng
problem-host-help = Vui lòng dùng địa chỉ chính thức của dịch vụ.
problem-content-type = Không thể đọc nội dung đã gửi
problem-content-type-help = Hãy quay lại, điền biểu mẫu trên trang và gửi lại.
problem-too-large = Nội dung gửi quá lớn
problem-too-large-help = Vui lòng rút gọn rồi gửi lại.
problem-too-slow = Gửi quá lâu
problem-too-slow-help = Kết nối mạng có thể không ổn định. Hãy kiểm tra rồi gửi lại biểu mẫu.

# What a sub-site says about itself
web-site-policy = Chính sách quyền riêng tư của “{ $site }” (mở cửa sổ mới)
web-site-terms = Điều khoản của “{ $site }” (mở cửa sổ mới)
web-site-home = Giới thiệu “{ $site }” (mở cửa sổ mới)
web-site-logo = Biểu trưng của “{ $site }” (mở cửa sổ mới)
