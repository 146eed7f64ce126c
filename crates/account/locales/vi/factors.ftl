# Chứng minh lần nữa rằng đó là bạn
confirm-title = Hãy xác nhận đó là bạn
confirm-why = Bước tiếp theo liên quan đến cách bạn đăng nhập. Vui lòng xác nhận lại một lần nữa rằng đó chính là bạn.
confirm-password = Mật khẩu của bạn
confirm-password-button = Xác nhận bằng mật khẩu
confirm-password-wrong = Mật khẩu không đúng
confirm-totp = Mã trong ứng dụng xác thực
confirm-totp-hint = Sáu chữ số, đổi mới mỗi 30 giây
confirm-totp-button = Xác nhận bằng mã
confirm-passkey = Xác nhận bằng khóa truy cập
confirm-passkey-refused = Khóa truy cập không được chấp nhận. Hãy thử lại hoặc dùng cách khác.
confirm-recovery-code = Mã khôi phục đã in
confirm-recovery-code-hint = Bốn nhóm, mỗi nhóm bốn ký tự. Mỗi mã dùng được một lần.
confirm-recovery-code-button = Dùng mã khôi phục
confirm-sms = Mã trong tin nhắn
confirm-sms-hint = Sáu chữ số, đã gửi đến điện thoại của tài khoản
confirm-sms-button = Xác nhận bằng mã
confirm-sms-again = Gửi mã khác
confirm-sms-send = Gửi mã đến điện thoại của tôi
confirm-sms-country = Không gửi được tin nhắn đến quốc gia của số điện thoại này
confirm-none = Hiện không có cách xác nhận nào ở đây.
confirm-recover = Khôi phục tài khoản
confirm-lost = Bạn không còn thứ được yêu cầu? Hãy gỡ nó trên trang riêng của nó: việc này mất { $hours } giờ, và bạn được báo bằng mọi cách chúng tôi có thể liên hệ.
confirm-done = Bạn đã xác nhận đó là bạn. Vui lòng hoàn tất việc đang làm ở đây.

# Số lần thử
factors-code-unreadable = Trông không giống một mã. Hãy nhập đúng như được hiển thị.
factors-code-wrong = Mã không đúng hoặc đã được dùng
factors-paused = Thử quá nhiều lần. Hãy thử lại sau { $minutes } phút.
factors-off = Sau quá nhiều lần sai, cách này không còn dùng được. Hãy dùng cách khác rồi thiết lập lại.

# Danh sách trên trang đăng nhập và bảo mật
factors-panel-title = Cách bạn đăng nhập
factors-password = Mật khẩu
factors-password-changed = Đổi lần cuối { $moment }
factors-password-none = Bạn chưa có mật khẩu. Có mật khẩu, bạn có thể đăng nhập bằng số điện thoại.
factors-password-change = Đổi mật khẩu
factors-password-first = Đặt mật khẩu
factors-authenticator = Ứng dụng xác thực
factors-authenticator-count = { $count ->
        [0] Chưa thiết lập
       *[other] { $count } ứng dụng
    }
factors-authenticator-manage = Quản lý ứng dụng xác thực
factors-passkeys = Khóa truy cập
factors-passkeys-count = { $count ->
        [0] Chưa có
       *[other] { $count } khóa
    }
factors-passkeys-manage = Quản lý khóa truy cập
factors-codes = Mã khôi phục
factors-codes-none = Chưa có. Hãy in một tờ, phòng khi mất điện thoại.
factors-codes-left = { $count ->
        [0] Đã dùng hết
       *[other] Còn { $count } mã
    }, tạo ngày { $day }
factors-codes-manage = Quản lý mã khôi phục
factors-old-title = Mật khẩu của bạn đã dùng { $days } ngày
factors-old-text = Mật khẩu không có vấn đề gì. Nếu bạn cũng dùng nó ở nơi khác, hoặc người khác có thể biết, đây là lúc thích hợp để đổi.
factors-old-later = Nhắc tôi sau

# Mật khẩu
factors-password-title = Đổi mật khẩu
factors-password-title-first = Đặt mật khẩu
factors-password-first-text = Có mật khẩu, bạn có thể đăng nhập bằng số điện thoại.
factors-password-current = Mật khẩu hiện tại
factors-password-current-missing = Hãy nhập mật khẩu hiện tại
factors-password-current-wrong = Đây không phải mật khẩu hiện tại
factors-password-new = Mật khẩu mới
factors-password-used = Bạn đã từng dùng mật khẩu này. Hãy chọn mật khẩu khác.
factors-password-submit = Lưu mật khẩu
factors-password-forgot = Tôi quên mật khẩu hiện tại
factors-password-ends = Mọi lần đăng nhập khác của bạn sẽ kết thúc, và các trang sẽ yêu cầu bạn đăng nhập lại.
factors-password-done = Mật khẩu đã được đổi. Mọi lần đăng nhập khác đã kết thúc.

