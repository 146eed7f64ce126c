### Texts of the sandbox: the city sub-sites and the world server.

## The cities.
city-hefei-sign = 合
city-hefei-name = Dịch vụ công thành phố Hợp Phì
city-hefei-province = Tỉnh An Huy
city-hefei-tagline = Một cửa, một lần đăng nhập
city-hefei-welcome = Hôm nay bạn cần làm thủ tục gì tại Hợp Phì?
city-hefei-agency = Cục Quản lý tài nguyên dữ liệu Hợp Phì (ví dụ)
city-yichang-sign = 宜
city-yichang-name = Dịch vụ công thành phố Nghi Xương
city-yichang-province = Tỉnh Hồ Bắc
city-yichang-tagline = Cửa ngõ Tam Hiệp
city-yichang-welcome = Nghi Xương có thể giúp gì cho bạn?
city-yichang-agency = Cục Dịch vụ công và Dữ liệu lớn Nghi Xương (ví dụ)
city-nanning-sign = 邕
city-nanning-name = Dịch vụ công Nam Ninh
city-nanning-province = Khu tự trị dân tộc Choang Quảng Tây
city-nanning-tagline = Thành phố xanh, an toàn bằng khóa riêng
city-nanning-welcome = Hôm nay bạn cần làm gì tại Nam Ninh?
city-nanning-agency = Cục Phát triển Dữ liệu lớn Nam Ninh (ví dụ)

## Around every page of a sub-site.
site-skip = Đến nội dung chính
site-demo = Trang minh họa
site-languages = Ngôn ngữ
site-home = Về trang chủ
site-sign-in = Đăng nhập
site-register = Đăng ký
site-sign-out = Đăng xuất
site-resident = Cư dân
site-identity = Thông tin định danh của bạn
site-level = Mức định danh
site-seals = Căn cứ xác minh
site-no-seals = chưa cung cấp
site-verified-on = Ngày xác minh
site-lapses-on = Hết hạn vào
site-subject = Mã của bạn tại đây
site-notice-not-signed-in = Bạn chưa đăng nhập ở cổng định danh, hoặc cổng cần bạn xác nhận.
site-ended = Cổng định danh đã kết thúc đăng nhập của bạn tại đây lúc { $time } (giờ Bắc Kinh).
site-level-fell = Theo thông báo của cổng định danh, từ { $time } (giờ Bắc Kinh) mức định danh của bạn là { $level } ({ $name }). Hãy đăng nhập lại để tiếp tục theo mức hiện tại.
site-footer = Môi trường thử: mọi người và số liệu đều hư cấu

## Home.
home-lead = Đăng ký một lần, được nhận diện mọi nơi. Dịch vụ tùy theo mức định danh của bạn.
home-check-session = Kiểm tra xem tôi đã đăng nhập chưa
home-services = Dịch vụ
home-open-to-all = Không cần đăng nhập
home-needs-level = Cần mức { $level }
home-files = Hồ sơ của tôi tại cơ quan lưu trữ tỉnh
home-about-title = Trang này biết gì về bạn
home-about = Chỉ những gì bạn đồng ý: một mã riêng cho trang này, mức định danh cùng ngày xác minh, và họ tên, số điện thoại nếu bạn cho phép. Thành phố khác biết bạn bằng mã khác.
site-home-title = Trang chủ

