# Các cách xác minh phải sang bên khác rồi quay lại

away-agree-missing = Để so khớp khuôn mặt, hãy đánh dấu đồng ý trước; hoặc chọn cách khác
away-again = Hỏi lại kết quả
away-roads = Các cách khác
away-counter = Tại quầy dịch vụ công, với giấy tờ tùy thân của bạn
away-cancelled = Bạn đã hủy ở “{ $party }”. Không có gì thay đổi và không tính là một lần thử. Hãy thử lại hoặc chọn cách khác bên dưới.
away-register-differs = Họ tên và số định danh được trả về không khớp với cơ sở dữ liệu dân cư nên không được dùng. Hãy yêu cầu bên đó sửa, hoặc chọn cách khác bên dưới.
away-unavailable = Hiện chưa nhận được kết quả từ “{ $party }”; đây không phải lỗi của bạn. Không tính là một lần thử. Hãy thử lại sau hoặc chọn cách khác bên dưới.
away-expired = Bạn đã rời đi quá 10 phút nên kết quả không còn hiệu lực. Không tính là một lần thử. Hãy bắt đầu lại.
away-used = Kết quả này đã được xử lý. Hãy xem trang “Mức xác thực”; bắt đầu lại nếu cần.
away-limit = Hôm nay tài khoản này hoặc số định danh này đã hết số lần thử. Hãy thử lại vào ngày mai, hoặc chọn cách khác bên dưới.
away-minor = Theo số định danh mà “{ $party }” trả về, bạn chưa đủ 18 tuổi nên chưa thể tự xác minh danh tính. Hãy cùng cha mẹ hoặc người giám hộ đến quầy dịch vụ hành chính, mang theo giấy tờ tùy thân của cả hai và giấy tờ chứng minh việc giám hộ. Thông tin được trả về không được lưu.
away-lost = Không chắc kết quả này thuộc về việc bạn bắt đầu ở đây nên nó không được dùng. Hãy bắt đầu lại trong cùng một trình duyệt.
away-other-account = Trong lúc đó trình duyệt này đã đăng nhập tài khoản khác nên kết quả không được dùng. Hãy bắt đầu lại với tài khoản hiện tại.
away-signed-out = Phiên đăng nhập đã kết thúc trong lúc bạn rời đi nên kết quả không được dùng. Hãy bắt đầu lại.
away-go-on = Tiếp tục
away-busy = Kết quả của bạn đang được xử lý. Hãy đợi một lát rồi nhấn “Tiếp tục”. Nếu phía chúng tôi bị gián đoạn, chậm nhất sau hai phút bạn có thể nhấn “Tiếp tục”. Không mất gì và không tính là một lần thử.
away-interrupted = Việc xác minh chưa hoàn tất: phía chúng tôi bị gián đoạn đúng lúc bạn quay lại từ “{ $party }”, và kết quả mang về chỉ dùng được một lần. Không có gì thay đổi và không tính là một lần thử. Hãy bắt đầu lại.
