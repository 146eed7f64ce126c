# One-time codes, by text message. Beside the notices in notices.ftl these are all texts that are sent; the frame
# (`notice-frame-sms`) puts the name of the service in front.

sms-code-registration = { $code } là mã đăng ký tài khoản của bạn, dùng được trong { $minutes } phút. Nhân viên không bao giờ hỏi mã; đừng cho ai biết.
sms-code-sign-in = { $code } là mã đăng nhập của bạn, dùng được trong { $minutes } phút. Nhân viên không bao giờ hỏi mã; đừng cho ai biết.
sms-code-raise-level = { $code } là mã để xác nhận chính bạn trước khi kiểm tra danh tính, dùng được trong { $minutes } phút. Đừng cho ai biết.
sms-code-recovery = { $code } là mã đặt mật khẩu mới của bạn, dùng được trong { $minutes } phút. Nhân viên không bao giờ hỏi mã; đừng cho ai biết.
sms-code-new-phone = { $code } là mã gắn số này với một tài khoản, dùng được trong { $minutes } phút. Nhân viên không bao giờ hỏi mã; đừng cho ai biết.
sms-code-old-phone = { $code } là mã THAY số này trong tài khoản của bạn bằng số khác, dùng được trong { $minutes } phút. Nếu bạn không yêu cầu, đừng cho ai biết và hãy đổi mật khẩu.
sms-code-join = { $code } là mã để gộp tài khoản cũ của bạn với tài khoản mới, có hiệu lực { $minutes } phút. Nếu không phải bạn yêu cầu, có người biết mật khẩu của bạn: đừng cho ai biết mã và hãy đổi mật khẩu.
sms-code-appeal = { $code } là mã để bạn khiếu nại quyết định về tài khoản, dùng được trong { $minutes } phút. Đừng cho ai biết.

# Answers to whoever asked for a code that there is none for

sms-has-account = Số điện thoại này đã có tài khoản. Nếu là của bạn, hãy đăng nhập hoặc khôi phục tại { $page }. Nếu bạn mới nhận số này và tài khoản không phải của bạn, hãy cho biết tại đó. Nếu bạn không yêu cầu đăng ký thì không cần làm gì.
sms-account-waits = Tài khoản với số di động này đang chờ xác nhận địa chỉ thư điện tử. Hãy mở liên kết trong thư, hoặc lấy liên kết khác tại { $page }. Nếu bạn không yêu cầu đăng ký, bạn không cần làm gì.
sms-no-account = Không có tài khoản nào với số điện thoại này. Nếu bạn không yêu cầu thì không cần làm gì.
sms-no-appeal = Có người muốn khiếu nại quyết định về tài khoản của số này. Không có quyết định nào như vậy, hoặc đã có khiếu nại. Nếu không phải bạn, hãy bỏ qua.

# Verifications

sms-verify-passed = Danh tính của bạn đã được xác thực và mức xác thực đã được nâng. Đăng nhập để xem tại trang “Mức xác thực”.
sms-verify-answered = Việc xác thực danh tính đã có kết quả nhưng không thể tự động thông qua. Hãy đăng nhập và xem trang “Mức xác thực”, hoặc hỏi tại quầy phục vụ.
sms-verify-restricted = Việc xác thực danh tính đã có kết quả: không thể thực hiện trực tuyến. Vui lòng trực tiếp đến quầy phục vụ, mang theo giấy tờ tùy thân. Bạn không cần đăng nhập.
sms-verify-expired = Việc xác thực danh tính chưa hoàn tất vì hệ thống bên kia không trả lời trong thời gian dài. Tài khoản của bạn không bị ảnh hưởng. Hãy đăng nhập và gửi lại.
sms-verify-type-again = Việc xác thực danh tính của bạn bị gián đoạn, thiếu một thông tin mà chúng tôi không lưu. Vui lòng đăng nhập và nhập lại. Tài khoản của bạn không bị ảnh hưởng.

# Reviews

sms-accounts-joined = Hai tài khoản đã được gộp (hồ sơ { $case }). Nếu không phải bạn làm, hãy phản đối trong { $hours } giờ tại { $page } với từ khóa { $word }.
sms-review-approved = Hồ sơ của bạn đã được chấp thuận. Hãy đăng nhập và xem trang “Hồ sơ của bạn”.
sms-review-rejected = Hồ sơ của bạn không được chấp thuận. Hãy đăng nhập và xem trang “Hồ sơ của bạn” để biết lý do và việc có thể làm.
sms-review-more = Hồ sơ của bạn cần bổ sung. Hãy đăng nhập và xem trang “Hồ sơ của bạn”.
sms-review-expired = Hồ sơ của bạn đã kết thúc vì không có trả lời đúng hạn. Tài khoản không bị ảnh hưởng; bạn có thể bắt đầu lại bất cứ lúc nào.

# Sub-sites

sms-refresh-replayed = Khóa truy cập đã dùng mà { $site } giữ cho bạn lại được xuất trình, có thể bởi người lạ. Quyền truy cập của trang đó đã bị dừng; hãy đăng nhập lại tại đó. Nếu không rõ lý do, hãy đăng nhập tại đây và xem các lần đăng nhập.

# Mails with a link or a code

mail-activate = Kích hoạt tài khoản của bạn
mail-activate-text = Có người đã đăng ký tài khoản bằng địa chỉ thư điện tử này. Nếu là bạn, hãy mở liên kết sau trong vòng { $hours } giờ và nhấn nút trên trang: { $link } Nếu không phải bạn, bạn không cần làm gì.
mail-has-account = Bạn đã có tài khoản
mail-has-account-text = Có người muốn đăng ký tài khoản bằng địa chỉ thư điện tử này, nhưng địa chỉ đã có tài khoản. Nếu là bạn, hãy đăng nhập bằng địa chỉ này. Nếu không phải bạn, bạn không cần làm gì.
recover-mail-subject = Mã khôi phục tài khoản của bạn
recover-mail-text = { $code } là mã khôi phục tài khoản của bạn, dùng được trong { $minutes } phút. Nếu bạn không yêu cầu, có người đang giữ số điện thoại của bạn: hãy đăng nhập và kiểm tra tài khoản.
contact-mail-new-subject = Xác nhận địa chỉ thư điện tử của bạn
contact-mail-new-text = Có người muốn gắn địa chỉ này với một tài khoản. Nếu là bạn, hãy mở liên kết trong vòng { $hours } giờ. Nếu không, bạn không cần làm gì.
contact-mail-old-subject = Đồng ý đổi địa chỉ thư điện tử
contact-mail-old-text = Địa chỉ thư điện tử của tài khoản sắp được thay. Nếu bạn đồng ý, hãy mở liên kết trong vòng { $hours } giờ. Nếu không phải bạn, hãy mở liên kết trong thư còn lại mà chúng tôi đã gửi.