## Services.
service-caption = Chi tiết
service-guide = Hướng dẫn thủ tục
service-guide-about = Điều kiện, giấy tờ và thời hạn giải quyết. Ai cũng xem được.
service-guide-row-1 = Thẻ cư trú
service-guide-row-1-value = 5 ngày làm việc
service-guide-row-2 = Đăng ký khai sinh
service-guide-row-2-value = Giải quyết ngay
service-guide-row-3 = Đăng ký hộ kinh doanh
service-guide-row-3-value = 1 ngày làm việc
service-guide-row-4 = Thẻ người cao tuổi
service-guide-row-4-value = 3 ngày làm việc
service-bills = Tra cứu hóa đơn
service-bills-about = Hóa đơn nước, điện, khí đốt. Cần định danh thật.
service-bills-row-1 = Tiền nước tháng này
service-bills-row-1-value = ￥38.60
service-bills-row-2 = Tiền điện tháng này
service-bills-row-2-value = ￥126.40
service-bills-row-3 = Tiền khí đốt tháng này
service-bills-row-3-value = ￥52.00
service-bills-row-4 = Tổng cộng
service-bills-row-4-value = ￥217.00
service-provident-fund = Rút quỹ nhà ở
service-provident-fund-about = Rút tiền quỹ nhà ở. Cần xác minh từ nguồn thứ hai.
service-provident-fund-row-1 = Số dư
service-provident-fund-row-1-value = ￥84.210,35
service-provident-fund-row-2 = Đóng mỗi tháng
service-provident-fund-row-2-value = ￥1.860,00
service-provident-fund-row-3 = Có thể rút
service-provident-fund-row-3-value = ￥42.000,00
service-provident-fund-row-4 = Tài khoản nhận
service-provident-fund-row-4-value = số cuối 0014

## What the records office has.
file-records = Hồ sơ của tôi
file-records-about = Cư trú, hôn nhân, giấy phép lái xe, do cơ quan lưu trữ tỉnh cung cấp. Cần xác thực tên thật.
file-records-residence = Đăng ký cư trú
file-records-marriage = Đăng ký kết hôn
file-records-driving = Cấp giấy phép lái xe lần đầu
file-tax-file = Hồ sơ thuế của tôi
file-tax-file-about = Tổng hợp thuế thu nhập cá nhân. Cần xác minh từ nguồn thứ hai và mới đăng nhập gần đây.
file-tax-file-income = Thu nhập cả năm
file-tax-file-deductions = Khoản giảm trừ
file-tax-file-paid = Thuế đã nộp
file-tax-file-refund = Thuế được hoàn
file-caption = Chi tiết
file-shown-level = Mức định danh đã xuất trình
file-shown-time = Đăng nhập lúc (giờ Bắc Kinh)
file-shown-token = Mã truy cập
file-token-jwt = có chữ ký, kiểm tra tại chỗ
file-token-asked = kiểm tra bằng cách hỏi cổng định danh
file-token-bound = gắn với khóa của cổng này
file-recent-needed = Cơ quan lưu trữ cần bạn đăng nhập lại một lần để chắc chắn là chính bạn

## Levels and evidence.
level-0 = Đã đăng ký
level-1 = Định danh thật
level-2 = Định danh, hai nguồn
level-3 = Xác thực người thật
level-4 = Trực tiếp hoặc chứng thư
level-unknown = không nêu
seal-phone-sms = Tin nhắn điện thoại
seal-email-link = Thư điện tử
seal-population-register = Cơ sở dữ liệu dân cư
seal-mobile-operator = Nhà mạng di động
seal-bank-card = Thẻ ngân hàng
seal-social-security = Bảo hiểm xã hội

## When the level is too low.
level-needed-title = Cần mức định danh cao hơn
level-needed-needs = Dịch vụ này cần mức { $level }: { $name }
level-needed-have = Bạn đang ở mức { $level }: { $name }
level-needed-have-none = Bạn chưa đăng nhập tại đây
level-needed-advice = Hãy xác minh ở cổng định danh, bạn sẽ được đưa trở lại đây. Để sau cũng không mất gì.
level-needed-raise = Nâng lên mức { $level }

