# Xác thực danh tính

evidence-caption = Xác thực danh tính
evidence-welcome = Tài khoản đã được tạo. Bạn có thể xác thực danh tính ngay bây giờ hoặc để sau.
evidence-name = Họ và tên
evidence-name-hint = Đúng như trên giấy tờ tùy thân. Tên dân tộc thiểu số nhiều phần được ngăn bằng dấu chấm giữa (·).
evidence-name-missing = Hãy nhập họ và tên
evidence-name-length = Họ và tên không được quá 100 ký tự
evidence-name-digit = Họ và tên không được chứa chữ số
evidence-name-character = Họ và tên có ký tự không hợp lệ, ví dụ ký hiệu hoặc biểu tượng cảm xúc
evidence-name-separator = Hai bên dấu chấm hoặc dấu nối phải có chữ
evidence-citizen-id = Số căn cước công dân
evidence-citizen-id-hint = 18 ký tự. Cư dân Hồng Kông, Ma Cao và Đài Loan nhập số giấy phép cư trú.
evidence-citizen-id-missing = Hãy nhập số căn cước công dân
evidence-citizen-id-length = Số căn cước công dân có 18 ký tự. Hãy kiểm tra lại.
evidence-citizen-id-character = 17 ký tự đầu là chữ số; ký tự cuối là chữ số hoặc X
evidence-citizen-id-region = Hai chữ số đầu không phải mã tỉnh hợp lệ. Hãy kiểm tra lại.
evidence-citizen-id-date = Ngày sinh ở các ký tự từ 7 đến 14 không tồn tại. Hãy kiểm tra lại.
evidence-citizen-id-future = Ngày sinh trong số này ở tương lai. Hãy kiểm tra lại.
evidence-citizen-id-check = Ký tự cuối không khớp với các ký tự trước, có thể đã nhập sai một ký tự. Hãy đối chiếu từng ký tự.
evidence-citizen-id-other = Tài khoản của bạn đã được xác thực bằng một số khác và thông tin đã xác thực không thể thay đổi. Nếu có sai sót, hãy đến quầy phục vụ.
evidence-phone = Số điện thoại di động
evidence-skip = Để sau

evidence-population-title = Xác thực họ tên và số căn cước công dân
evidence-population-text = Thông tin bạn nhập được đối chiếu với cơ sở dữ liệu dân cư. Nếu khớp, tài khoản đạt mức danh tính thật. Số lần thử mỗi ngày có giới hạn, hãy kiểm tra kỹ trước khi gửi.
evidence-population-submit = Xác thực
evidence-population-privacy = Họ tên và số của bạn được lưu dưới dạng mã hóa và không được cung cấp cho trang nào nếu bạn chưa đồng ý. Sau khi xác thực, thông tin không thể thay đổi.
evidence-mismatch = Thông tin không khớp với cơ sở dữ liệu dân cư. Hãy kiểm tra họ tên và số căn cước rồi thử lại. Hôm nay còn { $left } lần thử.
evidence-not-found = Không tìm thấy số này trong cơ sở dữ liệu mà chúng tôi tra cứu được. Hãy kiểm tra và thử lại, yêu cầu nhân viên xem xét, hoặc đến quầy phục vụ. Hôm nay còn { $left } lần thử.

evidence-operator-title = Xác thực qua nhà mạng di động
evidence-operator-text = Nhà mạng đối chiếu các thông tin sau với hợp đồng để xem số điện thoại có đứng tên bạn hay không.
evidence-operator-consent = Khi nhấn nút, bạn đồng ý cung cấp các thông tin trên cho nhà mạng của số này, chỉ dùng cho lần đối chiếu này.
evidence-operator-submit = Đồng ý và xác thực

evidence-case-number = Mã hồ sơ:
evidence-review-title = Bạn chắc chắn đã nhập đúng?
evidence-review-text = Sau khi đổi tên, chuyển hộ khẩu hoặc đi nghĩa vụ quân sự, dữ liệu có thể chưa được cập nhật. Bạn có thể yêu cầu nhân viên kiểm tra; kết quả được báo qua tin nhắn.
evidence-review-submit = Yêu cầu xem xét
evidence-filed-title = Đã nhận yêu cầu xem xét
evidence-filed-text = Nhân viên sẽ kiểm tra thông tin bạn đã nhập. Kết quả được báo qua tin nhắn và hiển thị ở trang “Mức xác thực”. Trong thời gian này bạn vẫn dùng tài khoản như bình thường.