# Ứng dụng xác thực
factors-authenticator-title = Ứng dụng xác thực
factors-authenticator-text = Một ứng dụng trên điện thoại hiển thị mã mới mỗi 30 giây. Khi đó chỉ mật khẩu thôi không đủ để đăng nhập.
factors-authenticator-add = Thiết lập ứng dụng
factors-authenticator-new-title = Thiết lập ứng dụng xác thực
factors-authenticator-scan = Mở ứng dụng và quét hình này.
factors-authenticator-picture = Hình cho ứng dụng xác thực
factors-authenticator-spelled = Hoặc nhập khóa này vào ứng dụng:
factors-authenticator-code = Mã mà ứng dụng đang hiển thị
factors-authenticator-wrong = Mã không đúng. Hãy kiểm tra đồng hồ của điện thoại và nhập mã mới nhất.
factors-authenticator-submit = Hoàn tất thiết lập
factors-authenticator-done = Ứng dụng xác thực đã được thiết lập.
factors-many = Bạn đã có số lượng tối đa. Hãy gỡ một mục trước.
factors-late = Trang này đã hết thời gian. Không có gì thay đổi. Đây là hình mới: hãy quét lại và nhập mã một lần nữa.

# Khóa truy cập
factors-passkeys-title = Khóa truy cập
factors-passkeys-text = Khóa truy cập cho bạn đăng nhập bằng vân tay, khuôn mặt hoặc mã PIN của điện thoại hay máy tính. Không phải nhập gì, và trang giả mạo không lấy được nó.
factors-passkeys-add = Thêm khóa truy cập
factors-passkeys-nowhere = Ở địa chỉ này không dùng được khóa truy cập: cần tên miền, không phải địa chỉ số.
factors-passkey-new-title = Thêm khóa truy cập
factors-passkey-new-text = Trình duyệt hỏi bạn muốn lưu khóa truy cập ở đâu và kiểm tra đó là bạn.
factors-passkey-make = Tạo khóa truy cập
factors-passkey-refused = Chưa tạo được khóa truy cập. Hãy thử lại; nếu khóa này đã là của bạn thì không cần làm gì.
factors-passkey-done = Khóa truy cập đã được thêm. Từ nay bạn có thể đăng nhập bằng khóa này.

# Cả hai
factors-name = Tên
factors-name-hint = Để bạn nhận ra, ví dụ “máy tính cơ quan”
factors-name-missing = Hãy nhập tên
factors-rename = Đổi tên
factors-rename-button = Lưu tên
factors-renamed = Đã đổi tên.
factors-since = Từ
factors-used = Dùng lần cuối
factors-never = Chưa dùng
factors-remove = Gỡ bỏ
factors-remove-title = Gỡ bỏ “{ $name }”
factors-remove-text-totp = Mã của ứng dụng này không còn giá trị.
factors-remove-text-passkey = Khóa truy cập này không còn dùng để đăng nhập được. Hãy xoá nó trên thiết bị của bạn nữa.
factors-remove-others = Mọi lần đăng nhập khác của bạn sẽ kết thúc.
factors-remove-last = Đây là cách mạnh cuối cùng để chứng minh đó là bạn. Sau đó chỉ cần mật khẩu là đăng nhập được, và các dịch vụ đòi hỏi cao hơn sẽ từ chối bạn.
factors-remove-accept = Tôi hiểu rằng tài khoản của tôi được bảo vệ kém hơn
factors-remove-accept-missing = Hãy đánh dấu ô này nếu bạn muốn vậy
factors-remove-submit = Gỡ bỏ
factors-removed = Đã gỡ bỏ. Mọi lần đăng nhập khác đã kết thúc.
factors-remove-lost-title = Bạn không còn nó nữa?
factors-remove-lost-text = Nếu bạn không thể chứng minh bằng nó và không có mã khôi phục, nó sẽ được gỡ sau { $hours } giờ. Bạn được báo ngay bằng mọi cách chúng tôi có thể liên hệ, và có thể dừng lại cho đến lúc đó.
factors-remove-lost-submit = Gỡ bỏ sau { $hours } giờ
factors-waiting = Sẽ được gỡ { $moment }
factors-waiting-stop = Dừng việc gỡ
factors-stopped = Đã giữ lại.
factors-scheduled = Sẽ được gỡ khi đến lúc. Cho đến lúc đó bạn có thể dừng ở đây.

# Mã khôi phục
factors-codes-title = Mã khôi phục
factors-codes-text = Mười mã trên giấy, phòng khi mất điện thoại hoặc máy tính. Mỗi mã dùng được một lần. Hãy cất cùng giấy tờ của bạn, đừng lưu trong điện thoại.
factors-codes-make = Tạo mã khôi phục
factors-codes-make-again = Tạo mã mới
factors-codes-replaced = Mã mới thay thế mã cũ; mã cũ không còn dùng được.
factors-sheet-title = Mã khôi phục của bạn
factors-sheet-text = Hãy in trang này hoặc chép các mã lại. Mã chỉ hiển thị đến { $moment }, sau đó không bao giờ nữa.
factors-sheet-for = Cho tài khoản { $name }, tạo ngày { $day }
factors-sheet-done = Tôi đã cất giữ
factors-sheet-gone = Các mã không còn hiển thị. Nếu bạn chưa cất giữ, hãy tạo mã mới.
contact-change-factor = Gỡ một cách chứng minh đó là bạn