## When something went wrong.
problem-title = Chưa thực hiện được
problem-again = Đăng nhập lại
problem-code = Mã lỗi
problem-other = Cổng định danh chưa hoàn tất đăng nhập. Bạn không mất gì, hãy thử lại.
problem-access-denied = Bạn đã không đồng ý chia sẻ thông tin nên chưa đăng nhập.
problem-state-mismatch = Lượt đăng nhập này đã dùng, đã hết hạn hoặc bắt đầu ở trình duyệt khác. Hãy bắt đầu lại.
problem-issuer-mismatch = Câu trả lời đến từ cổng định danh khác nên bị từ chối.
problem-provider-unreachable = Hiện chưa kết nối được cổng định danh. Vui lòng thử lại sau.
problem-login-required = Bạn chưa đăng nhập ở cổng định danh.
problem-no-token = Chưa có quyền đọc hồ sơ của bạn. Vui lòng đăng nhập lại.
problem-records-refused = Cơ quan lưu trữ không chấp nhận yêu cầu của cổng này. Vui lòng thử lại sau.
problem-records-unreachable = Hiện không kết nối được cơ quan lưu trữ. Vui lòng thử lại sau.
problem-not-found = Không có trang này.
problem-foreign-form = Yêu cầu không đến từ trang này nên bị từ chối.
problem-invalid-start = Tham số yêu cầu không hợp lệ.

## Signing out.
signed-out-title = Bạn đã đăng xuất
signed-out-everywhere = Bạn đã đăng xuất tại đây và cổng định danh đã kết thúc phiên.
signed-out-here = Bạn đã đăng xuất tại đây. Cổng định danh chưa xác nhận kết thúc phiên: nếu dùng máy chung, hãy đóng trình duyệt.

## For developers.
developer-title = Dành cho lập trình viên
developer-lead = Những gì trang này nhận được; chữ ký, nơi phát hành, đối tượng, nonce và thời gian đã được kiểm tra.
developer-nothing = Hãy đăng nhập để xem mã thông báo tại đây.
developer-raw = ID token gốc
developer-header = Phần đầu
developer-claims = Các khẳng định
developer-userinfo = Userinfo
developer-response = Phản hồi token
developer-try = Thử

## The world server.
world-title = Thế giới thử nghiệm
world-navigation = Điều hướng
world-lead = Cơ sở dữ liệu dân cư, các cơ sở dữ liệu khác (thẻ ngân hàng, bảo hiểm xã hội, quỹ nhà ở, giấy phép lái xe, phương tiện), doanh nghiệp, nhà mạng, cổng SMS và máy chủ thư. Mọi người ở đây đều hư cấu; các số có chữ số kiểm tra đúng nhưng không thuộc về ai.
world-provider = Cổng định danh:
world-faults = Lỗi đang bật
world-people = Cư dân
world-copy-hint = Bấm vào giá trị để chọn toàn bộ rồi sao chép. Số điện thoại nào cũng được: mọi tin nhắn đều vào hộp thư.
world-name = Tên
world-citizen-id = Số định danh
world-phone = Điện thoại
world-purpose = Dùng để
world-enterprises = Tổ chức
world-credit-code = Mã tín dụng
world-representative = Người đại diện
world-api = API
world-api-outbox = Tin nhắn đã gửi, mới nhất trước.
world-api-captcha = Đáp án captcha, chỉ khi phát triển.
world-api-people = Thêm hoặc sửa trong mọi cơ sở dữ liệu.
world-api-faults = slow, hang, down, 500, redirect, garbage, wrong, refused, quota, empty, cut, huge, twice, none
world-api-journal = Mỗi cơ sở dữ liệu đã được hỏi gì.
world-api-residents = Đăng ký và xác minh một cư dân thử qua chính các trang của cổng.
world-api-approvals = Điện thoại của cư dân thử nghiệm trả lời thế nào khi một thiết bị xin đăng nhập: allow (cho phép), deny (từ chối) hoặc ignore (bỏ qua).
world-further = Cơ sở dữ liệu khác
world-holding-document = căn cước
world-holding-bank-card = thẻ ngân hàng
world-holding-social-security = thẻ bảo hiểm xã hội
world-holding-provident-fund = tài khoản quỹ nhà ở
world-holding-driving-licence = số hồ sơ giấy phép lái xe
world-holding-vehicle = biển số xe
world-purpose-match = khớp
world-purpose-leap-day = khớp; sinh ngày 29 tháng 2
world-purpose-middle-dot = khớp; tên có dấu chấm giữa
world-purpose-rare-character = khớp; chữ hiếm ngoài mặt phẳng cơ bản
world-purpose-latin-name = khớp; giấy phép Hồng Kông, tên La-tinh
world-purpose-permit = khớp; giấy phép Đài Loan
world-purpose-mismatch = không khớp: cơ sở dữ liệu ghi tên khác
world-purpose-not-found = không tìm thấy
world-purpose-deceased = hạn chế: ghi nhận đã mất
world-purpose-locked = hạn chế: bị khóa
world-purpose-cancelled = hạn chế: đã hủy
world-purpose-minor = khớp; trẻ vị thành niên
world-purpose-slow = khớp, nhưng mỗi nguồn mất 4 giây
world-purpose-unavailable = cơ sở dữ liệu dân cư luôn lỗi với người này
world-purpose-operator-mismatch = khớp dân cư, không khớp nhà mạng
world-purpose-made = tạo bởi POST /residents
world-outbox = Hộp thư
world-outbox-to = Người nhận
world-outbox-filter = Lọc
world-outbox-empty = Chưa có tin nhắn.
world-outbox-open-link = Mở liên kết
world-sms = SMS
world-email = Thư

