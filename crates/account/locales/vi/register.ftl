# Đăng ký

register-title = Đăng ký tài khoản
register-kind = Tài khoản dành cho ai?
register-kind-resident = Cá nhân
register-kind-resident-hint = Dùng cho chính bạn, không phân biệt quốc tịch.
register-kind-organisation = Tổ chức
register-kind-organisation-hint = Dùng cho doanh nghiệp hoặc pháp nhân khác.
register-phone = Số điện thoại di động
register-phone-hint = Số của chính bạn. Số ngoài Trung Quốc đại lục bắt đầu bằng dấu + và mã quốc gia.
register-phone-missing = Hãy nhập số điện thoại di động
register-phone-length = Số này thiếu hoặc thừa chữ số. Số ở đại lục có 11 chữ số.
register-phone-character = Chỉ nhập chữ số, có thể thêm dấu + ở đầu đối với số ngoài đại lục
register-phone-country = Chưa hỗ trợ số của quốc gia hoặc khu vực này. Hãy dùng số của đại lục, Hồng Kông, Ma Cao, Đài Loan hoặc Việt Nam.
register-phone-not-mobile = Đây không phải số di động
register-send-code = Nhận mã
register-have-account = Tôi đã có tài khoản: đăng nhập
register-unfinished = Mã đã được gửi đến { $phone }; việc đăng ký đó chưa hoàn tất.
register-unfinished-continue = Tiếp tục với số này
register-ended = Lần đăng ký đó đã kết thúc: đã hoàn tất ở cửa sổ khác hoặc đã quá thời gian. Hãy bắt đầu lại.
register-draft-other = Một số khác đã được nhập ở cửa sổ khác: { $phone }. Trang này hiện dành cho số đó. Những gì bạn vừa nhập ở đây chưa được dùng.

register-code-too-soon = Mã vừa được gửi. Bạn có thể yêu cầu mã khác sau { $seconds } giây.
register-code-too-many = Đã yêu cầu quá nhiều mã. Hãy thử lại sau { $minutes } phút.

register-confirm-title = Xác nhận số điện thoại và đặt mật khẩu
register-code-sent = Tin nhắn đang được gửi đến { $phone }. Mã trong tin nhắn dùng được trong { $minutes } phút. Hãy làm theo nội dung tin nhắn.
register-code = Mã trong tin nhắn
register-code-hint = 6 chữ số. Nếu không nhận được tin nhắn, hãy gửi mã khác bằng nút bên dưới; chỉ mã mới nhất có hiệu lực.
register-code-hint-wait = 6 chữ số. Nếu không nhận được tin nhắn, bạn có thể gửi mã khác sau { $seconds } giây; chỉ mã mới nhất có hiệu lực.
register-code-missing = Hãy nhập mã trong tin nhắn
register-code-form = Mã gồm 6 chữ số
register-code-wrong = Mã không đúng. Còn { $left } lần thử.
register-code-exhausted = Đã hết số lần thử với mã này. Hãy gửi mã khác bằng nút bên dưới.
register-code-expired = Mã này không còn dùng được. Hãy gửi mã khác bằng nút bên dưới.
register-password = Mật khẩu
register-password-hint = 8 đến 64 ký tự, gồm ít nhất hai loại trong chữ số, chữ cái và ký hiệu. Được dùng mọi ký tự hiển thị. Không dùng số của bạn hoặc mật khẩu đã dùng ở nơi khác.
register-strength-weak = Yếu
register-strength-fair = Khá
register-strength-strong = Mạnh
register-password-missing = Hãy đặt mật khẩu
register-password-again = Nhập lại mật khẩu
register-password-differs = Hai mật khẩu không giống nhau
register-agree = Tôi đã đọc và đồng ý với { $agreement }. Thông tin tôi cung cấp là trung thực và đầy đủ.
register-agree-missing = Hãy đọc thỏa thuận và đánh dấu vào ô để tiếp tục
register-agree-changed = Nội dung thỏa thuận đã thay đổi. Hãy đọc và đánh dấu lại.
register-public-computer = Đây là máy dùng chung
register-public-computer-hint = Dành cho quán internet và nơi công cộng: bạn sẽ được đăng xuất sau thời gian ngắn.
register-submit = Đăng ký
register-resend = Gửi lại mã
register-change-phone = Dùng số điện thoại khác
register-busy = Hiện có nhiều người đang đăng ký. Không có gì bị mất: hãy nhập lại mật khẩu và gửi lại trang sau vài giây.

register-organisation-title = Đăng ký cho tổ chức
register-organisation-first = Người đại diện theo pháp luật đăng ký tài khoản cá nhân và xác thực tên thật trước. Tổ chức được đăng ký từ tài khoản đó.
register-organisation-later = Việc đăng ký cho tổ chức chưa mở. Bạn có thể tạo trước tài khoản cá nhân của người đại diện theo pháp luật.
register-organisation-continue = Đăng ký tài khoản cá nhân

