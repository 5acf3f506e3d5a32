"""
Word lists for made-up people, streets and hamlets; no entry stands for a real person or address.

Names are put together at random from common Vietnamese family, middle and given names.
"""

from __future__ import annotations

from random import Random

FAMILY = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Lý", "Hà", "Đinh", "Cao", "Tạ", "Chu", "Lương", "Trịnh", "Mai", "Triệu", "Phùng",
)  # fmt: skip
_SHARE = (38, 11, 9, 7, 5, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
MEN = ("Văn", "Đức", "Quang", "Minh", "Hữu", "Xuân", "Công", "Anh", "Đình", "Ngọc")
WOMEN = ("Thị", "Thị", "Ngọc", "Thu", "Thanh", "Minh", "Hồng", "Bích", "Kim", "Phương")
MEN_GIVEN = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Giang", "Hải", "Hiếu", "Hùng", "Khánh", "Kiên", "Lâm",
    "Long", "Mạnh", "Nam", "Phong", "Phúc", "Quân", "Sơn", "Thắng", "Thành", "Toàn", "Trung",
    "Tuấn", "Tùng", "Việt", "Vinh",
)  # fmt: skip
WOMEN_GIVEN = (
    "Ánh", "Chi", "Dung", "Duyên", "Hà", "Hạnh", "Hiền", "Hoa", "Huệ", "Hương", "Lan", "Liên",
    "Linh", "Loan", "Mai", "Nga", "Ngân", "Nhung", "Oanh", "Phượng", "Quỳnh", "Thảo", "Thủy",
    "Trang", "Tuyết", "Vân", "Yến",
)  # fmt: skip

STREETS = (
    "Hùng Vương", "Nguyễn Tất Thành", "Trần Phú", "Âu Cơ", "Lạc Long Quân", "Quang Trung",
    "Lê Quý Đôn", "Hai Bà Trưng", "Trần Hưng Đạo", "Hòa Bình", "Nguyễn Du", "Lê Lợi",
    "Phan Chu Trinh", "Châu Phong", "Vũ Thê Lang", "Hoàng Hoa Thám", "Trường Chinh", "Thống Nhất",
)  # fmt: skip
HAMLETS = (
    "Đồng Tâm", "Gò Chùa", "Đồi Chè", "Cây Gạo", "Ao Sen", "Bãi Trên", "Đá Trắng", "Suối Trong",
    "Ngòi Lửa", "Trại Cọ", "Đầm Vạc", "Rừng Thông", "Cầu Gỗ", "Chợ Cũ", "Vườn Đào", "Đồng Cạn",
)  # fmt: skip
NOTES = (
    "Gọi trước 15 phút", "Giao tận tay người nhận", "Nhà cuối ngõ, cổng xanh", "Gọi số phụ nếu bận",
    "Có chó, gọi cửa", "Gửi bảo vệ nếu vắng", "Chỉ nhận buổi chiều", "Mang theo biên lai",
)  # fmt: skip


def person(random: Random) -> str:
    """Return a made-up full name."""
    family = random.choices(FAMILY, _SHARE)[0]
    if random.random() < 0.5:
        return f"{family} {random.choice(MEN)} {random.choice(MEN_GIVEN)}"
    return f"{family} {random.choice(WOMEN)} {random.choice(WOMEN_GIVEN)}"


def phone(random: Random) -> str:
    """Return a made-up mobile number in E.164, from a block of numbers that hardly anyone uses."""
    return f"+84599{random.randrange(1_000_000):06d}"