## The parties elsewhere: faces, payment app, bank, another province.
vendor-face-title = Kiểm tra khuôn mặt trực tiếp (mô phỏng)
vendor-face-lead = Trang này thay cho máy quay: hãy chọn kết quả.
vendor-face-busy = Vẫn đang so sánh. Vui lòng chờ; bạn cũng có thể quay lại.
vendor-face-passes = Đạt
vendor-face-fails = Không đạt
vendor-face-cancels = Hủy
vendor-face-another-person = Đạt, nhưng là kết quả của người khác
vendor-face-hangs = Không bao giờ có kết quả
vendor-payment-title = Đăng nhập bằng ví Changfu (mô phỏng)
vendor-bank-title = Đăng nhập tại ngân hàng Tonghui (mô phỏng)
vendor-province-title = Đăng nhập thống nhất của tỉnh bên (mô phỏng)
vendor-sign-in-lead = Chọn người đăng nhập và cách bên này trả lời.
vendor-person = Là ai
vendor-level = Mức được tuyên bố
vendor-withhold = Không cung cấp
vendor-withhold-nothing = Cung cấp tất cả
vendor-withhold-name = Không cung cấp họ tên
vendor-withhold-number = Không cung cấp số định danh
vendor-withhold-both = Không cung cấp cả họ tên lẫn số định danh
vendor-lie = Sai sót hoặc nói dối
vendor-allow = Đăng nhập và đồng ý
vendor-deny = Từ chối
vendor-back = Quay lại
vendor-gone = Yêu cầu này không còn hiệu lực
vendor-refused = Yêu cầu không đúng
vendor-go-back = Hãy quay lại trang bạn đến và bắt đầu lại.

# Chứng thư số

authority-title = Phần mềm chứng thư số (mô phỏng)
authority-lead = Trang này thay cho phần mềm của USB: chọn người giữ khóa, dán dòng chữ cần ký, nhận chứng thư và chữ ký.
authority-challenge = Dòng chữ cần ký
authority-flaw = Chứng thư
authority-flaw-none = Chứng thư ký số bình thường
authority-flaw-expired = Chứng thư đã hết hạn
authority-flaw-encryption = Chứng thư mã hoá, không dùng để ký
authority-submit = Ký
authority-signed = Đã ký
authority-signed-lead = Dán cả hai vào trang đã yêu cầu.
authority-certificate = Chứng thư
authority-signature = Chữ ký
authority-again = Ký lần nữa
authority-api = Phần mềm chứng thư mô phỏng: ký thay cho một người; thu hồi chứng thư của một người.
