# Nhắc trước khi mức xác thực hết hạn

sms-level-lapses = [{ $service }] Mức xác thực “{ $level }” của bạn sẽ hết hạn vào ngày { $day }; khi đó một số dịch vụ sẽ không dùng được. Hãy đăng nhập tại { $page } trước ngày này để gia hạn. Nếu đã gia hạn, bạn không cần làm gì thêm.