evidence-minor-title = Vui lòng đến cùng người giám hộ
evidence-minor-text = Theo số căn cước này, bạn chưa đủ 18 tuổi nên không thể tự xác thực danh tính. Chưa có tra cứu nào được thực hiện và thông tin bạn nhập không được lưu.
evidence-minor-counter = Hãy cùng cha mẹ hoặc người giám hộ đến quầy dịch vụ hành chính, mang theo giấy tờ tùy thân của cả hai và giấy tờ chứng minh quan hệ giám hộ.

evidence-waiting-title = Chưa hoàn tất việc xác thực
evidence-waiting-text = Hệ thống của bên kia hiện không trả lời; đây không phải lỗi của bạn. Thông tin bạn nhập đã được lưu dưới dạng mã hóa, không mất gì cả. Chúng tôi tự động thử lại và lần này không tính vào số lần thử.
evidence-waiting-sms = Kết quả sẽ được báo qua tin nhắn. Bạn không cần chờ ở đây.
evidence-conflict-title = Số này đã được xác thực ở tài khoản khác
evidence-conflict-text = Thông tin khớp với cơ sở dữ liệu, nhưng số này đã được xác thực ở một tài khoản khác; mỗi người chỉ có một tài khoản đã xác thực. Cả hai tài khoản không có gì thay đổi.
evidence-conflict-help = Nếu đó là tài khoản cũ của bạn, hãy đăng xuất rồi đăng nhập bằng số căn cước này. Nếu không phải, hãy mang giấy tờ tùy thân đến quầy phục vụ và cho biết mã hồ sơ dưới đây.
evidence-restricted-title = Vui lòng liên hệ quầy phục vụ
evidence-restricted-text = Tình trạng của hồ sơ này không cho phép xác thực trực tuyến. Để tránh bị lạm dụng, tài khoản này đã tạm ngừng cho đến khi nhân viên kiểm tra xong.
evidence-restricted-help = Hãy trực tiếp mang giấy tờ tùy thân đến quầy dịch vụ hành chính và cho biết mã hồ sơ dưới đây.
evidence-limit-title = Hôm nay đã hết số lần thử
evidence-limit-text = Để không ai có thể dò thông tin của người khác, mỗi tài khoản và mỗi số căn cước chỉ được thử vài lần trong một ngày.
evidence-limit-help = Hãy thử lại vào ngày mai. Nếu cần gấp, hãy mang giấy tờ tùy thân đến quầy phục vụ.
evidence-go-on-without = Tiếp tục mà không nâng mức
evidence-to-level = Xem mức xác thực của tôi

evidence-phone-title = Trước hết, hãy xác nhận số điện thoại
evidence-phone-text = Để chắc chắn đó là bạn, chúng tôi gửi mã đến { $phone } trước khi nâng mức xác thực.
evidence-phone-sent = Mã đã được gửi đến { $phone }. Hãy nhập mã vào đây.
evidence-code = Mã trong tin nhắn
evidence-code-hint = 6 chữ số. Chỉ tin nhắn mới nhất có hiệu lực.
evidence-code-send = Nhận mã
evidence-code-resend = Gửi lại mã
evidence-code-next = Tiếp theo
evidence-code-form = Mã gồm 6 chữ số
evidence-code-wrong = Mã không đúng, còn { $count } lần thử
evidence-code-exhausted = Mã này đã hết số lần thử. Hãy nhận mã mới.
evidence-code-expired = Mã này không còn hiệu lực. Hãy nhận mã mới.
evidence-code-too-soon = Mã vừa được gửi. Bạn có thể nhận mã khác sau { $seconds } giây.
evidence-code-too-many = Bạn đã yêu cầu mã quá nhiều lần. Hãy thử lại sau { $minutes } phút.
evidence-code-country = Không gửi được tin nhắn đến số của quốc gia hoặc khu vực này. Vui lòng đến quầy phục vụ.

# Tin nhắn

sms-verify-passed = [{ $service }] Danh tính của bạn đã được xác thực và mức xác thực đã được nâng. Đăng nhập để xem tại trang “Mức xác thực”.
sms-verify-answered = [{ $service }] Việc xác thực danh tính đã có kết quả nhưng không thể tự động thông qua. Hãy đăng nhập và xem trang “Mức xác thực”, hoặc hỏi tại quầy phục vụ.
sms-verify-restricted = [{ $service }] Việc xác thực danh tính đã có kết quả: không thể thực hiện trực tuyến. Vui lòng trực tiếp đến quầy phục vụ, mang theo giấy tờ tùy thân. Bạn không cần đăng nhập.
sms-verify-expired = [{ $service }] Việc xác thực danh tính chưa hoàn tất vì hệ thống bên kia không trả lời trong thời gian dài. Tài khoản của bạn không bị ảnh hưởng. Hãy đăng nhập và gửi lại.