register-phone-taken-title = Số này đã có tài khoản
register-phone-taken = Trong lúc bạn đăng ký, số điện thoại này đã có tài khoản và bạn có thể dùng tài khoản đó. Không có gì bị thay đổi.
register-phone-taken-sign-in = Đăng nhập

# Thỏa thuận

agreement-version = Phiên bản { $version }, có hiệu lực từ { $date }

# Mã xác nhận bằng hình

captcha-label = Ký tự trong hình
captcha-hint = Không phân biệt chữ hoa và chữ thường. Mỗi hình chỉ trả lời được một lần, trong 5 phút.
captcha-alt = Hình có các ký tự cần nhập vào ô này. Nếu không nhìn thấy, hãy dùng âm thanh bên dưới.
captcha-refresh = Hình khác
captcha-other = Tôi không nhìn thấy hình
captcha-listen = Nghe các ký tự (tiếng Anh)
captcha-help-phone = Nếu không dùng được cả hình và âm thanh, hãy gọi { $phone } hoặc đến quầy phục vụ: nhân viên sẽ cùng bạn thực hiện các bước.
captcha-help = Nếu không dùng được cả hình và âm thanh, hãy đến quầy phục vụ: nhân viên sẽ cùng bạn thực hiện các bước.
captcha-missing = Hãy nhập các ký tự trong hình
captcha-wrong = Ký tự không đúng hoặc hình đã quá cũ. Đây là hình mới.

# Quy tắc mật khẩu

password-fault-too-short = Mật khẩu cần ít nhất 8 ký tự
password-fault-too-long = Mật khẩu có nhiều nhất 64 ký tự
password-fault-unprintable = Mật khẩu chứa ký tự không thể nhập lại
password-fault-too-few-kinds = Dùng ít nhất hai loại trong chữ số, chữ cái và ký hiệu
password-fault-contains-phone = Mật khẩu chứa số điện thoại của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-citizen-id = Mật khẩu chứa các chữ số trong số căn cước của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-birth-date = Mật khẩu chứa ngày sinh của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-name = Mật khẩu chứa tên của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-email = Mật khẩu chứa địa chỉ thư điện tử của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-username = Mật khẩu chứa tên người dùng của bạn. Hãy chọn mật khẩu mà không ai đoán được từ thông tin của bạn.
password-fault-contains-site-name = Mật khẩu chứa tên của trang này. Hãy chọn mật khẩu mà không ai đoán được.
password-fault-breached = Mật khẩu này thuộc nhóm bị thử đầu tiên khi kẻ xấu xâm nhập tài khoản. Hãy chọn mật khẩu khác.

# Đăng ký bằng thư điện tử

register-by-email = Đăng ký bằng họ tên, thư điện tử và số di động
register-by-phone = Chỉ đăng ký bằng số di động
register-email-title = Tạo tài khoản bằng địa chỉ thư điện tử
register-email-steps = Trước tiên bạn xác nhận số di động bằng mã, sau đó xác nhận địa chỉ thư điện tử bằng liên kết chúng tôi gửi cho bạn.
register-name = Họ và tên
register-name-hint = Như trên giấy tờ tùy thân. Ở đây chưa kiểm tra.
register-email = Địa chỉ thư điện tử
register-email-hint = Hộp thư bạn có thể mở ngay bây giờ. Chúng tôi sẽ gửi một liên kết.
register-email-missing = Hãy nhập địa chỉ thư điện tử
register-email-length = Địa chỉ thư điện tử quá dài
register-email-character = Địa chỉ thư điện tử có ký tự không dùng được
register-email-form = Hãy nhập địa chỉ thư điện tử, ví dụ name@example.com
register-activation-link = Chưa nhận được liên kết kích hoạt?
register-activation-title = Xác nhận địa chỉ thư điện tử
register-activation-sent = Thư đang được gửi đến { $email }. Trong vòng { $hours } giờ, hãy mở liên kết trong thư bằng bất kỳ trình duyệt nào và nhấn nút trên trang đó. Hãy làm theo nội dung thư.
register-activation-help = Chưa thấy thư? Hãy xem thư mục thư rác hoặc gửi lại. Nếu thiếu bước này, tài khoản không dùng được.
register-activation-resend = Gửi lại thư
register-activation-too-soon = Thư vừa được gửi. Bạn có thể gửi lại sau { $seconds } giây.
register-activation-then = Xong rồi? Đăng nhập
register-activation-ask-title = Gửi lại liên kết kích hoạt
register-activation-ask-text = Nếu bạn đã đăng ký bằng thư điện tử mà chưa nhận được liên kết, hãy nhập địa chỉ tại đây.
register-activation-ask = Gửi liên kết
register-activation-perhaps = Nếu có tài khoản đang chờ địa chỉ này, thư kèm liên kết đang được gửi.
