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

evidence-submit = Xác thực
evidence-agree-submit = Đồng ý và xác thực
evidence-name-other = Tài khoản của bạn đã được xác thực với họ tên khác và thông tin đã xác thực không thể thay đổi. Nếu bạn đã đổi tên, hãy gửi giấy tờ để xem xét hoặc đến quầy phục vụ.
evidence-mismatch = Thông tin không khớp với hồ sơ của bên kia. Hãy kiểm tra rồi thử lại. Hôm nay còn { $left } lần thử.
evidence-not-found = Không tìm thấy hồ sơ tương ứng trong cơ sở dữ liệu mà chúng tôi tra cứu được. Hãy kiểm tra và thử lại, yêu cầu nhân viên xem xét, hoặc đến quầy phục vụ. Hôm nay còn { $left } lần thử.

evidence-case-number = Mã hồ sơ:
evidence-review-title = Bạn chắc chắn đã nhập đúng?
evidence-review-text = Sau khi đổi tên, chuyển hộ khẩu hoặc đi nghĩa vụ quân sự, dữ liệu có thể chưa được cập nhật. Bạn có thể yêu cầu nhân viên kiểm tra; kết quả được báo qua tin nhắn.
evidence-review-submit = Yêu cầu xem xét
evidence-filed-title = Đã nhận yêu cầu xem xét
evidence-filed-text = Nhân viên sẽ kiểm tra thông tin bạn đã nhập. Kết quả được báo qua tin nhắn và hiển thị ở trang “Mức xác thực”. Trong thời gian này bạn vẫn dùng tài khoản như bình thường.

evidence-waiting-title = Chưa hoàn tất việc xác thực
evidence-waiting-text = Hệ thống của bên kia hiện không trả lời; đây không phải lỗi của bạn. Thông tin bạn nhập đã được lưu dưới dạng mã hóa, không mất gì cả. Chúng tôi tự động thử lại và lần này không tính vào số lần thử.
evidence-waiting-sms = Kết quả sẽ được báo qua tin nhắn. Bạn không cần chờ ở đây.
evidence-again-title = Việc kiểm tra chưa xong
evidence-again-text = Hệ thống bên kia hiện không trả lời; đây không phải lỗi của bạn và không tính là một lần thử.
evidence-again-help = Có một thông tin chỉ dùng một lần và không được lưu, nên chúng tôi không thể hỏi lại thay bạn. Mọi thứ khác vẫn được giữ: hãy quay lại sau và chỉ nhập lại thông tin đó.
evidence-again-go = Nhập lại
evidence-conflict-title = Số này đã được xác thực ở tài khoản khác
evidence-conflict-text = Thông tin khớp với cơ sở dữ liệu, nhưng số này đã được xác thực ở một tài khoản khác; mỗi người chỉ có một tài khoản đã xác thực. Cả hai tài khoản không có gì thay đổi.
evidence-conflict-help = Nếu đó là tài khoản cũ của bạn, hãy đăng xuất rồi đăng nhập bằng số căn cước này. Nếu không phải, hãy mang giấy tờ tùy thân đến quầy phục vụ và cho biết mã hồ sơ dưới đây.
evidence-restricted-title = Vui lòng liên hệ quầy phục vụ
evidence-restricted-text = Tình trạng của hồ sơ này không cho phép xác thực trực tuyến. Để tránh bị lạm dụng, tài khoản này đã tạm ngừng cho đến khi nhân viên kiểm tra xong.
evidence-restricted-help = Hãy trực tiếp mang giấy tờ tùy thân đến quầy dịch vụ hành chính và cho biết mã hồ sơ dưới đây.
evidence-limit-title = Hôm nay đã hết số lần thử
evidence-limit-text = Để không ai có thể dò thông tin của người khác, mỗi tài khoản và mỗi số căn cước chỉ được thử vài lần trong một ngày.
evidence-limit-help = Hãy thử lại vào ngày mai. Nếu cần gấp, hãy mang giấy tờ tùy thân đến quầy phục vụ.
evidence-limit-review = Gửi ảnh giấy tờ tùy thân thay thế
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

evidence-counter-title = Xác minh tại quầy phục vụ
evidence-counter-text = Tại quầy dịch vụ công, cán bộ sẽ đối chiếu quý vị với giấy tờ tùy thân. Chỉ mất vài phút và cho mức cao nhất.
evidence-counter-bring = Hãy mang bản gốc căn cước; cư dân Hồng Kông, Ma Cao hoặc Đài Loan mang bản gốc giấy phép cư trú.
evidence-counter-phone = Hãy mang điện thoại dùng cho tài khoản này: một mã sẽ được gửi đến trong lúc làm thủ tục.
evidence-counter-two = Hai cán bộ cùng quyết định. Kết quả được gửi qua tin nhắn, quý vị không cần chờ.
