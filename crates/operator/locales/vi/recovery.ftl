# Khôi phục tại quầy

counter-recovery-title = Người không vào được tài khoản
counter-recovery-text = Hãy đối chiếu người với giấy tờ. Tài khoản chỉ được tìm theo họ tên và số đã xác thực. Cần nhân viên thứ hai đồng ý; người đó được báo ngay bằng mọi cách liên lạc của tài khoản. Không ai ở đây đặt hay biết mật khẩu.
counter-recovery-phone = Số điện thoại người đó mang theo
counter-recovery-phone-hint = Số này trở thành số của tài khoản.
counter-recovery-code-hint = Người đó đọc mã trong tin nhắn.
counter-recovery-submit = Đề nghị
counter-recovery-unknown = Không có tài khoản nào với họ tên và số này có thể khôi phục
counter-recovery-proposed = Đã đề nghị. Cần nhân viên thứ hai đồng ý.
counter-recovery-agreed = Đã đồng ý. Người đó có thể đặt mật khẩu ở “Bạn quên mật khẩu?” bằng số điện thoại này.
counter-recovery-refused = Đã từ chối. Không có gì thay đổi.
counter-recovery-gone = Không còn gì để đồng ý.
counter-recovery-own = Chính bạn đã đề nghị. Cần người khác đồng ý.
counter-recovery-taken = Số điện thoại nay thuộc một tài khoản khác. Không có gì thay đổi.
counter-recovery-waiting = Chờ nhân viên thứ hai
counter-recovery-none = Không có gì đang chờ.
counter-recovery-one = { $document }, số mới { $phone }, đến { $moment }
counter-recovery-agree = Đồng ý
counter-recovery-refuse = Từ chối
counter-recovery-link = Người không vào được tài khoản
